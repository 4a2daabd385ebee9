//! What an event is called at Braze (SB-142).

use crate::Trace;
use crate::rejected::Rejected;
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
        trace.warn("SB-142", Warning::NameRepaired, || path.to_owned());
    }
    Ok(name.to_owned())
}
