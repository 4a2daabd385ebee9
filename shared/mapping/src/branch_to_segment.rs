//! The route `branch_to_segment`: the rules are in `spec/branch-to-segment.md`.

mod body;
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
use crate::forms::{Placeholders, record_json_texts, unfolded};
use crate::rejected::Rejected;
use crate::route::{self, Arrival, Mapping};
use event::calls::{Mapped, SegmentCall};
use event::json::Json;
use event::reasons::Warning;
use event::settings::{self, Row, Settings};
use event::{EventId, Source};
use received::Received;

/// The warnings of this route in the order of its list of reasons.
const WARNINGS: [Warning; 7] = [
    Warning::IdDerived,
    Warning::PlaceholderUserId,
    Warning::TimeUnreadable,
    Warning::FieldUnreadable,
    Warning::InvalidNumber,
    Warning::PropertyCollision,
    Warning::Trimmed,
];

/// Where JSON text counts as the value that it stands for.
const JSON_TEXTS: [&[&str]; 6] = [
    &["content_items"],
    &["last_attributed_touch_data"],
    &["user_data"],
    &["event_data"],
    &["custom_data"],
    &["metadata"],
];

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, trace: &mut Trace) -> Mapped<SegmentCall> {
    route::map::<BranchToSegment>(text, None, settings, trace)
}

struct BranchToSegment;

impl Mapping for BranchToSegment {
    const SOURCE: Source = Source::Branch;
    const MALFORMED: &'static str = "BS-030";
    const GIVEN: &'static str = "BS-020";
    const DERIVED: &'static str = "BS-021";
    const ID: &'static str = "id";
    const WARNINGS: &'static [Warning] = &WARNINGS;
    type Received<'a> = Received<'a>;
    type Accepted<'a> = (String, Received<'a>);
    type Call = SegmentCall;

    fn unfold(event: Json<'_>, _: &Settings) -> Option<String> {
        unfolded(event, &JSON_TEXTS)
    }

    fn record_unfolded(event: Json<'_>, _: &Settings, trace: &mut Trace) {
        record_json_texts("BS-015", event, &JSON_TEXTS, trace);
    }

    fn open<'a>(event: Json<'a>, trace: &mut Trace) -> Option<Received<'a>> {
        Received::open(event, trace)
    }

    fn rows(settings: &Settings) -> &[Row] {
        &settings.branch_to_segment.rules
    }

    fn looped(event: &Received<'_>, settings: &Settings) -> Option<Rejected> {
        gate::looped(event, &settings.branch_to_segment)
    }

    fn id(event: &Received<'_>, settings: &Settings) -> Option<EventId> {
        identity::event_id(event.id, placeholders(&settings.branch_to_segment))
    }

    fn gate<'a>(
        mut event: Self::Received<'a>,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Self::Accepted<'a>, Rejected> {
        let own = &settings.branch_to_segment;
        let name = gate::name(&event)?;
        if own.hide_unsigned_facebook {
            event.hide_unsigned_facebook(trace);
        }
        gate::filter(&event, &name, own)?;
        let (rule, name) = name.at_segment(&own.event_names);
        trace.record(rule, || ("name".into(), format!("event = {name}")));
        Ok((name, event))
    }

    fn calls(
        (name, event): Self::Accepted<'_>,
        arrival: &Arrival,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Vec<SegmentCall>, Rejected> {
        Ok(vec![body::call(&name, &event, arrival, settings, trace)?])
    }
}

/// The placeholders of the route's settings.
fn placeholders(own: &settings::BranchToSegment) -> Placeholders<'_> {
    Placeholders::new(own.reject_placeholder_ids, &own.placeholder_ids)
}
