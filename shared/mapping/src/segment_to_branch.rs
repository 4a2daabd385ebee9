//! The route `segment_to_branch`: the rules are in `spec/segment-to-branch.md`.

mod body;
mod consent;
mod content_items;
mod custom_data;
mod dollar_names;
mod event_data;
mod gate;
mod identity;
mod item;
mod name;
mod properties;
mod received;
mod user_data;
mod value;

use crate::Trace;
use crate::forms::Placeholders;
use crate::rejected::Rejected;
use crate::route::{self, Arrival, Mapping};
use event::calls::{BranchCall, Mapped};
use event::json::Json;
use event::reasons::Warning;
use event::settings::{self, Row, Settings};
use event::{EventId, Source};
use gate::Accepted;
use received::Received;

/// The warnings of this route in the order of its list of reasons.
const WARNINGS: [Warning; 11] = [
    Warning::IdDerived,
    Warning::PlaceholderUserId,
    Warning::NotADeviceId,
    Warning::InvalidNumber,
    Warning::InvalidCurrency,
    Warning::UnknownCurrency,
    Warning::ProductSkipped,
    Warning::FieldUnreadable,
    Warning::InvalidConsent,
    Warning::ConsentIncomplete,
    Warning::ReservedPropertyRemoved,
];

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, trace: &mut Trace) -> Mapped<BranchCall> {
    route::map::<SegmentToBranch>(text, None, settings, trace)
}

struct SegmentToBranch;

impl Mapping for SegmentToBranch {
    const SOURCE: Source = Source::Segment;
    const MALFORMED: &'static str = "SR-030";
    const GIVEN: &'static str = "SR-020";
    const DERIVED: &'static str = "SR-020";
    const ID: &'static str = "messageId";
    const WARNINGS: &'static [Warning] = &WARNINGS;
    type Received<'a> = Received<'a>;
    type Accepted<'a> = (Accepted<'a>, Received<'a>);
    type Call = BranchCall;

    fn open<'a>(event: Json<'a>, trace: &mut Trace) -> Option<Received<'a>> {
        Received::open(event, trace)
    }

    fn rows(settings: &Settings) -> &[Row] {
        &settings.segment_to_branch.rules
    }

    fn looped(event: &Received<'_>, _: &Settings) -> Option<Rejected> {
        gate::looped(event)
    }

    fn id(event: &Received<'_>, settings: &Settings) -> Option<EventId> {
        let placeholders = placeholders(&settings.segment_to_branch);
        event
            .message_id
            .and_then(|id| placeholders.thing(id))
            .map(EventId::given)
    }

    fn gate<'a>(
        event: Self::Received<'a>,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Self::Accepted<'a>, Rejected> {
        let accepted = gate::accept(&event, &settings.segment_to_branch, trace)?;
        Ok((accepted, event))
    }

    fn calls(
        (accepted, event): Self::Accepted<'_>,
        arrival: &Arrival,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Vec<BranchCall>, Rejected> {
        Ok(vec![body::call(&accepted, event, arrival, settings, trace)?])
    }
}

/// The placeholders of the route's settings.
fn placeholders(own: &settings::SegmentToBranch) -> Placeholders<'_> {
    Placeholders::new(own.reject_placeholder_ids, &own.placeholder_ids)
}
