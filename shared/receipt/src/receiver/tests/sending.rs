//! How messages go to SQS.

use super::fixture::*;
use super::*;
use event::Destination;
use event::envelope::Envelope;
use event::ports::QueueName;

#[test]
fn rc_114_what_failed_is_sent_again_alone_after_growing_waits() {
    let yard = Yard::braze();
    let events: Vec<String> = (0..3).map(|n| format!("\"{n}{}\"", "x".repeat(60_000))).collect();
    yard.world
        .acts
        .borrow_mut()
        .extend([Act::FailEntry(1), Act::Fail, Act::Forget(0), Act::Fail, Act::Fail]);
    let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
    assert_eq!(yard.post("", &[yard.token()], body), (200, OK.into()));
    let called = yard.world.called.borrow();
    assert_eq!(called[0], ["m0", "m1", "m2"]);
    assert!(called[1..].iter().all(|ids| *ids == ["m1"]), "{called:?}");
    assert_eq!(called.len(), 6);
    // Chance stands at the middle of U[0, 50], U[0, 100], U[0, 200], then U[0, 400].
    assert_eq!(*yard.world.waited.borrow(), [25, 50, 100, 200, 200]);
    assert_eq!(yard.sent().len(), 3);
}

#[test]
fn rc_115_at_most_eight_calls_are_under_way() {
    let yard = Yard::new(Source::Segment, Some(r#"{"tokens":["tail-7Q"]}"#), "");
    let event = format!("\"{}\"", "x".repeat(60_000));
    let body = format!("[{}]", vec![event.as_str(); 100].join(","));
    assert_eq!(yard.post("", &[yard.token()], body), (200, OK.into()));
    assert_eq!(yard.world.calls.get(), 20, "two queues, ten envelopes a call");
    assert_eq!(yard.world.most_under_way.get(), 8);
    assert_eq!(yard.sent().len(), 200);
}

#[test]
fn rc_117_what_is_not_acknowledged_fails_the_request_and_what_is_stays() {
    for (yard, lost) in [(Yard::braze(), 0.0), (Yard::branch(), 1.0)] {
        yard.world.acts.borrow_mut().push(Act::Silence);
        let body = r#"{"event_type":"x"}"#;
        assert_eq!(
            yard.post("", &[yard.token()], body),
            (503, refused("queue_unavailable"))
        );
        let line = yard.lines_of("request").remove(0);
        assert!(
            line.contains(r#""decision":"refused","reason":"queue_unavailable""#),
            "{line}"
        );
        let lost_at_sender = telemetry::metrics::LOST_AT_SENDER;
        assert_eq!(yard.count(lost_at_sender, &[yard.receiver.source.as_str()]), lost);
    }
    // The first queue fails for good, the second one has acknowledged: its message stays.
    let yard = Yard::segment("");
    let first_fails = std::iter::once(Act::Fail);
    let then = [Act::Pass].into_iter().chain([Act::Fail; 1000]);
    yard.world.acts.borrow_mut().extend(first_fails.chain(then));
    assert_eq!(
        yard.post("", &[("x-signature", V1_BY_A)], V1),
        (503, refused("queue_unavailable"))
    );
    let sent = yard.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, envelope("branch", "signature", "current", V1));
}

#[test]
fn rc_118_no_wait_lasts_beyond_the_end_of_sending() {
    let secret = r#"{"tokens":["tail-7Q"]}"#;
    let settings = "[receipt.segment]\nanswer_within_ms = 500";
    let yard = Yard::new(Source::Segment, Some(secret), settings);
    yard.world.acts.borrow_mut().extend([Act::Fail; 1000]);
    assert_eq!(
        yard.post("", &[yard.token()], V1),
        (503, refused("queue_unavailable"))
    );
    // Sending ends after 437 ms, and the next wait would be one of 200 ms.
    assert_eq!(*yard.world.waited.borrow(), [25, 50, 100, 200]);
    assert_eq!(yard.world.now.get(), 375);
}

#[test]
fn rc_118_rs_011_a_fetch_beside_the_work_is_waited_for_until_the_end_of_sending() {
    let secret = r#"{"tokens":["0p3n-lamp"]}"#;
    let settings = "[receipt.braze]\nanswer_within_ms = 500";
    let yard = Yard::new(Source::Braze, Some(secret), settings);
    assert_eq!(yard.post("", &[yard.token()], "[1]").0, 200);
    // The secret comes near its time while the second request waits to send again; what SQS then blames is parked beside
    // the fetch.
    let begun = 239_900;
    yard.world.now.set(begun);
    yard.world.secrets_silent.set(true);
    let fails = [Act::Fail; 4].into_iter().chain([Act::Blame(0)]);
    yard.world.acts.borrow_mut().extend(fails);
    assert_eq!(yard.post("", &[yard.token()], "[1]"), (202, OK.into()));
    assert_eq!(yard.world.fetches.get(), 2);
    assert_eq!(yard.world.now.get() - begun, 437);
}

#[test]
fn rc_092_events_keep_their_order_and_one_body_packs_into_one_set_of_groups() {
    let events: Vec<String> = (0..40)
        .map(|n| format!(r#"{{"n":{n},"pad":"{}"}}"#, "x".repeat(n * 977 % 20_000)))
        .collect();
    let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
    let sent = || {
        let yard = Yard::braze();
        assert_eq!(yard.post("", &[yard.token()], body.clone()).0, 200);
        yard.sent()
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
fn rc_093_every_message_is_in_the_group_of_its_source() {
    for yard in [
        Yard::new(Source::Segment, Some(r#"{"tokens":["tail-7Q"]}"#), ""),
        Yard::braze(),
        Yard::branch(),
    ] {
        assert_eq!(yard.post("", &[yard.token()], "{\"event_type\":1}").0, 200);
        assert_eq!(yard.post("", &[yard.token()], "{").0, 202);
        let groups = yard.world.groups.borrow();
        assert!(groups.len() >= 2);
        assert!(groups.iter().all(|group| *group == Some(yard.receiver.source)));
    }
}

#[test]
fn rs_011_a_secret_near_its_time_is_fetched_beside_the_sending() {
    let yard = Yard::braze();
    let headers = [yard.token()];
    assert_eq!(yard.post("", &headers, "[1]").0, 200);
    yard.world.now.set(yard.world.now.get() + 250_000);
    assert_eq!(yard.post("", &headers, "[1]").0, 200);
    assert_eq!(yard.world.fetches.get(), 2);
    assert!(yard.sent().iter().all(|(queue, _)| *queue != QueueName::Parked));
}

/// What a receiver of Braze answers to a large event between two small ones, and what it has sent.
fn beside_neighbours(large: &str, acts: &[Act]) -> ((u16, String), Vec<QueueName>) {
    let yard = Yard::braze();
    yard.world.acts.borrow_mut().extend(acts);
    let answer = yard.post("", &[yard.token()], format!(r#"{{"events":[1,{large},2]}}"#));
    assert!(yard.sent().iter().all(|(_, body)| body.len() <= 1_048_576));
    (answer, yard.sent().into_iter().map(|(queue, _)| queue).collect())
}

#[test]
fn rc_057_rc_096_an_event_that_no_message_takes_is_refused_before_anything_is_sent() {
    let deep = |bytes: usize| format!("{}\"{}\"{}", "[".repeat(65), "x".repeat(bytes), "]".repeat(65));
    let too_large = || ((413, refused("body_too_large")), Vec::new());
    assert!(beside_neighbours(&deep(800_000), &[]) == too_large());
    // As base64 this one stays within a message.
    let (answer, queues) = beside_neighbours(&deep(780_000), &[]);
    assert_eq!(answer, (202, OK.into()));
    assert_eq!(
        queues.iter().filter(|queue| **queue == QueueName::Parked).count(),
        1
    );
    // 600 KB as received, 1.2 MB as sent.
    for character in ['\u{fffe}', '\u{ffff}'] {
        let odd = |count: usize| format!("\"{}\"", character.to_string().repeat(count));
        assert!(beside_neighbours(&odd(200_000), &[]) == too_large());
        assert_eq!(beside_neighbours(&odd(173_333), &[]).0, (200, OK.into()));
    }
}

#[test]
fn rc_113_what_sqs_blames_and_no_message_takes_is_not_sent_again_and_again() {
    // One call takes all three envelopes.
    let large = format!("\"{}\"", "x".repeat(1_000_000));
    let (answer, queues) = beside_neighbours(&large, &[Act::Blame(1)]);
    assert_eq!(answer, (413, refused("body_too_large")));
    let kept = [Destination::Segment; 2].map(QueueName::Destination);
    assert_eq!(queues, kept);
}
