//! Branch's second chance in the fallback bucket, and what no message takes.

use super::fixture::*;
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::ports::QueueName;
use telemetry::metrics as m;

const OPEN: &str = r#"{"name":"OPEN","id":"904211"}"#;
const QUERY: &str = "token=tok-branch-9f2c";
const KEY: &str = "branch/pending/2026-03-01T12:00:00.000Z-r-1.json";
const DIGEST: &str = "c7b4f30a4035aa178b2f48114c74dd924fae4d1d6f9e2c8292c7b2fb9e739d6c";

fn pending(auth: &str) -> String {
    format!(
        r#"{{"v":1,"request_id":"r-1","first_received_at":"{T}","content_encoding":null,"body_base64":"eyJuYW1lIjoiT1BFTiIsImlkIjoiOTA0MjExIn0=","auth":{auth}}}"#
    )
}

fn verified() -> String {
    pending(r#"{"state":"verified","key":"current"}"#)
}

fn deferred(digest: &str) -> String {
    pending(&format!(r#"{{"state":"deferred","digests":["{digest}"]}}"#))
}

fn stored(fixture: &Fixture) -> Vec<(String, String)> {
    let objects = fixture.aws.objects.borrow();
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    objects
        .iter()
        .map(|(key, bytes)| (key.clone(), text(bytes)))
        .collect()
}

fn store(fixture: &Fixture, key: &str, object: impl Into<Vec<u8>>) {
    fixture
        .aws
        .objects
        .borrow_mut()
        .insert(key.to_owned(), object.into());
}

fn sqs_is_silent(fixture: &Fixture) {
    fixture.faults([CallFault::Never; 9]);
}

fn reingest(fixture: &Fixture) {
    fixture.aws.faults.borrow_mut().clear();
    run(fixture.receiver.reingest("i-1"));
}

fn the_envelope() -> String {
    format!(
        r#"{{"v":1,"source":"branch","destination":"segment","request_id":"r-1","first_received_at":"{T}","attempt":0,"auth":"token","key":"current","events":[{OPEN}]}}"#
    )
}

#[test]
fn a_request_that_sqs_does_not_take_is_kept_and_queued_later() {
    event::rules!["RC-150", "RC-154", "RC-118", "RC-158"];
    let fixture = Fixture::branch();
    sqs_is_silent(&fixture);
    assert_eq!(fixture.post(QUERY, &[], OPEN), (202, OK.into()));
    assert!(fixture.aws.now.get() <= 1450);
    assert_eq!(stored(&fixture), [(KEY.to_owned(), verified())]);
    let line = fixture.lines_of("request").remove(0);
    assert!(line.contains(r#""decision":"spilled""#), "{line}");
    assert_eq!(fixture.count(m::FALLBACK_WRITTEN, &["branch"]), 1.0);

    fixture.aws.now.set(60_000);
    reingest(&fixture);
    assert!(stored(&fixture).is_empty());
    let bodies: Vec<_> = fixture.sent().into_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies, [the_envelope()]);
    let line = fixture.lines_of("request").remove(1);
    assert!(
        line.contains(r#""queued":1"#) && line.contains(r#""reingested":true"#),
        "{line}"
    );
    assert_eq!(fixture.count(m::FALLBACK_REINGESTED, &["branch"]), 1.0);
    assert_eq!(
        fixture.count(m::EVENTS_RECEIVED, &["branch"]),
        1.0,
        "once, when it came"
    );
    assert_eq!(fixture.count(m::FALLBACK_PENDING, &["branch"]), 0.0);
}

#[test]
fn a_panic_at_branch_keeps_the_request() {
    event::rules!["RC-150", "RC-012"];
    let fixture = Fixture::branch();
    fixture.faults([CallFault::Panic]);
    assert_eq!(fixture.post(QUERY, &[], OPEN), (202, OK.into()));
    assert_eq!(stored(&fixture), [(KEY.to_owned(), verified())]);
}

#[test]
fn what_s3_does_not_take_either_is_lost_and_says_so() {
    event::rules!["RC-151", "RC-118"];
    for s3 in [S3::Silent, S3::Fails("")] {
        let fixture = Fixture::branch();
        fixture.aws.s3.set(s3);
        sqs_is_silent(&fixture);
        assert_eq!(
            fixture.post(QUERY, &[], OPEN),
            (503, refused("queue_unavailable"))
        );
        assert!(fixture.aws.now.get() <= 1450, "{s3:?}");
        let line = fixture.lines_of("request").remove(0);
        assert!(
            line.contains(r#""lost_at_sender":true,"maybe_queued":true"#),
            "{line}"
        );
        assert_eq!(fixture.count(m::LOST_AT_SENDER, &["branch"]), 1.0);
        assert_eq!(*fixture.aws.s3_calls.borrow(), ["PutObject"; 2]);
    }
}

#[test]
fn a_slow_put_goes_on_beside_a_second_one() {
    event::rules!["RC-150", "RC-118"];
    // 450 ms are left when SQS has been given up.
    for (takes_ms, status) in [(440, 202), (460, 503)] {
        let fixture = Fixture::branch();
        fixture.aws.s3.set(S3::Takes(takes_ms));
        sqs_is_silent(&fixture);
        assert_eq!(fixture.post(QUERY, &[], OPEN).0, status, "{takes_ms} ms");
        assert!(fixture.aws.now.get() <= 1450);
        assert_eq!(*fixture.aws.s3_calls.borrow(), ["PutObject"; 2]);
    }
}

#[test]
fn the_start_opens_the_connection_that_a_put_needs() {
    event::rules!["RC-119"];
    for (fixture, calls) in [
        (Fixture::branch(), 1),
        (Fixture::branch_without_fallback(), 0),
        (Fixture::braze(), 0),
    ] {
        fixture.aws.s3.set(S3::Silent);
        run(fixture.receiver.warm(2000));
        assert_eq!(fixture.aws.s3_calls.borrow().len(), calls);
        assert_eq!(fixture.aws.now.get(), if calls == 0 { 0 } else { 2000 });
        assert_eq!(fixture.aws.secrets.fetches.get(), 1, "the secret beside it");
    }
}

#[test]
fn without_the_fallback_the_sender_is_asked_to_come_again() {
    event::rules!["RC-150", "RC-155"];
    let token = Some(r#"{"tokens":["tok-branch-9f2c"]}"#);
    let off = Fixture::new(Source::Branch, token, "[receipt.branch]\nfallback = false");
    sqs_is_silent(&off);
    assert_eq!(off.post(QUERY, &[], OPEN), (503, refused("queue_unavailable")));
    *off.aws.secrets.text.borrow_mut() = None;
    off.aws.now.set(25 * 3_600_000);
    assert_eq!(off.post(QUERY, &[], OPEN), (503, refused("secret_unavailable")));
    let braze = Fixture::braze();
    sqs_is_silent(&braze);
    assert_eq!(
        braze.post("", &[braze.token()], "[1]"),
        (503, refused("queue_unavailable"))
    );
    assert!(stored(&off).is_empty() && stored(&braze).is_empty());
}

#[test]
fn without_a_secret_a_request_with_a_token_is_deferred() {
    event::rules!["RC-155", "RC-021", "RC-040", "RC-010"];
    let fixture = Fixture::branch();
    let secret = fixture.aws.secrets.text.take();
    assert_eq!(fixture.post(QUERY, &[], OPEN), (202, OK.into()));
    assert_eq!(stored(&fixture), [(KEY.to_owned(), deferred(DIGEST))]);
    assert_eq!(fixture.post("", &[], OPEN), (401, refused("missing_credential")));
    let basic = [("authorization", "Basic x")];
    assert_eq!(fixture.post("", &basic, OPEN), (401, refused("wrong_credential")));
    assert_eq!(stored(&fixture).len(), 1);

    // Without a secret it stays; with one, it is queued by what the secret says then.
    reingest(&fixture);
    assert_eq!(stored(&fixture).len(), 1);
    assert!(fixture.sent().is_empty());
    *fixture.aws.secrets.text.borrow_mut() = secret;
    reingest(&fixture);
    assert!(stored(&fixture).is_empty());
    assert_eq!(fixture.sent()[0].1, the_envelope());
}

#[test]
fn a_deferred_request_of_a_stranger_is_deleted_and_counted() {
    event::rules!["RC-156"];
    let fixture = Fixture::branch();
    assert_eq!(fixture.post(QUERY, &[], OPEN).0, 200);
    let fetches = fixture.aws.secrets.fetches.get();
    store(&fixture, KEY, deferred(&"0".repeat(64)));
    reingest(&fixture);
    assert_eq!(
        fixture.aws.secrets.fetches.get(),
        fetches + 1,
        "a secret of this run"
    );
    assert!(stored(&fixture).is_empty());
    assert_eq!(fixture.sent().len(), 1);
    let line = fixture.lines_of("request").remove(1);
    assert!(line.contains(r#""reason":"wrong_credential""#), "{line}");
}

#[test]
fn each_stranger_has_a_line_before_its_object_is_deleted() {
    event::rules!["RC-156", "RP-014", "RP-030"];
    let fixture = Fixture::branch();
    fixture.aws.secrets.text.take();
    for n in 1..=3 {
        let mut request = post("token=stranger", &[], OPEN);
        request.request_id = format!("r-{n}");
        assert_eq!(fixture.request(request).0, 202);
    }
    let counts = || {
        [m::EVENTS_RECEIVED, m::RECEIPT_MS, m::BYTES_RECEIVED]
            .map(|metric| fixture.count(metric, &["branch"]))
    };
    let received = counts();
    fixture
        .aws
        .secrets
        .text
        .replace(Some(r#"{"tokens":["t"]}"#.to_owned()));
    let seen = fixture.aws.lines.borrow().len();
    reingest(&fixture);
    assert!(stored(&fixture).is_empty() && fixture.sent().is_empty());
    // The container may end here: all that is known is in the log.
    let lines = fixture.aws.lines.borrow().split_at(seen).1.to_vec();
    for n in 1..=3 {
        let named = [
            &format!(r#""request_id":"r-{n}""#),
            r#""reason":"wrong_credential""#,
            r#""reingested":true"#,
        ];
        let is_told = |line: &&String| named.iter().all(|word| line.contains(*word));
        assert_eq!(lines.iter().filter(is_told).count(), 1, "{lines:#?}");
    }
    assert_eq!(counts(), received, "none is received twice");
    assert_eq!(fixture.count(m::REQUESTS, &["branch", "202"]), 3.0);
    assert_eq!(
        fixture.count(m::REQUESTS_REFUSED, &["branch"]),
        3.0,
        "`refused` tells"
    );
}

#[test]
fn a_secret_that_nobody_uses_has_no_age() {
    event::rules!["RI-040", "RS-012"];
    let fixture = Fixture::branch();
    let ages = || {
        let metrics = fixture.aws.metrics.borrow();
        let ages = metrics
            .iter()
            .flat_map(|own| own.values(m::SECRET_AGE, &[]).to_vec());
        ages.collect::<Vec<f64>>()
    };
    run(fixture.receiver.warm(2000));
    // An hour of runs over an empty bucket, and then a request that no secret is asked for.
    for minute in 1..=120 {
        fixture.aws.now.set(minute * 60_000);
        reingest(&fixture);
    }
    let mut get = post("", &[], "");
    get.method = "GET".to_owned();
    assert_eq!(fixture.request(get).0, 405);
    assert_eq!(
        ages(),
        Vec::<f64>::new(),
        "the alarm `secret-stale` fires over 3600"
    );
    assert_eq!(fixture.post(QUERY, &[], OPEN).0, 200);
    assert_eq!(ages(), [0.0], "fetched again, and used");
    // Used for two hours while Secrets Manager is away: that is stale.
    fixture.aws.secrets.text.take();
    fixture.aws.now.set(240 * 60_000);
    assert_eq!(fixture.post(QUERY, &[], OPEN).0, 200);
    assert_eq!(ages(), [0.0, 7200.0]);
    assert_eq!(fixture.count(m::SECRET_FETCH_FAILED, &[]), 1.0);
}

#[test]
fn a_deferred_request_waits_while_no_token_is_configured() {
    event::rules!["RC-156"];
    for secret in [Some("{}"), Some(r#"{"token":"tok-branch-9f2c"}"#), Some(""), None] {
        let fixture = Fixture::branch();
        store(&fixture, KEY, deferred(DIGEST));
        *fixture.aws.secrets.text.borrow_mut() = secret.map(str::to_owned);
        reingest(&fixture);
        assert_eq!(stored(&fixture).len(), 1, "{secret:?}");
        assert!(fixture.sent().is_empty());
        *fixture.aws.secrets.text.borrow_mut() = Some(r#"{"tokens":["tok-branch-9f2c"]}"#.to_owned());
        reingest(&fixture);
        assert!(stored(&fixture).is_empty(), "{secret:?}");
        assert_eq!(fixture.sent().len(), 1);
    }
}

#[test]
fn a_container_defers_twenty_requests_a_second() {
    event::rules!["RC-155"];
    let fixture = Fixture::branch();
    fixture.aws.secrets.text.take();
    let mut kept = 0;
    for n in 0..50 {
        let mut request = post(QUERY, &[], OPEN);
        request.request_id = format!("r-{n}");
        kept += u32::from(fixture.request(request).0 == 202);
        assert!(fixture.aws.now.get() < 1000);
    }
    assert_eq!((kept, stored(&fixture).len()), (20, 20));
    fixture.aws.now.set(1000);
    assert_eq!(fixture.post(QUERY, &[], OPEN).0, 202);
}

#[test]
fn a_run_ends_when_sqs_acknowledges_nothing_of_a_group() {
    event::rules!["RC-153", "RC-154"];
    let fixture = Fixture::branch();
    let object = |n: usize| format!("branch/pending/2026-03-01T11:00:00.000Z-r-{n:04}.json");
    (0..300).for_each(|n| store(&fixture, &object(n), verified()));
    fixture.faults(std::iter::repeat_n(CallFault::Fail, 20_000));
    run(fixture.receiver.reingest("i-1"));
    assert_eq!(
        stored(&fixture).len(),
        300,
        "nothing is deleted that is not acknowledged"
    );
    let read = fixture
        .aws
        .s3_calls
        .borrow()
        .iter()
        .filter(|call| **call == "GetObject")
        .count();
    assert!(read <= 80, "eight groups of ten: {read}");
    assert!(fixture.aws.now.get() <= 50_000);
    assert_eq!(fixture.count(m::FALLBACK_PENDING, &["branch"]), 300.0);

    reingest(&fixture);
    assert!(stored(&fixture).is_empty());
    assert_eq!(fixture.sent().len(), 300);
    assert!(fixture.aws.most_in_flight.get() <= 8);
}

#[test]
fn a_run_goes_on_page_by_page_and_says_what_is_left() {
    event::rules!["RC-153", "RC-158"];
    let key = |n: usize| format!("branch/pending/2026-03-01T11:00:00.000Z-r-{n:04}.json");
    // Those that wait do not keep the others behind them from their turn.
    let fixture = Fixture::branch();
    (0..1001).for_each(|n| store(&fixture, &key(n), verified().replace(r#""v":1"#, r#""v":2"#)));
    (1001..2003).for_each(|n| store(&fixture, &key(n), verified()));
    reingest(&fixture);
    assert_eq!(stored(&fixture).len(), 1001);
    assert_eq!(fixture.sent().len(), 1002);
    let line = fixture.lines_of("invocation").remove(0);
    assert!(
        line.contains(r#""records":2003"#) && line.contains(r#""waiting":1001"#),
        "{line}"
    );
    // A run that SQS ends knows of its first page alone.
    let fixture = Fixture::branch();
    (0..1003).for_each(|n| store(&fixture, &key(n), verified()));
    fixture.faults(std::iter::repeat_n(CallFault::Fail, 20_000));
    run(fixture.receiver.reingest("i-1"));
    assert_eq!(fixture.count(m::FALLBACK_PENDING, &["branch"]), 1000.0);
    reingest(&fixture);
    assert!(stored(&fixture).is_empty());
    let fixture = Fixture::branch();
    fixture.aws.s3.set(S3::Fails("ListObjectsV2"));
    reingest(&fixture);
    assert_eq!(fixture.count(m::FALLBACK_PENDING, &["branch"]), 0.0);
    assert_eq!(fixture.lines_of("error").len(), 1);
}

#[test]
fn an_object_that_nothing_can_be_made_of_is_set_aside() {
    event::rules!["RC-157"];
    let bad_base64 = verified().replace("eyJuYW1l", "!!!!");
    for object in ["", "{", r#"{"v":1}"#, bad_base64.as_str()] {
        let fixture = Fixture::branch();
        store(&fixture, KEY, object);
        reingest(&fixture);
        let copy = KEY.replace("pending", "parked");
        assert_eq!(stored(&fixture), [(copy.clone(), object.to_owned())]);
        let [(queue, body)] = fixture.sent().try_into().unwrap();
        assert_eq!(queue, QueueName::Parked);
        assert!(body.contains(r#""reason":"unreadable_body""#), "{body}");
        assert!(body.ends_with(&format!(r#""object":"{copy}"}}"#)), "{body}");
    }
    // Until the park is acknowledged, the object stays where it is found again.
    let fixture = Fixture::branch();
    store(&fixture, KEY, "{");
    fixture.faults(std::iter::repeat_n(CallFault::Fail, 2000));
    run(fixture.receiver.reingest("i-1"));
    assert!(fixture.aws.objects.borrow().contains_key(KEY));
    // What newer code has written is left to newer code.
    let fixture = Fixture::branch();
    store(&fixture, KEY, verified().replace(r#""v":1"#, r#""v":2"#));
    reingest(&fixture);
    assert!(fixture.aws.objects.borrow().contains_key(KEY) && fixture.sent().is_empty());
}

#[test]
fn a_panic_of_one_object_does_not_harm_its_neighbours() {
    event::rules!["RC-157", "RC-154"];
    let fixture = Fixture::branch();
    let second = KEY.replace("r-1", "r-2");
    store(&fixture, KEY, verified());
    store(&fixture, &second, verified());
    fixture.faults([CallFault::Panic]);
    run(fixture.receiver.reingest("i-1"));
    let sent = fixture.sent();
    assert_eq!(sent.len(), 2, "one is parked, one queued");
    // What is known of its request lets `switchyard replay` send it again.
    let parked = sent.iter().find(|(queue, _)| *queue == QueueName::Parked);
    let known =
        format!(r#""request_id":"r-1","first_received_at":"{T}","attempt":0,"auth":"token","key":"current""#);
    assert!(parked.unwrap().1.contains(&known), "{parked:?}");
    let left: Vec<_> = stored(&fixture).into_iter().map(|(key, _)| key).collect();
    assert_eq!(left, [KEY.replace("pending", "parked")]);
}

#[test]
fn a_delete_that_fails_makes_a_duplicate_and_no_loss() {
    event::rules!["RC-159"];
    let fixture = Fixture::branch();
    store(&fixture, KEY, verified());
    fixture.aws.s3.set(S3::Fails("DeleteObject"));
    reingest(&fixture);
    fixture.aws.s3.set(S3::Well);
    reingest(&fixture);
    let bodies: Vec<_> = fixture.sent().into_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies, [the_envelope(), the_envelope()]);
    assert!(stored(&fixture).is_empty());
    // Two runs at once: whoever comes second finds nothing, or sends it once more.
    store(&fixture, KEY, verified());
    run(futures_util::future::join(
        fixture.receiver.reingest("i-2"),
        fixture.receiver.reingest("i-3"),
    ));
    assert!(stored(&fixture).is_empty());
    assert!((3..=4).contains(&fixture.sent().len()));
}

#[test]
fn what_no_message_takes_is_parked_by_its_object() {
    event::rules!["RC-096", "RC-171", "RC-170"];
    let event = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    let large = event(1_040_001);
    let fixture = Fixture::braze();
    let body = format!(r#"{{"events":[1,{large},2]}}"#);
    assert_eq!(fixture.post("", &[fixture.token()], body), (202, OK.into()));
    let key = format!("braze/parked/{T}-r-1-1");
    assert_eq!(stored(&fixture), [(key.clone(), large)]);
    let parked: Vec<_> = fixture
        .sent()
        .into_iter()
        .filter(|(queue, _)| *queue == QueueName::Parked)
        .collect();
    let [(_, message)] = parked.try_into().unwrap();
    assert!(message.contains(r#""reason":"event_too_large""#), "{message}");
    assert!(message.ends_with(&format!(r#""object":"{key}"}}"#)), "{message}");

    // A whole body, bit for bit as received.
    let gzipped = gzip(format!("[{}]", "1,".repeat(10)).as_bytes());
    let mut noise = gzipped.clone();
    noise.extend((0..900_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]));
    let fixture = Fixture::branch();
    assert_eq!(
        fixture.request(post_bytes(&[fixture.token()], &noise)),
        (202, OK.into())
    );
    let key = format!("branch/parked/{T}-r-1");
    assert_eq!(fixture.aws.objects.borrow()[&key], noise);
    assert!(fixture.sent()[0].1.contains(r#""reason":"body_undecodable""#));
    assert!(!fixture.sent()[0].1.contains(&STANDARD.encode(&gzipped)));
}

#[test]
fn what_s3_does_not_take_is_sent_again_by_its_sender() {
    event::rules!["RC-111", "RC-171"];
    let fixture = Fixture::braze();
    fixture.aws.s3.set(S3::Fails(""));
    let large = format!("\"{}\"", "x".repeat(1_040_000));
    let body = format!(r#"{{"events":[1,{large}]}}"#);
    assert_eq!(
        fixture.post("", &[fixture.token()], body),
        (503, refused("queue_unavailable"))
    );
    assert!(fixture.sent().is_empty(), "nothing is queued twice");
}
