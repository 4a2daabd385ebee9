//! Calls become batches, and what Segment would discard after a 200 is found before (SEG-030..044).

use super::limits::{BATCH_PATH, MESSAGE_ID_CHARACTERS, PROPERTIES};
use crate::destinations::packed::{PackedRequest, Packing, Unsent};
use event::calls::{Method, SegmentCall};
use event::json::{ArrayWriter, Json, ObjectWriter};
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::Segment;
use event::{EventId, Timestamp};
use std::collections::HashSet;

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

/// Groups elements of one key, in order, into batches within the limits. An element whose `messageId` an earlier one of its
/// batch has is given apart: the first carries the event (SEG-044).
pub struct Batches {
    /// Places of the elements of each batch.
    pub batches: Vec<Vec<usize>>,
    /// Places of elements that an earlier one of the same batch carries.
    pub repeated: Vec<usize>,
}

/// Packs elements: their places, ids and texts, in order.
pub fn batches<'e>(elements: impl Iterator<Item = (usize, &'e str, &'e str)>, settings: &Segment) -> Batches {
    let mut packed = Batches {
        batches: Vec::new(),
        repeated: Vec::new(),
    };
    let (mut bytes, mut ids) = (0, HashSet::new());
    for (place, id, text) in elements {
        let joined = bytes + 1 + text.len() <= settings.max_batch_bytes;
        match packed.batches.last_mut() {
            Some(_) if ids.contains(id) => {
                packed.repeated.push(place);
                continue;
            }
            Some(open) if joined && open.len() < settings.max_batch_events => {
                open.push(place);
                bytes += 1 + text.len();
            }
            _ => {
                packed.batches.push(vec![place]);
                bytes = EMPTY_BODY_BYTES + text.len();
                ids.clear();
            }
        }
        ids.insert(id);
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
    let named = sound
        .iter()
        .enumerate()
        .map(|(n, (_, call, text))| (n, call.message_id.as_str(), text.as_str()));
    let grouped = batches(named, settings);
    let repeated = grouped.repeated.iter().filter_map(|n| sound.get(*n));
    unsent.extend(repeated.map(|(place, ..)| (*place, Unsent::Ignored(IgnoreReason::DuplicateInRequest))));
    let shown = |batch: &Vec<usize>| {
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
