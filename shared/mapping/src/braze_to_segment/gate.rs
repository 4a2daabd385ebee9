//! Which events are sent.

use super::received::Received;
use super::value::is_name;
use event::currents;
use event::json::Json;
use event::reasons::IgnoreReason;
use event::settings::{BrazeToSegment, UnknownEvents};

/// Opens of e-mails: the only type whose `machine_open` is looked at.
const EMAIL_OPEN: &str = "users.messages.email.Open";

/// Whether an event type is known: in Braze's table, or named by the user.
pub fn is_known(event_type: &str, settings: &BrazeToSegment) -> bool {
    currents::event_type(event_type).is_some() || settings.event_names.contains_key(event_type)
}

/// Why an event is not sent, as far as its type and the filters say, with the rule that says so. `event_type` is the
/// name of today.
pub fn closed_for(
    event: &Received<'_>,
    event_type: &str,
    settings: &BrazeToSegment,
) -> Option<(&'static str, IgnoreReason)> {
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
    if settings.unknown_events == UnknownEvents::Drop && !is_known(event_type, settings) {
        return Some(("BZ-037", IgnoreReason::UnknownEventDropped));
    }
    if settings.skip_machine_opens
        && event_type == EMAIL_OPEN
        && event.property("machine_open").is_some_and(is_machine_open)
    {
        return Some(("BZ-038", IgnoreReason::MachineOpen));
    }
    if settings.skip_suspected_bot_clicks
        && event.property("is_suspected_bot_click").is_some_and(|suspected| {
            suspected.as_bool() == Some(true) || suspected.as_str().is_some_and(|text| text == "true")
        })
    {
        return Some(("BZ-039", IgnoreReason::SuspectedBotClick));
    }
    None
}

/// `true`, or the name of the mail proxy.
fn is_machine_open(value: Json<'_>) -> bool {
    match value.as_str() {
        Some(text) => is_name(&text) && !text.eq_ignore_ascii_case("false"),
        None => value.as_bool() == Some(true),
    }
}
