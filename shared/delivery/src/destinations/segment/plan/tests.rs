use super::*;
use crate::destination::Destination;
use crate::destinations::packed;
use crate::destinations::segment::exchange::body;
use crate::fake_vendor::job;
use event::calls::Platform;
use event::settings::Settings;
use proptest::prelude::*;

#[test]
fn an_event_over_the_limit_is_found_before() {
    event::rules!["SEG-036"];
    let good = r#"{"type":"track","event":"ä"}"#;
    assert!(!is_too_large(good, good.len()));
    assert!(is_too_large(good, good.len() - 1), "bytes, not characters");
    let spaced = good.replace(',', " , ");
    assert!(!is_too_large(&spaced, good.len()), "without white space");
    assert!(is_too_large(&spaced, good.len() - 1));
}

#[test]
fn the_size_of_an_empty_body_is_what_is_counted() {
    event::rules!["SEG-004", "SEG-040"];
    assert_eq!(
        body(std::iter::empty(), Some(Timestamp::from_millis(0))).len(),
        EMPTY_BODY_BYTES
    );
}

/// An event of one call with so many bytes of padding.
fn event(id: &str, padding: usize, platform: Option<Platform>, user: Option<u8>) -> Job<SegmentCall> {
    let body = format!(
        r#"{{"type":"track","event":"e{}","userId":"u","messageId":"{id}"}}"#,
        "x".repeat(padding)
    );
    let call = SegmentCall {
        body,
        message_id: id.to_owned(),
        lacks_timestamp: false,
        platform,
        user: user.map(|user| UserKey::new("userId", &user.to_string())),
    };
    job(id, vec![call])
}

/// The slot and the places of the events of each batch.
fn batches(
    jobs: Vec<Job<SegmentCall>>,
    settings: &settings::Segment,
) -> (Vec<(WriteKeySlot, Vec<usize>)>, Plan<Batch>) {
    let plan = pack(jobs, settings, |call| call.platform, |_| true);
    let places = |batch: &Batch| batch.calls.iter().map(|call| call.job).collect();
    let batches = plan.batches.iter().map(|batch| (batch.target, places(batch)));
    (batches.collect(), plan)
}

#[test]
fn of_equal_ids_in_one_batch_the_first_is_sent() {
    event::rules!["SEG-044"];
    let jobs = || ["a", "b", "a"].map(|id| event(id, 0, None, Some(0))).into();
    let (sent, plan) = batches(jobs(), &settings::Segment::default());
    assert_eq!(sent, [(None, vec![0, 1])]);
    let ignored = Outcome::Ignored(IgnoreReason::DuplicateInRequest);
    assert_eq!(plan.not_sent, [(Owner { job: 2, position: 0 }, ignored)]);
    let one = settings::Segment {
        max_batch_events: 1,
        ..settings::Segment::default()
    };
    let (sent, _) = batches(jobs(), &one);
    let each = [(None, vec![0]), (None, vec![1]), (None, vec![2])];
    assert_eq!(sent, each, "in different requests Segment tells them apart");
}

proptest! {
    #[test]
    fn each_call_is_in_one_request(
        sizes in proptest::collection::vec(2_usize..9000, 1..60),
        most in 1_usize..20,
    ) {
        event::rules!["SEG-040", "SEG-041", "SEG-042", "SEG-043"];
        let settings = settings::Segment { max_batch_bytes: 33_000, max_batch_events: most, ..settings::Segment::default() };
        let jobs = sizes.iter().enumerate().map(|(n, size)| event(&n.to_string(), *size, None, Some(0)));
        let (sent, plan) = batches(jobs.collect(), &settings);
        let all: Vec<usize> = sent.iter().flat_map(|(_, places)| places).copied().collect();
        prop_assert_eq!(all, (0..sizes.len()).collect::<Vec<_>>());
        let items = |batch: &Batch| batch.items().map(|item| item.item.text.len()).collect::<Vec<_>>();
        let now = Some(Timestamp::from_millis(0));
        for batch in &plan.batches {
            let bytes = body(batch.items().map(|item| &item.item), now).len();
            prop_assert!(bytes <= 33_000 && batch.calls.len() <= most);
        }
        // None is closed early: the first call of the next would not have fitted.
        for pair in plan.batches.windows(2) {
            let first = items(&pair[1])[0];
            let bytes = body(pair[0].items().map(|item| &item.item), now).len() + 1 + first;
            prop_assert!(bytes > 33_000 || pair[0].calls.len() == most);
        }
    }
}

proptest! {
    #[test]
    fn over_all_keys_a_user_keeps_its_order(
        asked in proptest::collection::vec((0_usize..3, proptest::option::of(0_u8..4)), 1..60),
        most in 1_usize..20,
    ) {
        event::rules!["SEG-022", "SEG-041", "RD-146"];
        let settings = settings::Segment { max_batch_events: most, ..settings::Segment::default() };
        let slots = [None, Some(Platform::Ios), Some(Platform::Android)];
        let jobs = asked.iter().enumerate().map(|(n, (slot, user))| event(&n.to_string(), 0, slots[*slot], *user));
        let (packed, _) = batches(jobs.collect(), &settings);
        for (slot, batch) in &packed {
            prop_assert!(batch.len() <= most && batch.is_sorted());
            prop_assert!(batch.iter().all(|place| slots[asked[*place].0] == *slot));
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
fn what_packed_shows_is_packed_as_it_would_be_sent() {
    event::rules!["SEG-023", "SEG-044"];
    let event = |id: &str, padding| {
        let mut job = event(id, padding, Some(Platform::Ios), None);
        job.calls[0].lacks_timestamp = true;
        (job.id, job.calls)
    };
    let bare = event("a", 0).1[0].body.len();
    let settings = Settings::load("[segment]\nmax_batch_bytes = 33000").unwrap();
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
    let packing = packed(&crate::destinations::Segment::new(&settings).unwrap(), events);
    let places: Vec<_> = packing
        .shown()
        .into_iter()
        .map(|(_, _, places, _)| places)
        .collect();
    assert_eq!(places, [&[0, 1][..], &[2, 3]]);
    for (method, url, _, body) in packing.shown() {
        assert_eq!((method, url), ("POST", "https://api.segment.io/v1/batch"));
        assert!(body.ends_with(r#"],"sentAt":"<now>"}"#));
        assert!(!body.contains("timestamp"));
    }
    assert_eq!(
        packing.not_sent,
        [
            (4, Outcome::Ignored(IgnoreReason::DuplicateInRequest)),
            (5, Outcome::Park(ParkReason::EventTooLarge)),
        ]
    );
}
