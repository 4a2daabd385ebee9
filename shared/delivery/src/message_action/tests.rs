use super::*;
use crate::fake_vendor::done;
use event::envelope::{Auth, KeyAge};
use event::reasons::{HoldKind, ParkReason, RetryClass};
use event::{Destination, Source};
use proptest::prelude::*;

const BODY: &str = r#"{"v":1,"source":"segment","destination":"braze","request_id":"r-1","first_received_at":"2026-03-01T12:00:00.000Z","attempt":1,"auth":"signature","key":"current","events":[{"m":1},{"m":2.50},{"m":3}]}"#;

fn now() -> Timestamp {
    Timestamp::parse("2026-03-01T12:00:00Z").unwrap()
}

fn retry(after: u32) -> DeliveryResult {
    Outcome::Retry {
        after,
        class: RetryClass::Transient,
    }
    .into()
}

fn delivered() -> DeliveryResult {
    Outcome::Delivered.into()
}

fn marked(mut result: DeliveryResult, items: &[usize]) -> DeliveryResult {
    result.done = done(2, items.iter().copied());
    result
}

/// The body, delay and whole wait of a new message.
fn replaced(action: MessageAction) -> (String, u32, u32) {
    match action {
        MessageAction::Replace {
            body,
            delay_s,
            longest,
            ..
        } => (body, delay_s, longest),
        MessageAction::Delete | MessageAction::ChangeVisibility { .. } => panic!("no new message"),
    }
}

fn returned(action: MessageAction) -> u32 {
    match action {
        MessageAction::ChangeVisibility { seconds } => seconds,
        MessageAction::Delete | MessageAction::Replace { .. } => panic!("does not come back by itself"),
    }
}

/// The action where every event waits as long as its result says.
fn action(
    envelope: &Envelope<'_>,
    receive_count: u32,
    results: &[DeliveryResult],
    now: Timestamp,
) -> MessageAction {
    let results: Vec<&DeliveryResult> = results.iter().collect();
    of_envelope(envelope, receive_count, &results, 0, now)
}

/// The same of [`BODY`], received once, now.
fn first_action(results: &[DeliveryResult]) -> MessageAction {
    action(&Envelope::open(BODY).unwrap(), 1, results, now())
}

#[test]
fn all_finished_all_waiting_and_anything_else() {
    event::rules!["RD-021"];
    let all = [delivered(), delivered(), delivered()];
    assert!(first_action(&all) == MessageAction::Delete);
    assert_eq!(returned(first_action(&[retry(5), retry(30), retry(900)])), 900);
    replaced(first_action(&[retry(5), retry(30), retry(901)]));
    replaced(first_action(&[retry(5), marked(retry(5), &[0]), retry(5)]));
    replaced(first_action(&[delivered(), retry(5), retry(5)]));
}

#[test]
fn the_new_message_keeps_its_head_and_counts_its_receives() {
    event::rules!["RD-041"];
    let full = BODY
        .replace(
            r#""key":"current""#,
            r#""key":"older","replayed_at":"2026-03-01T11:00:00.000Z""#,
        )
        .replace(r#""auth":"signature""#, r#""auth":"signature+token""#);
    let envelope = Envelope::open(&full).unwrap();
    let results = [delivered(), retry(5), retry(5)];
    let (body, ..) = replaced(action(&envelope, 7, &results, now()));
    let again = Envelope::open(&body).unwrap();
    let wanted = Head {
        source: Source::Segment,
        destination: Destination::Braze,
        request_id: "r-1".into(),
        first_received_at: now(),
        attempt: 8,
        auth: Auth::SignatureAndToken,
        key: KeyAge::Older,
        not_before: None,
        replayed_at: Timestamp::parse("2026-03-01T11:00:00Z"),
        held_at: None,
    };
    assert_eq!(again.head, wanted);
    assert!(body.starts_with(r#"{"v":1,"#));
}

#[test]
fn what_was_accepted_goes_with_its_event() {
    event::rules!["RD-043"];
    let envelope = Envelope::open(BODY).unwrap();
    let results = [retry(5), marked(retry(5), &[0]), retry(5)];
    let (body, ..) = replaced(action(&envelope, 1, &results, now()));
    let again = Envelope::open(&body).unwrap();
    let mark = done(2, [0]);
    assert_eq!(again.done, [None, mark.clone(), None]);
    let same = [retry(5), marked(retry(5), &[0]), retry(5)];
    assert_eq!(returned(action(&again, 1, &same, now())), 5);
    // A mark of an earlier delivery goes on although nothing new is known of its event.
    let results = [delivered(), retry(5), retry(5)];
    let (body, ..) = replaced(action(&again, 1, &results, now()));
    assert_eq!(Envelope::open(&body).unwrap().done, [mark, None]);
    // Where nothing is marked, nothing is said.
    let results = [retry(5), delivered(), retry(5)];
    let (body, ..) = replaced(action(&again, 1, &results, now()));
    assert!(!body.contains("done"), "{body}");
}

#[test]
fn the_delay_is_the_longest_wait_and_what_is_longer_says_when() {
    event::rules!["RD-045"];
    for (second, third, delay_s, not_before) in [
        (5, 30, 30, None),
        (900, 0, 900, None),
        (901, 30, 900, Some("2026-03-01T12:15:01.000Z")),
        (5, 1800, 900, Some("2026-03-01T12:30:00.000Z")),
    ] {
        let results = [delivered(), retry(second), retry(third)];
        let (body, delay, _) = replaced(first_action(&results));
        assert_eq!(delay, delay_s);
        let head = Envelope::open(&body).unwrap().head;
        assert_eq!(head.not_before, not_before.and_then(Timestamp::parse));
    }
}

#[test]
fn a_time_that_lies_ahead_stays_unchanged() {
    event::rules!["RD-006"];
    let time = r#""not_before":"2026-03-01T13:00:00.500Z","events""#;
    let ahead = BODY.replace(r#""events""#, time);
    let envelope = Envelope::open(&ahead).unwrap();
    let results = [retry(3601), retry(3601), retry(3601)];
    let (body, delay_s, _) = replaced(action(&envelope, 1, &results, now()));
    assert_eq!(delay_s, 900);
    assert_eq!(body, ahead.replace(r#""attempt":1"#, r#""attempt":2"#));
    // The rest of it fits into one visibility.
    let near = Timestamp::parse("2026-03-01T12:50:00Z").unwrap();
    let results = [retry(601), retry(601), retry(601)];
    assert_eq!(returned(action(&envelope, 1, &results, near)), 601);
}

#[test]
fn an_unreadable_record_comes_back_within_a_visibility() {
    event::rules!["RD-066"];
    let newer = |after| Outcome::Retry {
        after,
        class: RetryClass::NewerVersion,
    };
    assert_eq!(returned(of_unreadable(newer(60))), 60);
    assert_eq!(returned(of_unreadable(newer(100_000))), 900);
    assert_eq!(returned(of_unreadable(Outcome::Hold(HoldKind::Config))), 900);
    assert!(of_unreadable(Outcome::Park(ParkReason::UnreadableMessage)) == MessageAction::Delete);
}

proptest! {
    #[test]
    fn the_new_message_holds_exactly_what_waits(
        waits in prop::collection::vec(prop::option::of(0_u32..100_000), 3),
        marks in prop::collection::vec(any::<bool>(), 3),
        receives in 1_u32..1000,
    ) {
        event::rules!["RD-040", "RD-042", "RD-066"];
        let envelope = Envelope::open(BODY).unwrap();
        let result = |(wait, mark): (&Option<u32>, &bool)| match (wait, mark) {
            (None, _) => delivered(),
            (Some(after), false) => retry(*after),
            (Some(after), true) => marked(retry(*after), &[1]),
        };
        let results: Vec<DeliveryResult> = waits.iter().zip(&marks).map(result).collect();
        let waiting = envelope.events.iter().zip(&waits).filter(|(_, wait)| wait.is_some());
        let waiting: Vec<&str> = waiting.map(|(event, _)| event.get()).collect();
        let longest = waits.iter().copied().flatten().max();
        match action(&envelope, receives, &results, now()) {
            MessageAction::Delete => prop_assert!(waiting.is_empty()),
            MessageAction::ChangeVisibility { seconds } => {
                prop_assert!(waiting.len() == 3 && seconds <= MAX_VISIBILITY_S);
                prop_assert_eq!(Some(seconds), longest);
            }
            MessageAction::Replace { body, delay_s, longest: whole, events } => {
                let again = Envelope::open(&body).unwrap();
                let got: Vec<&str> = again.events.iter().map(|event| event.get()).collect();
                prop_assert_eq!(&got, &waiting);
                prop_assert!(delay_s <= MAX_VISIBILITY_S && Some(whole) == longest);
                prop_assert_eq!(delay_s, whole.min(MAX_VISIBILITY_S));
                prop_assert_eq!(events, waiting.len() as u64);
                prop_assert_eq!(again.head.attempt, 1 + receives);
            }
        }
    }
}
