//! Which events are sent, and as what.

use super::name::row;
use super::received::Received;
use super::value::string;
use crate::Trace;
use crate::forms::text::identity_text;
use crate::forms::text::is_digits;
use crate::rejected::Rejected;
use event::branch_events::{StandardEvent, normalized_name, standard_event};
use event::json::{Json, Object};
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::{EventChoice, SegmentToBranch};
use std::borrow::Cow;

/// What events from Branch have before their names, and before the message ids that Switchyard gives them.
const NAME_PREFIX: &str = "branch_";
const MESSAGE_ID_PREFIX: &str = "branch-";

/// The name of custom events that Branch keeps for itself, without spelling.
const RESERVED: &str = "CUSTOM_EVENT";

/// Digits of an id of Branch as a property.
const BRANCH_ID_DIGITS: std::ops::RangeInclusive<usize> = 15..=20;

/// Digits of such an id, and of a hash, in a message id, and characters of the suffix that the settings may add.
const LEAST_ID_DIGITS: usize = 10;
const MOST_ID_DIGITS: usize = 20;
const HASH_DIGITS: usize = 32;
const MAX_SUFFIX: usize = 12;

/// The names under which Segment knows its Branch destinations.
const INTEGRATIONS: [&str; 3] = ["Branch", "Branch Metrics", "Branch Metrics (Classic)"];

/// What an event becomes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// A standard event.
    Standard(&'static StandardEvent),
    /// A custom event of its own name.
    Custom,
}

/// An event that is sent, unless it lacks identifiers.
pub(super) struct Accepted<'a> {
    /// `event`, as received or as renamed.
    pub name: Cow<'a, str>,
    /// The name without spelling: `ORDER_COMPLETED`.
    pub normalized: String,
    /// What it becomes.
    pub target: Target,
    /// The rule that says so.
    pub rule: &'static str,
}

/// Decides on an event by its name.
///
/// # Errors
/// Why it is not sent.
pub(super) fn accept<'a>(
    event: &Received<'a>,
    settings: &SegmentToBranch,
    trace: &mut Trace,
) -> Result<Accepted<'a>, Rejected> {
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
    if settings.respect_integrations {
        let integrations = event.integrations();
        if let Some(path) = integrations.off(&INTEGRATIONS, &settings.webhook_names) {
            let closed = Rejected::ignore("SR-045", "integrations", IgnoreReason::IntegrationOff);
            return Err(closed.at(path));
        }
        if trace.explains()
            && let Some(path) = integrations.on_beside_all(&INTEGRATIONS, &settings.webhook_names)
        {
            trace.record("SR-045", || (path, "on, though All is off".into()));
        }
        for path in integrations.unreadable(&INTEGRATIONS, &settings.webhook_names) {
            trace.warn("SR-012", Warning::FieldUnreadable, || path);
        }
    }
    let (name, normalized) = renamed(name, settings, trace);
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
    Ok(Accepted {
        name,
        normalized,
        target,
        rule,
    })
}

/// The name that the settings give the event, if they do, and the name without spelling.
fn renamed<'a>(name: Cow<'a, str>, settings: &SegmentToBranch, trace: &mut Trace) -> (Cow<'a, str>, String) {
    let normalized = normalized_name(&name);
    let mut names = settings.rename_events.iter();
    match names.find(|(from, _)| normalized_name(from) == normalized) {
        Some((_, to)) => {
            trace.record("SR-043", || ("event".into(), format!("event = {to}")));
            (Cow::Owned(to.clone()), normalized_name(to))
        }
        None => (name, normalized),
    }
}

fn chosen(normalized: &str, settings: &SegmentToBranch) -> Option<EventChoice> {
    let mut choices = settings.events.iter();
    choices
        .find(|(name, _)| normalized_name(name) == normalized)
        .map(|(_, choice)| *choice)
}

/// Why an event would go back to where it came from, whatever its type.
pub(super) fn looped(event: &Received<'_>) -> Option<Rejected> {
    // An event without a name may have lost it on the way.
    let rule = loops(event, &string(event.name).unwrap_or_default())?;
    Some(Rejected::ignore(rule, "event", IgnoreReason::Loop))
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
        id.is_some_and(|id| is_message_id(&id))
    };
    let has_event_id = || {
        let id = event.properties.get("event_id").and_then(identity_text);
        id.is_some_and(|id| BRANCH_ID_DIGITS.contains(&id.len()) && is_digits(&id))
    };
    if begins_like_ours() && (is_ours || has_our_id() || has_event_id()) {
        return Some("SR-033");
    }
    (is_ours && is_named(&event.context.integration, "Branch")).then_some("SR-034")
}

/// Whether the way back makes such a `messageId` (BS-022): of an id of Branch or of a hash, with a short suffix.
fn is_message_id(id: &str) -> bool {
    let Some(id) = id.strip_prefix(MESSAGE_ID_PREFIX) else {
        return false;
    };
    let run = |is_of: fn(&u8) -> bool| id.bytes().take_while(is_of).count();
    let digits = run(u8::is_ascii_digit);
    let hexadecimal = run(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let ends_after = |length: usize| {
        id.get(length..).is_some_and(|suffix| {
            suffix.len() <= MAX_SUFFIX
                && suffix
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        })
    };
    (digits >= LEAST_ID_DIGITS && ends_after(digits.min(MOST_ID_DIGITS)))
        || (hexadecimal >= HASH_DIGITS && ends_after(HASH_DIGITS))
}

fn is_named(object: &Object<'_>, name: &str) -> bool {
    let own = object.get("name").and_then(Json::as_str);
    own.is_some_and(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_ours_only_as_the_way_back_makes_it() {
        event::rules!["SR-033"];
        let hash = "0123456789abcdef0123456789abcdef";
        for (id, wanted) in [
            ("branch-812340077312456701", true),
            ("branch-1234567890", true),
            ("branch-12345678901234567890", true),
            ("branch-12345678901234567890-eu.2_ABCDEF", true),
            ("branch-812340077312456701-eu", true),
            ("branch-123456789", false),
            ("branch-12345678901234567890-eu.2_ABCDEFG", false),
            ("branch-812340077312456701 eu", false),
            ("branch-visited", false),
            ("branch-", false),
            ("Branch-812340077312456701", false),
            ("812340077312456701", false),
        ] {
            assert_eq!(is_message_id(id), wanted, "{id}");
        }
        assert!(is_message_id(&format!("branch-{hash}")));
        assert!(is_message_id(&format!("branch-{hash}-eu")));
        assert!(!is_message_id(&format!("branch-{}", hash.to_uppercase())));
        assert!(!is_message_id(&format!("branch-{hash}{hash}")));
    }
}
