//! Which events are sent.

use super::received::Received;
use super::value::is_name;
use crate::forms::boolean;
use crate::rejected::Rejected;
use event::currents;
use event::json::Json;
use event::reasons::IgnoreReason;
use event::settings::{BrazeToSegment, UnknownEvents};

/// Opens of e-mails: the only type whose `machine_open` is looked at.
const EMAIL_OPEN: &str = "users.messages.email.Open";

/// Whether an event type is known: in Braze's table, or named by the user.
pub(super) fn is_known(event_type: &str, settings: &BrazeToSegment) -> bool {
    currents::event_type(event_type).is_some() || settings.event_names.contains_key(event_type)
}

/// Why no event of a type is sent, with the rule that says so. `event_type` is the canonical name (BZ-030).
pub fn closed_to_type(event_type: &str, settings: &BrazeToSegment) -> Option<(&'static str, IgnoreReason)> {
    if settings
        .deny_events
        .iter()
        .any(|pattern| pattern.matches(event_type))
    {
        return Some(("BZ-033", IgnoreReason::EventTypeDenied));
    }
    if !settings
        .allow_events
        .iter()
        .any(|pattern| pattern.matches(event_type))
    {
        return Some(("BZ-034", IgnoreReason::EventTypeNotAllowed));
    }
    let is_dropped = settings.unknown_events == UnknownEvents::Drop && !is_known(event_type, settings);
    is_dropped.then_some(("BZ-037", IgnoreReason::UnknownEventDropped))
}

/// Lets an event pass, or says why it is ignored. `event_type` is the canonical name (BZ-030).
///
/// # Errors
/// Why it is ignored.
pub(super) fn filter(
    event: &Received<'_>,
    event_type: &str,
    settings: &BrazeToSegment,
) -> Result<(), Rejected> {
    let ignored = |rule, reason| Err(Rejected::ignore(rule, "event_type", reason));
    if let Some((rule, reason)) = closed_to_type(event_type, settings) {
        return ignored(rule, reason);
    }
    if settings.skip_machine_opens
        && event_type == EMAIL_OPEN
        && event.property("machine_open").is_some_and(is_machine_open)
    {
        return ignored("BZ-038", IgnoreReason::MachineOpen);
    }
    if settings.skip_suspected_bot_clicks
        && event.property("is_suspected_bot_click").and_then(boolean) == Some(true)
    {
        return ignored("BZ-039", IgnoreReason::SuspectedBotClick);
    }
    Ok(())
}

/// `true`, or the name of the mail proxy.
fn is_machine_open(value: Json<'_>) -> bool {
    match (boolean(value), value.as_str()) {
        (Some(is_machine), _) => is_machine,
        (None, Some(proxy)) => is_name(&proxy),
        (None, None) => false,
    }
}
