//! What comes before what, and what is taken from where.

use super::fixture::*;
use super::*;
use event::envelope::Envelope;
use event::ports::QueueName;

/// A request that is wrong in all ways from `step` on is refused for the fault of that step.
#[test]
fn rc_009_each_fault_shows_only_once_all_steps_before_it_are_passed() {
    let settings = "[receipt.segment]\nip_allow_list = [\"192.0.2.0/28\"]\n[receipt]\nmax_events = 2";
    let with = |secret: Option<&str>| Yard::new(Source::Segment, secret, settings);
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
        (401, refused("tail_unproven"))
    );
}

#[test]
fn rc_002_rc_003_the_source_is_the_functions_and_paths_and_content_types_say_nothing() {
    let body = r#"{"source":"braze","destination":"branch","event_type":"x","type":"track"}"#;
    for (yard, sends_to) in [
        (
            Yard::new(Source::Segment, Some(r#"{"tokens":["tail-7Q"]}"#), ""),
            2,
        ),
        (Yard::braze(), 1),
        (Yard::branch(), 1),
    ] {
        let mut request = post(
            "source=segment",
            &[yard.token(), ("content-type", "text/plain")],
            body,
        );
        request.headers.push(("x-source".into(), "braze".into()));
        request.path = "/braze/v1/events".into();
        assert_eq!(yard.request(request), (200, OK.into()));
        assert_eq!(yard.sent().len(), sends_to);
        for (queue, body) in yard.sent() {
            let head = Envelope::open(&body).unwrap().head;
            assert_eq!(head.source, yard.receiver.source);
            assert_eq!(queue, QueueName::Destination(head.destination));
        }
    }
}

#[test]
fn rc_010_nothing_is_queued_or_parked_before_the_sender_is_proved() {
    let odd = gzip(b"not json");
    let cut = &gzip(V1.as_bytes())[..20];
    let deep = format!("[{}1{}]", "[".repeat(99), "]".repeat(99));
    let bodies: [&[u8]; 6] = [V1.as_bytes(), b"{", &odd, cut, b"\xff\xfe", deep.as_bytes()];
    for yard in [Yard::segment(""), Yard::braze(), Yard::branch()] {
        for body in bodies {
            for headers in [
                &[][..],
                &[("authorization", "Bearer no")],
                &[("x-signature", V1_BY_B), ("content-encoding", "br")],
            ] {
                let signed =
                    yard.receiver.source == Source::Segment && body == V1.as_bytes() && !headers.is_empty();
                let (status, _) = yard.request(post_bytes(headers, body));
                assert!(status >= 400 || signed, "{status}");
            }
        }
        assert!(yard.sent().is_empty());
        assert_eq!(yard.world.calls.get(), 0);
    }
}

#[test]
fn rc_011_nothing_is_left_to_run_and_no_line_to_write_after_the_answer() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for act in [None, Some(Act::Silence), Some(Act::Fail)] {
        let yard = Yard::braze();
        yard.world.acts.borrow_mut().extend(act);
        let seen = || {
            let world = &yard.world;
            (
                world.calls.get(),
                world.fetches.get(),
                world.lines.borrow().len(),
                world.metrics.borrow().len(),
                world.waited.borrow().len(),
            )
        };
        runtime.block_on(async {
            let request = post("", &[yard.token()], r#"{"events":[1]}"#);
            yard.receiver.handle(request).await;
            let at_the_answer = seen();
            assert_eq!(yard.lines_of("request").len(), 1);
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            assert_eq!(seen(), at_the_answer);
        });
    }
}

#[test]
fn rc_012_a_panic_is_a_queue_that_cannot_be_reached() {
    for yard in [Yard::braze(), Yard::branch()] {
        yard.world.acts.borrow_mut().push(Act::Panic);
        let body = r#"{"event_type":"x"}"#;
        assert_eq!(
            yard.post("", &[yard.token()], body),
            (503, refused("queue_unavailable"))
        );
        assert_eq!(
            yard.count(telemetry::metrics::PANICS, &[yard.receiver.function]),
            1.0
        );
        assert_eq!(yard.lines_of("fault").len(), 1);
        assert_eq!(
            yard.post("", &[yard.token()], body),
            (200, OK.into()),
            "the next one is taken"
        );
    }
}

#[test]
fn rc_013_another_version_of_currents_is_taken_and_counted() {
    for (version, counted) in [(Some("2"), 1.0), (Some("1"), 0.0), (None, 0.0)] {
        let yard = Yard::braze();
        let mut headers = vec![yard.token()];
        headers.extend(version.map(|version| ("Braze-Currents-Version", version)));
        assert_eq!(yard.post("", &headers, r#"{"events":[1]}"#), (200, OK.into()));
        assert_eq!(yard.sent().len(), 1);
        let metric = telemetry::metrics::CURRENTS_VERSION_OTHER;
        assert_eq!(yard.count(metric, &["braze"]), counted);
    }
}
