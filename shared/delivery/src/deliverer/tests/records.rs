//! Each record opened alone, and each event with one outcome (5.1, RD-020).

use super::*;
use crate::scripted::*;
use event::envelope::Envelope;
use event::ports::QueueName;
use proptest::prelude::*;

fn parked_reasons(got: &Invoked) -> Vec<String> {
    let parked = got.aws.bodies(QueueName::Parked).into_iter();
    parked
        .map(|body| body.split('"').nth(5).unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_no_envelope_is_parked_at_the_first_receive() {
    event::rules!["RD-003"];
    let bodies = ["", "{", "7", r#"{"v":1}"#, "\u{0}\u{fffd}"];
    for body in bodies {
        let neighbour = message(2, "ok");
        let got = invoke(&[record("m1", 1, body), neighbour]);
        assert!(got.kept.is_empty());
        assert_eq!(got.seen, ["\"ok\" 1"]);
        assert_eq!(parked_reasons(&got), ["unreadable_message"]);
        use base64::Engine;
        let encoded = base64::engine::general_purpose::STANDARD.encode(body);
        let wanted = format!(r#""body_base64":"{encoded}"}}"#);
        assert!(got.aws.bodies(QueueName::Parked)[0].ends_with(&wanted));
        let unreadable = telemetry::metrics::RECORDS_UNREADABLE;
        assert_eq!(got.aws.count(unreadable, &["braze"]), 1.0);
    }
}

#[test]
fn what_is_for_elsewhere_is_parked_event_by_event() {
    event::rules!["RD-004"];
    let for_branch = envelope_between(Source::Segment, event::Destination::Branch, 0, &["1", "2"]);
    let from_branch = envelope_between(Source::Branch, event::Destination::Braze, 0, &["3"]);
    let got = invoke(&[record("m1", 1, for_branch), record("m2", 1, from_branch)]);
    assert!(got.kept.is_empty() && got.seen.is_empty());
    assert_eq!(parked_reasons(&got), ["misrouted"; 3]);
    for (body, event) in got.aws.bodies(QueueName::Parked).iter().zip(1..) {
        assert!(body.ends_with(&format!(r#""event":{event}}}"#)), "{body}");
    }
}

#[test]
fn a_newer_envelope_waits_and_is_parked_after_four_days() {
    event::rules!["RD-005"];
    let newer = || record("m1", 5, r#"{"v":2,"shape":"another"}"#);
    let got = invoke_with("", &[], 0, &[newer()]);
    assert_eq!(got.kept, ["m1"]);
    assert_eq!(*got.aws.changes.borrow(), [("handle-m1".to_owned(), 60)]);
    assert!(got.aws.lines_of("record")[0].contains(r#""class":"newer_version""#));
    let got = invoke_with("", &[], 4 * 86_400_000 + 1, &[newer()]);
    assert!(got.kept.is_empty());
    assert_eq!(parked_reasons(&got), ["unknown_version"]);
}

#[test]
fn what_must_not_be_sent_yet_waits_as_it_is() {
    event::rules!["RD-006"];
    let ahead = message_with(r#""not_before":"2026-03-01T12:05:00.000Z""#, "ok");
    let got = invoke(&[ahead]);
    assert!(got.seen.is_empty());
    assert_eq!(got.kept, ["m1"]);
    assert!(got.aws.sent.borrow().is_empty());
    assert_eq!(*got.aws.changes.borrow(), [("handle-m1".to_owned(), 300)]);
}

#[test]
fn events_of_a_route_that_is_off_are_ignored() {
    event::rules!["RD-007"];
    let settings = "[routes]\nsegment_to_braze = false";
    let got = invoke_with(settings, &[], 0, &[record("m1", 1, envelope(0, &["1", "2"]))]);
    assert!(got.kept.is_empty() && got.seen.is_empty());
    let lines = got.aws.lines_of("event");
    assert!(
        lines.len() == 2 && lines.iter().all(|line| line.contains("route_off")),
        "{lines:?}"
    );
}

#[test]
fn a_panic_in_the_mapping_parks_its_event_alone() {
    event::rules!["RD-008"];
    let got = invoke(&[message(1, "ok#1 mappanic ok#2"), message(2, "ok#3")]);
    assert!(got.kept.is_empty());
    assert_eq!(got.seen, ["\"ok#1\" 1", "\"ok#2\" 1", "\"ok#3\" 1"]);
    assert_eq!(parked_reasons(&got), ["internal_panic"]);
    assert!(got.aws.bodies(QueueName::Parked)[0].ends_with(r#""event":"mappanic"}"#));
    assert_eq!(got.aws.count(telemetry::metrics::PANICS, &[]), 1.0);
}

#[test]
fn a_panic_while_sending_delays_its_own_event_alone() {
    event::rules!["RD-011"];
    let got = invoke(&[
        record("m1", 4, envelope_of("panic ok#1")),
        message(2, "ok#2 fails"),
        record("m3", 1, "{"),
    ]);
    assert_eq!(got.seen.len(), 4);
    let queue = QueueName::Destination(event::Destination::Braze);
    let rest: Vec<String> = got.aws.bodies(queue);
    assert_eq!(rest, [envelope(4, &[r#""panic""#]), envelope(1, &[r#""fails""#])]);
    let sent = got.aws.sent.borrow();
    let delays: Vec<u32> = sent.iter().map(|message| message.delay_s).collect();
    assert_eq!(delays, [3, 3, 0], "by the schedule");
    let lines = got.aws.lines_of("record");
    assert!(
        lines.iter().all(|line| line.contains(r#""class":"transient""#)),
        "{lines:?}"
    );
    assert_eq!(parked_reasons(&got), ["unreadable_message"]);
    assert_eq!(got.aws.count(telemetry::metrics::PANICS, &[]), 1.0);
}

#[test]
fn the_oldest_record_is_worked_first() {
    event::rules!["RD-010"];
    let records = [30, 10, 50, 20].map(|second| {
        let first = format!("2026-03-01T11:00:{second}.000Z");
        record("m", 1, envelope_of(&format!("ok#{second}")).replace(T, &first))
    });
    let in_order = [10, 20, 30, 50].map(|second| format!("\"ok#{second}\" 1"));
    assert_eq!(invoke(&records).seen, in_order);
}

#[test]
fn an_event_that_is_merely_old_is_still_tried() {
    event::rules!["RD-071"];
    let old = envelope_of("ok rejected").replace(T, "2025-03-01T12:00:00.000Z");
    let got = invoke(&[record("m1", 1, old)]);
    assert_eq!(got.seen.len(), 2);
    assert_eq!(parked_reasons(&got), ["rejected"]);
}

/// Receive counts and bodies of all kinds.
fn any_records() -> impl Strategy<Value = Vec<(u32, String)>> {
    let words = "ok ignore mappark mappanic rejected retry:5 retry:899 retry:4000 half:7 hold retry:0";
    let words: Vec<&str> = words.split(' ').collect();
    let events = prop::collection::vec(prop::sample::select(words), 1..5);
    let is_envelope = prop::bool::weighted(0.9);
    prop::collection::vec((events, is_envelope, 1_u32..12, 0..4_u8), 1..14).prop_map(|records| {
        let mut numbers = 1..;
        let mut numbered = |word: &str| format!("\"{word}#{}\"", numbers.next().unwrap());
        let of = |(at, (words, is_envelope, receives, kind)): (usize, (Vec<&str>, bool, u32, u8))| {
            let events: Vec<String> = words.into_iter().map(&mut numbered).collect();
            let destination = match kind {
                0 if at % 5 == 4 => event::Destination::Branch,
                _ => event::Destination::Braze,
            };
            let body = envelope_between(Source::Segment, destination, at as u32, &events);
            (receives, if is_envelope { body } else { "{".to_owned() })
        };
        records.into_iter().enumerate().map(of).collect()
    })
}

fn any_acts() -> impl Strategy<Value = Vec<CallFault>> {
    let act = prop_oneof![
        4 => Just(CallFault::Pass),
        1 => Just(CallFault::Fail),
        1 => (0_usize..10).prop_map(CallFault::FailEntry),
        1 => (0_usize..10).prop_map(CallFault::Forget),
    ];
    prop::collection::vec(act, 0..12)
}

/// The events of a record, as they stand in its envelope.
fn events(record: &Record) -> Vec<String> {
    let envelope = Envelope::open(&record.body).ok();
    let events = envelope.into_iter().flat_map(|envelope| envelope.events);
    events.map(|event| event.get().to_owned()).collect()
}

proptest! {
    #[test]
    fn what_is_deleted_is_accounted_for_whatever_fails(
        records in any_records(),
        acts in any_acts(),
    ) {
        event::rules!["RD-009", "RD-020", "RD-023", "RD-027", "RD-042"];
        let records: Vec<Record> =
            (0..).zip(records).map(|(n, (receives, body))| record(&format!("m{n}"), receives, body)).collect();
        let got = invoke_with("", &acts, 0, &records);
        let ids: Vec<&str> = records.iter().map(|record| record.message_id.as_str()).collect();
        let mut kept = got.kept.clone();
        prop_assert!(kept.iter().all(|id| ids.contains(&id.as_str())));
        kept.sort_unstable();
        kept.dedup();
        prop_assert_eq!(kept.len(), got.kept.len(), "each record once or not at all");

        let parked = got.aws.bodies(QueueName::Parked);
        let onward = got.aws.bodies(QueueName::Destination(event::Destination::Braze));
        let onward: Vec<String> = onward
            .iter()
            .flat_map(|body| Envelope::open(body).unwrap().events.into_iter().map(|event| event.get().to_owned()))
            .collect();
        let mut in_records = 0;
        for record in &records {
            let events = events(record);
            in_records += events.len();
            if kept.contains(&record.message_id) {
                continue;
            }
            if events.is_empty() {
                let whole = parked.iter().any(|body| body.ends_with(r#""body_base64":"ew=="}"#));
                prop_assert!(whole);
            }
            for event in events {
                let is_parked = parked.iter().any(|body| body.ends_with(&format!(r#""event":{event}}}"#)));
                let goes_on = onward.contains(&event);
                let misrouted = record.body.contains(r#""destination":"branch""#);
                let accepted = !misrouted && ["\"ok#", "\"ignore#"].iter().any(|start| event.starts_with(start));
                let ends = u8::from(is_parked) + u8::from(goes_on) + u8::from(accepted);
                prop_assert_eq!(ends, 1, "{}", event);
            }
        }
        // One outcome each: the tally of the invocation adds up to the events, which the sink checks, and each event that
        // came to its end, or waits for the first time, has its one line.
        let mut lines = got.aws.lines_of("event");
        let count = lines.len();
        let id = |line: &String| line.split(r#""event_id":""#).nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        lines.sort_by_key(id);
        lines.dedup_by_key(|line| id(line));
        prop_assert_eq!(lines.len(), count, "no event has two lines");
        prop_assert!(count <= in_records);
    }
}
