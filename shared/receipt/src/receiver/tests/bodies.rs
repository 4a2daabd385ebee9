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
fn parked(fixture: &Fixture) -> BTreeMap<String, String> {
    let sent = fixture.sent();
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

fn token_only() -> [Fixture; 3] {
    let segment = Fixture::new(Source::Segment, Some(r#"{"tokens":["tail-7Q"]}"#), "");
    [segment, Fixture::braze(), Fixture::branch()]
}

#[test]
fn broken_base64_is_kept_as_it_came_or_refused() {
    event::rules!["RC-050"];
    for fixture in token_only() {
        let mut request = post("", &[fixture.token()], "eyJhIjox!fQ==");
        request.is_base64 = true;
        assert_eq!(fixture.request(request), (202, OK.into()));
        let parked = parked(&fixture);
        assert_eq!(parked["reason"], "body_undecodable");
        assert_eq!(STANDARD.decode(&parked["body_base64"]).unwrap(), b"eyJhIjox!fQ==");
    }
    let fixture = Fixture::segment("");
    let mut request = post("", &[("x-signature", V1_BY_A)], "!");
    request.is_base64 = true;
    assert_eq!(fixture.request(request), (400, refused("body_undecodable")));
    let request = post_bytes(&[("x-signature", V1_BY_A)], V1.as_bytes());
    assert_eq!(
        fixture.request(request),
        (200, OK.into()),
        "good base64 is undone before all else"
    );
}

#[test]
fn an_event_is_any_json_value() {
    event::rules!["RC-073"];
    let values = ["7", "null", "true", "\"x\"", "[]", "{}", "1e999", r#""\ud800""#];
    for fixture in token_only() {
        let list = values.join(",");
        let body = match fixture.receiver.source {
            Source::Braze => format!(r#"{{"events":[{list}]}}"#),
            Source::Segment | Source::Branch => format!("[{list}]"),
        };
        assert_eq!(fixture.post("", &[fixture.token()], body), (200, OK.into()));
        for (_, body) in fixture.sent() {
            let envelope = Envelope::open(&body).unwrap();
            let got: Vec<_> = envelope.events.iter().map(|event| event.get()).collect();
            assert_eq!(got, values);
        }
    }
}

#[test]
fn nothing_in_a_body_is_200_after_authentication() {
    event::rules!["RC-074"];
    for fixture in token_only() {
        let more: &[&str] = match fixture.receiver.source {
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
                fixture.post("", &[fixture.token()], *body),
                (200, OK.into()),
                "{body:?}"
            );
            assert_eq!(
                fixture.post("", &[], *body),
                (401, refused("missing_credential")),
                "{body:?}"
            );
        }
        assert!(fixture.sent().is_empty());
    }
}

#[test]
fn what_cannot_be_read_is_kept_bit_for_bit_as_received() {
    event::rules!["RC-170"];
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
        for fixture in token_only() {
            assert_eq!(
                fixture.request(post_bytes(&[fixture.token()], body)),
                (202, OK.into())
            );
            let parked = parked(&fixture);
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
        let fixture = Fixture::new(
            Source::Branch,
            Some(r#"{"tokens":["tok-branch-9f2c"]}"#),
            &format!("[receipt]\n{settings}"),
        );
        let headers: Vec<_> = headers.into_iter().chain([fixture.token()]).collect();
        assert_eq!(fixture.request(post_bytes(&headers, &body)), (202, OK.into()));
        let parked = parked(&fixture);
        assert_eq!(parked["reason"], reason);
        assert_eq!(STANDARD.decode(&parked["body_base64"]).unwrap(), body);
    }
}

#[test]
fn an_unknown_encoding_is_kept_where_a_token_proves_it() {
    event::rules!["RC-051"];
    for fixture in token_only() {
        let headers = [fixture.token(), ("content-encoding", "zstd")];
        assert_eq!(fixture.post("", &headers, V1), (202, OK.into()));
        assert_eq!(parked(&fixture)["reason"], "encoding_unsupported");
    }
    let signed = [("x-signature", V1_BY_A), ("content-encoding", "zstd")];
    assert_eq!(
        Fixture::segment("").post("", &signed, V1),
        (415, refused("encoding_unsupported"))
    );
}

/// Bytes of a request that Lambda hands over; what is larger it refuses itself. Source: AWS docs "Lambda quotas".
const LAMBDA_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;
/// Bytes of one event that Segment takes. Source: Segment docs "HTTP Tracking API Source", limits.
const SEGMENT_EVENT_BYTES: usize = 32 * 1024;

#[test]
fn the_batch_size_of_the_guide_fits_into_what_lambda_takes() {
    event::rules!["RC-132"];
    let guide = include_str!("../../../README.md");
    let (_, size) = guide.split_once("set the batch size to at most ").unwrap();
    let size: usize = size.split(':').next().unwrap().parse().unwrap();
    let frame = r#"{"type":"track","messageId":"m","event":"e","properties":{"text":""}}"#;
    let text = "x".repeat(SEGMENT_EVENT_BYTES - frame.len());
    let largest = frame.replace(r#""text":"""#, &format!(r#""text":"{text}""#));
    let body = format!("[{}]", vec![largest; size].join(","));
    assert!(body.len() < LAMBDA_PAYLOAD_BYTES, "{size}: {}", body.len());
    let fixture = Fixture::new(Source::Segment, Some(r#"{"tokens":["t"]}"#), "");
    let answer = fixture.post("", &[("authorization", "Bearer t")], body);
    assert_eq!(answer, (200, OK.to_owned()));
    assert_eq!(
        fixture.count(telemetry::metrics::EVENTS_QUEUED, &["segment"]),
        size as f64
    );
}
