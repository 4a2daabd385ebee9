//! Which events are for Braze.

use super::received::{INTEGRATIONS, Received};
use crate::Trace;
use crate::forms::text::trim;
use crate::rejected::Rejected;
use event::currents;
use event::json::{Json, Object};
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::{LoopGuard, Pattern, SegmentToBraze};
use std::borrow::Cow;

/// The types of call that Braze has a use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventType {
    Identify,
    Track,
    Page,
    Screen,
    Group,
    Alias,
    Delete,
}

/// The types by their words, the most frequent first.
const EVENT_TYPES: [(&str, EventType); 7] = [
    ("track", EventType::Track),
    ("identify", EventType::Identify),
    ("page", EventType::Page),
    ("screen", EventType::Screen),
    ("group", EventType::Group),
    ("alias", EventType::Alias),
    ("delete", EventType::Delete),
];

/// Properties that only the events of Braze's own Segment connector have.
const CURRENTS_PROPERTIES: [&str; 6] = [
    "app_group_id",
    "dispatch_id",
    "message_variation_id",
    "canvas_variation_id",
    "canvas_step_id",
    "subscription_status",
];

/// Decides by type, origin and destination, and gives the type.
///
/// # Errors
/// Why the event is not sent.
pub(super) fn accept(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<EventType, Rejected> {
    let event_type = event_type(event)?;
    if let Some(looped) = looped(event, settings) {
        return Err(looped);
    }
    if settings.respect_integrations {
        let integrations = event.integrations();
        if let Some(path) = integrations.off(&INTEGRATIONS, &settings.webhook_names) {
            let closed = Rejected::ignore("SB-025", "integrations", IgnoreReason::IntegrationOff);
            return Err(closed.at(path));
        }
        if trace.explains()
            && let Some(path) = integrations.on_beside_all(&INTEGRATIONS, &settings.webhook_names)
        {
            trace.record("SB-024", || (path, "on, though All is off".into()));
        }
        for path in integrations.unreadable(&INTEGRATIONS, &settings.webhook_names) {
            trace.warn("SB-025", Warning::InvalidValue, || path);
        }
    }
    Ok(event_type)
}

/// The type of an event.
///
/// # Errors
/// It has none, or one that Braze has no use for.
pub(super) fn event_type(event: &Received<'_>) -> Result<EventType, Rejected> {
    let malformed = Rejected::park("SB-010", "type", ParkReason::MalformedEvent);
    let given = event
        .get("type")
        .and_then(crate::forms::text::text)
        .ok_or(malformed)?;
    let given = trim(&given);
    let mut types = EVENT_TYPES.iter();
    let found = types.find(|(word, _)| given.eq_ignore_ascii_case(word));
    found
        .map(|(_, event_type)| *event_type)
        .ok_or_else(|| Rejected::ignore("SB-011", "type", IgnoreReason::UnsupportedType))
}

/// Why an event would loop, whatever its type.
pub(super) fn looped(event: &Received<'_>, settings: &SegmentToBraze) -> Option<Rejected> {
    let (rule, path) = loops(event, settings)?;
    Some(Rejected::ignore(rule, path, IgnoreReason::Loop))
}

/// The rule by which an event is known to loop, and the path of its mark.
fn loops(event: &Received<'_>, settings: &SegmentToBraze) -> Option<(&'static str, &'static str)> {
    let is_named = |key: &str, name: &str| {
        let given = event.context.get(key).and_then(Json::as_object);
        let given = given.and_then(|object| object.get("name")).and_then(Json::as_str);
        given.is_some_and(|given| trim(&given).eq_ignore_ascii_case(name))
    };
    if is_named("integration", "braze") {
        return Some(("SB-021", "context.integration.name"));
    }
    if settings.loop_guard == LoopGuard::Strict && is_named("library", "switchyard") {
        return Some(("SB-022", "context.library.name"));
    }
    let has_mark = |properties: &Object<'_>| {
        let mut marks = CURRENTS_PROPERTIES.iter();
        marks.any(|mark| properties.present(mark).is_some())
    };
    let name = event.name();
    let is_from_currents = name.is_some_and(|name| currents::is_documented_name(&name))
        && has_mark(&event.properties)
        && event_type(event).is_ok_and(|event_type| event_type == EventType::Track);
    is_from_currents.then_some(("SB-023", "event"))
}

/// The name under which a track is mapped.
///
/// # Errors
/// Why the track is not sent.
pub(super) fn track_name<'e>(
    event: &Received<'e>,
    settings: &'e SegmentToBraze,
    trace: &mut Trace,
) -> Result<Cow<'e, str>, Rejected> {
    let name = event.name();
    let name = name.ok_or(Rejected::park("SB-141", "event", ParkReason::NoEventName))?;
    let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(&name));
    if matches(&settings.deny_events) {
        return Err(Rejected::ignore("SB-028", "event", IgnoreReason::EventDenied));
    }
    if !matches(&settings.allow_events) {
        return Err(Rejected::ignore("SB-029", "event", IgnoreReason::EventNotAllowed));
    }
    let Some(renamed) = settings.rename_events.get(name.as_ref()) else {
        return Ok(name);
    };
    trace.record("SB-030", || {
        let setting = "settings.segment_to_braze.rename_events";
        (setting.into(), format!("event is read as {renamed}"))
    });
    Ok(Cow::Borrowed(renamed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printed::print;
    use event::Route;
    use event::settings::Settings;

    #[test]
    fn a_documented_name_with_any_mark_of_currents_is_a_loop() {
        event::rules!["SB-023"];
        let is_loop = |name: &str, property: &str| {
            let event = format!(
                r#"{{"type":"track","messageId":"m-1","userId":"u-1","timestamp":"2026-02-03T10:00:00Z","event":"{name}","properties":{{"{property}":1}}}}"#
            );
            let printed = print(Route::SegmentToBraze, &event, &Settings::default(), false);
            printed.line.contains(r#""outcome":"ignore","reason":"loop""#)
        };
        let mut documented = 0;
        for name in currents::event_types()
            .iter()
            .filter_map(|known| known.segment_event)
        {
            let is_documented = currents::is_documented_name(name);
            documented += usize::from(is_documented);
            for mark in CURRENTS_PROPERTIES {
                assert_eq!(is_loop(name, mark), is_documented, "{name} with {mark}");
            }
            assert!(!is_loop(name, "campaign_id"), "{name} without a mark");
        }
        assert_eq!(documented, 34);
    }
}
