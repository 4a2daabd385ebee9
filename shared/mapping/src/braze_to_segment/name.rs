//! What an event is called at Segment.

use super::gate::is_known;
use super::readable_name::readable_name;
use super::received::Received;
use crate::Trace;
use event::currents;
use event::reasons::Warning;
use event::settings::{BrazeToSegment, UnknownEvents};
use std::borrow::Cow;

/// The name of custom events that bring none.
const CUSTOM_EVENT: &str = "Custom Event";

/// The event's name. `event_type` is the canonical name (BZ-030).
pub(super) fn name<'e>(
    event: &'e Received<'_>,
    event_type: &str,
    settings: &'e BrazeToSegment,
    trace: &mut Trace,
) -> Cow<'e, str> {
    if !is_known(event_type, settings) {
        trace.warn("BZ-055", Warning::UnknownEventType, || "event_type".into());
    }
    let (rule, name) = if let Some(name) = settings.event_names.get(event_type) {
        ("BZ-050", Cow::Borrowed(name.as_str()))
    } else if let Some(known) = currents::event_type(event_type) {
        match known.segment_event {
            Some(name) => ("BZ-051", Cow::Borrowed(name)),
            None => ("BZ-052", own_name(event)),
        }
    } else if settings.unknown_events == UnknownEvents::Raw {
        ("BZ-054", Cow::Borrowed(event.event_type.as_ref()))
    } else {
        let readable = readable_name(event_type);
        (
            "BZ-053",
            readable.map_or(Cow::Borrowed(event.event_type.as_ref()), Cow::Owned),
        )
    };
    trace.record(rule, || ("event_type".into(), format!("event = {name}")));
    name
}

/// `properties.name`, if it is a string that says something.
fn own_name<'a>(event: &Received<'a>) -> Cow<'a, str> {
    let name = event.property("name").and_then(|name| name.as_str());
    name.filter(|name| super::value::is_name(name))
        .unwrap_or(Cow::Borrowed(CUSTOM_EVENT))
}
