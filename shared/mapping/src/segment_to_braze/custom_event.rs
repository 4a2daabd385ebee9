//! One event of the customer's own (section 7).

use super::event_context::EventContext;
use super::members::Member;
use super::properties::{stays_in_event, written};
use crate::Trace;
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem};

/// The event object.
pub(super) fn custom_event(
    name: &str,
    properties: Vec<Member<'_>>,
    at: Timestamp,
    event_context: &EventContext<'_, '_>,
    trace: &mut Trace,
) -> BrazeItem {
    let properties = written(properties, &mut stays_in_event, event_context.settings, trace);
    if let Some(properties) = &properties {
        properties.record("SB-143", format_args!("events[0].properties"), trace);
    }
    let json = properties.as_ref().map(|properties| properties.json.as_str());
    event_context.track_object(BrazeArray::Events, at, json, |out| {
        out.string("name", name);
    })
}
