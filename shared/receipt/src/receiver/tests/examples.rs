use super::fixture::*;
use super::*;
use event::ports::QueueName;

#[test]
fn ex_01_ex_02_a_signed_event_goes_to_both_queues() {
    for (signature, key, older) in [(V1_BY_A, "current", 0.0), (V1_BY_B, "older", 1.0)] {
        let yard = Yard::segment("");
        assert_eq!(yard.post("", &[("X-Signature", signature)], V1), (200, OK.into()));
        let bodies: Vec<_> = yard.sent().into_iter().map(|(_, body)| body).collect();
        assert_eq!(
            bodies,
            [
                envelope("braze", "signature", key, V1),
                envelope("branch", "signature", key, V1)
            ]
        );
        assert_eq!(
            yard.count(telemetry::metrics::KEY_OLDER_USED, &["segment"]),
            older
        );
    }
}

#[test]
fn ex_03_a_batch_needs_its_token() {
    let body = format!("[{V1},{M2}]");
    let signature = ("X-Signature", V1_BY_A);
    let yard = Yard::segment("");
    assert_eq!(
        yard.post(
            "",
            &[signature, ("Authorization", "Bearer tail-7Q")],
            body.clone()
        ),
        (200, OK.into())
    );
    assert_eq!(
        yard.sent()[0].1,
        envelope("braze", "signature+token", "current", &format!("{V1},{M2}"))
    );

    let yard = Yard::segment("");
    assert_eq!(
        yard.post("", &[signature], body.clone()),
        (401, refused("tail_unproven"))
    );
    assert!(yard.sent().is_empty());

    let accept = "[receipt.segment]\nunsigned_batch_tail = \"accept\"";
    let yard = Yard::segment(accept);
    assert_eq!(yard.post("", &[signature], body.clone()), (200, OK.into()));
    assert_eq!(
        yard.count(telemetry::metrics::UNSIGNED_TAIL_EVENTS, &["segment"]),
        1.0
    );

    let yard = Yard::segment(&accept.replace("accept", "reject"));
    assert_eq!(
        yard.post(
            "",
            &[signature, ("Authorization", "Bearer tail-7Q")],
            body.clone()
        ),
        (401, refused("tail_rejected"))
    );

    let yard = Yard::new(
        Source::Segment,
        Some(r#"{"shared_secrets":["quay-lantern-01"]}"#),
        "",
    );
    assert_eq!(yard.post("", &[signature], body), (503, refused("unconfigured")));
}

#[test]
fn rc_026_whoever_signs_the_whole_batch_is_refused_as_segment_signs_only_its_first_event() {
    let yard = Yard::segment("");
    let headers = [
        ("X-Signature", "0c33c07eb0da213d5df0a1a6f089ab5b8507d690"),
        ("Authorization", "Bearer tail-7Q"),
    ];
    assert_eq!(
        yard.post("", &headers, format!("[{V1},{M2}]")),
        (401, refused("wrong_credential"))
    );
    let yard = Yard::segment("");
    let of_one = [("X-Signature", "3742823213205b7261c80f871bafafbcf18c2bdd")];
    assert_eq!(yard.post("", &of_one, format!("[{M2}]")).0, 200);
    assert_eq!(yard.post("", &of_one, format!("[ {M2} ]")).0, 200);
    let empty = [("X-Signature", "eb7d82fdb3fd24a0e931b2d3df5f1257c80102d9")];
    assert_eq!(yard.post("", &empty, "[]"), (200, OK.into()));
}

#[test]
fn ex_04_an_empty_probe_asks_for_the_credential_alone() {
    let yard = Yard::braze();
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer stale")], ""),
        (401, refused("wrong_credential"))
    );
    assert_eq!(
        yard.world.fetches.get(),
        2,
        "one fetch at first, one before the refusal (RC-035)"
    );
    assert_eq!(
        yard.post("", &[("Authorization", "bearer 0p3n-lamp")], ""),
        (200, OK.into())
    );
    assert_eq!(yard.post("", &[], ""), (401, refused("missing_credential")));
    assert!(yard.sent().is_empty());
}

#[test]
fn ex_05_odd_elements_are_queued_and_an_unreadable_body_is_kept() {
    let yard = Yard::braze();
    let token = [("Authorization", "Bearer 0p3n-lamp")];
    let body = r#"{"events":[{"event_type":"users.messages.email.Open","id":"e-1","time":1767254400,"user":{},"properties":{}},7]}"#;
    assert_eq!(yard.post("", &token, body), (200, OK.into()));
    assert!(yard.sent()[0].1.ends_with(r#""properties":{}},7]}"#));
    assert_eq!(yard.post("", &token, r#"{"events":"x"}"#), (202, OK.into()));
    let (queue, body) = yard.sent()[1].clone();
    assert_eq!(queue, QueueName::Parked);
    assert_eq!(
        body,
        format!(
            r#"{{"v":1,"reason":"unreadable_body","by":"receive-braze","at":"{T}","source":"braze","destination":null,"request_id":"r-1","first_received_at":"{T}","attempt":0,"auth":"token","key":"current","body_base64":"eyJldmVudHMiOiJ4In0="}}"#
        )
    );
}
