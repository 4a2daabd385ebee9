//! Which events are sent, and as what.

use super::event_table::row;
use super::received::Received;
use super::value::{is_blank, string};
use crate::forms::identity_text::identity_text;
use crate::rejected::Rejected;
use event::branch_events::{StandardEvent, normalized_name, standard_event};
use event::json::{Json, Object};
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::{EventChoice, SegmentToBranch};
use std::borrow::Cow;

/// What events from Branch have before their names, and before the message ids that Switchyard gives them.
const NAME_PREFIX: &str = "branch_";
const MESSAGE_ID_PREFIX: &str = "branch-";

/// The name of custom events that Branch keeps for itself, without spelling.
const RESERVED: &str = "CUSTOM_EVENT";

/// What an event becomes.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// A standard event.
    Standard(&'static StandardEvent),
    /// A custom event of its own name.
    Custom,
}

/// An event that is sent, unless it lacks identifiers.
pub struct Accepted<'a> {
    /// `event`, as received.
    pub name: Cow<'a, str>,
    /// What it becomes.
    pub target: Target,
    /// The rule that says so.
    pub rule: &'static str,
}

/// Decides on an event by its name.
///
/// # Errors
/// Why it is not sent.
pub fn accept<'a>(event: &Received<'a>, settings: &SegmentToBranch) -> Result<Accepted<'a>, Rejected> {
    let ignored = |rule, reason| Err(Rejected::ignore(rule, "event", reason));
    let parked = |rule, reason| Err(Rejected::park(rule, "event", reason));
    let Some(event_type) = string(event.event_type) else {
        return parked("SR-030", ParkReason::MalformedEvent);
    };
    if !event_type.trim().eq_ignore_ascii_case("track") {
        return ignored("SR-031", IgnoreReason::UnsupportedType);
    }
    let Some(name) = string(event.name) else {
        return parked("SR-032", ParkReason::NoEventName);
    };
    if let Some(rule) = loops(event, &name) {
        return ignored(rule, IgnoreReason::Loop);
    }
    let normalized = normalized_name(&name);
    let (rule, target) = match chosen(&normalized, settings) {
        Some(EventChoice::Ignore) => return ignored("SR-035", IgnoreReason::EventDenied),
        Some(EventChoice::Standard(name)) => (
            "SR-035",
            standard_event(name).map_or(Target::Custom, Target::Standard),
        ),
        Some(EventChoice::Custom) => ("SR-035", Target::Custom),
        None => match (row(&normalized), standard_event(&normalized)) {
            (Some(row), _) => match row.event {
                Some(event) => (row.rule, Target::Standard(event)),
                None => return ignored(row.rule, IgnoreReason::NotImported),
            },
            (None, Some(event)) if event.is_extended && !settings.extended_standard_events => {
                return ignored("SR-038", IgnoreReason::NotImported);
            }
            (None, Some(event)) => ("SR-039", Target::Standard(event)),
            (None, None) => ("SR-040", Target::Custom),
        },
    };
    if matches!(target, Target::Custom) && normalized == RESERVED {
        return parked("SR-041", ParkReason::ReservedName);
    }
    Ok(Accepted { name, target, rule })
}

fn chosen(normalized: &str, settings: &SegmentToBranch) -> Option<EventChoice> {
    let mut choices = settings.events.iter();
    choices
        .find(|(name, _)| normalized_name(name) == normalized)
        .map(|(_, choice)| *choice)
}

/// The rule by which an event is known to have come from Branch.
fn loops(event: &Received<'_>, name: &str) -> Option<&'static str> {
    let is_ours = is_named(&event.context.library, "switchyard");
    let begins_like_ours = || {
        name.get(..NAME_PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(NAME_PREFIX))
    };
    let has_our_id = || {
        let id = event.message_id.and_then(identity_text);
        id.is_some_and(|id| id.starts_with(MESSAGE_ID_PREFIX))
    };
    let has_event_id = || event.properties.get("event_id").is_some_and(|id| !is_blank(id));
    if begins_like_ours() && (is_ours || has_our_id() || has_event_id()) {
        return Some("SR-033");
    }
    (is_ours && is_named(&event.context.integration, "Branch")).then_some("SR-034")
}

fn is_named(object: &Object<'_>, name: &str) -> bool {
    let own = object.get("name").and_then(Json::as_str);
    own.is_some_and(|own| own.eq_ignore_ascii_case(name))
}
