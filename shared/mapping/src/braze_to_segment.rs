//! The route `braze_to_segment`: the rules are in `spec/braze-to-segment.md`.

mod body;
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
use event::calls::{Mapped, SegmentCall};
use event::json::Json;
use event::reasons::Warning;
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
    const GIVEN: &'static str = "BZ-120";
    const DERIVED: &'static str = "BZ-121";
    const ID: &'static str = "id";
    const WARNINGS: &'static [Warning] = &WARNINGS;
    type Received<'a> = Root<'a>;
    type Accepted<'a> = (Cow<'a, str>, Received<'a>);
    type Call = SegmentCall;

    fn unfold(event: Json<'_>, settings: &Settings) -> Option<String> {
        stored::unfold(event, &settings.braze_to_segment)
    }

    fn record_unfolded(event: Json<'_>, settings: &Settings, trace: &mut Trace) {
        stored::record(event, &settings.braze_to_segment, trace);
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
        Ok(vec![body::call(&event_type, event, arrival, settings, trace)?])
    }
}

/// The placeholders of the route's settings.
fn placeholders(own: &settings::BrazeToSegment) -> Placeholders<'_> {
    Placeholders::new(own.reject_placeholder_ids, &own.placeholder_ids)
}
