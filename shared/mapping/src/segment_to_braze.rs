//! The route `segment_to_braze`: the rules are in `spec/segment-to-braze.md`.

mod alias;
mod attributes;
mod closed;
mod custom_event;
mod delete;
mod ecommerce;
mod event_time;
mod forms;
mod gate;
mod group;
mod identify;
mod identity;
mod messaging;
mod moment;
mod names;
mod number;
mod platform;
mod properties;
mod purchases;
mod received;
mod scene;
mod track;
mod value;
mod view;
mod warnings;

use crate::Notes;
use closed::{Closed, ClosedFate};
use event::calls::{BrazeArray, BrazeCall, Mapped, Verdict};
use event::json::{compact_size, well_formed};
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::Settings;
use event::{EventId, Source};
use gate::EventType;
use identity::Ids;
use received::Received;
use view::View;
use warnings::WARNINGS;

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, notes: &mut Notes) -> Mapped<BrazeCall> {
    let shaped = well_formed(text);
    let event = Received::open(&shaped, notes);
    let given = event.as_ref().and_then(|event| event.get("messageId"));
    let id = match given.and_then(number::text) {
        Some(id) => EventId::given(id),
        None => {
            notes.warn(Warning::IdDerived, || "messageId".into());
            EventId::derived(Source::Segment, text)
        }
    };
    let calls = match &event {
        Some(event) => calls(event, settings, notes),
        None => Err(Closed::parked("SB-010", "$", ParkReason::MalformedEvent)),
    };
    let verdict = match calls {
        Ok(calls) => Verdict::Deliver {
            calls,
            warnings: notes.warnings(&WARNINGS),
        },
        Err(Closed { rule, path, fate }) => {
            notes.tell(rule, || (path.into_owned(), fate.to_string()));
            match fate {
                ClosedFate::Ignored(reason) => Verdict::Ignore(reason),
                ClosedFate::Parked(reason) => Verdict::Park(reason),
            }
        }
    };
    Mapped { id, verdict }
}

fn calls(event: &Received<'_>, settings: &Settings, notes: &mut Notes) -> Result<Vec<BrazeCall>, Closed> {
    let own = &settings.segment_to_braze;
    let event_type = gate::passed(event, own)?;
    let calls = match event_type {
        EventType::Identify => identify::identify(event, own, notes)?,
        EventType::Track => track::track(event, own, notes)?,
        EventType::Page => track::view(View::Page, event, own, notes)?,
        EventType::Screen => track::view(View::Screen, event, own, notes)?,
        EventType::Group => vec![group::group(event, own, notes)?],
        EventType::Alias => vec![alias::alias(event, own, notes)?],
        EventType::Delete => vec![delete::delete(event, own, notes)?],
    };
    let most = settings.braze.max_item_bytes;
    let is_too_large = |json: &str| json.len() > most && compact_size(json) > most;
    let mut items = calls.iter().flat_map(|call| &call.items);
    match items.find(|item| is_too_large(&item.json)) {
        Some(item) => Err(Closed::parked(
            "SB-290",
            source_of(item.array),
            ParkReason::TooLarge,
        )),
        None => {
            tell_unused(event_type, event, notes);
            Ok(calls)
        }
    }
}

/// Tells of the parts of an event for which its type has no use.
fn tell_unused(event_type: EventType, event: &Received<'_>, notes: &mut Notes) {
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
            notes.tell(rule, || (path.into(), "left out: read for ids alone".into()));
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

/// What becomes of an event that names no user whom Braze could know.
fn nobody(ids: &Ids<'_, '_>, notes: &mut Notes) -> Closed {
    match ids.anonymous_id(notes) {
        Some(_) => Closed::ignored("SB-045", "anonymousId", IgnoreReason::Anonymous),
        None => Closed::parked("SB-045", "userId", ParkReason::NoIdentity),
    }
}
