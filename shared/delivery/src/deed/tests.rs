use super::*;
use event::Destination;
use event::envelope::{Auth, KeyAge};
use event::reasons::{HoldKind, ParkReason, RetryClass};
use proptest::prelude::*;

const BODY: &str = r#"{"v":1,"source":"segment","destination":"braze","request_id":"r-1","first_received_at":"2026-03-01T12:00:00.000Z","attempt":1,"auth":"signature","key":"current","events":[{"m":1},{"m":2.50},{"m":3}]}"#;

fn now() -> Timestamp {
    Timestamp::parse("2026-03-01T12:00:00Z").unwrap()
}

fn retry(after: u32) -> Fate {
    Outcome::Retry {
        after,
        class: RetryClass::Transient,
    }
    .into()
}

fn delivered() -> Fate {
    Outcome::Delivered.into()
}

fn marked(mut fate: Fate, items: &[usize]) -> Fate {
    fate.done = Some(Done {
        of: 2,
        items: items.to_vec(),
    });
    fate
}

/// The body, delay and whole wait of a new message.
fn replaced(deed: Deed) -> (String, u32, u32) {
    match deed {
        Deed::Replace {
            body,
            delay_s,
            longest,
            ..
        } => (body, delay_s, longest),
        Deed::Delete => panic!("deleted"),
        Deed::Return { seconds } => panic!("back after {seconds} s"),
    }
}

fn returned(deed: Deed) -> u32 {
    match deed {
        Deed::Return { seconds } => seconds,
        Deed::Delete | Deed::Replace { .. } => panic!("does not come back by itself"),
    }
}

#[test]
fn ex_08_rd_040_what_waits_goes_on_alone_under_its_old_name() {
    let envelope = Envelope::open(BODY).unwrap();
    let fates = [delivered(), retry(40), Outcome::Park(ParkReason::Rejected).into()];
    let (body, delay_s, longest) = replaced(of_opened(&envelope, 2, &fates, &[None, Some(40), None], now()));
    let wanted = BODY
        .replace(r#""attempt":1"#, r#""attempt":3"#)
        .replace(r#"{"m":1},"#, "")
        .replace(r#",{"m":3}"#, "");
    assert_eq!((body, delay_s, longest), (wanted, 40, 40));
}

#[test]
fn rd_021_all_finished_all_waiting_and_anything_else() {
    let envelope = Envelope::open(BODY).unwrap();
    let all = [delivered(), delivered(), delivered()];
    assert!(of_opened(&envelope, 1, &all, &[None; 3], now()) == Deed::Delete);
    let all = || [retry(5), retry(30), retry(900)];
    let waits = [Some(5), Some(30), Some(900)];
    assert_eq!(returned(of_opened(&envelope, 1, &all(), &waits, now())), 900);
    let longer = [Some(5), Some(30), Some(901)];
    replaced(of_opened(&envelope, 1, &all(), &longer, now()));
    let new_mark = [retry(5), marked(retry(5), &[0]), retry(5)];
    replaced(of_opened(&envelope, 1, &new_mark, &[Some(5); 3], now()));
    let one_done = [delivered(), retry(5), retry(5)];
    replaced(of_opened(
        &envelope,
        1,
        &one_done,
        &[None, Some(5), Some(5)],
        now(),
    ));
}

#[test]
fn rd_041_the_new_message_keeps_its_head_and_counts_its_receives() {
    let full = BODY
        .replace(
            r#""key":"current""#,
            r#""key":"older","replayed_at":"2026-03-01T11:00:00.000Z""#,
        )
        .replace(r#""auth":"signature""#, r#""auth":"signature+token""#);
    let envelope = Envelope::open(&full).unwrap();
    let fates = [delivered(), retry(5), retry(5)];
    let (body, ..) = replaced(of_opened(&envelope, 7, &fates, &[None, Some(5), Some(5)], now()));
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
    };
    assert_eq!(again.head, wanted);
    assert!(body.starts_with(r#"{"v":1,"#));
}

#[test]
fn rd_043_what_was_accepted_goes_with_its_event() {
    let envelope = Envelope::open(BODY).unwrap();
    let fates = [retry(5), marked(retry(5), &[0]), retry(5)];
    let (body, ..) = replaced(of_opened(&envelope, 1, &fates, &[Some(5); 3], now()));
    let again = Envelope::open(&body).unwrap();
    let mark = Some(Done {
        of: 2,
        items: vec![0],
    });
    assert_eq!(again.done, [None, mark.clone(), None]);
    let same = [retry(5), marked(retry(5), &[0]), retry(5)];
    assert_eq!(returned(of_opened(&again, 1, &same, &[Some(5); 3], now())), 5);
    // A mark of an earlier delivery goes on although nothing new is known of its event.
    let fates = [delivered(), retry(5), retry(5)];
    let (body, ..) = replaced(of_opened(&again, 1, &fates, &[None, Some(5), Some(5)], now()));
    assert_eq!(Envelope::open(&body).unwrap().done, [mark, None]);
    // Where nothing is marked, nothing is said.
    let fates = [retry(5), delivered(), retry(5)];
    let (body, ..) = replaced(of_opened(&again, 1, &fates, &[Some(5), None, Some(5)], now()));
    assert!(!body.contains("done"), "{body}");
}

#[test]
fn rd_045_the_delay_is_the_longest_wait_and_what_is_longer_says_when() {
    let envelope = Envelope::open(BODY).unwrap();
    let fates = || [delivered(), retry(5), retry(5)];
    for (waits, delay_s, not_before) in [
        ([None, Some(5), Some(30)], 30, None),
        ([None, Some(900), Some(0)], 900, None),
        ([None, Some(901), Some(30)], 900, Some("2026-03-01T12:15:01.000Z")),
        ([None, Some(5), Some(1800)], 900, Some("2026-03-01T12:30:00.000Z")),
    ] {
        let (body, delay, _) = replaced(of_opened(&envelope, 1, &fates(), &waits, now()));
        assert_eq!(delay, delay_s);
        let said = Envelope::open(&body)
            .unwrap()
            .head
            .not_before
            .map(|at| at.to_string());
        assert_eq!(said.as_deref(), not_before);
    }
}

#[test]
fn rd_006_a_time_that_lies_ahead_stays_unchanged() {
    let ahead = BODY.replace(
        r#""events""#,
        r#""not_before":"2026-03-01T13:00:00.500Z","events""#,
    );
    let envelope = Envelope::open(&ahead).unwrap();
    let fates = [retry(3601), retry(3601), retry(3601)];
    let (body, delay_s, _) = replaced(of_opened(&envelope, 1, &fates, &[Some(3601); 3], now()));
    assert_eq!(delay_s, 900);
    assert_eq!(body, ahead.replace(r#""attempt":1"#, r#""attempt":2"#));
    // The rest of it fits into one visibility.
    let near = Timestamp::parse("2026-03-01T12:50:00Z").unwrap();
    let fates = [retry(601), retry(601), retry(601)];
    assert_eq!(
        returned(of_opened(&envelope, 1, &fates, &[Some(601); 3], near)),
        601
    );
}

#[test]
fn rd_066_a_sealed_record_comes_back_within_a_visibility() {
    let newer = |after| Outcome::Retry {
        after,
        class: RetryClass::NewerVersion,
    };
    assert_eq!(returned(of_sealed(newer(60))), 60);
    assert_eq!(returned(of_sealed(newer(100_000))), 900);
    assert_eq!(returned(of_sealed(Outcome::Hold(HoldKind::Config))), 900);
    assert!(of_sealed(Outcome::Park(ParkReason::UnreadableMessage)) == Deed::Delete);
}

proptest! {
    #[test]
    fn rd_040_rd_042_rd_066_the_new_message_holds_exactly_what_waits(
        waits in prop::collection::vec(prop::option::of(0_u32..100_000), 3),
        marks in prop::collection::vec(any::<bool>(), 3),
        receives in 1_u32..1000,
    ) {
        let envelope = Envelope::open(BODY).unwrap();
        let fates: Vec<Fate> = waits
            .iter()
            .zip(&marks)
            .map(|(wait, mark)| match (wait, mark) {
                (None, _) => delivered(),
                (Some(after), false) => retry(*after),
                (Some(after), true) => marked(retry(*after), &[1]),
            })
            .collect();
        let waiting: Vec<&str> = envelope
            .events
            .iter()
            .zip(&waits)
            .filter(|(_, wait)| wait.is_some())
            .map(|(event, _)| event.get())
            .collect();
        let longest = waits.iter().copied().flatten().max();
        match of_opened(&envelope, receives, &fates, &waits, now()) {
            Deed::Delete => prop_assert!(waiting.is_empty()),
            Deed::Return { seconds } => {
                prop_assert!(waiting.len() == 3 && seconds <= MOST_SECONDS);
                prop_assert_eq!(Some(seconds), longest);
            }
            Deed::Replace { body, delay_s, longest: whole, events, source } => {
                let again = Envelope::open(&body).unwrap();
                let got: Vec<&str> = again.events.iter().map(|event| event.get()).collect();
                prop_assert_eq!(&got, &waiting);
                prop_assert!(events == got.len() && source == Source::Segment);
                prop_assert!(delay_s <= MOST_SECONDS && Some(whole) == longest);
                prop_assert_eq!(delay_s, whole.min(MOST_SECONDS));
                prop_assert_eq!(again.head.attempt, 1 + receives);
            }
        }
    }
}
