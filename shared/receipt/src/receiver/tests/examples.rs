use super::fixture::*;
use super::*;
use event::ports::QueueName;

#[test]
fn a_signed_event_goes_to_both_queues() {
    for (signature, key, older) in [(V1_BY_A, "current", 0.0), (V1_BY_B, "older", 1.0)] {
        let fixture = Fixture::segment("");
        assert_eq!(
            fixture.post("", &[("X-Signature", signature)], V1),
            (200, OK.into())
        );
        let bodies: Vec<_> = fixture.sent().into_iter().map(|(_, body)| body).collect();
        assert_eq!(
            bodies,
            [
                envelope("braze", "signature", key, V1),
                envelope("branch", "signature", key, V1)
            ]
        );
        assert_eq!(
            fixture.count(telemetry::metrics::KEY_OLDER_USED, &["segment"]),
            older
        );
    }
}

#[test]
fn a_batch_needs_its_token() {
    let body = format!("[{V1},{M2}]");
    let signature = ("X-Signature", V1_BY_A);
    let fixture = Fixture::segment("");
    assert_eq!(
        fixture.post(
            "",
            &[signature, ("Authorization", "Bearer tail-7Q")],
            body.clone()
        ),
        (200, OK.into())
    );
    assert_eq!(
        fixture.sent()[0].1,
        envelope("braze", "signature+token", "current", &format!("{V1},{M2}"))
    );

    let fixture = Fixture::segment("");
    assert_eq!(
        fixture.post("", &[signature], body.clone()),
        (503, refused("tail_unproven"))
    );
    assert!(fixture.sent().is_empty());

    let accept = "[receipt.segment]\nunsigned_batch_tail = \"accept\"";
    let fixture = Fixture::segment(accept);
    assert_eq!(fixture.post("", &[signature], body.clone()), (200, OK.into()));
    assert_eq!(
        fixture.count(telemetry::metrics::UNSIGNED_TAIL_EVENTS, &["segment"]),
        1.0
    );

    let fixture = Fixture::segment(&accept.replace("accept", "reject"));
    assert_eq!(
        fixture.post(
            "",
            &[signature, ("Authorization", "Bearer tail-7Q")],
            body.clone()
        ),
        (401, refused("tail_rejected"))
    );

    let fixture = Fixture::new(
        Source::Segment,
        Some(r#"{"shared_secrets":["quay-lantern-01"]}"#),
        "",
    );
    assert_eq!(
        fixture.post("", &[signature], body),
        (503, refused("unconfigured"))
    );
}

#[test]
fn a_signature_over_the_whole_batch_is_refused() {
    event::rules!["RC-026"];
    let fixture = Fixture::segment("");
    let headers = [
        ("X-Signature", "0c33c07eb0da213d5df0a1a6f089ab5b8507d690"),
        ("Authorization", "Bearer tail-7Q"),
    ];
    assert_eq!(
        fixture.post("", &headers, format!("[{V1},{M2}]")),
        (401, refused("wrong_credential"))
    );
    let fixture = Fixture::segment("");
    let of_one = [("X-Signature", "3742823213205b7261c80f871bafafbcf18c2bdd")];
    assert_eq!(fixture.post("", &of_one, format!("[{M2}]")).0, 200);
    assert_eq!(fixture.post("", &of_one, format!("[ {M2} ]")).0, 200);
    let empty = [("X-Signature", "eb7d82fdb3fd24a0e931b2d3df5f1257c80102d9")];
    assert_eq!(fixture.post("", &empty, "[]"), (200, OK.into()));
}

#[test]
fn an_empty_probe_asks_for_the_credential_alone() {
    let fixture = Fixture::braze();
    assert_eq!(
        fixture.post("", &[("Authorization", "Bearer stale")], ""),
        (401, refused("wrong_credential"))
    );
    assert_eq!(
        fixture.aws.secrets.fetches.get(),
        1,
        "a value of this moment refuses (RC-035)"
    );
    assert_eq!(
        fixture.post("", &[("Authorization", "bearer 0p3n-lamp")], ""),
        (200, OK.into())
    );
    assert_eq!(fixture.post("", &[], ""), (401, refused("missing_credential")));
    assert!(fixture.sent().is_empty());
}

#[test]
fn odd_elements_are_queued_and_an_unreadable_body_is_kept() {
    let fixture = Fixture::braze();
    let token = [("Authorization", "Bearer 0p3n-lamp")];
    let body = r#"{"events":[{"event_type":"users.messages.email.Open","id":"e-1","time":1767254400,"user":{},"properties":{}},7]}"#;
    assert_eq!(fixture.post("", &token, body), (200, OK.into()));
    assert!(fixture.sent()[0].1.ends_with(r#""properties":{}},7]}"#));
    assert_eq!(fixture.post("", &token, r#"{"events":"x"}"#), (202, OK.into()));
    let (queue, body) = fixture.sent()[1].clone();
    assert_eq!(queue, QueueName::Parked);
    assert_eq!(
        body,
        format!(
            r#"{{"v":1,"reason":"unreadable_body","by":"receive-braze","at":"{T}","source":"braze","destination":null,"request_id":"r-1","first_received_at":"{T}","attempt":0,"auth":"token","key":"current","body_base64":"eyJldmVudHMiOiJ4In0="}}"#
        )
    );
}
