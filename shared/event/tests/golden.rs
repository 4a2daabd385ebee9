//! Every form of a message that was ever released is still read, and today's is written byte for byte. A new version adds
//! files here; no file is ever changed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic: that is how it fails"
)]

use event::envelope::{Auth, Content, Done, Envelope, KeyAge, OpenError, Parked, Pending, PendingAuth};
use event::reasons::ParkReason;
use event::{Destination, Source, Timestamp};
use serde_json::value::RawValue;

const RECEIPT: &str = include_str!("golden/envelope-v1-receipt.json");
const REMAINDER: &str = include_str!("golden/envelope-v1-remainder.json");
const BOTH: &str = include_str!("golden/envelope-v1-both.json");
const PARKED_EVENT: &str = include_str!("golden/parked-v1-event.json");
const PARKED_BODY: &str = include_str!("golden/parked-v1-body.json");

const PENDING_VERIFIED: &str = include_str!("golden/pending-v1-verified.json");
const PENDING_DEFERRED: &str = include_str!("golden/pending-v1-deferred.json");

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn envelopes_of_version_1_are_read_and_written_byte_for_byte() {
    event::rules!["RC-098"];
    for golden in [RECEIPT, REMAINDER, BOTH] {
        assert_eq!(Envelope::open(golden).unwrap().to_body(), golden);
    }
    let envelope = Envelope::open(REMAINDER).unwrap();
    let head = &envelope.head;
    assert_eq!(
        (head.source, head.destination),
        (Source::Braze, Destination::Segment)
    );
    assert_eq!((head.request_id.as_ref(), head.attempt), ("r-2", 7));
    assert_eq!((head.auth, head.key), (Auth::Token, KeyAge::Older));
    assert_eq!(head.first_received_at, at("2026-03-01T12:00:00Z"));
    assert_eq!(head.not_before, Some(at("2026-03-01T13:00:00.250Z")));
    assert_eq!(head.replayed_at, Some(at("2026-03-02T00:00:00Z")));
    assert_eq!(
        envelope.done,
        [
            None,
            Some(Done {
                of: 3,
                items: vec![0, 2]
            })
        ]
    );
    assert_eq!(
        envelope.events[1].get(),
        r#"{"n":1e+21,"n":9007199254740993,"s":"\ud83d"}"#
    );
    assert_eq!(Envelope::open(BOTH).unwrap().head.auth, Auth::SignatureAndToken);
}

#[test]
fn parked_messages_of_version_1_are_written_byte_for_byte() {
    event::rules!["RC-098"];
    let t = at("2026-03-01T12:00:00Z");
    let event = RawValue::from_string(r#"{"a":1.50,"a":2}"#.to_owned()).unwrap();
    let of_event = Parked {
        reason: ParkReason::Rejected,
        detail: Some("400 no".into()),
        by: "deliver-braze",
        at: t,
        source: Some(Source::Segment),
        destination: Some(Destination::Braze),
        request_id: Some("r-1".into()),
        first_received_at: Some(t),
        attempt: 3,
        auth: Some(Auth::Signature),
        key: Some(KeyAge::Current),
        done: Some(Done {
            of: 2,
            items: vec![0],
        }),
        content: Content::Event(&event),
    };
    assert_eq!(of_event.to_body(), PARKED_EVENT);
    let of_body = Parked {
        reason: ParkReason::UnreadableBody,
        detail: None,
        by: "receive-braze",
        at: t,
        source: Some(Source::Braze),
        destination: None,
        request_id: Some("r-1".into()),
        first_received_at: Some(t),
        attempt: 0,
        auth: Some(Auth::Token),
        key: Some(KeyAge::Current),
        done: None,
        content: Content::BodyBase64("eyJldmVudHMiOiJ4In0=".to_owned()),
    };
    assert_eq!(of_body.to_body(), PARKED_BODY);
}

#[test]
fn pending_requests_of_version_1_are_read_and_written() {
    event::rules!["RC-098"];
    for golden in [PENDING_VERIFIED, PENDING_DEFERRED] {
        let pending = Pending::open(golden.as_bytes()).unwrap();
        assert_eq!(pending.to_bytes(), golden.as_bytes());
        assert_eq!(pending.first_received_at, at("2026-03-01T12:00:00Z"));
    }
    let verified = Pending::open(PENDING_VERIFIED.as_bytes()).unwrap();
    assert_eq!(verified.auth, PendingAuth::Verified { key: KeyAge::Older });
    let newer = PENDING_VERIFIED.replace(r#""v":1"#, r#""v":2"#);
    assert_eq!(Pending::open(newer.as_bytes()).err(), Some(OpenError::Newer));
    for bad in ["", "{", "{}", r#"{"v":1}"#, "\u{0}"] {
        assert_eq!(
            Pending::open(bad.as_bytes()).err(),
            Some(OpenError::Unreadable),
            "{bad}"
        );
    }
}

#[test]
fn no_parked_message_holds_a_character_that_sqs_refuses() {
    event::rules!["RC-091"];
    let event = RawValue::from_string("{\"a\":\"\u{fffe}\"}".to_owned()).unwrap();
    let parked = Parked {
        reason: ParkReason::Rejected,
        detail: Some("no \u{fffe}\u{ffff}".into()),
        by: "deliver-braze",
        at: at("2026-03-01T12:00:00Z"),
        source: None,
        destination: None,
        request_id: Some("r-\u{ffff}".into()),
        first_received_at: None,
        attempt: 1,
        auth: None,
        key: None,
        done: None,
        content: Content::Event(&event),
    };
    let body = parked.to_body();
    assert!(!body.contains(['\u{fffe}', '\u{ffff}']), "{body}");
    assert!(body.contains(r#""detail":"no \ufffe\uffff""#), "{body}");
}
