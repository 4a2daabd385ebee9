//! Waits: how long, in which message, and when they end.

use crate::fixture::{FakeAws, S3, created, key};
use event::ports::QueueName;
use sandbox::currents_file::{Codec, CurrentsFile, Plan};
use serde_json::json;

const OPEN: &str = "users.messages.email.Open";

fn work(object: &str, attempt: u32, more: &str) -> String {
    format!(
        r#"{{"v":1,"bucket":"acme-currents","key":"{object}","cause":"retry","told_at":"2026-03-01T11:00:00.000Z","attempt":{attempt}{more}}}"#
    )
}

fn failing(times: usize) -> (FakeAws, String) {
    let aws = FakeAws::default();
    let object = key(OPEN);
    aws.put(&object, CurrentsFile::write(&Plan::of(OPEN)).container.bytes);
    aws.s3
        .borrow_mut()
        .extend(vec![S3::Answer(500, "InternalError"); times]);
    (aws, object)
}

#[tokio::test(flavor = "current_thread")]
async fn a_long_wait_is_a_new_message_with_its_time() {
    event::rules!["CF-095"];
    let (aws, object) = failing(1);
    // The ninth receive: 3600 s x 0.75.
    assert!(aws.handle(&work(&object, 8, ",\"etag\":\"\\\"x\\\"\""), "").await);
    let rest = &aws.bodies(QueueName::BrazeFiles)[0];
    assert_eq!(rest["not_before"], "2026-03-01T12:45:00.100Z");
    assert_eq!((&rest["attempt"], &rest["etag"]), (&json!(9), &json!("\"x\"")));
    assert_eq!(aws.sent.borrow()[0].delay_s, 900);
    // Before that time it waits on, unchanged but for its count of receives.
    aws.now.set(aws.now.get().plus_millis(900_000));
    assert!(aws.handle(&rest.to_string(), "").await);
    let next = &aws.bodies(QueueName::BrazeFiles)[1];
    assert_eq!(next["not_before"], rest["not_before"]);
    assert_eq!(aws.line()["class"], "not_before");
}

#[tokio::test(flavor = "current_thread")]
async fn a_message_before_its_time_is_not_read() {
    event::rules!["CF-016"];
    let (aws, object) = failing(0);
    let body = work(&object, 1, r#","not_before":"2026-03-01T12:00:30.000Z""#);
    assert!(!aws.handle(&body, "").await);
    assert_eq!(*aws.changes.borrow(), [("h1".to_owned(), 30)]);
    assert!(aws.asked.borrow().is_empty());
    aws.now.set(aws.now.get().plus_millis(30_000));
    assert!(aws.handle(&body, "").await);
    assert_eq!(aws.events().len(), 100);
}

#[tokio::test(flavor = "current_thread")]
async fn a_wait_ends_in_a_park_with_its_reason() {
    event::rules!["CF-079", "CF-087"];
    for (answer, days, reason) in [
        ((403, "AccessDenied"), 10, "hold_expired"),
        ((500, "InternalError"), 4, "exhausted"),
    ] {
        for (more_ms, is_parked) in [(0, false), (1, true)] {
            let (aws, object) = failing(0);
            aws.s3.borrow_mut().push(S3::Answer(answer.0, answer.1));
            let age_ms = days * 86_400_000 + more_ms;
            aws.now.set(
                event::Timestamp::parse("2026-03-01T11:00:00.000Z")
                    .unwrap()
                    .plus_millis(age_ms),
            );
            aws.handle(&work(&object, 3, ""), "").await;
            let parked = aws.bodies(QueueName::Parked);
            assert_eq!(parked.len(), usize::from(is_parked), "{reason} {more_ms}");
            if is_parked {
                assert_eq!(parked[0]["reason"], reason);
                assert_eq!(parked[0]["file"]["offset"], 0);
            }
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_file_that_was_held_has_not_failed_meanwhile() {
    event::rules!["CF-079", "RD-068"];
    let told = event::Timestamp::parse("2026-03-01T11:00:00.000Z").unwrap();
    let day_ms = 86_400_000;
    let (aws, object) = failing(0);
    aws.s3.borrow_mut().push(S3::Answer(403, "AccessDenied"));
    aws.now.set(told.plus_millis(5 * day_ms));
    assert!(aws.handle(&work(&object, 3, ""), "").await);
    let mut held = aws.bodies(QueueName::BrazeFiles).remove(0);
    let held_at = event::Timestamp::parse(held["held_at"].as_str().unwrap()).unwrap();
    assert!(held_at >= told.plus_millis(5 * day_ms));
    held["not_before"] = json!(null);
    for (more_ms, parked) in [(4 * day_ms, 0), (4 * day_ms + 1, 1)] {
        let (aws, _) = failing(1);
        aws.now.set(held_at.plus_millis(more_ms));
        aws.handle(&held.to_string(), "").await;
        assert_eq!(aws.bodies(QueueName::Parked).len(), parked, "{more_ms}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn tries_are_those_that_the_age_had_time_for() {
    event::rules!["CF-095", "RD-062"];
    let (aws, object) = failing(1);
    let young = work(&object, 20, "").replace("11:00:00", "11:59:30");
    assert!(!aws.handle(&young, "").await);
    // Twenty follow-ups in half a minute are no failures: 60 s x 0.75.
    assert_eq!(*aws.changes.borrow(), [("h1".to_owned(), 45)]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_time_over_twelve_days_ahead_counts_as_now() {
    event::rules!["CF-016", "RD-045"];
    for (until, is_read) in [
        ("2026-03-13T12:00:00.000Z", false),
        ("2026-03-13T12:00:00.001Z", true),
    ] {
        let (aws, object) = failing(0);
        let body = work(&object, 1, &format!(r#","not_before":"{until}""#));
        assert!(aws.handle(&body, "").await);
        assert_eq!(!aws.asked.borrow().is_empty(), is_read, "{until}");
        let rest = aws.bodies(QueueName::BrazeFiles);
        assert_eq!(rest.len(), usize::from(!is_read));
        assert!(rest.iter().all(|rest| rest["not_before"] == until));
    }
    // Nor does it outlive a failure.
    let (aws, object) = failing(1);
    assert!(
        aws.handle(
            &work(&object, 8, r#","not_before":"2027-01-01T00:00:00.000Z""#),
            ""
        )
        .await
    );
    let rest = &aws.bodies(QueueName::BrazeFiles)[0];
    assert_eq!(rest["not_before"], "2026-03-01T12:45:00.100Z");
}

#[tokio::test(flavor = "current_thread")]
async fn no_wait_spends_the_receives_of_the_queue() {
    event::rules!["CF-095", "RD-028"];
    for (receives, is_new) in [(99, false), (100, true)] {
        let (aws, object) = failing(1);
        assert_eq!(aws.receive(&created(&object), receives, "").await, is_new);
        let rest = aws.bodies(QueueName::BrazeFiles);
        assert_eq!(rest.len(), usize::from(is_new));
        assert!(
            rest.iter()
                .all(|rest| rest["attempt"] == 100 && rest["offset"] == 0)
        );
    }
}

/// Receive counts, and the seconds that what cannot be parked or opened waits at them (RD-028).
const PARK_WAITS: [(u32, u32); 6] = [(1, 60), (5, 60), (6, 900), (8, 900), (20, 900), (150, 900)];

#[tokio::test(flavor = "current_thread")]
async fn a_message_that_cannot_be_parked_stays_itself() {
    event::rules!["CF-010", "CF-092", "CF-097", "CF-102", "RD-023", "RD-028"];
    let newer = r#"{"v":2,"bucket":"acme-currents"}"#;
    for (body, days, class) in [
        ("no JSON", 0, "park_failed"),
        (newer, 5, "park_failed"),
        (newer, 0, "newer_version"),
    ] {
        for (receives, seconds) in PARK_WAITS {
            let aws = FakeAws::default();
            aws.down.set(Some(QueueName::Parked));
            aws.now.set(aws.now.get().plus_millis(days * 86_400_000));
            assert!(!aws.receive(body, receives, "").await, "{body}");
            assert!(aws.sent.borrow().is_empty(), "no message takes its place");
            assert_eq!(*aws.changes.borrow(), [("h1".to_owned(), seconds)]);
            assert_eq!(aws.line()["class"], class);
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_park_that_did_not_happen_deletes_a_message() {
    event::rules!["CF-092", "CF-102", "RD-023", "RD-028"];
    let object = key(OPEN);
    for (receives, seconds) in PARK_WAITS {
        let aws = FakeAws::default();
        aws.down.set(Some(QueueName::Parked));
        aws.put(&object, b"no avro".to_vec());
        let is_new = aws.receive(&created(&object), receives, "").await;
        assert_eq!(is_new, receives > 100, "{receives}");
        let (changes, sent) = (aws.changes.borrow(), aws.sent.borrow());
        let waits = changes.iter().map(|(_, seconds)| *seconds);
        assert_eq!(
            waits
                .chain(sent.iter().map(|message| message.delay_s))
                .collect::<Vec<_>>(),
            [seconds]
        );
        let line = aws.line();
        assert_eq!(
            (&line["outcome"], &line["class"]),
            (&json!("retry"), &json!("park_failed"))
        );
    }
    // Nor the last park of a file that was tried for too long.
    let (aws, object) = failing(1);
    aws.down.set(Some(QueueName::Parked));
    aws.now.set(aws.now.get().plus_millis(5 * 86_400_000));
    assert!(!aws.receive(&work(&object, 3, ""), 7, "").await);
    assert_eq!(*aws.changes.borrow(), [("h1".to_owned(), 900)]);
    assert_eq!(aws.line()["class"], "park_failed");
}

#[tokio::test(flavor = "current_thread")]
async fn a_part_that_cannot_be_parked_waits_in_a_new_message() {
    event::rules!["CF-092", "CF-102", "RD-023"];
    let file = CurrentsFile::write(&Plan {
        codec: Codec::Snappy,
        ..Plan::of(OPEN)
    });
    let (object, second) = (key(OPEN), file.container.blocks[1].clone());
    let mut bytes = file.container.bytes;
    bytes[second.end - 17] ^= 1;
    let aws = FakeAws::default();
    aws.put(&object, bytes);
    aws.down.set(Some(QueueName::Parked));
    assert!(aws.handle(&created(&object), "").await);
    let rest = aws.bodies(QueueName::BrazeFiles);
    assert_eq!(
        (&rest[0]["cause"], &rest[0]["offset"]),
        (&json!("retry"), &json!(second.start))
    );
    assert_eq!(aws.sent.borrow().last().unwrap().delay_s, 60);
    assert_eq!(aws.line()["class"], "park_failed");
}

#[tokio::test(flavor = "current_thread")]
async fn a_wait_is_told_twice_over_fresh_connections() {
    event::rules!["RD-042", "CF-095"];
    for (failing_changes, told, dropped) in [(0, 1, 0), (1, 1, 1), (2, 0, 1)] {
        let (aws, object) = failing(1);
        aws.failing_changes.set(failing_changes);
        assert!(!aws.handle(&created(&object), "").await);
        assert_eq!(aws.changes.borrow().len(), told, "{failing_changes}");
        assert_eq!(aws.dropped_connections.get(), dropped);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn unusable_settings_hold_the_files_they_concern() {
    event::rules!["RI-048"];
    for (settings, named) in [
        (
            "[braze_to_segment]\ndeny_events = 3",
            Some("braze_to_segment.deny_events"),
        ),
        (
            "[braze_to_segment]\nmessage_id_prefix = \"a b\"",
            Some("braze_to_segment.message_id_prefix"),
        ),
        (
            "[delivery]\nhold_horizon = \"10m\"",
            Some("delivery.hold_horizon"),
        ),
        ("[segment]\nhorizon = \"0s\"", Some("segment.horizon")),
        ("[routes", Some("infra/settings/switchyard.toml")),
        // What concerns others, and what a newer version knows.
        ("[segment_to_braze]\norders = \"purchase\"", None),
        ("[braze]\nmax_objects = 0", None),
        ("[receipt]\nmax_depth = 1", None),
        ("[braze_to_segment]\nnewer = true\n[nova]\nx = 1", None),
    ] {
        let (aws, object) = failing(0);
        aws.now.set(aws.now.get().plus_millis(86_400_000));
        let is_done = aws.handle(&work(&object, 0, ""), settings).await;
        assert_eq!(is_done, named.is_none(), "{settings}");
        assert_eq!(aws.events().len(), if is_done { 100 } else { 0 }, "{settings}");
        let lines = aws.lines.take();
        let errors: Vec<_> = lines.iter().filter(|line| line["kind"] == "error").collect();
        let Some(named) = named else {
            assert!(errors.is_empty(), "{errors:?}");
            continue;
        };
        assert_eq!(
            (errors.len(), &errors[0]["code"]),
            (1, &json!("settings_unusable"))
        );
        assert!(errors[0]["place"].as_str().unwrap().contains(named), "{errors:?}");
        let file = lines.iter().find(|line| line["kind"] == "file").unwrap();
        assert_eq!(
            (&file["outcome"], &file["reason"]),
            (&json!("hold"), &json!("config"))
        );
        assert_eq!(
            aws.metrics.borrow()[0].values(telemetry::metrics::HOLD, &["segment"]),
            [1.0]
        );
        assert_eq!(*aws.changes.borrow(), [("h1".to_owned(), 675)]);
        assert!(
            aws.asked.borrow().is_empty(),
            "nothing is read by settings that nobody meant"
        );
        // A person has ten days.
        aws.now.set(aws.now.get().plus_millis(10 * 86_400_000));
        assert!(aws.handle(&work(&object, 0, ""), settings).await);
        assert_eq!(aws.bodies(QueueName::Parked)[0]["reason"], "hold_expired");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_file_waits_for_another() {
    event::rules!["CF-088"];
    let aws = FakeAws::default();
    let (bad, good) = (key(OPEN), key("users.messages.email.Click"));
    aws.put(
        &good,
        CurrentsFile::write(&Plan::of("users.messages.email.Click"))
            .container
            .bytes,
    );
    aws.put(&bad, b"no avro".to_vec());
    let record = |id: &str, object: &str| delivery::Record {
        message_id: id.to_owned(),
        receipt_handle: id.to_owned(),
        body: created(object),
        receive_count: 1,
        sent_at: Some(aws.now.get()),
    };
    aws.s3.borrow_mut().push(S3::Answer(500, ""));
    let records = [record("a", &good), record("b", &bad), record("c", &good)];
    let kept = aws
        .reader("")
        .handle(&records, aws.now.get().plus_millis(120_000))
        .await;
    assert_eq!(kept, ["a"]);
    assert_eq!(aws.events().len(), 100);
}
