//! Marked values go through delivery and its faults, and are looked for in everything that is told.

use super::yard::*;
use super::*;
use crate::destinations::{branch, braze, segment};
use crate::fixture::{BASE, FixedKeys, World, answer};
use crate::http::NoAnswer;
use event::calls::{
    BranchCall, BranchEndpoint, BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, SegmentCall, UserKey,
};
use event::ports::QueueName;
use secrets::{BranchKey, BrazeKey, SegmentKeys};
use std::rc::Rc;
use telemetry::Secret;

const MARK: &str = "mark7Q";

fn mapped<C>(text: &str, call: C) -> Mapped<C> {
    if text.contains("mappanic") {
        panic!("{text}");
    }
    Mapped {
        id: EventId::given(format!("{MARK}@{}", text.len())),
        verdict: Verdict::Deliver {
            calls: vec![call],
            warnings: Vec::new(),
        },
    }
}

fn user() -> UserKey {
    UserKey::new("external_id", MARK)
}

fn to_braze(_: Source, text: &str, _: &Settings) -> Mapped<BrazeCall> {
    let item = BrazeItem {
        array: BrazeArray::Events,
        json: text.to_owned(),
        users: vec![user()],
        operators: false,
        subscriber: None,
    };
    let endpoint = BrazeEndpoint::Track;
    mapped(
        text,
        BrazeCall {
            endpoint,
            items: vec![item],
        },
    )
}

fn to_branch(_: Source, text: &str, _: &Settings) -> Mapped<BranchCall> {
    mapped(
        text,
        BranchCall {
            endpoint: BranchEndpoint::Custom,
            body: text.to_owned(),
            ip: Some(format!("{MARK}.ip")),
            timestamp: None,
            user: Some(user()),
        },
    )
}

fn to_segment(_: Source, text: &str, _: &Settings) -> Mapped<SegmentCall> {
    let body = format!(
        r#"{{"type":"track","event":"{MARK}","userId":"{MARK}","messageId":"{}","timestamp":"{T}","properties":{text}}}"#,
        text.len()
    );
    mapped(
        text,
        SegmentCall {
            body,
            message_id: text.len().to_string(),
            lacks_timestamp: false,
            platform: None,
            user: Some(user()),
        },
    )
}

type Vendor = fn(usize) -> Result<crate::http::Answer, NoAnswer>;

/// What vendors do, each quoting what it was sent.
fn vendors() -> Vec<Vendor> {
    vec![
        |_| answer(200, &[], r#"{"message":"success mark7Q"}"#),
        |_| {
            answer(
                201,
                &[],
                r#"{"message":"mark7Q","errors":[{"type":"mark7Q","input_array":"events","index":0}]}"#,
            )
        },
        |_| answer(400, &[], r#"{"error":"mark7Q is odd","message":"mark7Q"}"#),
        |_| answer(401, &[], r#"{"message":"key mark7Q"}"#),
        |_| answer(404, &[("location", "https://mark7Q")], "mark7Q"),
        |_| answer(429, &[("retry-after", "mark7Q")], "mark7Q"),
        |_| answer(500, &[], "<html>mark7Q"),
        |_| Err(NoAnswer::Unknown),
        |_| Err(NoAnswer::NotSent),
        |_| panic!("mark7Q in a panic"),
    ]
}

/// Delivers marked records and gives the messages that were sent.
fn told<M: Messenger>(
    destination: Destination,
    map: fn(Source, &str, &Settings) -> Mapped<M::Call>,
    messenger: M,
    vendor: Vendor,
    acts: &[Act],
) -> Vec<String> {
    let yard = Rc::new(Yard {
        acts: std::cell::RefCell::new(acts.to_vec()),
        ..Yard::default()
    });
    let world = World::new(move |_, nth| vendor(nth));
    let source = if destination == Destination::Segment {
        "braze"
    } else {
        "segment"
    };
    let of = |events: &[&str]| {
        envelope(0, events)
            .replace(
                r#""destination":"braze""#,
                &format!(r#""destination":"{destination}""#),
            )
            .replace(r#""source":"segment""#, &format!(r#""source":"{source}""#))
    };
    let event = |n: usize| format!(r#"{{"email":"{MARK}@example.com","n":"{}"}}"#, "x".repeat(n));
    let events: Vec<String> = (0..20).map(event).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let panicking = format!(r#"{{"mappanic":"{MARK}"}}"#);
    let records = [
        record("m1", 1, of(&events)),
        record("m2", 2, of(&[&panicking])),
        record("m3", 3, format!("{{\"{MARK}\":")),
        record(
            "m4",
            4,
            of(&events[..2]).replace(
                &format!(r#""destination":"{destination}""#),
                r#""destination":"nowhere""#,
            ),
        ),
        record("m5", 5, format!(r#"{{"v":2,"{MARK}":1}}"#)),
    ];
    let mut deliverer = Deliverer::new(
        destination,
        "deliver-test",
        Settings::default(),
        map,
        messenger,
        ports(&yard, &world),
    );
    let deadline = world.now.get().plus_millis(60_000);
    run(deliverer.handle(&records, "aws-1", deadline));
    let told = yard.lines.borrow().join("\n") + &yard.told.borrow().join("\n");
    assert!(told.contains(r#""kind":"event""#) && told.contains(r#""kind":"invocation""#));
    assert!(!told.contains(MARK), "{told}");
    let sent = yard.sent.borrow();
    assert!(
        sent.iter()
            .all(|message| message.queue == QueueName::Parked || message.body.contains(r#""v":1"#))
    );
    sent.iter().map(|message| message.body.clone()).collect()
}

#[test]
fn rp_007_rp_010_rs_032_rs_033_no_mark_shows_in_lines_or_metrics_and_no_key_in_a_message() {
    let key = || Some(Secret::new(format!("key-{MARK}")));
    let defaults = Settings::default();
    let mut sent = Vec::new();
    for vendor in vendors() {
        for acts in [&[][..], &[Act::Fail; 6], &[Act::FailEntry(0); 6]] {
            let keys = FixedKeys::new(Some(BrazeKey { rest_api_key: key() }));
            let messenger = braze::BrazeMessenger::new(defaults.braze.clone(), BASE.to_owned(), keys);
            sent.extend(told(Destination::Braze, to_braze, messenger, vendor, acts));
            let keys = FixedKeys::new(Some(BranchKey { branch_key: key() }));
            let messenger = branch::BranchMessenger::new(defaults.branch.clone(), BASE.to_owned(), keys);
            sent.extend(told(Destination::Branch, to_branch, messenger, vendor, acts));
            let keys = FixedKeys::new(Some(SegmentKeys {
                write_key: key(),
                write_keys: Default::default(),
            }));
            let messenger = segment::SegmentMessenger::new(defaults.segment.clone(), BASE.to_owned(), keys);
            sent.extend(told(Destination::Segment, to_segment, messenger, vendor, acts));
        }
    }
    assert!(sent.iter().any(|body| body.contains(MARK)), "events do travel");
    assert!(sent.iter().all(|body| !body.contains(&format!("key-{MARK}"))));
}
