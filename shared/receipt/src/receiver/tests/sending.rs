//! How messages go to SQS.

use super::fixture::*;
use super::*;
use event::Destination;
use event::envelope::Envelope;
use event::ports::QueueName;

#[test]
fn what_failed_is_sent_again_alone_after_growing_waits() {
    event::rules!["RC-114"];
    let fixture = Fixture::braze();
    let events: Vec<String> = (0..3).map(|n| format!("\"{n}{}\"", "x".repeat(60_000))).collect();
    fixture.faults([
        CallFault::FailEntry(1),
        CallFault::Fail,
        CallFault::Forget(0),
        CallFault::Fail,
        CallFault::Fail,
    ]);
    let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
    assert_eq!(fixture.post("", &[fixture.token()], body), (200, OK.into()));
    let called = fixture.aws.called.borrow();
    assert_eq!(called[0], ["m0", "m1", "m2"]);
    assert!(called[1..].iter().all(|ids| *ids == ["m1"]), "{called:?}");
    assert_eq!(called.len(), 6);
    // Chance stands at the middle of U[0, 50], U[0, 100], U[0, 200], then U[0, 400].
    assert_eq!(*fixture.aws.waited.borrow(), [25, 50, 100, 200, 200]);
    assert_eq!(fixture.sent().len(), 3);
}

#[test]
fn at_most_eight_calls_are_under_way() {
    event::rules!["RC-115"];
    let fixture = Fixture::new(Source::Segment, Some(r#"{"tokens":["tail-7Q"]}"#), "");
    let event = format!("\"{}\"", "x".repeat(60_000));
    let body = format!("[{}]", vec![event.as_str(); 100].join(","));
    assert_eq!(fixture.post("", &[fixture.token()], body), (200, OK.into()));
    assert_eq!(fixture.aws.calls.get(), 20, "two queues, ten envelopes a call");
    assert_eq!(fixture.aws.most_in_flight.get(), 8);
    assert_eq!(fixture.sent().len(), 200);
}

#[test]
fn what_is_not_acknowledged_fails_the_request_and_what_is_stays() {
    event::rules!["RC-117"];
    for (fixture, lost) in [(Fixture::braze(), 0.0), (Fixture::branch_without_fallback(), 1.0)] {
        fixture.faults([CallFault::Never; 9]);
        let body = r#"{"event_type":"x"}"#;
        assert_eq!(
            fixture.post("", &[fixture.token()], body),
            (503, refused("queue_unavailable"))
        );
        let line = fixture.lines_of("request").remove(0);
        assert!(
            line.contains(r#""decision":"refused","reason":"queue_unavailable""#),
            "{line}"
        );
        let lost_at_sender = telemetry::metrics::LOST_AT_SENDER;
        assert_eq!(
            fixture.count(lost_at_sender, &[fixture.receiver.source.as_str()]),
            lost
        );
    }
    // The first queue fails for good, the second one has acknowledged: its message stays.
    let fixture = Fixture::segment("");
    let first_fails = std::iter::once(CallFault::Fail);
    let then = [CallFault::Pass].into_iter().chain([CallFault::Fail; 1000]);
    fixture.faults(first_fails.chain(then));
    assert_eq!(
        fixture.post("", &[("x-signature", V1_BY_A)], V1),
        (503, refused("queue_unavailable"))
    );
    let sent = fixture.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, envelope("branch", "signature", "current", V1));
}

#[test]
fn no_wait_lasts_beyond_the_end_of_sending() {
    event::rules!["RC-118"];
    let secret = r#"{"tokens":["tail-7Q"]}"#;
    let settings = "[receipt.segment]\nanswer_within_ms = 500";
    let fixture = Fixture::new(Source::Segment, Some(secret), settings);
    fixture.faults([CallFault::Fail; 1000]);
    assert_eq!(
        fixture.post("", &[fixture.token()], V1),
        (503, refused("queue_unavailable"))
    );
    // Sending ends after 437 ms, and the next wait would be one of 200 ms.
    assert_eq!(*fixture.aws.waited.borrow(), [25, 50, 100, 200]);
    assert_eq!(fixture.aws.now.get(), 375);
}

#[test]
fn a_fetch_beside_the_work_ends_with_the_sending() {
    event::rules!["RC-118", "RS-011"];
    let secret = r#"{"tokens":["0p3n-lamp"]}"#;
    let settings = "[receipt.braze]\nanswer_within_ms = 500";
    let fixture = Fixture::new(Source::Braze, Some(secret), settings);
    assert_eq!(fixture.post("", &[fixture.token()], "[1]").0, 200);
    // The secret comes near its time while the second request waits to send again; what SQS then blames is parked beside
    // the fetch.
    let begun = 239_900;
    fixture.aws.now.set(begun);
    fixture.aws.secrets.is_silent.set(true);
    let fails = [CallFault::Fail; 4].into_iter().chain([CallFault::Blame(0)]);
    fixture.faults(fails);
    assert_eq!(fixture.post("", &[fixture.token()], "[1]"), (202, OK.into()));
    assert_eq!(fixture.aws.secrets.fetches.get(), 2);
    assert_eq!(fixture.aws.now.get() - begun, 437);
}

#[test]
fn events_keep_their_order_and_a_body_packs_always_alike() {
    event::rules!["RC-092"];
    let events: Vec<String> = (0..40)
        .map(|n| format!(r#"{{"n":{n},"pad":"{}"}}"#, "x".repeat(n * 977 % 20_000)))
        .collect();
    let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
    let sent = || {
        let fixture = Fixture::braze();
        assert_eq!(fixture.post("", &[fixture.token()], body.clone()).0, 200);
        fixture.sent()
    };
    let first = sent();
    assert!(first.len() > 3);
    let got: Vec<String> = first
        .iter()
        .flat_map(|(_, body)| {
            let envelope = Envelope::open(body).unwrap();
            envelope
                .events
                .iter()
                .map(|event| event.get().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(got, events);
    assert!(sent() == first);
}

#[test]
fn messages_have_a_group_only_where_two_routes_fill_a_queue() {
    event::rules!["RC-093"];
    let groups = |fixture: &Fixture| -> Vec<Option<Source>> {
        let sent = fixture.aws.sent.borrow();
        sent.iter().map(|message| message.group).collect()
    };
    let one = "[routes]\nbranch_to_segment = false";
    let token = Some(r#"{"tokens":["0p3n-lamp"]}"#);
    for (settings, group) in [("", Some(Source::Braze)), (one, None)] {
        let fixture = Fixture::new(Source::Braze, token, settings);
        assert_eq!(fixture.post("", &[fixture.token()], "{\"event_type\":1}").0, 200);
        assert_eq!(fixture.post("", &[fixture.token()], "{").0, 202);
        assert_eq!(groups(&fixture), [group, None], "none in the parked queue");
    }
    let fixture = Fixture::segment("");
    assert_eq!(fixture.post("", &[("x-signature", V1_BY_A)], V1).0, 200);
    assert_eq!(groups(&fixture), [None, None]);
}

#[test]
fn an_attempt_has_its_time_and_branch_a_second_one() {
    event::rules!["RC-115", "RC-118"];
    for (fixture, waits) in [
        // 1 s an attempt, until 3.5 s; the waits between them are U[0, 50] and so on.
        (Fixture::braze(), &[1000, 25, 1000, 50, 1000, 100, 325][..]),
        (Fixture::branch_without_fallback(), &[700, 25, 275]),
    ] {
        fixture.faults([CallFault::Never; 9]);
        let got = fixture.post("", &[fixture.token()], r#"{"event_type":"x"}"#);
        assert_eq!(got, (503, refused("queue_unavailable")));
        assert_eq!(*fixture.aws.waited.borrow(), waits);
        assert_eq!(fixture.aws.dropped_connections.get(), waits.len() / 2);
    }
}

#[test]
fn a_secret_near_its_time_is_fetched_beside_the_sending() {
    event::rules!["RS-011"];
    let fixture = Fixture::braze();
    let headers = [fixture.token()];
    assert_eq!(fixture.post("", &headers, "[1]").0, 200);
    fixture.aws.now.set(fixture.aws.now.get() + 250_000);
    assert_eq!(fixture.post("", &headers, "[1]").0, 200);
    assert_eq!(fixture.aws.secrets.fetches.get(), 2);
    assert!(
        fixture
            .sent()
            .iter()
            .all(|(queue, _)| *queue != QueueName::Parked)
    );
}

/// What a receiver of Braze answers to a large event between two small ones, and what it has sent.
fn beside_neighbours(large: &str, faults: &[CallFault]) -> ((u16, String), Vec<QueueName>) {
    let fixture = Fixture::braze();
    fixture.faults(faults.iter().copied());
    let answer = fixture.post("", &[fixture.token()], format!(r#"{{"events":[1,{large},2]}}"#));
    assert!(fixture.sent().iter().all(|(_, body)| body.len() <= 1_048_576));
    (
        answer,
        fixture.sent().into_iter().map(|(queue, _)| queue).collect(),
    )
}

#[test]
fn an_event_that_no_message_takes_is_parked_by_object() {
    event::rules!["RC-057", "RC-096"];
    let deep = |bytes: usize| format!("{}\"{}\"{}", "[".repeat(65), "x".repeat(bytes), "]".repeat(65));
    let parked = |queues: &[QueueName]| queues.iter().filter(|queue| **queue == QueueName::Parked).count();
    // As base64 the first one stays within a message.
    for bytes in [780_000, 800_000] {
        let (answer, queues) = beside_neighbours(&deep(bytes), &[]);
        assert_eq!((answer, parked(&queues)), ((202, OK.into()), 1));
    }
    // 600 KB as received, 1.2 MB as sent.
    for character in ['\u{fffe}', '\u{ffff}'] {
        let odd = |count: usize| format!("\"{}\"", character.to_string().repeat(count));
        assert_eq!(beside_neighbours(&odd(200_000), &[]).0, (202, OK.into()));
        assert_eq!(beside_neighbours(&odd(173_333), &[]).0, (200, OK.into()));
    }
}

#[test]
fn what_sqs_blames_and_no_message_takes_is_parked_by_object() {
    event::rules!["RC-113", "RC-171"];
    // One call takes all three envelopes.
    let large = format!("\"{}\"", "x".repeat(1_000_000));
    let (answer, queues) = beside_neighbours(&large, &[CallFault::Blame(1)]);
    assert_eq!(answer, (202, OK.into()));
    let kept = [Destination::Segment; 2].map(QueueName::Destination);
    assert_eq!(queues[..2], kept);
    assert_eq!(queues[2..], [QueueName::Parked]);
}
