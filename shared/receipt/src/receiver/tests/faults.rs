use super::fixture::*;
use super::*;
use event::ports::QueueName;

#[test]
fn success_only_after_every_acknowledgement() {
    event::rules!["RC-111", "RC-112"];
    for fault in [CallFault::Fail, CallFault::FailEntry(0), CallFault::Forget(0)] {
        let fixture = Fixture::segment("");
        fixture.aws.faults.borrow_mut().push(fault);
        assert_eq!(fixture.post("", &[("X-Signature", V1_BY_A)], V1).0, 200);
        assert_eq!(fixture.sent().len(), 2);
        assert_eq!(fixture.aws.calls.get(), 3);
    }
    let fixture = Fixture::segment("");
    fixture.faults([CallFault::Fail; 1000]);
    assert_eq!(
        fixture.post("", &[("X-Signature", V1_BY_A)], V1),
        (503, refused("queue_unavailable"))
    );
    assert!(fixture.aws.now.get() <= 4000, "RC-118: answered within its time");
}

#[test]
fn a_silent_queue_is_answered_in_time_and_branch_is_lost() {
    event::rules!["RC-118"];
    let fixture = Fixture::branch_without_fallback();
    fixture.faults([CallFault::Never; 3]);
    assert_eq!(
        fixture.post("token=tok-branch-9f2c", &[], r#"{"name":"OPEN"}"#),
        (503, refused("queue_unavailable"))
    );
    assert!(fixture.aws.now.get() <= 1500);
    let lines = fixture.aws.lines.borrow();
    assert!(
        lines
            .iter()
            .any(|line| line.contains(r#""lost_at_sender":true,"maybe_queued":true"#)),
        "{lines:?}"
    );
}

#[test]
fn what_sqs_blames_is_kept_event_by_event() {
    event::rules!["RC-113"];
    let fixture = Fixture::braze();
    fixture.faults([CallFault::Blame(0)]);
    let token = [("Authorization", "Bearer 0p3n-lamp")];
    assert_eq!(fixture.post("", &token, r#"{"events":[1,2]}"#), (202, OK.into()));
    let sent = fixture.sent();
    assert_eq!(sent.len(), 2);
    assert!(
        sent.iter()
            .all(|(queue, body)| *queue == QueueName::Parked && body.contains("queue_refused"))
    );
}

#[test]
fn what_one_queue_refuses_is_parked_for_it_alone() {
    event::rules!["RC-113", "RP-030"];
    let both = [CallFault::Blame(0); 2];
    for (faults, queued, destinations) in [
        (&both[..1], &["branch"][..], &["braze"][..]),
        (&both, &[], &["braze", "branch"]),
    ] {
        let fixture = Fixture::segment("");
        fixture.faults(faults.iter().copied());
        assert_eq!(
            fixture.post("", &[("x-signature", V1_BY_A)], V1),
            (202, OK.into())
        );
        let (parked, kept): (Vec<_>, Vec<_>) = fixture
            .sent()
            .into_iter()
            .partition(|(queue, _)| *queue == QueueName::Parked);
        for (body, destination) in parked.iter().zip(destinations) {
            assert!(
                body.1.contains(&format!(r#""destination":"{destination}""#)),
                "{}",
                body.1
            );
        }
        assert_eq!((parked.len(), kept.len()), (destinations.len(), queued.len()));
        let labels = ["segment", "parked", "queue_refused"];
        let events = fixture.count(telemetry::metrics::EVENTS_BY_REASON_AT_RECEIPT, &labels);
        assert_eq!(events, 1.0, "an event for two destinations counts once");
    }
}

#[test]
fn a_deep_event_is_parked_and_its_neighbours_go_on() {
    event::rules!["RC-057"];
    let fixture = Fixture::braze();
    let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
    let body = format!(r#"{{"events":[1,{deep},2]}}"#);
    assert_eq!(
        fixture.post("", &[("Authorization", "Bearer 0p3n-lamp")], body),
        (202, OK.into())
    );
    let sent = fixture.sent();
    assert!(
        sent.iter()
            .any(|(queue, body)| *queue == QueueName::Parked && body.contains("too_deep"))
    );
    let events: Vec<_> = sent
        .iter()
        .filter(|(queue, _)| *queue != QueueName::Parked)
        .flat_map(|(_, body)| {
            let envelope = event::envelope::Envelope::open(body).unwrap();
            envelope
                .events
                .iter()
                .map(|event| event.get().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(events, ["1", "2"]);
}

#[test]
fn fail_closed_but_never_401_for_a_fault_of_ours() {
    event::rules!["RC-020", "RC-021", "RC-036"];
    let empty = Fixture::new(Source::Braze, Some(r#"{"tokens":[" "]}"#), "");
    assert_eq!(
        empty.post("", &[("Authorization", "Bearer ")], "{}"),
        (503, refused("unconfigured"))
    );
    let away = Fixture::new(Source::Braze, None, "");
    assert_eq!(
        away.post("", &[("Authorization", "Bearer x")], "{}"),
        (503, refused("secret_unavailable"))
    );
    let fixture = Fixture::braze();
    assert_eq!(
        fixture.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200
    );
    *fixture.aws.secrets.text.borrow_mut() = None;
    fixture.aws.now.set(15_000);
    assert_eq!(
        fixture.post("", &[("Authorization", "Bearer x")], "{}"),
        (503, refused("secret_unavailable")),
        "not refused while nobody knows whether the key has changed"
    );
    assert_eq!(
        fixture.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200,
        "the older value serves"
    );
}

#[test]
fn a_sender_with_a_key_newer_than_the_cache_is_not_refused() {
    event::rules!["RC-035"];
    let fixture = Fixture::braze();
    assert_eq!(
        fixture.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200
    );
    *fixture.aws.secrets.text.borrow_mut() = Some(r#"{"tokens":["new","0p3n-lamp"]}"#.into());
    fixture.aws.now.set(15_000);
    assert_eq!(fixture.post("", &[("Authorization", "Bearer new")], "{}").0, 200);
    assert_eq!(
        fixture.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200
    );
}

#[test]
fn health_methods_and_addresses() {
    event::rules!["RC-003", "RC-004", "RC-005", "RC-038"];
    let fixture = Fixture::new(
        Source::Braze,
        Some(r#"{"tokens":["t"]}"#),
        "[receipt.braze]\nip_allow_list = [\"192.0.2.0/28\"]",
    );
    let request = |method: &str, path: &str, ip: &str| Request {
        method: method.into(),
        path: path.into(),
        raw_query: String::new(),
        headers: vec![("authorization".into(), "Bearer t".into())],
        source_ip: ip.parse().ok(),
        request_id: "r".into(),
        body: "{}".into(),
        is_base64: false,
    };
    assert_eq!(
        fixture.request(request("GET", "/health", "203.0.113.1")),
        (200, OK.into())
    );
    assert_eq!(fixture.aws.secrets.fetches.get(), 0);
    assert_eq!(
        fixture.request(request("POST", "/", "203.0.113.1")),
        (403, refused("address_not_allowed"))
    );
    assert_eq!(
        fixture.request(request("GET", "/", "192.0.2.7")),
        (405, refused("method_not_allowed"))
    );
    assert_eq!(fixture.request(request("POST", "/any/path", "192.0.2.7")).0, 200);
}

#[test]
fn one_request_in_every_encoding_has_one_answer() {
    event::rules!["RC-056"];
    for gzipped in [false, true] {
        for as_base64 in [false, true] {
            let bytes = if gzipped { gzip(V1.as_bytes()) } else { V1.into() };
            let headers = [("x-signature", V1_BY_A)];
            let request = match String::from_utf8(bytes) {
                Ok(text) if !as_base64 => post("", &headers, text),
                Ok(text) => post_bytes(&headers, text.as_bytes()),
                Err(bytes) => post_bytes(&headers, bytes.as_bytes()),
            };
            let fixture = Fixture::segment("");
            assert_eq!(fixture.request(request), (200, OK.into()));
            assert_eq!(fixture.sent()[0].1, envelope("braze", "signature", "current", V1));
        }
    }
}

#[test]
fn without_a_route_nothing_is_queued_and_events_have_lines() {
    event::rules!["RC-110"];
    let fixture = Fixture::new(
        Source::Braze,
        Some(r#"{"tokens":["t"]}"#),
        "[routes]\nbraze_to_segment = false",
    );
    assert_eq!(
        fixture.post("", &[("Authorization", "Bearer t")], r#"{"events":[1,2]}"#),
        (200, OK.into())
    );
    assert!(fixture.sent().is_empty());
    assert_eq!(
        fixture
            .aws
            .lines
            .borrow()
            .iter()
            .filter(|line| line.contains(r#""kind":"event""#) && line.contains("no_route"))
            .count(),
        2
    );
}
