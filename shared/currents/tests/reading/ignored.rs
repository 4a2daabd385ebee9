//! What is not read at all.

use crate::fixture::{FakeAws, created, key};
use event::ports::QueueName;

const OPEN: &str = "users.messages.email.Open";

async fn reason(body: &str, settings: &str) -> String {
    let aws = FakeAws::default();
    assert!(aws.handle(body, settings).await);
    assert!(aws.asked.borrow().is_empty(), "unread");
    assert!(aws.sent.borrow().is_empty());
    let line = aws.line();
    assert_eq!(
        (line["outcome"].as_str(), line["events"].as_u64()),
        (Some("ignored"), Some(0))
    );
    assert_eq!(line["ignored"], 1);
    assert!(aws.lines.borrow().iter().all(|line| line["kind"] != "event"));
    line["reason"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "current_thread")]
async fn foreign_objects_are_ignored_not_parked() {
    event::rules!["CF-020", "CF-133"];
    for body in [
        created("other/event_type=a/x.avro"),
        created("currents/x.json"),
        created(&key(OPEN)).replace("acme-currents", "another-bucket"),
        created(&key(OPEN)).replace("Object Created", "Object Deleted"),
    ] {
        assert_eq!(reason(&body, "").await, "file_foreign", "{body}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn without_its_route_no_file_is_read() {
    event::rules!["CF-030"];
    let off = "[routes]\nbraze_to_segment = false\n";
    assert_eq!(reason(&created(&key(OPEN)), off).await, "no_route");
}

#[tokio::test(flavor = "current_thread")]
async fn files_of_types_that_are_not_let_through_are_not_opened() {
    event::rules!["CF-025", "CF-031"];
    for (named, settings, wanted) in [
        ("users.behaviors.customevent", "", "event_type_denied"),
        (
            OPEN,
            "[braze_to_segment]\nallow_events = [\"users.campaigns.*\"]\n",
            "event_type_not_allowed",
        ),
        (
            "users.New",
            "[braze_to_segment]\nunknown_events = \"drop\"\n",
            "unknown_event_dropped",
        ),
    ] {
        assert_eq!(reason(&created(&key(named)), settings).await, wanted);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_message_of_no_form_is_parked_and_a_newer_one_waits() {
    event::rules!["CF-010", "CF-015"];
    let aws = FakeAws::default();
    assert!(aws.handle("{\"Records\":[]}", "").await);
    let parked = aws.bodies(QueueName::Parked);
    assert_eq!(parked[0]["reason"], "unreadable_message");
    assert_eq!(parked[0]["body_base64"], "eyJSZWNvcmRzIjpbXX0=");
    let newer = r#"{"v":2,"bucket":"acme-currents"}"#;
    assert!(!aws.handle(newer, "").await);
    assert_eq!(aws.line()["class"], "newer_version");
    aws.now.set(aws.now.get().plus_millis(4 * 86_400_000 + 1));
    assert!(aws.handle(newer, "").await);
    assert_eq!(aws.bodies(QueueName::Parked)[1]["reason"], "unknown_version");
}
