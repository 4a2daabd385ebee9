//! The route `segment_to_braze`: the rules are in `spec/segment-to-braze.md`.

#[allow(dead_code, unused_imports)]
mod forms;
#[allow(dead_code, unused_imports)]
mod moment;
#[allow(dead_code, unused_imports)]
mod number;

use crate::Notes;
use event::calls::{BrazeCall, Mapped, Verdict};
use event::reasons::ParkReason;
use event::settings::Settings;
use event::{EventId, Source};

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, _settings: &Settings, _notes: &mut Notes) -> Mapped<BrazeCall> {
    Mapped {
        id: EventId::derived(Source::Segment, text),
        verdict: Verdict::Park(ParkReason::MalformedEvent),
    }
}
