//! The route `segment_to_braze`: the rules are in `spec/segment-to-braze.md`.

mod alias;
mod attributes;
mod custom_event;
mod delete;
mod ecommerce;
mod event_context;
mod forms;
mod gate;
mod group;
mod identify;
mod identity;
mod members;
mod messaging;
mod name;
mod platform;
mod properties;
mod purchases;
mod received;
mod time;
mod track;
mod value;
mod view;
mod warnings;

use crate::Trace;
use crate::forms::text::text;
use crate::rejected::Rejected;
use crate::route::{self, Arrival, Mapping};
use event::calls::{BrazeArray, BrazeCall, Mapped};
use event::json::{Json, compact_size};
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::{Row, Settings};
use event::{EventId, Source, Timestamp};
use gate::EventType;
use identity::{Ids, placeholders};
use received::Received;
use view::View;
use warnings::WARNINGS;

/// Maps one event. `text` is the event as received: any one JSON value. `received_at` is when Switchyard received it, the time
/// of an event that has none.
pub fn map(
    text: &str,
    received_at: Option<Timestamp>,
    settings: &Settings,
    trace: &mut Trace,
) -> Mapped<BrazeCall> {
    route::map::<SegmentToBraze>(text, received_at, settings, trace)
}

struct SegmentToBraze;

impl Mapping for SegmentToBraze {
    const SOURCE: Source = Source::Segment;
    const MALFORMED: &'static str = "SB-010";
    const GIVEN: &'static str = "SB-012";
    const DERIVED: &'static str = "SB-012";
    const ID: &'static str = "messageId";
    const WARNINGS: &'static [Warning] = &WARNINGS;
    type Received<'a> = Received<'a>;
    type Accepted<'a> = (EventType, Received<'a>);
    type Call = BrazeCall;

    fn open<'a>(event: Json<'a>, trace: &mut Trace) -> Option<Received<'a>> {
        Received::open(event, trace)
    }

    fn rows(settings: &Settings) -> &[Row] {
        &settings.segment_to_braze.rules
    }

    fn looped(event: &Received<'_>, settings: &Settings) -> Option<Rejected> {
        gate::looped(event, &settings.segment_to_braze)
    }

    fn id(event: &Received<'_>, settings: &Settings) -> Option<EventId> {
        let placeholders = placeholders(&settings.segment_to_braze);
        let given = event.get("messageId").and_then(text);
        given.filter(|id| !placeholders.is_no_id(id)).map(EventId::given)
    }

    fn gate<'a>(
        event: Self::Received<'a>,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Self::Accepted<'a>, Rejected> {
        let event_type = gate::accept(&event, &settings.segment_to_braze, trace)?;
        Ok((event_type, event))
    }

    fn calls(
        (event_type, mut event): Self::Accepted<'_>,
        arrival: &Arrival,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Vec<BrazeCall>, Rejected> {
        event.received_at = arrival.received_at;
        calls(event_type, &event, settings, trace)
    }
}

fn calls(
    event_type: EventType,
    event: &Received<'_>,
    settings: &Settings,
    trace: &mut Trace,
) -> Result<Vec<BrazeCall>, Rejected> {
    let own = &settings.segment_to_braze;
    let calls = match event_type {
        EventType::Track => track::track(event, own, trace)?,
        EventType::Alias => vec![alias::alias(event, own, trace)?],
        EventType::Delete => vec![delete::delete(event, own, trace)?],
        EventType::Identify | EventType::Page | EventType::Screen | EventType::Group => {
            messaging::beside(event_type, event, own, trace, |trace| match event_type {
                EventType::Page => track::view(View::Page, event, own, trace),
                EventType::Screen => track::view(View::Screen, event, own, trace),
                EventType::Group => Ok(vec![group::group(event, own, trace)?]),
                _ => identify::identify(event, own, trace),
            })?
        }
    };
    let most = settings.braze.max_item_bytes;
    let is_too_large = |json: &str| json.len() > most && compact_size(json) > most;
    let mut items = calls.iter().flat_map(|call| &call.items);
    match items.find(|item| is_too_large(&item.json)) {
        Some(item) => Err(Rejected::park(
            "SB-290",
            source_of(item.array),
            ParkReason::TooLarge,
        )),
        None => {
            record_unused(event_type, event, trace);
            Ok(calls)
        }
    }
}

/// Records the parts of an event for which its type has no use.
fn record_unused(event_type: EventType, event: &Received<'_>, trace: &mut Trace) {
    let (rule, takes_properties, takes_traits, takes_context) = match event_type {
        EventType::Identify => ("SB-070", false, true, true),
        EventType::Track => ("SB-140", true, false, true),
        EventType::Page | EventType::Screen => ("SB-242", true, false, true),
        EventType::Group => ("SB-250", false, true, false),
        EventType::Alias => ("SB-262", false, false, false),
        EventType::Delete => ("SB-280", false, false, false),
    };
    for (path, is_there, is_taken) in [
        ("properties", !event.properties.is_empty(), takes_properties),
        ("traits", event.traits.is_some(), takes_traits),
        ("context.traits", event.context_traits.is_some(), takes_context),
    ] {
        if is_there && !is_taken {
            trace.record(rule, || (path.into(), "left out: read for ids alone".into()));
        }
    }
}

/// What of an event an item is mostly made of.
const fn source_of(array: BrazeArray) -> &'static str {
    match array {
        BrazeArray::Attributes => "traits",
        BrazeArray::Events | BrazeArray::Purchases | BrazeArray::Recipients | BrazeArray::Items => {
            "properties"
        }
        _ => "userId",
    }
}

/// Why an event that names no user whom Braze could know is not sent.
fn no_identity(ids: &Ids<'_, '_>, trace: &mut Trace) -> Rejected {
    match ids.anonymous_id(trace) {
        Some(_) => Rejected::ignore("SB-045", "anonymousId", IgnoreReason::Anonymous),
        None => Rejected::park("SB-045", "userId", ParkReason::NoIdentity),
    }
}
