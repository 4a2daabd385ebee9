//! Calls become batches, and what Segment would discard after a 200 is found before (SEG-030..044).

use super::limits::{BATCH_PATH, MESSAGE_ID_CHARACTERS, PROPERTIES};
use crate::destinations::packed::{PackedRequest, Packing, Unsent};
use event::calls::{Method, SegmentCall};
use event::json::{ArrayWriter, Json, ObjectWriter};
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::Segment;
use event::{EventId, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

/// The types that Segment knows (SEG-030).
const TYPES: [&str; 6] = ["track", "identify", "page", "screen", "group", "alias"];

/// The element as it is sent: with a time, if it has none (SEG-006).
pub fn complete(call: &SegmentCall, received_at: Timestamp) -> String {
    match call.body.strip_prefix('{') {
        Some(rest) if call.lacks_timestamp => {
            let comma = if rest.trim_start().starts_with('}') {
                ""
            } else {
                ","
            };
            format!(r#"{{"timestamp":"{received_at}"{comma}{rest}"#)
        }
        _ => call.body.clone(),
    }
}

/// Why an element must not leave: Segment would answer 200 and discard it.
pub fn fault(element: &str, max_event_bytes: usize) -> Option<ParkReason> {
    if element.len() > max_event_bytes {
        return Some(ParkReason::EventTooLarge);
    }
    is_sound(element).is_none().then_some(ParkReason::InvalidCall)
}

fn is_sound(element: &str) -> Option<()> {
    let object = Json::parse(element).ok()?.as_object()?;
    let kind = object.get("type")?.as_str()?;
    TYPES.contains(&kind.as_ref()).then_some(())?;
    if kind == "track" {
        (!object.get("event")?.as_str()?.trim().is_empty()).then_some(())?;
    }
    let mut named = false;
    for key in ["userId", "anonymousId"] {
        if let Some(id) = object.get(key) {
            named |= !id.as_str()?.trim().is_empty();
        }
    }
    named.then_some(())?;
    let id = object.get("messageId")?.as_str()?;
    (1..=MESSAGE_ID_CHARACTERS)
        .contains(&id.chars().count())
        .then_some(())?;
    if let Some(time) = object.get("timestamp") {
        Timestamp::parse(&time.as_str()?)?;
    }
    if let Some(properties) = object.get("properties") {
        (properties.as_object()?.len() <= PROPERTIES).then_some(())?;
    }
    Some(())
}

/// The body of a request (SEG-004).
pub fn body<'e>(elements: impl Iterator<Item = &'e str>, sent_at: &str) -> String {
    let mut body = String::new();
    let mut out = ObjectWriter::new(&mut body);
    {
        let mut batch: ArrayWriter<'_> = out.array("batch");
        elements.for_each(|element| batch.raw(element));
    }
    out.string("sentAt", sent_at);
    drop(out);
    body
}

/// Bytes of a body without any element: `{"batch":[],"sentAt":"YYYY-MM-DDTHH:MM:SS.mmmZ"}`.
const EMPTY_BODY_BYTES: usize = 48;

/// An element that is to be packed.
#[derive(Clone, Copy)]
pub struct Unpacked<'e, L, U> {
    /// What it is called in [`Batches`].
    pub place: usize,
    /// Which key it goes with.
    pub lane: L,
    /// Whose elements keep their order with it.
    pub user: Option<U>,
    /// Its `messageId`.
    pub id: &'e str,
    /// What is sent.
    pub text: &'e str,
}

/// Elements in batches within the limits, of one key each. An element whose `messageId` an earlier one of its batch has is
/// given apart: the first carries the event (SEG-044).
pub struct Batches<L> {
    /// The key and the places of the elements of each batch; batches stand in the order of their first elements.
    pub batches: Vec<(L, Vec<usize>)>,
    /// Places of elements that an earlier one of the same batch carries.
    pub repeated: Vec<usize>,
}

/// The batch of a key that more elements may join.
struct Open<'e> {
    /// Which of the batches it is.
    at: usize,
    count: usize,
    bytes: usize,
    ids: HashSet<&'e str>,
}

/// Packs elements, in order. Sent in the order of the batches, the elements of a user keep theirs over all keys: none joins a
/// batch that stands before one with an earlier element of its user (RD-146).
pub fn batches<'e, L: Copy + Ord, U: Eq + Hash>(
    elements: impl Iterator<Item = Unpacked<'e, L, U>>,
    settings: &Segment,
) -> Batches<L> {
    let mut packed = Batches {
        batches: Vec::new(),
        repeated: Vec::new(),
    };
    let mut of_lane: BTreeMap<L, Open<'e>> = BTreeMap::new();
    let mut last_of_user: HashMap<U, usize> = HashMap::new();
    for element in elements {
        let Unpacked { place, id, text, .. } = element;
        let last = element.user.as_ref().and_then(|user| last_of_user.get(user));
        let takes = |open: &Open<'_>| {
            open.count < settings.max_batch_events
                && open.bytes + 1 + text.len() <= settings.max_batch_bytes
                && last.is_none_or(|last| *last <= open.at)
        };
        let at = match of_lane.get_mut(&element.lane) {
            Some(open) if open.ids.contains(id) => {
                packed.repeated.push(place);
                continue;
            }
            Some(open) if takes(open) => {
                open.count += 1;
                open.bytes += 1 + text.len();
                open.ids.insert(id);
                let batch = packed.batches.get_mut(open.at);
                batch.into_iter().for_each(|(_, places)| places.push(place));
                open.at
            }
            _ => {
                let open = Open {
                    at: packed.batches.len(),
                    count: 1,
                    bytes: EMPTY_BODY_BYTES + text.len(),
                    ids: HashSet::from([id]),
                };
                let at = open.at;
                of_lane.insert(element.lane, open);
                packed.batches.push((element.lane, vec![place]));
                at
            }
        };
        last_of_user.extend(element.user.map(|user| (user, at)));
    }
    packed
}

/// What stands for the time of sending where nothing is sent.
const NOW_PLACEHOLDER: &str = "<now>";

/// Packs the calls of events as one invocation would if only `write_key` were set, for `switchyard map --packed` (SEG-023).
/// A call without a time is checked and packed as long as it would be with the time of its receipt, and shown without:
/// here nothing was received.
pub fn packed(events: Vec<(EventId, Vec<SegmentCall>)>, base_url: &str, settings: &Segment) -> Packing {
    let as_long_as_sent = |call: &SegmentCall| complete(call, Timestamp::from_millis(0));
    let mut unsent = Vec::new();
    let mut sound: Vec<(usize, SegmentCall, String)> = Vec::new();
    for (place, (_, calls)) in events.into_iter().enumerate() {
        for call in calls {
            let text = as_long_as_sent(&call);
            match fault(&text, settings.max_event_bytes) {
                Some(reason) => unsent.push((place, Unsent::Parked(reason))),
                None => sound.push((place, call, text)),
            }
        }
    }
    let named = sound.iter().enumerate().map(|(place, (_, call, text))| Unpacked {
        place,
        lane: (),
        // With one key alone, order needs no care.
        user: None::<()>,
        id: call.message_id.as_str(),
        text: text.as_str(),
    });
    let grouped = batches(named, settings);
    let repeated = grouped.repeated.iter().filter_map(|n| sound.get(*n));
    unsent.extend(repeated.map(|(place, ..)| (*place, Unsent::Ignored(IgnoreReason::DuplicateInRequest))));
    let shown = |((), batch): &((), Vec<usize>)| {
        let calls: Vec<_> = batch.iter().filter_map(|n| sound.get(*n)).collect();
        PackedRequest {
            method: Method::Post,
            url: format!("{base_url}{BATCH_PATH}"),
            body: body(
                calls.iter().map(|(_, call, _)| call.body.as_str()),
                NOW_PLACEHOLDER,
            ),
            places: calls.iter().map(|(place, ..)| *place).collect(),
        }
    };
    Packing {
        requests: grouped.batches.iter().map(shown).collect(),
        unsent,
    }
}

#[cfg(test)]
mod tests;
