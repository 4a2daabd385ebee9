//! The route `braze_to_segment`: the rules are in `spec/braze-to-segment.md`.

mod context;
mod dropped;
mod gate;
mod identity;
mod name;
mod paths;
mod properties;
mod readable_name;
mod received;
mod stored;
mod time;
mod value;

pub use gate::closed_to_type;

use crate::Trace;
use crate::forms::Placeholders;
use crate::rejected::Rejected;
use crate::route::{self, Arrival, Mapping};
use crate::segment_track::{self, TRUNCATED, Track, Trimming};
use event::calls::{Mapped, SegmentCall};
use event::json::Json;
use event::reasons::{ParkReason, Warning};
use event::settings::{self, Row, Settings};
use event::{EventId, Source, currents};
use received::{Received, Root};
use std::borrow::Cow;

/// The warnings of this route in the order of its list of reasons.
const WARNINGS: [Warning; 7] = [
    Warning::IdDerived,
    Warning::TimeUnreadable,
    Warning::UnknownEventType,
    Warning::PlaceholderUserId,
    Warning::ExternalIdUnreadable,
    Warning::FieldCollision,
    Warning::Trimmed,
];

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, trace: &mut Trace) -> Mapped<SegmentCall> {
    route::map::<BrazeToSegment>(text, None, settings, trace)
}

struct BrazeToSegment;

impl Mapping for BrazeToSegment {
    const SOURCE: Source = Source::Braze;
    const MALFORMED: &'static str = "BZ-018";
    const ID: &'static str = "id";
    const WARNINGS: &'static [Warning] = &WARNINGS;
    type Received<'a> = Root<'a>;
    type Accepted<'a> = (Cow<'a, str>, Received<'a>);
    type Call = SegmentCall;

    fn unfold<'e>(text: &'e str, settings: &Settings) -> Cow<'e, str> {
        stored::unfold(text, &settings.braze_to_segment)
    }

    fn open<'a>(event: Json<'a>, _: &mut Trace) -> Option<Root<'a>> {
        Root::open(event)
    }

    fn rows(settings: &Settings) -> &[Row] {
        &settings.braze_to_segment.rules
    }

    fn looped(_: &Root<'_>, _: &Settings) -> Option<Rejected> {
        None
    }

    fn id(root: &Root<'_>, settings: &Settings) -> Option<EventId> {
        identity::event_id(root.id, placeholders(&settings.braze_to_segment))
    }

    fn gate<'a>(
        root: Self::Received<'a>,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Self::Accepted<'a>, Rejected> {
        let event = root.event(trace)?;
        let event_type = match currents::alias_of(&event.event_type) {
            Some(canonical) => {
                trace.record("BZ-030", || ("event_type".into(), format!("read as {canonical}")));
                Cow::Borrowed(canonical)
            }
            None => event.event_type.clone(),
        };
        gate::filter(&event, &event_type, &settings.braze_to_segment)?;
        Ok((event_type, event))
    }

    fn calls(
        (event_type, event): Self::Accepted<'_>,
        arrival: &Arrival,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Vec<SegmentCall>, Rejected> {
        Ok(vec![call(&event_type, event, arrival, settings, trace)?])
    }
}

/// The placeholders of the route's settings.
fn placeholders(own: &settings::BrazeToSegment) -> Placeholders<'_> {
    Placeholders::new(own.reject_placeholder_ids, &own.placeholder_ids)
}

fn call(
    event_type: &str,
    event: Received<'_>,
    arrival: &Arrival,
    settings: &Settings,
    trace: &mut Trace,
) -> Result<SegmentCall, Rejected> {
    let own = &settings.braze_to_segment;
    let identity = identity::identity(&event.user, own, trace)?;
    let name = name::name(&event, event_type, own, trace).into_owned();
    let timestamp = time::time(event.time, event.property("time_ms"), trace);
    let (properties, context) = paths::paths(event, event_type, own, trace);
    let track = Track {
        name: &name,
        message_id: identity::message_id(&arrival.id, own),
        user_id: identity.user_id.as_deref(),
        anonymous_id: identity.anonymous_id.as_deref(),
        timestamp,
        platform: None,
        integrations: &own.integrations,
        context: &|out| context.write(out),
    };
    // What is added: the mark, the library, the integrations.
    let body = track.body(&properties, None, arrival.length + 512);
    let trimming = Trimming {
        rule: "BZ-252",
        limit: segment_track::limit(settings),
        lists: !own.drop_properties.iter().any(|name| name == TRUNCATED),
    };
    if track.fits(&body, trimming.limit) {
        return Ok(track.call(body));
    }
    let too_large = Rejected::park("BZ-253", "properties", ParkReason::EventTooLarge);
    let body = track.trimmed(&properties, &trimming, trace).ok_or(too_large)?;
    Ok(track.call(body))
}
