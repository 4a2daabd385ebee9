//! One event of the customer's own (section 7).

use super::event_context::EventContext;
use super::names::Member;
use super::properties::{stays_in_event, written};
use crate::Trace;
use crate::rejected::Rejected;
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem};
use event::reasons::{ParkReason, Warning};

/// The most characters of an event's name, and of a product's id.
const MAX_NAME: usize = 255;

/// The first 255 characters, and whether there were more.
pub(super) fn shortened(text: &str) -> (&str, bool) {
    match text.char_indices().nth(MAX_NAME) {
        Some((end, _)) => (text.get(..end).unwrap_or(text), true),
        None => (text, false),
    }
}

/// The name under which Braze takes an event.
///
/// # Errors
/// Nothing of the name is left.
pub(super) fn event_name(given: &str, path: &'static str, trace: &mut Trace) -> Result<String, Rejected> {
    let bare = given.trim_start_matches('$');
    if bare.trim().is_empty() {
        return Err(Rejected::park("SB-142", path, ParkReason::NoEventName));
    }
    let (name, was_long) = shortened(bare);
    if was_long || bare.len() < given.len() {
        trace.warn(Warning::NameRepaired, || path.to_owned());
    }
    Ok(name.to_owned())
}

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
