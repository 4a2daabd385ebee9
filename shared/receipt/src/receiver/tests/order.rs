//! What comes before what, and what is taken from where.

use super::fixture::*;
use super::*;
use event::envelope::Envelope;
use event::ports::QueueName;

/// A request that is wrong in all ways from `step` on is refused for the fault of that step.
#[test]
fn each_fault_shows_only_once_all_steps_before_it_are_passed() {
    event::rules!["RC-009"];
    let settings = "[receipt.segment]\nip_allow_list = [\"192.0.2.0/28\"]\n[receipt]\nmax_events = 2";
    let with = |secret: Option<&str>| Fixture::new(Source::Segment, secret, settings);
    let known = Some(r#"{"shared_secrets":["quay-lantern-01"],"tokens":["tail-7Q"]}"#);
    let broken = || {
        let mut request = post("", &[("content-encoding", "br")], "%");
        request.is_base64 = true;
        request.method = "GET".into();
        request.source_ip = "203.0.113.1".parse().ok();
        request
    };
    assert_eq!(
        with(None).request(broken()),
        (403, refused("address_not_allowed"))
    );
    let mut request = broken();
    request.source_ip = "192.0.2.7".parse().ok();
    assert_eq!(with(None).request(request), (405, refused("method_not_allowed")));
    let posted = || {
        let mut request = broken();
        request.source_ip = "192.0.2.7".parse().ok();
        request.method = "POST".into();
        request
    };
    assert_eq!(with(None).request(posted()), (503, refused("secret_unavailable")));
    let empty = Some(r#"{"shared_secrets":[""],"tokens":[]}"#);
    assert_eq!(with(empty).request(posted()), (503, refused("unconfigured")));
    assert_eq!(with(known).request(posted()), (400, refused("body_undecodable")));
    let mut proved = posted();
    proved
        .headers
        .push(("authorization".into(), "Bearer tail-7Q".into()));
    assert_eq!(
        with(known).request(proved),
        (202, OK.into()),
        "a token needs no body"
    );
    let mut decodable = posted();
    decodable.body = "W10=".into();
    assert_eq!(
        with(known).request(decodable),
        (415, refused("encoding_unsupported"))
    );
    // Splitting gives the signed part, so a signature is looked at after it, and the tail after the signature.
    let batch = format!("[{V1},{M2},{M2}]");
    let signed = [("x-signature", V1_BY_A)];
    assert_eq!(
        with(known).post("", &[], batch.clone()),
        (401, refused("missing_credential"))
    );
    assert_eq!(
        with(known).post("", &signed, format!("[{V1},{M2}]")),
        (503, refused("tail_unproven"))
    );
}

#[test]
fn the_source_is_the_functions_and_paths_say_nothing() {
    event::rules!["RC-002", "RC-003"];
    let body = r#"{"source":"braze","destination":"branch","event_type":"x","type":"track"}"#;
    for (fixture, sends_to) in [
        (
            Fixture::new(Source::Segment, Some(r#"{"tokens":["tail-7Q"]}"#), ""),
            2,
        ),
        (Fixture::braze(), 1),
        (Fixture::branch(), 1),
    ] {
        let mut request = post(
            "source=segment",
            &[fixture.token(), ("content-type", "text/plain")],
            body,
        );
        request.headers.push(("x-source".into(), "braze".into()));
        request.path = "/braze/v1/events".into();
        assert_eq!(fixture.request(request), (200, OK.into()));
        assert_eq!(fixture.sent().len(), sends_to);
        for (queue, body) in fixture.sent() {
            let head = Envelope::open(&body).unwrap().head;
            assert_eq!(head.source, fixture.receiver.source);
            assert_eq!(queue, QueueName::Destination(head.destination));
        }
    }
}

#[test]
fn nothing_is_queued_or_parked_before_the_sender_is_proved() {
    event::rules!["RC-010"];
    let odd = gzip(b"not json");
    let cut = &gzip(V1.as_bytes())[..20];
    let deep = format!("[{}1{}]", "[".repeat(99), "]".repeat(99));
    let bodies: [&[u8]; 6] = [V1.as_bytes(), b"{", &odd, cut, b"\xff\xfe", deep.as_bytes()];
    for fixture in [Fixture::segment(""), Fixture::braze(), Fixture::branch()] {
        for body in bodies {
            for headers in [
                &[][..],
                &[("authorization", "Bearer no")],
                &[("x-signature", V1_BY_B), ("content-encoding", "br")],
            ] {
                let signed = fixture.receiver.source == Source::Segment
                    && body == V1.as_bytes()
                    && !headers.is_empty();
                let (status, _) = fixture.request(post_bytes(headers, body));
                assert!(status >= 400 || signed, "{status}");
            }
        }
        assert!(fixture.sent().is_empty());
        assert_eq!(fixture.aws.calls.get(), 0);
    }
}

#[test]
fn nothing_is_left_to_run_and_no_line_to_write_after_the_answer() {
    event::rules!["RC-011"];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for fault in [None, Some(CallFault::Never), Some(CallFault::Fail)] {
        let fixture = Fixture::braze();
        fixture.faults(fault);
        let seen = || {
            let aws = &fixture.aws;
            (
                aws.calls.get(),
                aws.secrets.fetches.get(),
                aws.lines.borrow().len(),
                aws.metrics.borrow().len(),
                aws.waited.borrow().len(),
            )
        };
        runtime.block_on(async {
            let request = post("", &[fixture.token()], r#"{"events":[1]}"#);
            fixture.receiver.handle(request).await;
            let at_the_answer = seen();
            assert_eq!(fixture.lines_of("request").len(), 1);
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            assert_eq!(seen(), at_the_answer);
        });
    }
}

#[test]
fn a_panic_is_a_queue_that_cannot_be_reached() {
    event::rules!["RC-012"];
    for fixture in [Fixture::braze(), Fixture::branch_without_fallback()] {
        fixture.faults([CallFault::Panic]);
        let body = r#"{"event_type":"x"}"#;
        assert_eq!(
            fixture.post("", &[fixture.token()], body),
            (503, refused("queue_unavailable"))
        );
        assert_eq!(fixture.count(telemetry::metrics::PANICS, &[]), 1.0);
        assert_eq!(fixture.lines_of("error").len(), 1);
        assert_eq!(
            fixture.post("", &[fixture.token()], body),
            (200, OK.into()),
            "the next one is taken"
        );
    }
}

#[test]
fn another_version_of_currents_is_taken_and_counted() {
    event::rules!["RC-013"];
    for (version, counted) in [(Some("2"), 1.0), (Some("1"), 0.0), (None, 0.0)] {
        let fixture = Fixture::braze();
        let mut headers = vec![fixture.token()];
        headers.extend(version.map(|version| ("Braze-Currents-Version", version)));
        assert_eq!(fixture.post("", &headers, r#"{"events":[1]}"#), (200, OK.into()));
        assert_eq!(fixture.sent().len(), 1);
        let metric = telemetry::metrics::CURRENTS_VERSION_OTHER;
        assert_eq!(fixture.count(metric, &["braze"]), counted);
    }
}
