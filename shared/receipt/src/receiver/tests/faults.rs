use super::fixture::*;
use super::*;
use event::ports::QueueName;

#[test]
fn rc_111_rc_112_2xx_only_after_every_acknowledgement_and_what_failed_is_sent_again_alone() {
    for act in [Act::Fail, Act::FailEntry(0), Act::Forget(0)] {
        let yard = Yard::segment("");
        yard.world.acts.borrow_mut().push(act);
        assert_eq!(yard.post("", &[("X-Signature", V1_BY_A)], V1).0, 200);
        assert_eq!(yard.sent().len(), 2);
        assert_eq!(yard.world.calls.get(), 3);
    }
    let yard = Yard::segment("");
    yard.world.acts.borrow_mut().extend([Act::Fail; 1000]);
    assert_eq!(
        yard.post("", &[("X-Signature", V1_BY_A)], V1),
        (503, refused("queue_unavailable"))
    );
    assert!(yard.world.now.get() <= 4000, "RC-118: answered within its time");
}

#[test]
fn rc_118_a_silent_queue_is_answered_in_time_and_branch_is_told_lost() {
    let yard = Yard::new(Source::Branch, Some(r#"{"tokens":["t"]}"#), "");
    yard.world.acts.borrow_mut().push(Act::Silence);
    assert_eq!(
        yard.post("token=t", &[], r#"{"name":"OPEN"}"#),
        (503, refused("queue_unavailable"))
    );
    assert!(yard.world.now.get() <= 1500);
    let lines = yard.world.lines.borrow();
    assert!(
        lines.iter().any(|line| line.contains(r#""lost_at_sender":true"#)),
        "{lines:?}"
    );
}

#[test]
fn rc_113_what_sqs_blames_is_kept_event_by_event() {
    let yard = Yard::braze();
    yard.world.acts.borrow_mut().push(Act::Blame(0));
    let token = [("Authorization", "Bearer 0p3n-lamp")];
    assert_eq!(yard.post("", &token, r#"{"events":[1,2]}"#), (202, OK.into()));
    let sent = yard.sent();
    assert_eq!(sent.len(), 2);
    assert!(
        sent.iter()
            .all(|(queue, body)| *queue == QueueName::Parked && body.contains("queue_refused"))
    );
}

#[test]
fn rc_057_a_deep_event_is_parked_and_its_neighbours_go_on() {
    let yard = Yard::braze();
    let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
    let body = format!(r#"{{"events":[1,{deep},2]}}"#);
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], body),
        (202, OK.into())
    );
    let sent = yard.sent();
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
fn rc_020_rc_021_rc_036_fail_closed_but_never_401_for_a_fault_of_ours() {
    let empty = Yard::new(Source::Braze, Some(r#"{"tokens":[" "]}"#), "");
    assert_eq!(
        empty.post("", &[("Authorization", "Bearer ")], "{}"),
        (503, refused("unconfigured"))
    );
    let away = Yard::new(Source::Braze, None, "");
    assert_eq!(
        away.post("", &[("Authorization", "Bearer x")], "{}"),
        (503, refused("secret_unavailable"))
    );
    let yard = Yard::braze();
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200
    );
    *yard.world.secret.borrow_mut() = None;
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer x")], "{}"),
        (503, refused("secret_unavailable")),
        "not refused while nobody knows whether the key has changed"
    );
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200,
        "the older value serves"
    );
}

#[test]
fn rc_035_a_sender_that_uses_the_new_key_before_the_cache_knows_is_not_refused() {
    let yard = Yard::braze();
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200
    );
    *yard.world.secret.borrow_mut() = Some(r#"{"tokens":["new","0p3n-lamp"]}"#.into());
    assert_eq!(yard.post("", &[("Authorization", "Bearer new")], "{}").0, 200);
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200
    );
}

#[test]
fn rc_003_rc_004_rc_005_rc_038_health_methods_and_addresses() {
    let yard = Yard::new(
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
        yard.request(request("GET", "/health", "203.0.113.1")),
        (200, OK.into())
    );
    assert_eq!(yard.world.fetches.get(), 0);
    assert_eq!(
        yard.request(request("POST", "/", "203.0.113.1")),
        (403, refused("address_not_allowed"))
    );
    assert_eq!(
        yard.request(request("GET", "/", "192.0.2.7")),
        (405, refused("method_not_allowed"))
    );
    assert_eq!(yard.request(request("POST", "/any/path", "192.0.2.7")).0, 200);
}

#[test]
fn rc_056_one_request_in_every_encoding_has_one_answer() {
    for gzipped in [false, true] {
        for as_base64 in [false, true] {
            let bytes = if gzipped { gzip(V1.as_bytes()) } else { V1.into() };
            let headers = [("x-signature", V1_BY_A)];
            let request = match String::from_utf8(bytes) {
                Ok(text) if !as_base64 => post("", &headers, text),
                Ok(text) => post_bytes(&headers, text.as_bytes()),
                Err(bytes) => post_bytes(&headers, bytes.as_bytes()),
            };
            let yard = Yard::segment("");
            assert_eq!(yard.request(request), (200, OK.into()));
            assert_eq!(yard.sent()[0].1, envelope("braze", "signature", "current", V1));
        }
    }
}

#[test]
fn rc_110_without_a_route_nothing_is_queued_and_every_event_is_told() {
    let yard = Yard::new(
        Source::Braze,
        Some(r#"{"tokens":["t"]}"#),
        "[routes]\nbraze_to_segment = false",
    );
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer t")], r#"{"events":[1,2]}"#),
        (200, OK.into())
    );
    assert!(yard.sent().is_empty());
    assert_eq!(
        yard.world
            .lines
            .borrow()
            .iter()
            .filter(|line| line.contains("no_route"))
            .count(),
        2
    );
}
