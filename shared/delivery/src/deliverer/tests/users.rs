//! Calls of one user keep their order, (5.7).

use super::*;
use crate::destinations::Branch;
use crate::destinations::conformance::{envelope_for, one_call};
use crate::fake_vendor::{FakeVendor, respond};
use crate::scripted::*;
use event::envelope::Envelope;
use event::ports::QueueName;

/// The names that were sent, when the event of this name gets this status.
fn sent(odd: &'static str, status: u16, records: &[Record]) -> (Vec<String>, FakeAws, Vec<String>) {
    let vendor = FakeVendor::new(move |seen, _| {
        let is_odd = seen.body["mark"] == odd;
        respond(if is_odd { status } else { 200 }, &[], "{}")
    });
    let aws = FakeAws::default();
    let Invoked { aws, kept, .. } =
        invoke_destination::<Branch>("", one_call::<Branch>, aws, &vendor, records);
    (vendor.marks().concat(), aws, kept)
}

fn of(id: &str, events: &[&str]) -> Record {
    let events: Vec<String> = events.iter().map(|event| format!("\"{event}\"")).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    record(id, 1, envelope_for::<Branch>(&events))
}

#[test]
fn while_a_call_waits_later_calls_of_its_user_wait_unsent() {
    event::rules!["RD-147"];
    let records = [of("m1", &["a#1", "b#1", "a#2", "b#2", "a#3"]), of("m2", &["a#4"])];
    let (mut names, aws, kept) = sent("a#1", 500, &records);
    names.sort_unstable();
    assert_eq!(
        names,
        ["a#1", "a#4", "b#1", "b#2"],
        "another envelope is not bound"
    );
    assert!(kept.is_empty());
    let rest = aws
        .bodies(QueueName::Destination(event::Destination::Branch))
        .remove(0);
    let rest: Vec<String> = Envelope::open(&rest)
        .unwrap()
        .events
        .iter()
        .map(|event| event.get().to_owned())
        .collect();
    assert_eq!(rest, [r#""a#1""#, r#""a#2""#, r#""a#3""#]);
    let lines = aws.lines_of("event");
    let waits = lines
        .iter()
        .filter(|line| line.contains(r#""class":"transient""#))
        .count();
    assert_eq!(waits, 3, "the same outcome");
}

#[test]
fn after_a_park_later_calls_of_its_user_go_on() {
    event::rules!["RD-147"];
    let (names, aws, kept) = sent("a#1", 400, &[of("m1", &["a#1", "a#2", "a#3"])]);
    assert_eq!(names, ["a#1", "a#2", "a#3"]);
    assert!(kept.is_empty());
    assert_eq!(aws.bodies(QueueName::Parked).len(), 1);
}
