//! The tables of section 4.2 over whole requests.

use super::fixture::*;
use super::*;

const SOME: &str =
    r#"{"shared_secrets":["quay-lantern-01","quay-lantern-02"],"tokens":["tail-7Q","tail-6P"]}"#;
const NO_TOKENS: &str = r#"{"shared_secrets":["quay-lantern-01"]}"#;
const NO_SECRETS: &str = r#"{"tokens":["tail-7Q"]}"#;

fn segment(secret: &str, tail: &str) -> Yard {
    let settings = format!("[receipt.segment]\nunsigned_batch_tail = \"{tail}\"");
    Yard::new(Source::Segment, Some(secret), &settings)
}

#[test]
fn rc_031_every_row_of_the_table_for_segment() {
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
            (401, refused("tail_unproven")),
        ),
        (
            SOME,
            "require_token",
            &[signed, ("authorization", "Bearer x")],
            &batch,
            (401, refused("tail_unproven")),
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
        let yard = segment(secret, tail);
        assert_eq!(yard.post("", headers, body), wanted, "row {at}");
        assert_eq!(yard.sent().is_empty(), wanted.0 != 200, "row {at}");
    }
}

#[test]
fn rc_032_rc_034_a_tail_without_its_token_is_refused_like_any_credential() {
    for (settings, status) in [("", 401), ("[receipt]\nwrong_credential = \"retry_later\"", 503)] {
        let batch = format!("[{V1},{M2}]");
        let yard = Yard::segment(settings);
        let refusal = yard.post("", &[("x-signature", V1_BY_A)], batch);
        assert_eq!(refusal, (status, refused("tail_unproven")));
        let probe = Yard::new(Source::Braze, Some(r#"{"tokens":["t"]}"#), settings);
        assert_eq!(probe.post("", &[], ""), (status, refused("missing_credential")));
        assert_eq!(
            probe.post("", &[("authorization", "Bearer x")], ""),
            (status, refused("wrong_credential"))
        );
    }
}

#[test]
fn rc_033_events_taken_unproven_are_counted() {
    let metric = telemetry::metrics::UNSIGNED_TAIL_EVENTS;
    let batch = format!("[{V1},{M2},{M2}]");
    let yard = segment(SOME, "accept");
    assert_eq!(yard.post("", &[("x-signature", V1_BY_A)], batch.clone()).0, 200);
    assert_eq!(yard.count(metric, &["segment"]), 2.0);
    let token = ("authorization", "Bearer tail-7Q");
    assert_eq!(yard.post("", &[("x-signature", V1_BY_A), token], batch).0, 200);
    assert_eq!(yard.post("", &[("x-signature", V1_BY_A)], V1).0, 200);
    assert_eq!(
        yard.count(metric, &["segment"]),
        2.0,
        "a token proves the tail, and one event has none"
    );
}

#[test]
fn rc_035_forced_fetches_are_limited_and_then_what_is_known_decides() {
    let yard = Yard::braze();
    let wrong = [("authorization", "Bearer x")];
    for _ in 0..50 {
        assert_eq!(yard.post("", &wrong, "{}"), (401, refused("wrong_credential")));
    }
    assert_eq!(
        yard.world.fetches.get(),
        3,
        "the first one, and two that were forced"
    );
    assert_eq!(yard.post("", &[yard.token()], "{}"), (200, OK.into()));
}

#[test]
fn rc_035_a_token_that_the_cache_does_not_know_yet_keeps_a_body_that_cannot_be_decoded() {
    let yard = Yard::segment("");
    assert_eq!(yard.post("", &[("x-signature", V1_BY_A)], V1).0, 200);
    let secret = r#"{"shared_secrets":["quay-lantern-01"],"tokens":["new","tail-7Q"]}"#;
    *yard.world.secret.borrow_mut() = Some(secret.into());
    let broken = post_bytes(&[("authorization", "Bearer new")], &gzip(V1.as_bytes())[..20]);
    assert_eq!(yard.request(broken), (202, OK.into()));
}

#[test]
fn rc_020_an_emptied_secret_refuses_everything_until_it_is_filled() {
    for yard in [Yard::segment(""), Yard::braze(), Yard::branch()] {
        *yard.world.secret.borrow_mut() = Some("{}".into());
        for body in [V1.as_bytes(), b"", b"\xff", &gzip(V1.as_bytes())[..9]] {
            let request = post_bytes(&[yard.token(), ("x-signature", V1_BY_A)], body);
            assert_eq!(yard.request(request), (503, refused("unconfigured")));
        }
        assert!(yard.sent().is_empty());
    }
}

#[test]
fn rs_015_whatever_secrets_manager_says_is_never_a_wrong_credential() {
    for code in [
        "AccessDeniedException",
        "ResourceNotFoundException",
        "DecryptionFailure",
        "ThrottlingException",
        "timeout",
    ] {
        for yard in [Yard::segment(""), Yard::braze(), Yard::branch()] {
            *yard.world.secret.borrow_mut() = None;
            *yard.world.code.borrow_mut() = code;
            let got = yard.post("", &[yard.token(), ("x-signature", V1_BY_A)], V1);
            assert_eq!(got, (503, refused("secret_unavailable")), "{code}");
            assert!(yard.sent().is_empty());
        }
    }
}

/// The drill of RS-020, a hundred requests a second, with sender and secret switched at any moment.
#[test]
fn rs_020_the_rotation_of_a_key_rejects_nothing() {
    const STEP_MS: i64 = 10;
    let list = |tokens: &str| Some(format!(r#"{{"tokens":[{tokens}]}}"#));
    for switch_s in [0, 1, 7, 61, 299, 300, 301, 359, 420] {
        let yard = Yard::braze();
        *yard.world.secret.borrow_mut() = list(r#""old""#);
        let steps = [
            (30_000, list(r#""old","new""#)),
            (600_000, list(r#""new","old""#)),
            (1_200_000, list(r#""new""#)),
        ];
        let switched_at = 30_000 + switch_s * 1000;
        let mut older = Vec::new();
        for at in (0..1_600_000).step_by(STEP_MS as usize) {
            yard.world.now.set(yard.world.now.get().max(at));
            for (when, secret) in &steps {
                if *when == at {
                    yard.world.secret.borrow_mut().clone_from(secret);
                }
            }
            // One in a hundred is really sent: the others could change nothing but the count.
            if at % 1000 != 0 && at != switched_at && at - STEP_MS != switched_at {
                continue;
            }
            let bearer = if at >= switched_at {
                "Bearer new"
            } else {
                "Bearer old"
            };
            let got = yard.post("", &[("authorization", bearer)], "{}");
            assert_eq!(got, (200, OK.into()), "{at} ms, switched at {switched_at} ms");
            let line = yard.world.lines.borrow().last().unwrap().clone();
            if line.contains(r#""key":"older""#) {
                older.push(at);
            }
        }
        let last_older = older.last().copied().unwrap_or_default();
        assert!(
            last_older < 1_200_000,
            "`key_older_used` ends before the old entry is removed"
        );
    }
}

#[test]
fn rc_039_no_request_is_refused_for_its_age() {
    for time in [
        "1970-01-01T00:00:00Z",
        "2016-02-29T00:00:00Z",
        "2999-12-31T23:59:59Z",
        "garbage",
    ] {
        let yard = Yard::new(Source::Segment, Some(NO_SECRETS), "");
        let body = format!(r#"{{"timestamp":"{time}","sentAt":"{time}"}}"#);
        let headers = [yard.token(), ("date", time), ("x-timestamp", time)];
        assert_eq!(yard.post("", &headers, body), (200, OK.into()), "{time}");
        assert_eq!(yard.sent().len(), 2);
    }
}
