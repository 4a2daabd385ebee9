//! The route `branch_to_segment`: the rules are in `spec/branch-to-segment.md`.

mod context;
mod folded;
mod gate;
mod groups;
mod identity;
mod link;
mod name;
mod products;
mod properties;
mod received;
mod time;
mod value;

use crate::Trace;
use crate::rejected::Rejected;
use crate::route::{self, Arrival, Mapping};
use crate::segment_track::{self, Track, Trimming};
use context::Context;
use event::calls::{Mapped, SegmentCall};
use event::json::Json;
use event::reasons::{ParkReason, Warning};
use event::settings::Settings;
use event::{EventId, Source};
use received::Received;

/// The warnings of this route in the order of its list of reasons.
const WARNINGS: [Warning; 5] = [
    Warning::IdDerived,
    Warning::PlaceholderUserId,
    Warning::TimeUnreadable,
    Warning::PropertyCollision,
    Warning::Trimmed,
];

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, trace: &mut Trace) -> Mapped<SegmentCall> {
    route::map::<BranchToSegment>(text, settings, trace)
}

struct BranchToSegment;

impl Mapping for BranchToSegment {
    const SOURCE: Source = Source::Branch;
    const MALFORMED: &'static str = "BS-030";
    const ID: &'static str = "id";
    const WARNINGS: &'static [Warning] = &WARNINGS;
    type Received<'a> = Received<'a>;
    type Accepted<'a> = (String, Received<'a>);
    type Call = SegmentCall;

    fn open<'a>(event: Json<'a>, _: &mut Trace) -> Option<Received<'a>> {
        Received::open(event)
    }

    fn id(event: &Received<'_>) -> Option<EventId> {
        identity::event_id(event.id)
    }

    fn gate<'a>(
        event: Self::Received<'a>,
        settings: &Settings,
        _: &mut Trace,
    ) -> Result<Self::Accepted<'a>, Rejected> {
        let name = gate::name(&event)?;
        gate::filter(&event, &name, &settings.branch_to_segment)?;
        Ok((name.at_segment(), event))
    }

    fn calls(
        (name, event): Self::Accepted<'_>,
        arrival: &Arrival,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Vec<SegmentCall>, Rejected> {
        Ok(vec![call(&name, &event, arrival, settings, trace)?])
    }
}

fn call(
    name: &str,
    event: &Received<'_>,
    arrival: &Arrival,
    settings: &Settings,
    trace: &mut Trace,
) -> Result<SegmentCall, Rejected> {
    let own = &settings.branch_to_segment;
    let identity = identity::identity(event, own, trace)?;
    trace.record("BS-051", || ("name".into(), format!("event = {name}")));
    let timestamp = time::timestamp(event, trace);
    let context = Context::new(event, trace);
    let track = Track {
        name,
        message_id: identity::message_id(arrival, own),
        user_id: identity.user_id.as_deref(),
        anonymous_id: identity.anonymous_id.as_deref(),
        timestamp,
        platform: context::platform(event),
        integrations: &own.integrations,
        context: &|out| context.write(out),
    };
    let properties = groups::properties(event, &identity, own.extra_properties, false);
    // Context repeats some of the properties; marks are added.
    let capacity = arrival.length + arrival.length / 2 + 512;
    let body = track.body(&properties.list, None, capacity);
    let trimming = Trimming {
        rule: "BS-152",
        limit: segment_track::limit(settings),
        lists: true,
    };
    if track.fits(&body, trimming.limit) {
        properties.record(trace);
        return Ok(track.call(body));
    }
    let properties = groups::properties(event, &identity, own.extra_properties, true);
    properties.record(trace);
    let too_large = Rejected::park("BS-153", "properties", ParkReason::EventTooLarge);
    let body = track
        .trimmed(&properties.list, &trimming, trace)
        .ok_or(too_large)?;
    Ok(track.call(body))
}
