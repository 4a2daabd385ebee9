//! The route `branch_to_segment`: the rules are in `spec/branch-to-segment.md`.

use crate::Notes;
use event::calls::{Mapped, SegmentCall, Verdict};
use event::reasons::ParkReason;
use event::settings::Settings;
use event::{EventId, Source};

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, _settings: &Settings, _notes: &mut Notes) -> Mapped<SegmentCall> {
    Mapped {
        id: EventId::derived(Source::Branch, text),
        verdict: Verdict::Park(ParkReason::MalformedEvent),
    }
}
