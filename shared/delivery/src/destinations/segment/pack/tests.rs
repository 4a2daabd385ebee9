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
    assert_eq!(got.len(), r#"{"a":1}"#.len() + 39);
}

#[test]
fn seg_004_seg_040_the_size_of_an_empty_body_is_what_is_counted() {
    assert_eq!(
        body(std::iter::empty(), &Timestamp::from_millis(0).to_string()).len(),
        EMPTY_BODY_BYTES
    );
}

fn of_one_key<'e>(place: usize, id: &'e str, text: &'e str) -> Unpacked<'e, (), u8> {
    Unpacked {
        place,
        lane: (),
        user: Some(0),
        id,
        text,
    }
}

#[test]
fn seg_044_of_equal_ids_in_one_batch_the_first_is_sent() {
    let elements = [(0, "a"), (1, "b"), (2, "a")].map(|(place, id)| of_one_key(place, id, "{}"));
    let packed = batches(elements.into_iter(), &Segment::default());
    assert_eq!(
        (packed.batches, packed.repeated),
        (vec![((), vec![0, 1])], vec![2])
    );
    let one = Segment {
        max_batch_events: 1,
        ..Segment::default()
    };
    let packed = batches(elements.into_iter(), &one);
    assert_eq!(
        packed.batches,
        [((), vec![0]), ((), vec![1]), ((), vec![2])],
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
        let elements = texts.iter().zip(&ids).enumerate().map(|(n, (text, id))| of_one_key(n, id, text));
        let packed: Vec<Vec<usize>> =
            batches(elements, &settings).batches.into_iter().map(|((), batch)| batch).collect();
        let all: Vec<usize> = packed.iter().flatten().copied().collect();
        prop_assert_eq!(all, (0..texts.len()).collect::<Vec<_>>());
        for batch in &packed {
            let bytes = body(batch.iter().map(|n| texts[*n].as_str()), "2026-03-01T12:00:00.000Z").len();
            prop_assert!(bytes <= 33_000 && batch.len() <= most);
        }
        for pair in packed.windows(2) {
            let more = pair[0].iter().chain(pair[1].first()).map(|n| texts[*n].as_str());
            let bytes = body(more, "2026-03-01T12:00:00.000Z").len();
            prop_assert!(bytes > 33_000 || pair[0].len() == most);
        }
    }
}

proptest! {
    #[test]
    fn seg_022_seg_041_rd_146_over_all_keys_the_calls_of_a_user_keep_their_order(
        asked in proptest::collection::vec((0_u8..3, proptest::option::of(0_u8..4)), 1..60),
        most in 1_usize..20,
    ) {
        let settings = Segment { max_batch_events: most, ..Segment::default() };
        let ids: Vec<String> = (0..asked.len()).map(|n| n.to_string()).collect();
        let elements = asked.iter().zip(&ids).enumerate().map(|(place, ((lane, user), id))| Unpacked {
            place, lane: *lane, user: *user, id, text: "{}",
        });
        let packed = batches(elements, &settings).batches;
        for (lane, batch) in &packed {
            prop_assert!(batch.len() <= most && batch.is_sorted());
            prop_assert!(batch.iter().all(|place| asked[*place].0 == *lane));
        }
        prop_assert!(packed.iter().map(|(_, batch)| batch[0]).is_sorted());
        let sent: Vec<usize> = packed.iter().flat_map(|(_, batch)| batch).copied().collect();
        for user in 0..4 {
            prop_assert!(sent.iter().filter(|place| asked[**place].1 == Some(user)).is_sorted());
        }
        let mut all = sent;
        all.sort_unstable();
        prop_assert_eq!(all, (0..asked.len()).collect::<Vec<_>>());
    }
}

#[test]
fn seg_023_seg_044_what_packed_shows_is_packed_as_it_would_be_sent() {
    let call = |id: &str, padding: usize| SegmentCall {
        body: format!(
            r#"{{"type":"track","event":"{}","userId":"u","messageId":"{id}"}}"#,
            "x".repeat(padding)
        ),
        message_id: id.to_owned(),
        lacks_timestamp: true,
        platform: Some(event::calls::Platform::Ios),
        user: None,
    };
    let event = |id: &str, padding| (EventId::given(id), vec![call(id, padding)]);
    let bare = call("a", 0).body.len();
    let settings = Segment {
        max_batch_bytes: 33_000,
        ..Segment::default()
    };
    // The times that delivery adds count, though they are not shown.
    let half = (33_000 - EMPTY_BODY_BYTES - 1) / 2 - 39 - bare;
    let events = vec![
        event("a", half),
        event("b", half),
        event("c", half + 1),
        event("a", 1),
        event("c", 1),
        event("d", 32_768 - 39 - bare + 1),
    ];
    let packing = packed(events, "https://api.segment.io", &settings);
    let places: Vec<&[usize]> = packing
        .requests
        .iter()
        .map(|request| request.places.as_slice())
        .collect();
    assert_eq!(places, [&[0, 1][..], &[2, 3]]);
    for request in &packing.requests {
        assert_eq!(
            (request.method, request.url.as_str()),
            (Method::Post, "https://api.segment.io/v1/batch")
        );
        assert!(request.body.ends_with(r#"],"sentAt":"<now>"}"#));
        assert!(!request.body.contains("timestamp"));
    }
    assert_eq!(
        packing.unsent,
        [
            (5, Unsent::Parked(ParkReason::EventTooLarge)),
            (4, Unsent::Ignored(IgnoreReason::DuplicateInRequest)),
        ]
    );
}
