//! Each record opened alone, and each event with one fate (5.1, RD-020).

use super::*;
use crate::fake_aws::*;
use event::envelope::Envelope;
use event::ports::QueueName;
use proptest::prelude::*;

fn parked_reasons(scripted: &Invoked) -> Vec<String> {
    let reason = |body: String| body.split('"').nth(5).unwrap().to_owned();
    scripted
        .aws
        .bodies(QueueName::Parked)
        .into_iter()
        .map(reason)
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
    let for_branch =
        envelope(0, &["1", "2"]).replace(r#""destination":"braze""#, r#""destination":"branch""#);
    let from_branch = envelope(0, &["3"]).replace(r#""source":"segment""#, r#""source":"branch""#);
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
    let ahead = envelope_of("ok").replace(
        r#""events""#,
        r#""not_before":"2026-03-01T12:05:00.000Z","events""#,
    );
    let got = invoke(&[record("m1", 1, ahead)]);
    assert!(got.seen.is_empty());
    assert_eq!(
        (got.kept, got.aws.sent.borrow().len()),
        (vec!["m1".to_owned()], 0)
    );
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
    let events = [r#""ok#1""#, r#""mappanic""#, r#""ok#2""#];
    let got = invoke(&[record("m1", 1, envelope(0, &events)), message(2, "ok#3")]);
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
    let delays: Vec<u32> = got
        .aws
        .sent
        .borrow()
        .iter()
        .map(|message| message.delay_s)
        .collect();
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
    let at = |second: u32| {
        let first = format!("2026-03-01T11:00:{second:02}.000Z");
        envelope(0, &[&format!("\"ok#{second}\"")]).replace(T, &first)
    };
    let records: Vec<Record> = [30, 10, 50, 20]
        .into_iter()
        .map(|second| record(&format!("m{second}"), 1, at(second)))
        .collect();
    let got = invoke(&records);
    assert_eq!(
        got.seen,
        ["\"ok#10\" 1", "\"ok#20\" 1", "\"ok#30\" 1", "\"ok#50\" 1"]
    );
}

#[test]
fn an_event_that_is_merely_old_is_still_tried() {
    event::rules!["RD-071"];
    let old = envelope_of("ok rejected").replace(T, "2025-03-01T12:00:00.000Z");
    let got = invoke(&[record("m1", 1, old)]);
    assert_eq!(got.seen.len(), 2);
    assert_eq!(parked_reasons(&got), ["rejected"]);
}

/// Records of all kinds.
fn any_records() -> impl Strategy<Value = Vec<(String, u32, String)>> {
    let words = [
        "ok",
        "ignore",
        "mappark",
        "mappanic",
        "rejected",
        "retry:5",
        "retry:899",
        "retry:4000",
        "half:7",
        "hold",
        "retry:0",
    ];
    let events = prop::collection::vec(prop::sample::select(words.to_vec()), 1..5);
    let body = prop_oneof![
        8 => events.prop_map(Some),
        1 => Just(None),
    ];
    prop::collection::vec((body, 1_u32..12, 0..4_u8), 1..14).prop_map(|bodies| {
        let mut number = 0;
        let mut records = Vec::new();
        for (at, (words, receives, kind)) in bodies.into_iter().enumerate() {
            let body = words.map_or_else(
                || "{".to_owned(),
                |words| {
                    let events: Vec<String> = words
                        .iter()
                        .map(|word| {
                            number += 1;
                            format!("\"{word}#{number}\"")
                        })
                        .collect();
                    let events: Vec<&str> = events.iter().map(String::as_str).collect();
                    envelope(at as u32, &events)
                },
            );
            let body = match kind {
                0 if at % 5 == 4 => body.replace(r#""destination":"braze""#, r#""destination":"branch""#),
                _ => body,
            };
            records.push((format!("m{at}"), receives, body));
        }
        records
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
    Envelope::open(&record.body).map_or_else(
        |_| Vec::new(),
        |envelope| {
            envelope
                .events
                .iter()
                .map(|event| event.get().to_owned())
                .collect()
        },
    )
}

proptest! {
    #[test]
    fn what_is_deleted_is_accounted_for_whatever_fails(
        records in any_records(),
        acts in any_acts(),
    ) {
        event::rules!["RD-009", "RD-020", "RD-023", "RD-027", "RD-042"];
        let records: Vec<Record> =
            records.iter().map(|(id, receives, body)| record(id, *receives, body.as_str())).collect();
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
