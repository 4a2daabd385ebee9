//! The tables of section 4.2 over whole requests.

use super::fixture::*;
use super::*;

const SOME: &str =
    r#"{"shared_secrets":["quay-lantern-01","quay-lantern-02"],"tokens":["tail-7Q","tail-6P"]}"#;
const NO_TOKENS: &str = r#"{"shared_secrets":["quay-lantern-01"]}"#;
const NO_SECRETS: &str = r#"{"tokens":["tail-7Q"]}"#;

fn segment(secret: &str, tail: &str) -> Fixture {
    let settings = format!("[receipt.segment]\nunsigned_batch_tail = \"{tail}\"");
    Fixture::new(Source::Segment, Some(secret), &settings)
}

#[test]
fn every_row_of_the_table_for_segment() {
    event::rules!["RC-031"];
    let batch = format!("[{V1},{M2}]");
    let one = format!("[{V1}]");
    let (signed, token) = (("x-signature", V1_BY_A), ("authorization", "Bearer tail-7Q"));
    let wrong = ("x-signature", V1_BY_B);
    let ok = || (200, OK.to_owned());
    type Row<'r> = (&'r str, &'r str, &'r [(&'r str, &'r str)], &'r str, (u16, String));
    let rows: [Row<'_>; 22] = [
        (SOME, "require_token", &[signed], V1, ok()),
        (SOME, "require_token", &[signed], &one, ok()),
        (SOME, "reject", &[signed], &one, ok()),
        (
            SOME,
            "require_token",
            &[token],
            V1,
            (401, refused("missing_credential")),
        ),
        (NO_TOKENS, "require_token", &[signed], V1, ok()),
        (
            NO_TOKENS,
            "require_token",
            &[wrong],
            V1,
            (401, refused("wrong_credential")),
        ),
        (
            SOME,
            "require_token",
            &[("x-signature", "zz"), token],
            V1,
            (401, refused("wrong_credential")),
        ),
        (SOME, "accept", &[signed], &batch, ok()),
        (NO_TOKENS, "accept", &[signed], &batch, ok()),
        (
            NO_TOKENS,
            "accept",
            &[wrong],
            &batch,
            (401, refused("wrong_credential")),
        ),
        (SOME, "require_token", &[signed, token], &batch, ok()),
        (
            SOME,
            "require_token",
            &[signed, ("authorization", "Bearer tail-6P")],
            &batch,
            ok(),
        ),
        (
            SOME,
            "require_token",
            &[signed],
            &batch,
            (503, refused("tail_unproven")),
        ),
        (
            SOME,
            "require_token",
            &[signed, ("authorization", "Bearer x")],
            &batch,
            (503, refused("tail_unproven")),
        ),
        (
            SOME,
            "require_token",
            &[token],
            &batch,
            (401, refused("missing_credential")),
        ),
        (
            NO_TOKENS,
            "require_token",
            &[signed],
            &batch,
            (503, refused("unconfigured")),
        ),
        (
            SOME,
            "reject",
            &[signed, token],
            &batch,
            (401, refused("tail_rejected")),
        ),
        (
            SOME,
            "reject",
            &[token],
            &batch,
            (401, refused("missing_credential")),
        ),
        (NO_SECRETS, "require_token", &[token], &batch, ok()),
        (
            NO_SECRETS,
            "reject",
            &[token, ("x-signature", "zz")],
            &batch,
            ok(),
        ),
        (
            NO_SECRETS,
            "accept",
            &[signed],
            V1,
            (401, refused("missing_credential")),
        ),
        (
            NO_SECRETS,
            "accept",
            &[("authorization", "Bearer x")],
            V1,
            (401, refused("wrong_credential")),
        ),
    ];
    for (at, (secret, tail, headers, body, wanted)) in rows.into_iter().enumerate() {
        let fixture = segment(secret, tail);
        assert_eq!(fixture.post("", headers, body), wanted, "row {at}");
        assert_eq!(fixture.sent().is_empty(), wanted.0 != 200, "row {at}");
    }
}

#[test]
fn a_tail_without_its_token_is_kept_by_segment() {
    event::rules!["RC-032", "RC-034"];
    for (settings, status) in [("", 401), ("[receipt]\nwrong_credential = \"retry_later\"", 503)] {
        let batch = format!("[{V1},{M2}]");
        let fixture = Fixture::segment(settings);
        let refusal = fixture.post("", &[("x-signature", V1_BY_A)], batch);
        assert_eq!(refusal, (503, refused("tail_unproven")));
        let probe = Fixture::new(Source::Braze, Some(r#"{"tokens":["t"]}"#), settings);
        assert_eq!(probe.post("", &[], ""), (status, refused("missing_credential")));
        assert_eq!(
            probe.post("", &[("authorization", "Bearer x")], ""),
            (status, refused("wrong_credential"))
        );
    }
}

#[test]
fn events_taken_unproven_are_counted() {
    event::rules!["RC-033"];
    let metric = telemetry::metrics::UNSIGNED_TAIL_EVENTS;
    let batch = format!("[{V1},{M2},{M2}]");
    let fixture = segment(SOME, "accept");
    assert_eq!(
        fixture.post("", &[("x-signature", V1_BY_A)], batch.clone()).0,
        200
    );
    assert_eq!(fixture.count(metric, &["segment"]), 2.0);
    let token = ("authorization", "Bearer tail-7Q");
    assert_eq!(fixture.post("", &[("x-signature", V1_BY_A), token], batch).0, 200);
    assert_eq!(fixture.post("", &[("x-signature", V1_BY_A)], V1).0, 200);
    assert_eq!(
        fixture.count(metric, &["segment"]),
        2.0,
        "a token proves the tail, and one event has none"
    );
}

#[test]
fn only_what_could_match_makes_an_older_secret_be_fetched() {
    event::rules!["RC-035", "RS-014"];
    let fixture = Fixture::segment("");
    let aws = &fixture.aws;
    let post = |headers: &[(&str, &str)]| fixture.post("", headers, V1);
    assert_eq!(post(&[("x-signature", V1_BY_A)]).0, 200);
    aws.now.set(aws.now.get() + 60_000);
    for headers in [
        &[][..],
        &[("x-signature", "zz")],
        &[("authorization", "Basic x")],
        &[("authorization", "Bearer ")],
    ] {
        assert_eq!(post(headers).0, 401);
    }
    assert_eq!(aws.secrets.fetches.get(), 1);
    let wrong = V1_BY_A.replace('0', "1");
    for _ in 0..50 {
        assert_eq!(
            post(&[("x-signature", &wrong)]),
            (401, refused("wrong_credential"))
        );
        aws.now.set(aws.now.get() + 1000);
    }
    assert_eq!(aws.secrets.fetches.get(), 1 + 5, "one in ten seconds");
}

#[test]
fn an_older_secret_that_cannot_be_fetched_refuses_nobody() {
    event::rules!["RC-036"];
    for fixture in [
        Fixture::segment(""),
        Fixture::braze(),
        Fixture::branch_without_fallback(),
    ] {
        let aws = &fixture.aws;
        let signed = ("x-signature", V1_BY_A);
        assert!(fixture.post("", &[fixture.token(), signed], V1).0 < 300);
        let secret = aws.secrets.text.take();
        let headers = [
            ("authorization", "Bearer x"),
            ("x-signature", "b".repeat(40).leak()),
        ];
        aws.now.set(aws.now.get() + 9_000);
        assert_eq!(fixture.post("", &headers, V1), (401, refused("wrong_credential")));
        // For ten seconds after a failed fetch there is none, and no refusal either.
        for _ in 0..20 {
            aws.now.set(aws.now.get() + 1000);
            let got = fixture.post("", &headers, V1);
            assert_eq!(got, (503, refused("secret_unavailable")));
        }
        *aws.secrets.text.borrow_mut() = secret;
        aws.now.set(aws.now.get() + 10_000);
        assert_eq!(fixture.post("", &headers, V1), (401, refused("wrong_credential")));
    }
}

#[test]
fn a_new_token_keeps_a_body_that_cannot_be_decoded() {
    event::rules!["RC-035"];
    let fixture = Fixture::segment("");
    assert_eq!(fixture.post("", &[("x-signature", V1_BY_A)], V1).0, 200);
    fixture.aws.now.set(15_000);
    let secret = r#"{"shared_secrets":["quay-lantern-01"],"tokens":["new","tail-7Q"]}"#;
    *fixture.aws.secrets.text.borrow_mut() = Some(secret.into());
    let broken = post_bytes(&[("authorization", "Bearer new")], &gzip(V1.as_bytes())[..20]);
    assert_eq!(fixture.request(broken), (202, OK.into()));
}

#[test]
fn an_emptied_secret_refuses_everything_until_it_is_filled() {
    event::rules!["RC-020"];
    for fixture in [Fixture::segment(""), Fixture::braze(), Fixture::branch()] {
        *fixture.aws.secrets.text.borrow_mut() = Some("{}".into());
        for body in [V1.as_bytes(), b"", b"\xff", &gzip(V1.as_bytes())[..9]] {
            let request = post_bytes(&[fixture.token(), ("x-signature", V1_BY_A)], body);
            assert_eq!(fixture.request(request), (503, refused("unconfigured")));
        }
        assert!(fixture.sent().is_empty());
    }
}

#[test]
fn a_secret_that_nobody_has_stored_is_unconfigured() {
    event::rules!["RS-015", "RC-020"];
    for fixture in [Fixture::segment(""), Fixture::braze(), Fixture::branch()] {
        let headers = [fixture.token(), ("x-signature", V1_BY_A)];
        *fixture.aws.secrets.code.borrow_mut() = "ResourceNotFoundException";
        let stored = fixture.aws.secrets.text.take();
        assert_eq!(fixture.post("", &headers, V1), (503, refused("unconfigured")));
        *fixture.aws.secrets.text.borrow_mut() = Some(String::new());
        fixture.aws.now.set(15_000);
        assert_eq!(fixture.post("", &headers, V1), (503, refused("unconfigured")));
        *fixture.aws.secrets.text.borrow_mut() = stored;
        fixture.aws.now.set(30_000);
        assert!(fixture.post("", &headers, V1).0 < 300);
    }
}

#[test]
fn whatever_secrets_manager_says_is_never_a_wrong_credential() {
    event::rules!["RS-015"];
    for code in [
        "AccessDeniedException",
        "DecryptionFailure",
        "ThrottlingException",
        "timeout",
    ] {
        for fixture in [
            Fixture::segment(""),
            Fixture::braze(),
            Fixture::branch_without_fallback(),
        ] {
            *fixture.aws.secrets.text.borrow_mut() = None;
            *fixture.aws.secrets.code.borrow_mut() = code;
            let got = fixture.post("", &[fixture.token(), ("x-signature", V1_BY_A)], V1);
            assert_eq!(got, (503, refused("secret_unavailable")), "{code}");
            assert!(fixture.sent().is_empty());
        }
    }
}

#[test]
fn no_request_is_refused_for_its_age() {
    event::rules!["RC-039"];
    for time in [
        "1970-01-01T00:00:00Z",
        "2016-02-29T00:00:00Z",
        "2999-12-31T23:59:59Z",
        "garbage",
    ] {
        let fixture = Fixture::new(Source::Segment, Some(NO_SECRETS), "");
        let body = format!(r#"{{"timestamp":"{time}","sentAt":"{time}"}}"#);
        let headers = [fixture.token(), ("date", time), ("x-timestamp", time)];
        assert_eq!(fixture.post("", &headers, body), (200, OK.into()), "{time}");
        assert_eq!(fixture.sent().len(), 2);
    }
}
