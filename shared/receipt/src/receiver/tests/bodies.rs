//! Bodies of all kinds: what is an event, what is nothing, what is kept whole.

use super::fixture::*;
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::envelope::Envelope;
use event::ports::QueueName;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The one parked message, its members as text.
fn parked(yard: &Yard) -> BTreeMap<String, String> {
    let sent = yard.sent();
    let [(queue, body)] = sent.as_slice() else {
        panic!("one message")
    };
    assert_eq!(*queue, QueueName::Parked);
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(body).unwrap();
    members
        .into_iter()
        .map(|(key, value)| (key, value.get().trim_matches('"').to_owned()))
        .collect()
}

fn token_only() -> [Yard; 3] {
    let segment = Yard::new(Source::Segment, Some(r#"{"tokens":["tail-7Q"]}"#), "");
    [segment, Yard::braze(), Yard::branch()]
}

#[test]
fn rc_050_broken_base64_is_kept_as_it_came_or_refused() {
    for yard in token_only() {
        let mut request = post("", &[yard.token()], "eyJhIjox!fQ==");
        request.is_base64 = true;
        assert_eq!(yard.request(request), (202, OK.into()));
        let parked = parked(&yard);
        assert_eq!(parked["reason"], "body_undecodable");
        assert_eq!(STANDARD.decode(&parked["body_base64"]).unwrap(), b"eyJhIjox!fQ==");
    }
    let yard = Yard::segment("");
    let mut request = post("", &[("x-signature", V1_BY_A)], "!");
    request.is_base64 = true;
    assert_eq!(yard.request(request), (400, refused("body_undecodable")));
    let request = post_bytes(&[("x-signature", V1_BY_A)], V1.as_bytes());
    assert_eq!(
        yard.request(request),
        (200, OK.into()),
        "good base64 is undone before all else"
    );
}

#[test]
fn rc_073_an_event_is_any_json_value() {
    let values = ["7", "null", "true", "\"x\"", "[]", "{}", "1e999", r#""\ud800""#];
    for yard in token_only() {
        let list = values.join(",");
        let body = match yard.receiver.source {
            Source::Braze => format!(r#"{{"events":[{list}]}}"#),
            Source::Segment | Source::Branch => format!("[{list}]"),
        };
        assert_eq!(yard.post("", &[yard.token()], body), (200, OK.into()));
        for (_, body) in yard.sent() {
            let envelope = Envelope::open(&body).unwrap();
            let got: Vec<_> = envelope.events.iter().map(|event| event.get()).collect();
            assert_eq!(got, values);
        }
    }
}

#[test]
fn rc_074_nothing_in_a_body_is_200_after_authentication() {
    for yard in token_only() {
        let more: &[&str] = match yard.receiver.source {
            Source::Braze => &[
                "{}",
                "null",
                r#"{"events":[]}"#,
                r#"{"events":null}"#,
                "[{\"events\":[]}]",
            ],
            Source::Segment | Source::Branch => &[],
        };
        for body in ["", " \r\n\t", "[]", "\u{feff}", " [ ] "].iter().chain(more) {
            assert_eq!(
                yard.post("", &[yard.token()], *body),
                (200, OK.into()),
                "{body:?}"
            );
            assert_eq!(
                yard.post("", &[], *body),
                (401, refused("missing_credential")),
                "{body:?}"
            );
        }
        assert!(yard.sent().is_empty());
    }
}

#[test]
fn rc_170_what_cannot_be_read_is_kept_bit_for_bit_as_received() {
    let gzipped = gzip(b"{\"a\":");
    let bodies: [&[u8]; 6] = [
        b"\xff\xfe{}",
        b"{\"a\":",
        b"7",
        b"\"x\"",
        b"\xef\xbb\xbf{\"a\"",
        &gzipped,
    ];
    for body in bodies {
        for yard in token_only() {
            assert_eq!(yard.request(post_bytes(&[yard.token()], body)), (202, OK.into()));
            let parked = parked(&yard);
            assert_eq!(parked["reason"], "unreadable_body");
            assert_eq!(STANDARD.decode(&parked["body_base64"]).unwrap(), body);
        }
    }
    let (large, many) = (vec![b' '; 70_000], b"[1,2,3]".to_vec());
    for (settings, headers, body, reason) in [
        ("max_body_bytes = 65536", None, gzip(&large), "body_too_large"),
        ("max_events = 2", None, many, "too_many_events"),
        (
            "",
            Some(("content-encoding", "br")),
            b"{}".to_vec(),
            "encoding_unsupported",
        ),
        ("", None, gzip(V1.as_bytes())[..30].to_vec(), "body_undecodable"),
    ] {
        let yard = Yard::new(
            Source::Branch,
            Some(r#"{"tokens":["tok-branch-9f2c"]}"#),
            &format!("[receipt]\n{settings}"),
        );
        let headers: Vec<_> = headers.into_iter().chain([yard.token()]).collect();
        assert_eq!(yard.request(post_bytes(&headers, &body)), (202, OK.into()));
        let parked = parked(&yard);
        assert_eq!(parked["reason"], reason);
        assert_eq!(STANDARD.decode(&parked["body_base64"]).unwrap(), body);
    }
}

#[test]
fn rc_051_an_unknown_encoding_is_kept_where_the_sender_is_proved_without_the_body() {
    for yard in token_only() {
        let headers = [yard.token(), ("content-encoding", "zstd")];
        assert_eq!(yard.post("", &headers, V1), (202, OK.into()));
        assert_eq!(parked(&yard)["reason"], "encoding_unsupported");
    }
    let signed = [("x-signature", V1_BY_A), ("content-encoding", "zstd")];
    assert_eq!(
        Yard::segment("").post("", &signed, V1),
        (415, refused("encoding_unsupported"))
    );
}
