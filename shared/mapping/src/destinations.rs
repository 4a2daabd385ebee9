//! For each destination, the route of an event's source.

use crate::{Trace, branch_to_segment, braze_to_segment, segment_to_branch, segment_to_braze};
use event::calls::{BranchCall, BrazeCall, Mapped, OwnRules, SegmentCall, Verdict};
use event::reasons::ParkReason;
use event::settings::Settings;
use event::{Destination, EventId, Route, Source, Timestamp};

/// What an event asks of Braze.
pub fn to_braze(
    source: Source,
    text: &str,
    received_at: Option<Timestamp>,
    settings: &Settings,
) -> Mapped<BrazeCall> {
    match source {
        Source::Segment => segment_to_braze::map(text, received_at, settings, &mut Trace::brief()),
        Source::Braze | Source::Branch => misrouted(source, text),
    }
}

/// What an event asks of Branch.
pub fn to_branch(
    source: Source,
    text: &str,
    _: Option<Timestamp>,
    settings: &Settings,
) -> Mapped<BranchCall> {
    match source {
        Source::Segment => segment_to_branch::map(text, settings, &mut Trace::brief()),
        Source::Braze | Source::Branch => misrouted(source, text),
    }
}

/// What an event asks of Segment.
pub fn to_segment(
    source: Source,
    text: &str,
    _: Option<Timestamp>,
    settings: &Settings,
) -> Mapped<SegmentCall> {
    match source {
        Source::Branch => branch_to_segment::map(text, settings, &mut Trace::brief()),
        Source::Braze => braze_to_segment::map(text, settings, &mut Trace::brief()),
        Source::Segment => misrouted(source, text),
    }
}

/// The id that the functions give an event of a route.
pub fn event_id(route: Route, text: &str, settings: &Settings) -> EventId {
    let source = route.source();
    match route.destination() {
        Destination::Braze => to_braze(source, text, None, settings).id,
        Destination::Branch => to_branch(source, text, None, settings).id,
        Destination::Segment => to_segment(source, text, None, settings).id,
    }
}

/// There is no such route; delivery parks its envelopes before they come here.
fn misrouted<C>(source: Source, text: &str) -> Mapped<C> {
    Mapped {
        id: EventId::derived(source, text),
        verdict: Verdict::Park(ParkReason::Misrouted),
        own_rules: OwnRules::Unchanged,
    }
}
