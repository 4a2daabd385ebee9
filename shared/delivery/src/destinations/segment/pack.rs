//! Calls become batches, and what Segment would discard after a 200 is found before (SEG-030..044).

use super::limits::{BATCH_PATH, MESSAGE_ID_CHARACTERS, PROPERTIES, TIMESTAMP_BYTES};
use event::Timestamp;
use event::calls::SegmentCall;
use event::json::{ArrayWriter, Json, ObjectWriter};
use event::reasons::ParkReason;
use event::settings::Segment;
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

/// A request as `switchyard map --packed` prints it (SEG-023).
pub struct PackedBatch {
    /// The complete URL.
    pub url: String,
    /// The body, with `"sentAt": "<now>"`.
    pub body: String,
    /// Places of the calls in it, or carried by one in it.
    pub places: Vec<usize>,
}

/// Packs calls as if only `write_key` were set. A call that would be parked is left out.
pub fn packed(calls: &[SegmentCall], base_url: &str, settings: &Segment) -> Vec<PackedBatch> {
    let sound: Vec<(usize, &SegmentCall)> = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| {
            let room = if call.lacks_timestamp { TIMESTAMP_BYTES } else { 0 };
            fault(&call.body, settings.max_event_bytes.saturating_sub(room)).is_none()
        })
        .collect();
    let grouped = batches(
        sound
            .iter()
            .map(|(place, call)| (*place, call.message_id.as_str(), call.body.as_str())),
        settings,
    );
    let id = |place: &usize| calls.get(*place).map(|call| call.message_id.as_str());
    grouped
        .batches
        .iter()
        .map(|batch| {
            let texts = batch
                .iter()
                .filter_map(|place| calls.get(*place))
                .map(|call| call.body.as_str());
            let carried = grouped
                .repeated
                .iter()
                .filter(|place| batch.iter().any(|own| id(own) == id(place)));
            let mut places: Vec<usize> = batch.iter().chain(carried).copied().collect();
            places.sort_unstable();
            PackedBatch {
                url: format!("{base_url}{BATCH_PATH}"),
                body: body(texts, "<now>"),
                places,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"{"type":"track","event":"e","userId":"u","messageId":"m","timestamp":"2026-03-01T12:00:00.000Z","properties":{}}"#;

    #[test]
    fn seg_030_seg_031_seg_032_seg_033_seg_034_seg_035_what_segment_would_discard_is_found_before() {
        let with = |from: &str, to: &str| {
            let changed = GOOD.replacen(from, to, 1);
            assert_ne!(changed, GOOD);
            changed
        };
        let long_id = |characters: usize| with("\"m\"", &format!("\"{}\"", "ä".repeat(characters)));
        let members = |count: usize| {
            let members: Vec<String> = (0..count).map(|n| format!("\"k{n}\":1")).collect();
            with("{}", &format!("{{{}}}", members.join(",")))
        };
        let no_event = |kind: &str| with(r#""track","event":"e""#, &format!("\"{kind}\""));
        for good in [
            GOOD.to_owned(),
            no_event("identify"),
            no_event("page"),
            no_event("screen"),
            no_event("group"),
            no_event("alias"),
            with("userId", "anonymousId"),
            with(r#""userId":"u""#, r#""userId":" ","anonymousId":"a""#),
            long_id(1),
            long_id(99),
            with(r#""timestamp":"2026-03-01T12:00:00.000Z","#, ""),
            with("12:00:00.000Z", "12:00:00+01:00"),
            with(r#","properties":{}"#, ""),
            members(10_000),
        ] {
            assert_eq!(fault(&good, 1_000_000), None, "{good:.200}");
        }
        for bad in [
            with("\"track\"", "\"trick\""),
            with("\"track\"", "7"),
            no_event("track"),
            with("\"e\"", "\" \""),
            with("\"e\"", "7"),
            with("\"u\"", "\"\""),
            with("\"u\"", "7"),
            with(r#""userId":"u","#, ""),
            with(r#""userId":"u""#, r#""userId":"u","anonymousId":7"#),
            with(r#""messageId":"m","#, ""),
            with("\"m\"", "\"\""),
            with("\"m\"", "7"),
            long_id(100),
            with("2026-03-01T12:00:00.000Z", "yesterday"),
            with("2026-03-01T12:00:00.000Z", "2026-03-01"),
            with("\"2026-03-01T12:00:00.000Z\"", "1772366400"),
            with("{}}", "[]}"),
            members(10_001),
        ] {
            assert_eq!(
                fault(&bad, 1_000_000),
                Some(ParkReason::InvalidCall),
                "{bad:.200}"
            );
        }
    }

    #[test]
    fn seg_036_an_event_over_the_limit_is_found_before() {
        assert_eq!(fault(GOOD, GOOD.len()), None);
        assert_eq!(fault(GOOD, GOOD.len() - 1), Some(ParkReason::EventTooLarge));
        let wide = GOOD.replace("\"e\"", "\"ä\"");
        assert_eq!(
            fault(&wide, GOOD.len()),
            Some(ParkReason::EventTooLarge),
            "bytes, not characters"
        );
    }

    #[test]
    fn seg_006_a_call_without_a_time_gets_that_of_receipt() {
        let call = |body: &str| SegmentCall {
            body: body.to_owned(),
            message_id: "m".into(),
            lacks_timestamp: true,
            platform: None,
            user: None,
        };
        let at = Timestamp::from_millis(0);
        let got = complete(&call(r#"{"a":1}"#), at);
        assert_eq!(got, r#"{"timestamp":"1970-01-01T00:00:00.000Z","a":1}"#);
        assert_eq!(got.len(), r#"{"a":1}"#.len() + TIMESTAMP_BYTES);
    }

    #[test]
    fn seg_004_seg_040_the_size_of_an_empty_body_is_what_is_counted() {
        assert_eq!(
            body(std::iter::empty(), &Timestamp::from_millis(0).to_string()).len(),
            EMPTY_BODY_BYTES
        );
    }

    #[test]
    fn seg_044_of_equal_ids_in_one_batch_the_first_is_sent() {
        let elements = [(0, "a", "{}"), (1, "b", "{}"), (2, "a", "{}")];
        let packed = batches(elements.into_iter(), &Segment::default());
        assert_eq!((packed.batches, packed.repeated), (vec![vec![0, 1]], vec![2]));
        let one = Segment {
            max_batch_events: 1,
            ..Segment::default()
        };
        let packed = batches(elements.into_iter(), &one);
        assert_eq!(
            packed.batches,
            [vec![0], vec![1], vec![2]],
            "in different requests Segment tells them apart"
        );
    }

    proptest! {
        #[test]
        fn seg_040_seg_041_seg_042_seg_043_each_call_is_in_one_request_and_none_is_closed_early(
            sizes in proptest::collection::vec(2_usize..9000, 1..60),
            most in 1_usize..20,
        ) {
            let settings = Segment { max_batch_bytes: 33_000, max_batch_events: most, ..Segment::default() };
            let texts: Vec<String> = sizes.iter().map(|size| "x".repeat(*size)).collect();
            let ids: Vec<String> = (0..texts.len()).map(|n| n.to_string()).collect();
            let elements = texts.iter().zip(&ids).enumerate().map(|(n, (text, id))| (n, id.as_str(), text.as_str()));
            let packed = batches(elements, &settings);
            let all: Vec<usize> = packed.batches.iter().flatten().copied().collect();
            prop_assert_eq!(all, (0..texts.len()).collect::<Vec<_>>());
            for batch in &packed.batches {
                let bytes = body(batch.iter().map(|n| texts[*n].as_str()), "2026-03-01T12:00:00.000Z").len();
                prop_assert!(bytes <= 33_000 && batch.len() <= most);
            }
            for pair in packed.batches.windows(2) {
                let more = pair[0].iter().chain(pair[1].first()).map(|n| texts[*n].as_str());
                let bytes = body(more, "2026-03-01T12:00:00.000Z").len();
                prop_assert!(bytes > 33_000 || pair[0].len() == most);
            }
        }
    }
}
