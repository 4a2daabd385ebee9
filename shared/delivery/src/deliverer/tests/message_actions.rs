//! Parks, new messages and visibility, when SQS fails (5.2, 5.3).

use super::*;
use crate::destinations::{Braze, Segment};
use crate::fake_vendor::secret;
use crate::fake_vendor::{FakeVendor, run};
use crate::scripted::*;
use event::envelope::Envelope;
use event::ports::QueueName;
use event::reasons::IgnoreReason;
use futures_util::future::{Either, select};
use std::pin::pin;

const BRAZE: QueueName = QueueName::Destination(event::Destination::Braze);

#[test]
fn a_record_is_kept_while_its_park_is_not_acknowledged() {
    event::rules!["RD-023", "RD-042"];
    let parks = [message(1, "rejected#1")];
    for faults in [
        [CallFault::Fail; 3],
        [CallFault::FailEntry(0); 3],
        [CallFault::Forget(0); 3],
    ] {
        let got = invoke_with("", &faults, 0, &parks);
        assert_eq!(got.kept, ["m1"]);
        assert_eq!(*got.aws.changes.borrow(), [("handle-m1".to_owned(), 60)]);
        assert!(got.aws.lines_of("record")[0].contains(r#""class":"park_failed""#));
        assert_eq!(got.aws.times("park"), 3);
        assert_eq!(
            got.aws.dropped_connections.get(),
            2,
            "each repetition over fresh ones"
        );
    }
    let got = invoke_with("", &[CallFault::Fail, CallFault::Forget(0)], 0, &parks);
    assert!(got.kept.is_empty());
    assert_eq!(got.aws.bodies(QueueName::Parked).len(), 1);
    let got = invoke_with("", &[CallFault::Fail; 3], 0, &[record("m1", 1, "{")]);
    assert_eq!(got.kept, ["m1"], "the same for a body that is parked whole");
}

#[test]
fn parks_then_messages_then_visibility_then_lines() {
    event::rules!["RD-024"];
    let records = [message(1, "retry:5#1"), message(2, "ok#2 retry:5#3 rejected#4")];
    let got = invoke(&records);
    let mut steps = got.aws.steps.borrow().clone();
    steps.dedup();
    assert_eq!(steps, ["response", "park", "send", "visibility", "line"]);
}

#[test]
fn every_batch_call_is_read_entry_by_entry() {
    event::rules!["RD-025"];
    let records = [0, 1, 2].map(|n| message(n, &format!("rejected#{n}")));
    let got = invoke_with("", &[CallFault::FailEntry(1); 1], 0, &records);
    assert!(got.kept.is_empty());
    assert_eq!(
        got.aws.bodies(QueueName::Parked).len(),
        3,
        "the one that failed was sent once more"
    );

    let records = [0, 1, 2].map(|n| message(n, &format!("ok#{n} retry:5#{n}")));
    for fault in [CallFault::FailEntry, CallFault::Forget] {
        // Sent alone again, twice.
        let got = invoke_with("", &[fault(1), fault(0), fault(0)], 0, &records);
        assert_eq!(got.kept, ["m1"], "its new message was not acknowledged");
        assert_eq!(*got.aws.changes.borrow(), [("handle-m1".to_owned(), 60)]);
        assert_eq!(got.aws.bodies(BRAZE).len(), 2);
    }
}

#[test]
fn a_visibility_that_was_not_taken_changes_no_outcome() {
    event::rules!["RD-026", "RD-042"];
    let records = [0, 1, 2].map(|n| message(n, &format!("retry:5#{n}")));
    for (first, second, failed) in [
        (CallFault::Fail, CallFault::Pass, 0.0),
        (CallFault::Fail, CallFault::Fail, 3.0),
        (CallFault::FailEntry(0), CallFault::FailEntry(0), 1.0),
        (CallFault::Forget(2), CallFault::Pass, 0.0),
    ] {
        let got = invoke_with("", &[first, second], 0, &records);
        assert_eq!(got.kept, ["m0", "m1", "m2"]);
        let metric = telemetry::metrics::VISIBILITY_FAILED;
        assert_eq!(got.aws.count(metric, &["braze"]), failed);
        assert_eq!(
            got.aws.dropped_connections.get(),
            1,
            "the second try goes over fresh ones"
        );
        let lines = got.aws.lines_of("event");
        assert!(lines.iter().all(|line| line.contains(r#""outcome":"retry""#)));
    }
}

#[test]
fn no_answer_is_given_before_the_last_call_to_sqs_has_ended() {
    event::rules!["RD-027", "RD-042"];
    let records = || [message(1, "retry:5#1"), message(2, "ok#2 retry:5#3 rejected#4")];
    let calls = invoke(&records()).aws.calls.get();
    assert_eq!(calls, 3);
    for killed_at in 0..calls {
        let faults: Vec<CallFault> = (0..killed_at)
            .map(|_| CallFault::Pass)
            .chain([CallFault::Never])
            .collect();
        let aws = FakeAws::with(&faults);
        let (vendor, records) = (scripted_vendor(&aws), records());
        let deliverer = scripted_deliverer(&aws, &vendor);
        // The secret is read before.
        run(deliverer.warm());
        let deadline = vendor.now.get().plus_millis(60_000);
        let answer = pin!(deliverer.handle(&records, "aws-1", deadline));
        // Every other call ends within a few turns.
        let turns = pin!(async {
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
        });
        let first = run(select(answer, turns));
        assert!(
            matches!(first, Either::Right(_)),
            "call {killed_at}: SQS has every record"
        );
        assert_eq!(aws.calls.get(), killed_at + 1);
    }
}

#[test]
fn what_is_done_goes_into_the_remainder_and_the_park() {
    event::rules!["RD-044"];
    let mark = r#""done":[null,{"of":3,"items":[0,2]}]"#;
    let got = invoke(&[message_with(mark, "ok#1 rejected#2")]);
    let parked = got.aws.bodies(QueueName::Parked);
    assert!(
        parked[0].contains(r#""done":[{"of":3,"items":[0,2]}]"#),
        "{parked:?}"
    );
    let half = message_with(r#""done":[{"of":2,"items":[0]}]"#, "half:5#1");
    assert_eq!(invoke(&[half]).seen, [r#""retry:5" 1"#]);
    // A half that was accepted is not sent again.
    let got = invoke(&[message(1, "half:5#1 ok#2")]);
    let remainder = got.aws.bodies(BRAZE).remove(0);
    let done = Envelope::open(&remainder).unwrap().done;
    assert_eq!(done[0].as_ref().unwrap().items, [0]);
}

#[test]
fn a_held_record_waits_by_visibility_or_by_message() {
    event::rules!["RD-068", "RD-087"];
    // The shortest: half of 900, 1800 and 3600.
    for (receives, seconds) in [(1, 450), (2, 900), (3, 1800), (400, 1800)] {
        let got = invoke(&[record("m1", receives, envelope_of("hold#1 hold#2"))]);
        if seconds <= 900 {
            assert_eq!(*got.aws.changes.borrow(), [("handle-m1".to_owned(), seconds)]);
        } else {
            let body = got.aws.bodies(BRAZE).remove(0);
            let head = Envelope::open(&body).unwrap().head;
            let waits_ms = head.not_before.unwrap().millis_since(head.first_received_at);
            assert_eq!(waits_ms, i64::from(seconds) * 1000);
            assert_eq!(head.held_at, Some(head.first_received_at));
        }
        assert_eq!(got.aws.count(telemetry::metrics::HOLD, &["braze"]), 1.0);
    }
}

#[test]
fn what_was_held_for_longer_than_the_horizon_is_parked() {
    event::rules!["RD-088"];
    let day_ms = 86_400_000;
    for (settings, days, extra_ms, parked) in [
        ("", 10, 0, false),
        ("", 10, 1, true),
        ("[delivery]\nhold_horizon = \"4d\"", 4, 1, true),
        ("[delivery]\nhold_horizon = \"4d\"", 4, 0, false),
    ] {
        let later_ms = days * day_ms + extra_ms;
        let got = invoke_with(settings, &[], later_ms, &[message(1, "hold")]);
        let bodies = got.aws.bodies(QueueName::Parked);
        assert_eq!(
            bodies.len(),
            usize::from(parked),
            "{settings} {days} d + {extra_ms} ms"
        );
        let expired = r#""reason":"hold_expired""#;
        assert!(bodies.iter().all(|body| body.contains(expired)));
    }
    // A replay starts its time again.
    let replayed = message_with(r#""replayed_at":"2026-03-11T12:00:00.000Z""#, "hold");
    let got = invoke_with("", &[], 11 * day_ms, &[replayed]);
    assert!(got.aws.bodies(QueueName::Parked).is_empty());
}

#[test]
fn a_new_message_that_sqs_did_not_take_is_sent_again() {
    event::rules!["RD-042", "RD-150"];
    let partly = [message(1, "ok#1 retry:5#2")];
    for faults in 0..4 {
        let got = invoke_with("", &vec![CallFault::Fail; faults], 0, &partly);
        let taken = faults < 3;
        assert_eq!(got.kept.is_empty(), taken, "{faults} faults");
        assert_eq!(got.aws.bodies(BRAZE).len(), usize::from(taken));
        assert_eq!(got.aws.dropped_connections.get(), faults.min(2));
    }
}

#[test]
fn records_with_something_accepted_are_settled_first() {
    event::rules!["RD-024"];
    let records = [message(1, "rejected#1"), message(2, "ok#2 retry:5#3")];
    let got = invoke(&records);
    let steps = got.aws.steps.borrow();
    let place = |step: &str| steps.iter().position(|own| own == step).unwrap();
    assert!(place("send") < place("park"), "{steps:?}");
}

#[test]
fn what_is_settled_when_the_time_is_over_is_settled_whole() {
    event::rules!["RD-024", "RD-042"];
    let aws = FakeAws::default();
    let vendor = scripted_vendor(&aws);
    let deliverer = scripted_deliverer(&aws, &vendor);
    let time = vendor.clone();
    aws.while_called
        .replace(Some(Box::new(move || time.advance(350))));
    let rejected = ["rejected#9"; 60].join(" ");
    let partly = |n| message(n, &format!("ok#{n} retry:5#{n} {rejected}"));
    let records = [message(1, "hold#1"), partly(2), partly(3), partly(4)];
    // Six calls park for one of the three, and the seventh sends its rest; eleven begin in time.
    let deadline = vendor.now.get().plus_millis(4_750);
    let kept = run(deliverer.handle(&records, "aws-1", deadline));
    assert_eq!(kept, ["m1", "m3", "m4"]);
    assert_eq!((aws.calls.get(), aws.bodies(BRAZE).len()), (11, 1));
}

#[test]
fn no_call_to_sqs_starts_that_the_answer_cannot_wait_for() {
    event::rules!["RD-024"];
    let aws = FakeAws::default();
    let vendor = scripted_vendor(&aws);
    let deliverer = scripted_deliverer(&aws, &vendor);
    let records = [message(1, "rejected#1")];
    for (took_ms, kept) in [(3_250, 0), (3_251, 1)] {
        vendor.took_ms.set(took_ms);
        let deadline = vendor.now.get().plus_millis(4_500);
        let got = run(deliverer.handle(&records, "aws-1", deadline));
        assert_eq!(got.len(), kept, "a record stays whose park was not sent");
    }
    assert_eq!(aws.bodies(QueueName::Parked).len(), 1);
}

#[test]
fn what_was_received_100_times_goes_on_in_a_new_message() {
    event::rules!["RD-028"];
    for (receives, replaced) in [(99, 0), (100, 1)] {
        let got = invoke(&[record("m1", receives, envelope_of("retry:5#1"))]);
        assert_eq!(got.aws.bodies(BRAZE).len(), replaced, "{receives}");
        assert_eq!(got.kept.len(), 1 - replaced);
    }
    let newer = |receives| invoke(&[record("m1", receives, r#"{"v":2}"#)]).aws.changes.take();
    assert_eq!(newer(5), [("handle-m1".to_owned(), 60)]);
    assert_eq!(newer(6), [("handle-m1".to_owned(), 900)]);
    // Its base64 fits no message: it waits, and ends whole as a dead letter.
    let large = invoke(&[record("m1", 6, "x".repeat(1_000_000))]);
    assert_eq!(large.kept, ["m1"]);
    assert_eq!(large.aws.changes.take(), [("handle-m1".to_owned(), 900)]);
    assert_eq!(large.aws.times("park"), 0);
}

#[test]
fn a_time_over_12_days_ahead_counts_as_now() {
    event::rules!["RD-045"];
    let ahead = |at: &str| {
        let record = message_with(&format!(r#""not_before":"{at}""#), "ok");
        invoke(&[record]).seen.len()
    };
    assert_eq!(ahead("2026-03-13T12:00:00.000Z"), 0);
    assert_eq!(ahead("2026-03-13T12:00:00.001Z"), 1);
}

#[test]
fn unusable_settings_hold_the_events_concerned_alone() {
    event::rules!["RI-048"];
    let instance = "[braze]\ninstance = \"US-01\"\n";
    let with = |more: &str| format!("{instance}{more}");
    let held = Some(r#""outcome":"hold","reason":"config""#);
    for (text, named, line) in [
        // Neither `braze.instance` nor `braze.endpoint_url` is set.
        (String::new(), Some("braze.instance"), held),
        (
            with("[segment_to_braze]\norders = \"purchase\""),
            Some("segment_to_braze.orders"),
            held,
        ),
        (with("max_objects = 0"), Some("braze.max_objects"), held),
        (with("[delivery]\npause_s = 99"), Some("delivery.pause_s"), held),
        (
            with("[delivery]\nhold_horizon = '9m'"),
            Some("hold_horizon"),
            held,
        ),
        ("[routes".to_owned(), Some("infra/settings/switchyard.toml"), held),
        (with("[segment_to_branch]\nmarkers = 3"), None, None),
        (with("[branch]\ntimeout = \"30s\""), None, None),
        (with("[receipt]\nmax_events = 0"), None, None),
    ] {
        let (aws, vendor) = (FakeAws::default(), FakeVendor::silent());
        let map: Map<Braze> = |_, _, _, _| panic!("parked, if it is mapped");
        let secrets = FakeSecrets::new(&secret("k-1"));
        let deliverer = deliverer::<Braze>(&text, map, secrets, &aws, &vendor);
        let errors = aws.lines_of("error");
        assert_eq!(errors.len(), usize::from(named.is_some()), "{text}");
        let says = [named.unwrap_or_default(), "run switchyard check"];
        let says_all = |line: &String| says.iter().all(|word| line.contains(word));
        assert!(errors.iter().all(says_all), "{errors:?}");
        let records = [message(1, "ok#1")];
        let deliver = || {
            let deadline = vendor.now.get().plus_millis(60_000);
            run(deliverer.handle(&records, "aws-1", deadline))
        };
        let kept = deliver();
        assert_eq!(kept.len(), usize::from(line.is_some()), "{text}");
        let expected = line.unwrap_or(r#""reason":"internal_panic""#);
        assert!(aws.lines_of("event")[0].contains(expected), "{text}");
        if line.is_some() {
            assert_eq!(aws.changes.take(), [("handle-m1".to_owned(), 675)]);
            // A person has ten days, whatever the file says.
            vendor.advance(9 * 86_400_000);
            assert_eq!(deliver().len(), 1, "{text}");
            vendor.advance(2 * 86_400_000);
            assert_eq!(deliver(), Vec::<String>::new());
            let parked = aws.bodies(QueueName::Parked);
            assert!(parked[0].contains("hold_expired"), "{text}");
        }
    }
}

#[test]
fn a_mistake_in_own_rules_holds_the_events_of_its_route() {
    event::rules!["OR-013"];
    let (aws, vendor) = (FakeAws::default(), FakeVendor::silent());
    let map: Map<Segment> = |source, text, _, _| Mapped {
        id: EventId::derived(source, text),
        verdict: Verdict::Ignore(IgnoreReason::Loop),
        own_rules: OwnRules::Unchanged,
    };
    // That of another destination's route is not even named.
    let settings = "[[segment_to_braze.rules]]\ndrop = 1\n[[branch_to_segment.rules]]\nset = 3";
    let deliverer = deliverer::<Segment>(settings, map, FakeSecrets::new(&secret("k-1")), &aws, &vendor);
    let named: Vec<_> = aws.lines.take();
    assert!(
        named.len() == 1 && named[0].contains("branch_to_segment.rules.0.set"),
        "{named:?}"
    );
    let of = |source: &str| {
        let body = envelope(0, &[r#""ok#1""#]);
        let ours = format!(r#""source":"{source}","destination":"segment""#);
        body.replace(r#""source":"segment","destination":"braze""#, &ours)
    };
    let records = [record("m1", 1, of("branch")), record("m2", 1, of("braze"))];
    let deadline = vendor.now.get().plus_millis(60_000);
    let kept = run(deliverer.handle(&records, "aws-1", deadline));
    let lines = aws.lines_of("event");
    assert_eq!(kept, ["m1"], "{lines:#?}");
    let ends = [
        r#""outcome":"hold","reason":"config""#,
        r#""outcome":"ignored","reason":"loop""#,
    ];
    assert!((0..2).all(|n| lines[n].contains(ends[n])), "{lines:#?}");
}
