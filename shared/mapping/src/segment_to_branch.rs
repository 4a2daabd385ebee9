//! The route `segment_to_branch`: the rules are in `spec/segment-to-branch.md`.

mod consent;
mod content_items;
mod custom_data;
mod dollar_names;
mod event_data;
mod event_table;
mod gate;
mod identifiers;
mod item;
mod received;
mod user_data;
mod value;

use crate::Trace;
use crate::forms::{Placeholders, unfolded};
use crate::rejected::Rejected;
use crate::route::{self, Arrival, Mapping};
use content_items::{ContentItems, content_items};
use event::calls::{BranchCall, BranchEndpoint, Mapped};
use event::json::{Json, ObjectWriter};
use event::reasons::Warning;
use event::settings::{self, Row, Settings};
use event::{EventId, Source, Timestamp};
use event_data::{EventData, event_data};
use gate::{Accepted, Target};
use identifiers::Identifiers;
use received::{Properties, Received};
use std::borrow::Cow;

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

/// Where JSON text counts as the value that it stands for.
const JSON_TEXTS: [&[&str]; 1] = [&["properties", "products"]];

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, trace: &mut Trace) -> Mapped<BranchCall> {
    route::map::<SegmentToBranch>(text, None, settings, trace)
}

struct SegmentToBranch;

impl Mapping for SegmentToBranch {
    const SOURCE: Source = Source::Segment;
    const MALFORMED: &'static str = "SR-030";
    const ID: &'static str = "messageId";
    const WARNINGS: &'static [Warning] = &WARNINGS;
    type Received<'a> = Received<'a>;
    type Accepted<'a> = (Accepted<'a>, Received<'a>);
    type Call = BranchCall;

    fn unfold<'e>(text: &'e str, _: &Settings) -> Cow<'e, str> {
        unfolded(text, &JSON_TEXTS)
    }

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
        Ok(vec![call(&accepted, event, arrival, settings, trace)?])
    }
}

fn call(
    accepted: &Accepted<'_>,
    mut event: Received<'_>,
    arrival: &Arrival,
    settings: &Settings,
    trace: &mut Trace,
) -> Result<BranchCall, Rejected> {
    let own = &settings.segment_to_branch;
    let identifiers = Identifiers::new(&event, own, trace)?;
    let mut properties = Properties::new(std::mem::take(&mut event.properties));
    let mut body = String::with_capacity(arrival.length + 512);
    let mut out = ObjectWriter::new(&mut body);
    let endpoint = write_name(&mut out, accepted, own.customer_event_alias, trace);
    let ids = user_data::Sources {
        identifiers: &identifiers,
        context: &event.context,
        settings: own,
    };
    user_data::write(&mut out, &ids, &mut properties, trace);
    let (mut data, mut items) = (EventData::default(), ContentItems::default());
    if endpoint == BranchEndpoint::Standard || own.event_data_on_custom {
        data = event_data(accepted, &mut properties, &own.default_currency, trace);
    }
    if let Target::Standard(standard) = accepted.target {
        items = content_items(standard, &mut properties, &data.money, trace);
    }
    data.name_default(items.have_price(), trace);
    data.write(&mut out);
    items.write(&mut out, own.custom_fields_as_json);
    custom_data::write(
        &mut out,
        &event,
        &arrival.id,
        &properties,
        items.leftover.as_deref(),
        own,
        trace,
    );
    drop(out);
    Ok(BranchCall {
        endpoint,
        body,
        ip: value::string(event.context.ip).and_then(|ip| address(&ip)),
        timestamp: value::string(event.timestamp).and_then(|time| Timestamp::parse(time.trim())),
        user: identifiers.user_key(),
    })
}

/// The placeholders of the route's settings.
fn placeholders(own: &settings::SegmentToBranch) -> Placeholders<'_> {
    Placeholders::new(own.reject_placeholder_ids, &own.placeholder_ids)
}

/// An address of the internet, as a header may hold it (SR-307).
fn address(text: &str) -> Option<String> {
    let address: std::net::IpAddr = text.trim().parse().ok()?;
    Some(address.to_string())
}

/// Writes what the event is called at Branch, and says where it goes.
fn write_name(
    out: &mut ObjectWriter<'_>,
    accepted: &Accepted<'_>,
    with_alias: bool,
    trace: &mut Trace,
) -> BranchEndpoint {
    let own_name = accepted.name.trim();
    let (endpoint, name) = match accepted.target {
        Target::Standard(event) => (BranchEndpoint::Standard, event.name),
        Target::Custom => (BranchEndpoint::Custom, own_name),
    };
    trace.record(accepted.rule, || ("event".into(), format!("name = {name}")));
    out.string("name", name);
    if with_alias && endpoint == BranchEndpoint::Standard {
        out.string("customer_event_alias", own_name);
    }
    endpoint
}
