//! Waits: how long, in which message, and when they end.

use crate::fixture::{S3, Sqs, World, created, key};
use event::ports::QueueName;
use sandbox::currents_file::{CurrentsFile, Plan};
use serde_json::json;

const OPEN: &str = "users.messages.email.Open";

fn work(object: &str, attempt: u32, more: &str) -> String {
    format!(
        r#"{{"v":1,"bucket":"acme-currents","key":"{object}","cause":"retry","told_at":"2026-03-01T11:00:00.000Z","attempt":{attempt}{more}}}"#
    )
}

fn failing(times: usize) -> (World, String) {
    let world = World::default();
    let object = key(OPEN);
    world.put(&object, CurrentsFile::write(&Plan::of(OPEN)).container.bytes);
    world
        .s3
        .borrow_mut()
        .extend(vec![S3::Answer(500, "InternalError"); times]);
    (world, object)
}

#[tokio::test(flavor = "current_thread")]
async fn a_long_wait_is_a_new_message_with_its_time() {
    event::rules!["CF-095"];
    let (world, object) = failing(1);
    // The ninth receive: 3600 s x 0.75.
    assert!(
        world
            .handle(&work(&object, 8, ",\"etag\":\"\\\"x\\\"\""), "")
            .await
    );
    let rest = &world.bodies(QueueName::BrazeFiles)[0];
    assert_eq!(rest["not_before"], "2026-03-01T12:45:00.100Z");
    assert_eq!((&rest["attempt"], &rest["etag"]), (&json!(9), &json!("\"x\"")));
    assert_eq!(world.sent.borrow()[0].delay_s, 900);
    // Before that time it waits on, unchanged but for its count of receives.
    world.now.set(world.now.get().plus_millis(900_000));
    assert!(world.handle(&rest.to_string(), "").await);
    let next = &world.bodies(QueueName::BrazeFiles)[1];
    assert_eq!(next["not_before"], rest["not_before"]);
    assert_eq!(world.line()["class"], "not_before");
}

#[tokio::test(flavor = "current_thread")]
async fn a_message_before_its_time_is_not_read() {
    event::rules!["CF-016"];
    let (world, object) = failing(0);
    let body = work(&object, 1, r#","not_before":"2026-03-01T12:00:30.000Z""#);
    assert!(!world.handle(&body, "").await);
    assert_eq!(*world.changes.borrow(), [("h1".to_owned(), 30)]);
    assert!(world.asked.borrow().is_empty());
    world.now.set(world.now.get().plus_millis(30_000));
    assert!(world.handle(&body, "").await);
    assert_eq!(world.events().len(), 100);
}

#[tokio::test(flavor = "current_thread")]
async fn a_wait_ends_in_a_park_with_its_reason() {
    event::rules!["CF-079", "CF-087"];
    for (answer, days, reason) in [
        ((403, "AccessDenied"), 10, "hold_expired"),
        ((500, "InternalError"), 4, "exhausted"),
    ] {
        for (more_ms, is_parked) in [(0, false), (1, true)] {
            let (world, object) = failing(0);
            world.s3.borrow_mut().push(S3::Answer(answer.0, answer.1));
            let age_ms = days * 86_400_000 + more_ms;
            world.now.set(
                event::Timestamp::parse("2026-03-01T11:00:00.000Z")
                    .unwrap()
                    .plus_millis(age_ms),
            );
            world.handle(&work(&object, 3, ""), "").await;
            let parked = world.bodies(QueueName::Parked);
            assert_eq!(parked.len(), usize::from(is_parked), "{reason} {more_ms}");
            if is_parked {
                assert_eq!(parked[0]["reason"], reason);
                assert_eq!(parked[0]["file"]["offset"], 0);
            }
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_park_that_did_not_happen_deletes_a_message() {
    event::rules!["CF-092"];
    let world = World::default();
    world.always.set(Sqs::Fail);
    let object = key(OPEN);
    world.put(&object, b"no avro".to_vec());
    assert!(!world.handle(&created(&object), "").await);
    assert_eq!(world.line()["outcome"], "retry");
}

#[tokio::test(flavor = "current_thread")]
async fn no_file_waits_for_another() {
    event::rules!["CF-088"];
    let world = World::default();
    let (bad, good) = (key(OPEN), key("users.messages.email.Click"));
    world.put(
        &good,
        CurrentsFile::write(&Plan::of("users.messages.email.Click"))
            .container
            .bytes,
    );
    world.put(&bad, b"no avro".to_vec());
    let record = |id: &str, object: &str| delivery::Record {
        message_id: id.to_owned(),
        receipt_handle: id.to_owned(),
        body: created(object),
        receive_count: 1,
        sent_at: Some(world.now.get()),
    };
    world.s3.borrow_mut().push(S3::Answer(500, ""));
    let records = [record("a", &good), record("b", &bad), record("c", &good)];
    let kept = world
        .reader("")
        .handle(&records, world.now.get().plus_millis(120_000))
        .await;
    assert_eq!(kept, ["a"]);
    assert_eq!(world.events().len(), 100);
}
