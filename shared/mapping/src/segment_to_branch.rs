//! The route `segment_to_branch`: the rules are in `spec/segment-to-branch.md`.

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

use crate::Notes;
use crate::identity_text::identity_text;
use content_items::{ContentItems, content_items};
use event::calls::{BranchCall, BranchEndpoint, Mapped, Verdict};
use event::json::{ObjectWriter, well_formed};
use event::reasons::{ParkReason, Warning};
use event::settings::Settings;
use event::{EventId, Source, Timestamp};
use event_data::{EventData, event_data};
use gate::{Becomes, Closed, Passed};
use identifiers::Identifiers;
use received::{Properties, Received};

/// The warnings of this route in the order of its list of reasons.
const WARNINGS: [Warning; 7] = [
    Warning::IdDerived,
    Warning::PlaceholderUserId,
    Warning::InvalidNumber,
    Warning::InvalidCurrency,
    Warning::UnknownCurrency,
    Warning::ProductSkipped,
    Warning::ReservedPropertyRemoved,
];

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, notes: &mut Notes) -> Mapped<BranchCall> {
    let shaped = well_formed(text);
    let event = Received::open(&shaped);
    let given = event.as_ref().and_then(|event| event.message_id);
    let id = match given.and_then(identity_text) {
        Some(id) => EventId::given(id),
        None => {
            notes.warn(Warning::IdDerived, || "messageId".into());
            EventId::derived(Source::Segment, text)
        }
    };
    let call = match event {
        Some(event) => call(event, &id, text.len(), settings, notes),
        None => {
            let closed = Closed::Parked(ParkReason::MalformedEvent);
            notes.tell("SR-030", || ("$".into(), closed.to_string()));
            Err(closed)
        }
    };
    let verdict = match call {
        Ok(call) => Verdict::Deliver {
            calls: vec![call],
            warnings: notes.warnings(&WARNINGS),
        },
        Err(Closed::Ignored(reason)) => Verdict::Ignore(reason),
        Err(Closed::Parked(reason)) => Verdict::Park(reason),
    };
    Mapped { id, verdict }
}

fn call(
    mut event: Received<'_>,
    id: &EventId,
    length: usize,
    settings: &Settings,
    notes: &mut Notes,
) -> Result<BranchCall, Closed> {
    let own = &settings.segment_to_branch;
    let passed = gate::passed(&event, own).map_err(|(rule, closed)| {
        notes.tell(rule, || ("event".into(), closed.to_string()));
        closed
    })?;
    let identifiers = Identifiers::new(&event, own, notes).map_err(|(rule, reason)| {
        let closed = Closed::Ignored(reason);
        notes.tell(rule, || ("context".into(), closed.to_string()));
        closed
    })?;
    let mut properties = Properties::new(std::mem::take(&mut event.properties));
    let mut body = String::with_capacity(length + 512);
    let mut out = ObjectWriter::new(&mut body);
    let endpoint = write_name(&mut out, &passed, own.customer_event_alias, notes);
    user_data::write(&mut out, &identifiers, &event.context, &mut properties, notes);
    let (mut data, mut items) = (EventData::default(), ContentItems::default());
    if endpoint == BranchEndpoint::Standard || own.event_data_on_custom {
        data = event_data(passed.becomes, &mut properties, notes);
    }
    if let Becomes::Standard(standard) = passed.becomes {
        items = content_items(standard, &mut properties, data.currency.as_deref(), notes);
    }
    data.write(&mut out);
    items.write(&mut out, own.custom_fields_as_json);
    custom_data::write(
        &mut out,
        &event,
        id,
        &properties,
        items.leftover.as_deref(),
        own.markers,
        notes,
    );
    drop(out);
    Ok(BranchCall {
        endpoint,
        body,
        ip: value::string(event.context.ip).map(Into::into),
        timestamp: value::string(event.timestamp).and_then(|time| Timestamp::parse(time.trim())),
        user: identifiers.user_key(),
    })
}

/// Writes what the event is called at Branch, and says where it goes.
fn write_name(
    out: &mut ObjectWriter<'_>,
    passed: &Passed<'_>,
    with_alias: bool,
    notes: &mut Notes,
) -> BranchEndpoint {
    let own_name = passed.name.trim();
    let (endpoint, name) = match passed.becomes {
        Becomes::Standard(event) => (BranchEndpoint::Standard, event.name),
        Becomes::Custom => (BranchEndpoint::Custom, own_name),
    };
    notes.tell(passed.rule, || ("event".into(), format!("name = {name}")));
    out.string("name", name);
    if with_alias && endpoint == BranchEndpoint::Standard {
        out.string("customer_event_alias", own_name);
    }
    endpoint
}
