//! Parks, new messages and visibility, when SQS does not do as it is told (5.2, 5.3).

use super::yard::*;
use super::*;
use event::ports::QueueName;
use futures_util::FutureExt;
use std::cell::RefCell;
use std::rc::Rc;

const BRAZE: QueueName = QueueName::Destination(Destination::Braze);

fn one(events: &[&str]) -> [Record; 1] {
    [record("m1", 1, envelope(0, events))]
}

#[test]
fn rd_023_nothing_is_deleted_on_the_strength_of_a_park_that_did_not_happen() {
    let parks = &[r#""rejected#1""#];
    for acts in [[Act::Fail; 3], [Act::FailEntry(0); 3], [Act::Forget(0); 3]] {
        let got = invoke_with("", &acts, &still(), &one(parks));
        assert_eq!(got.kept, ["m1"]);
        assert_eq!(*got.yard.changes.borrow(), [("handle-m1".to_owned(), 60)]);
        assert!(got.yard.lines_of("record")[0].contains(r#""class":"park_failed""#));
        assert_eq!(
            got.yard
                .steps
                .borrow()
                .iter()
                .filter(|step| *step == "park")
                .count(),
            3
        );
    }
    let got = invoke_with("", &[Act::Fail, Act::Forget(0)], &still(), &one(parks));
    assert!(got.kept.is_empty());
    assert_eq!(got.yard.bodies(QueueName::Parked).len(), 1);
    let got = invoke_with("", &[Act::Fail; 3], &still(), &[record("m1", 1, "{")]);
    assert_eq!(got.kept, ["m1"], "the same for a body that is parked whole");
}

#[test]
fn rd_024_parks_then_messages_then_visibility_then_lines() {
    let records = [
        record("m1", 1, envelope(0, &[r#""retry:5#1""#])),
        record(
            "m2",
            1,
            envelope(0, &[r#""ok#2""#, r#""retry:5#3""#, r#""rejected#4""#]),
        ),
    ];
    let got = invoke(&records);
    let mut steps = got.yard.steps.borrow().clone();
    steps.dedup();
    assert_eq!(steps, ["answers", "park", "send", "visibility", "line"]);
}

#[test]
fn rd_025_every_batch_call_is_read_entry_by_entry() {
    let events: Vec<String> = (0..3).map(|n| format!("\"rejected#{n}\"")).collect();
    let records: Vec<Record> = events
        .iter()
        .enumerate()
        .map(|(n, event)| record(&format!("m{n}"), 1, envelope(0, &[event])))
        .collect();
    let got = invoke_with("", &[Act::FailEntry(1); 1], &still(), &records);
    assert!(got.kept.is_empty());
    assert_eq!(
        got.yard.bodies(QueueName::Parked).len(),
        3,
        "the one that failed was sent once more"
    );

    let mixed = |n: usize| envelope(0, &[&format!("\"ok#{n}\""), &format!("\"retry:5#{n}\"")]);
    let records: Vec<Record> = (0..3).map(|n| record(&format!("m{n}"), 1, mixed(n))).collect();
    for act in [Act::FailEntry(1), Act::Forget(1)] {
        let got = invoke_with("", &[act], &still(), &records);
        assert_eq!(got.kept, ["m1"], "its new message was not acknowledged");
        assert_eq!(*got.yard.changes.borrow(), [("handle-m1".to_owned(), 60)]);
        assert_eq!(got.yard.bodies(BRAZE).len(), 2);
    }
}

#[test]
fn rd_026_a_visibility_that_was_not_taken_changes_no_outcome() {
    let records: Vec<Record> = (0..3)
        .map(|n| record(&format!("m{n}"), 1, envelope(0, &[&format!("\"retry:5#{n}\"")])))
        .collect();
    for (act, failed) in [(Act::Fail, 3.0), (Act::FailEntry(0), 1.0), (Act::Forget(2), 1.0)] {
        let got = invoke_with("", &[act], &still(), &records);
        assert_eq!(got.kept, ["m0", "m1", "m2"]);
        let metric = telemetry::metrics::VISIBILITY_FAILED;
        assert_eq!(got.yard.count(metric, &["braze"]), failed);
        assert!(
            got.yard
                .lines_of("event")
                .iter()
                .all(|line| line.contains(r#""outcome":"retry""#))
        );
    }
}

#[test]
fn rd_027_rd_042_no_answer_is_given_before_the_last_call_to_sqs_has_ended() {
    let records = || {
        [
            record("m1", 1, envelope(0, &[r#""retry:5#1""#])),
            record(
                "m2",
                1,
                envelope(0, &[r#""ok#2""#, r#""retry:5#3""#, r#""rejected#4""#]),
            ),
        ]
    };
    let calls = invoke(&records()).yard.calls.get();
    assert_eq!(calls, 3);
    for killed_at in 0..calls {
        let acts: Vec<Act> = (0..killed_at).map(|_| Act::Pass).chain([Act::Never]).collect();
        let yard = Rc::new(Yard {
            acts: RefCell::new(acts),
            ..Yard::default()
        });
        let (world, records) = (still(), records());
        let script = Script {
            yard: Rc::clone(&yard),
            ..Script::default()
        };
        let settings = Settings::default();
        let mut deliverer = Deliverer::new(
            Destination::Braze,
            "deliver-test",
            settings,
            scripted,
            script,
            ports(&yard, &world),
        );
        let deadline = world.now.get().plus_millis(60_000);
        let answered = deliverer.handle(&records, "aws-1", deadline).now_or_never();
        assert!(
            answered.is_none(),
            "killed at call {killed_at}: SQS still has every record"
        );
    }
}

#[test]
fn rd_044_what_is_done_goes_to_whoever_sends_again_and_into_the_park() {
    let marked = envelope(0, &[r#""ok#1""#, r#""rejected#2""#])
        .replace(r#""events""#, r#""done":[null,{"of":3,"items":[0,2]}],"events""#);
    let got = invoke(&[record("m1", 1, marked)]);
    let parked = got.yard.bodies(QueueName::Parked);
    assert!(
        parked[0].contains(r#""done":[{"of":3,"items":[0,2]}]"#),
        "{parked:?}"
    );
    // The marks that a destination is given, it does not send: delivery_case_2 of Braze.
    let got = invoke(&one(&[r#""half:5#1""#, r#""ok#2""#]));
    let remainder = got.yard.bodies(BRAZE).remove(0);
    assert_eq!(
        Envelope::open(&remainder).unwrap().done[0]
            .as_ref()
            .unwrap()
            .items,
        [0]
    );
}

#[test]
fn rd_087_a_held_record_waits_half_its_base_to_its_base_and_longer_ones_by_message() {
    // Chance stands at the middle: 675 s of 900, 1350 of 1800, 2700 of 3600.
    for (receives, seconds) in [(1, 675), (2, 1350), (3, 2700), (400, 2700)] {
        let got = invoke(&[record(
            "m1",
            receives,
            envelope(0, &[r#""hold#1""#, r#""hold#2""#]),
        )]);
        if seconds <= 900 {
            assert_eq!(*got.yard.changes.borrow(), [("handle-m1".to_owned(), seconds)]);
        } else {
            let body = got.yard.bodies(BRAZE).remove(0);
            let head = Envelope::open(&body).unwrap().head;
            let waits_ms = head.not_before.unwrap().millis_since(head.first_received_at);
            assert_eq!(waits_ms, i64::from(seconds) * 1000);
        }
        assert_eq!(got.yard.count(telemetry::metrics::HOLD, &["braze"]), 1.0);
    }
}

#[test]
fn rd_088_what_was_held_for_longer_than_the_horizon_is_parked() {
    let day_ms = 86_400_000;
    for (settings, days, extra_ms, parked) in [
        ("", 10, 0, false),
        ("", 10, 1, true),
        ("[delivery]\nhold_horizon = \"4d\"", 4, 1, true),
        ("[delivery]\nhold_horizon = \"4d\"", 4, 0, false),
    ] {
        let world = still();
        world
            .now
            .set(world.now.get().plus_millis(days * day_ms + extra_ms));
        let got = invoke_with(settings, &[], &world, &one(&[r#""hold""#]));
        let bodies = got.yard.bodies(QueueName::Parked);
        assert_eq!(
            bodies.len(),
            usize::from(parked),
            "{settings} {days} d + {extra_ms} ms"
        );
        assert!(
            bodies
                .iter()
                .all(|body| body.contains(r#""reason":"hold_expired""#))
        );
    }
    // A replay begins its time anew.
    let world = still();
    world.now.set(world.now.get().plus_millis(11 * day_ms));
    let replayed = envelope(0, &[r#""hold""#]).replace(
        r#""events""#,
        r#""replayed_at":"2026-03-11T12:00:00.000Z","events""#,
    );
    let got = invoke_with("", &[], &world, &[record("m1", 1, replayed)]);
    assert!(got.yard.bodies(QueueName::Parked).is_empty());
}
