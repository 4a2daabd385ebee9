//! Marked values go through delivery and its faults, and are looked for in every line and metric.

use super::*;
use crate::destinations::{Branch, Braze, Segment};
use crate::fake_aws::*;
use crate::fake_vendor::{FakeVendor, respond, run};
use crate::http::NoResponse;
use event::Timestamp;
use event::calls::{
    BranchCall, BranchEndpoint, BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, OwnRules, SegmentCall,
    UserKey,
};
use event::ports::QueueName;

const MARK: &str = "mark7Q";

fn mapped<C>(text: &str, call: C) -> Mapped<C> {
    if text.contains("mappanic") {
        panic!("{text}");
    }
    Mapped {
        id: EventId::given(format!("{MARK}@{}", text.len())),
        own_rules: OwnRules::Unchanged,
        verdict: Verdict::Deliver {
            calls: vec![call],
            warnings: Vec::new(),
        },
    }
}

fn user() -> UserKey {
    UserKey::new("external_id", MARK)
}

fn to_braze(_: Source, text: &str, _: Option<Timestamp>, _: &Settings) -> Mapped<BrazeCall> {
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

fn to_branch(_: Source, text: &str, _: Option<Timestamp>, _: &Settings) -> Mapped<BranchCall> {
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

fn to_segment(_: Source, text: &str, _: Option<Timestamp>, _: &Settings) -> Mapped<SegmentCall> {
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

type Responds = fn(usize) -> Result<crate::http::Response, NoResponse>;

/// What vendors do, each quoting what it was sent.
fn vendors() -> Vec<Responds> {
    vec![
        |_| respond(200, &[], r#"{"message":"success mark7Q"}"#),
        |_| {
            respond(
                201,
                &[],
                r#"{"message":"mark7Q","errors":[{"type":"mark7Q","input_array":"events","index":0}]}"#,
            )
        },
        |_| respond(400, &[], r#"{"error":"mark7Q is odd","message":"mark7Q"}"#),
        |_| respond(401, &[], r#"{"message":"key mark7Q"}"#),
        |_| respond(404, &[("location", "https://mark7Q")], "mark7Q"),
        |_| respond(429, &[("retry-after", "mark7Q")], "mark7Q"),
        |_| respond(500, &[], "<html>mark7Q"),
        |_| Err(NoResponse::Unknown),
        |_| Err(NoResponse::NotSent),
        |_| panic!("mark7Q in a panic"),
    ]
}

/// Delivers marked records and gives the messages that were sent.
fn delivered<D: Destination>(map: Map<D>, responds: Responds, faults: &[CallFault]) -> Vec<String> {
    let aws = FakeAws::with(faults);
    let vendor = FakeVendor::new(move |_, nth| responds(nth));
    let destination = D::NAME;
    let source = if destination == event::Destination::Segment {
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
    let key = format!("key-{MARK}");
    let secret = format!(r#"{{"rest_api_key":"{key}","branch_key":"{key}","write_key":"{key}"}}"#);
    let instance = "[braze]\ninstance = \"US-01\"";
    let deliverer = deliverer::<D>(instance, map, FakeSecrets::new(&secret), &aws, &vendor);
    run(deliverer.handle(&records, "aws-1", vendor.now.get().plus_millis(60_000)));
    let told = aws.lines.borrow().join("\n");
    assert!(told.contains(r#""kind":"event""#) && told.contains(r#""kind":"invocation""#));
    assert!(!told.contains(MARK), "{told}");
    let sent = aws.sent.borrow();
    assert!(
        sent.iter()
            .all(|message| message.queue == QueueName::Parked || message.body.contains(r#""v":1"#))
    );
    sent.iter().map(|message| message.body.clone()).collect()
}

#[test]
fn no_mark_shows_in_lines_or_metrics_and_no_key_in_a_message() {
    event::rules!["RP-007", "RP-010", "RS-032", "RS-033"];
    let mut sent = Vec::new();
    for responds in vendors() {
        for faults in [&[][..], &[CallFault::Fail; 6], &[CallFault::FailEntry(0); 6]] {
            sent.extend(delivered::<Braze>(to_braze, responds, faults));
            sent.extend(delivered::<Branch>(to_branch, responds, faults));
            sent.extend(delivered::<Segment>(to_segment, responds, faults));
        }
    }
    assert!(sent.iter().any(|body| body.contains(MARK)), "events do travel");
    assert!(sent.iter().all(|body| !body.contains(&format!("key-{MARK}"))));
}
