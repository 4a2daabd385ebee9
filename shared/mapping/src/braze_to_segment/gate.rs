//! Which events are sent.

use super::received::Received;
use super::value::is_name;
use crate::rejected::Rejected;
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

/// Lets an event pass, or says why it is ignored. `event_type` is the canonical name (BZ-030).
///
/// # Errors
/// Why it is ignored.
pub fn filter(event: &Received<'_>, event_type: &str, settings: &BrazeToSegment) -> Result<(), Rejected> {
    let ignored = |rule, reason| Err(Rejected::ignore(rule, "event_type", reason));
    if settings
        .deny_events
        .iter()
        .any(|pattern| pattern.matches(event_type))
    {
        return ignored("BZ-033", IgnoreReason::EventTypeDenied);
    }
    if !settings
        .allow_events
        .iter()
        .any(|pattern| pattern.matches(event_type))
    {
        return ignored("BZ-034", IgnoreReason::EventTypeNotAllowed);
    }
    if settings.unknown_events == UnknownEvents::Drop && !is_known(event_type, settings) {
        return ignored("BZ-037", IgnoreReason::UnknownEventDropped);
    }
    if settings.skip_machine_opens
        && event_type == EMAIL_OPEN
        && event.property("machine_open").is_some_and(is_machine_open)
    {
        return ignored("BZ-038", IgnoreReason::MachineOpen);
    }
    if settings.skip_suspected_bot_clicks
        && event.property("is_suspected_bot_click").is_some_and(|suspected| {
            suspected.as_bool() == Some(true) || suspected.as_str().is_some_and(|text| text == "true")
        })
    {
        return ignored("BZ-039", IgnoreReason::SuspectedBotClick);
    }
    Ok(())
}

/// `true`, or the name of the mail proxy.
fn is_machine_open(value: Json<'_>) -> bool {
    match value.as_str() {
        Some(text) => is_name(&text) && !text.eq_ignore_ascii_case("false"),
        None => value.as_bool() == Some(true),
    }
}
