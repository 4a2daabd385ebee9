//! Currents files in a bucket: put, announced, read, delivered; beside the connector *Custom HTTP*, and with a function that is
//! killed on the way.

use std::collections::{BTreeMap, BTreeSet};

use event::json::Json;
use sandbox::currents_file::{Codec, CurrentsFile, Plan, key};
use sandbox::{ItemResult, Vendor};

use crate::senders::currents;
use crate::system::{System, text_at};

const BUCKET: &str = "acme-currents";
const OPEN: &str = "users.messages.email.Open";

async fn system() -> System {
    System::start_with(
        "[braze_to_segment]\nanonymous_users = \"send\"\n",
        &[("BrazeFilesBucket", BUCKET)],
    )
    .await
}

fn file(seed: u64, events: usize, codec: Codec) -> CurrentsFile {
    CurrentsFile::write(&Plan {
        seed,
        events,
        codec,
        is_evolved: true,
        ..Plan::of(OPEN)
    })
}

fn ids<'e>(events: impl IntoIterator<Item = &'e String>) -> BTreeSet<String> {
    let id = |event: &String| text_at(event, "/id").unwrap();
    events.into_iter().map(id).collect()
}

/// How often Segment got each `messageId`, and whether every copy was the same.
fn arrived(system: &System) -> BTreeMap<String, BTreeSet<String>> {
    let mut arrived: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in system.sandbox.items() {
        assert_eq!(item.vendor, Vendor::Segment);
        assert!(
            matches!(item.result, ItemResult::Accepted | ItemResult::Repeated),
            "{}",
            item.json
        );
        let id = text_at(&item.json, "/messageId").unwrap();
        arrived.entry(id).or_default().insert(item.json);
    }
    arrived
}

async fn until_read(system: &System, key: &str) {
    let done = |line: &str| {
        let object = Json::parse(line).ok().and_then(|_| text_at(line, "/object"));
        object.as_deref() == Some(key) && text_at(line, "/outcome").as_deref() == Some("done")
    };
    system
        .until_logged("the file is read", "read-braze-files", done)
        .await;
    system.at_rest("its events are delivered").await;
}

#[tokio::test]
async fn a_file_is_delivered_once_beside_the_webhook() {
    let system = system().await;
    // By Custom HTTP first, then the same events in a file, and the file once more.
    let file = file(7, 40, Codec::Snappy);
    let (by_http, in_file) = (currents(&file.events), file.container.bytes);
    system.braze_sends(&by_http).await;
    let key = key("currents/", OPEN, "2026-03-01-11", 42);
    system.stack.put_file(&key, in_file).await.unwrap();
    until_read(&system, &key).await;
    let arrived = arrived(&system);
    let sent = ids(&file.events);
    let named: BTreeSet<String> = arrived.keys().cloned().collect();
    assert!(named.is_subset(&sent), "no other messageId");
    assert!(
        arrived.values().all(|copies| copies.len() == 1),
        "copies are equal byte for byte"
    );
    assert!(!named.is_empty());
    let ignored = system
        .outcomes()
        .await
        .iter()
        .filter(|line| line.contains(" ignored "))
        .count();
    assert_eq!(named.len() + ignored, sent.len(), "each has its outcome");
    system.assert_ended(&[]).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_parked_and_what_is_foreign_is_left() {
    let system = system().await;
    let broken = key("currents/", OPEN, "2026-03-01-11", 43);
    system.stack.put_file(&broken, b"no avro".to_vec()).await.unwrap();
    system
        .stack
        .put_file("other/a.avro", b"no avro".to_vec())
        .await
        .unwrap();
    let parked = |line: &str| text_at(line, "/reason").as_deref() == Some("file_not_avro");
    system
        .until_logged("the file is parked", "read-braze-files", parked)
        .await;
    let messages = system.stack.queue("parked").receive().await.unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(text_at(&messages[0].body, "/file/key"), Some(broken));
    assert_eq!(system.sandbox.items().len(), 0);
}
