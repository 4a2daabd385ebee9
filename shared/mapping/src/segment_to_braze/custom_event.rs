//! One event of the customer's own (section 7).

use super::closed::Closed;
use super::names::Member;
use super::properties::{Beside, written};
use super::scene::Scene;
use crate::Notes;
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem};
use event::reasons::{ParkReason, Warning};

/// The most characters of an event's name, and of a product's id.
const MAX_NAME: usize = 255;

/// The first 255 characters, and whether there were more.
pub fn shortened(text: &str) -> (&str, bool) {
    match text.char_indices().nth(MAX_NAME) {
        Some((end, _)) => (text.get(..end).unwrap_or(text), true),
        None => (text, false),
    }
}

/// The name under which Braze takes an event.
///
/// # Errors
/// Nothing of the name is left.
pub fn event_name(given: &str, path: &'static str, notes: &mut Notes) -> Result<String, Closed> {
    let bare = given.trim_start_matches('$');
    if bare.trim().is_empty() {
        return Err(Closed::parked("SB-142", path, ParkReason::NoEventName));
    }
    let (name, was_long) = shortened(bare);
    if was_long || bare.len() < given.len() {
        notes.warn(Warning::NameRepaired, || path.to_owned());
    }
    Ok(name.to_owned())
}

/// The event object.
pub fn custom_event(
    name: &str,
    properties: Vec<Member<'_>>,
    at: Timestamp,
    scene: &Scene<'_, '_>,
    notes: &mut Notes,
) -> BrazeItem {
    let properties = written(properties, Beside::Event, scene.settings, notes);
    if let Some(properties) = &properties {
        properties.tell("SB-143", format_args!("events[0].properties"), notes);
    }
    let json = properties.as_ref().map(|properties| properties.json.as_str());
    scene.happening(BrazeArray::Events, at, json, |out| {
        out.string("name", name);
    })
}
