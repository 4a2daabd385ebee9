//! The route `segment_to_branch`: the rules are in `spec/segment-to-branch.md`.

use crate::Notes;
use event::calls::{BranchCall, Mapped, Verdict};
use event::reasons::ParkReason;
use event::settings::Settings;
use event::{EventId, Source};

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, _settings: &Settings, _notes: &mut Notes) -> Mapped<BranchCall> {
    Mapped {
        id: EventId::derived(Source::Segment, text),
        verdict: Verdict::Park(ParkReason::MalformedEvent),
    }
}
