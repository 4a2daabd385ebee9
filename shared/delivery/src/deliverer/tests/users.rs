//! Calls of one user keep their order, whatever becomes of them (5.7).

use super::yard::*;
use super::*;
use crate::destinations::branch::BranchMessenger;
use crate::fixture::{BASE, FixedKeys, World, answer};
use event::calls::{BranchCall, BranchEndpoint, UserKey};
use event::ports::QueueName;
use secrets::BranchKey;
use std::rc::Rc;

/// `"user#n"` is one request of that user.
fn to_branch(_: Source, text: &str, _: &Settings) -> Mapped<BranchCall> {
    let id = text.trim_matches('"');
    let call = BranchCall {
        endpoint: BranchEndpoint::Custom,
        body: format!(r#"{{"name":{text}}}"#),
        ip: None,
        timestamp: None,
        user: Some(UserKey::new("userId", id.split('#').next().unwrap())),
    };
    Mapped {
        id: EventId::given(id),
        verdict: Verdict::Deliver {
            calls: vec![call],
            warnings: Vec::new(),
        },
    }
}

/// The names that were sent, when the event of this name gets this status.
fn sent(odd: &'static str, status: u16, records: &[Record]) -> (Vec<String>, Rc<Yard>, Vec<String>) {
    let world = World::new(move |seen, _| {
        let is_odd = seen.body["name"] == odd;
        answer(if is_odd { status } else { 200 }, &[], "{}")
    });
    let yard = Rc::new(Yard::default());
    let key = BranchKey {
        branch_key: Some(telemetry::Secret::new("k".to_owned())),
    };
    let messenger = BranchMessenger::new(
        Settings::default().branch,
        BASE.to_owned(),
        FixedKeys::new(Some(key)),
    );
    let mut deliverer = Deliverer::new(
        Destination::Branch,
        "deliver-test",
        Settings::default(),
        to_branch,
        messenger,
        ports(&yard, &world),
    );
    let deadline = world.now.get().plus_millis(30_000);
    let kept = run(deliverer.handle(records, "aws-1", deadline));
    let names = world
        .seen
        .borrow()
        .iter()
        .map(|seen| seen.body["name"].as_str().unwrap().to_owned())
        .collect();
    (names, yard, kept)
}

fn of(id: &str, events: &[&str]) -> Record {
    let events: Vec<String> = events.iter().map(|event| format!("\"{event}\"")).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    record(
        id,
        1,
        envelope(0, &events).replace(r#""destination":"braze""#, r#""destination":"branch""#),
    )
}

#[test]
fn rd_147_while_a_call_waits_later_calls_of_its_user_in_that_envelope_wait_unsent() {
    let records = [of("m1", &["a#1", "b#1", "a#2", "b#2", "a#3"]), of("m2", &["a#4"])];
    let (mut names, yard, kept) = sent("a#1", 500, &records);
    names.sort_unstable();
    assert_eq!(
        names,
        ["a#1", "a#4", "b#1", "b#2"],
        "another envelope is not bound"
    );
    assert!(kept.is_empty());
    let rest = yard.bodies(QueueName::Destination(Destination::Branch)).remove(0);
    let rest: Vec<String> = Envelope::open(&rest)
        .unwrap()
        .events
        .iter()
        .map(|event| event.get().to_owned())
        .collect();
    assert_eq!(rest, [r#""a#1""#, r#""a#2""#, r#""a#3""#]);
    let lines = yard.lines_of("event");
    let waits = lines
        .iter()
        .filter(|line| line.contains(r#""class":"transient""#))
        .count();
    assert_eq!(waits, 3, "the same outcome");
}

#[test]
fn rd_147_after_a_park_later_calls_of_its_user_go_on() {
    let (names, yard, kept) = sent("a#1", 400, &[of("m1", &["a#1", "a#2", "a#3"])]);
    assert_eq!(names, ["a#1", "a#2", "a#3"]);
    assert!(kept.is_empty());
    assert_eq!(yard.bodies(QueueName::Parked).len(), 1);
}
