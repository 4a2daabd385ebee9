//! Currents files in a bucket: put, announced, read, delivered; beside the connector *Custom HTTP*, and with a function that is
//! killed on the way.

use std::collections::{BTreeMap, BTreeSet};

use event::Route;
use event::json::Json;
use event::settings::Settings;
use mapping::printed::print;
use sandbox::currents_file::{Codec, CurrentsFile, Plan, key};
use sandbox::{ItemResult, Vendor};

use crate::senders::currents;
use crate::system::{System, text_at};

const BUCKET: &str = "acme-currents";
const OPEN: &str = "users.messages.email.Open";

const SETTINGS: &str = "[braze_to_segment]\nanonymous_users = \"send\"\n";

async fn system() -> System {
    System::start_with(SETTINGS, &[("BrazeFilesBucket", BUCKET)]).await
}

/// The `messageId` of each event that is not ignored.
fn wanted(events: &[String]) -> BTreeSet<String> {
    let settings = Settings::load(SETTINGS).unwrap();
    let printed = events
        .iter()
        .map(|event| print(Route::BrazeToSegment, event, &settings, false).line);
    printed
        .filter_map(|line| text_at(&line, "/calls/0/body/messageId"))
        .collect()
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

/// Every copy that Segment got, by its `messageId`: the first was taken, the others met as repeated.
fn arrived(system: &System) -> BTreeMap<String, Vec<String>> {
    let mut arrived: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in system.sandbox.items() {
        assert_eq!(item.vendor, Vendor::Segment);
        assert!(
            matches!(item.result, ItemResult::Accepted | ItemResult::Repeated),
            "{}",
            item.json
        );
        let id = text_at(&item.json, "/messageId").unwrap();
        let copies = arrived.entry(id).or_default();
        assert_eq!(item.result == ItemResult::Accepted, copies.is_empty());
        copies.push(item.json);
    }
    arrived
}

/// Whether the copies of each event are the same byte for byte.
fn are_equal(arrived: &BTreeMap<String, Vec<String>>) -> bool {
    arrived
        .values()
        .all(|copies| copies.windows(2).all(|pair| pair[0] == pair[1]))
}

/// Waits for the line that says that a file was read, by a message of this cause.
async fn until_done(system: &System, key: &str, cause: Option<&str>) {
    let done = |line: &str| {
        let text = |pointer| Json::parse(line).ok().and_then(|_| text_at(line, pointer));
        text("/object").as_deref() == Some(key)
            && text("/outcome").as_deref() == Some("done")
            && text("/cause").as_deref() == cause
    };
    system
        .until_logged("the file is read", "read-braze-files", done)
        .await;
}

async fn until_read(system: &System, key: &str) {
    until_done(system, key, None).await;
    system.at_rest("its events are delivered").await;
}

#[tokio::test]
async fn a_file_is_delivered_once_beside_the_webhook() {
    event::rules!["CF-077", "CF-100"];
    let system = system().await;
    // By Custom HTTP first, then the same events in a file, and the file once more, under another key.
    let file = file(7, 40, Codec::Snappy);
    let (by_http, in_file) = (currents(&file.events), file.container.bytes);
    system.braze_sends(&by_http).await;
    for number in [42, 43] {
        let key = key("currents/", OPEN, "2026-03-01-11", number);
        system.stack.put_file(&key, in_file.clone()).await.unwrap();
        until_read(&system, &key).await;
    }
    let arrived = arrived(&system);
    let sent = ids(&file.events);
    let named: BTreeSet<String> = arrived.keys().cloned().collect();
    assert!(named.is_subset(&sent), "no other messageId");
    assert!(arrived.values().all(|copies| copies.len() == 3), "by each way");
    assert!(are_equal(&arrived), "copies are equal byte for byte");
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

#[tokio::test]
async fn a_function_killed_in_mid_file_loses_nothing() {
    event::rules!["CF-097", "CF-100"];
    let system = system().await;
    let deliver = |is_on| system.stack.switch_event_source("deliver-segment", is_on);
    deliver(false).await.unwrap();
    // Long enough for three rounds of calls.
    let file = CurrentsFile::write(&Plan {
        events: 15_000,
        events_a_block: 130,
        codec: Codec::Snappy,
        ..Plan::of(OPEN)
    });
    let key = key("currents/", OPEN, "2026-03-01-11", 44);
    system.stack.put_file(&key, file.container.bytes).await.unwrap();
    let queue = system.stack.queue("segment");
    system
        .until("a part of the file is queued", async || {
            queue.depth().await.unwrap().visible > 0
        })
        .await;
    system.stack.kill("read-braze-files").await.unwrap();
    let queued = queue.depth().await.unwrap().visible;
    let lines = system.stack.log_lines("read-braze-files").await.unwrap();
    assert!(
        lines.iter().all(|line| !line.contains(r#""kind":"file""#)),
        "killed too late: {queued} messages"
    );
    // SQS hands the message over again when its visibility ends.
    system.stack.queue("braze-files").wake().await.unwrap();
    until_done(&system, &key, None).await;
    assert!(
        queue.depth().await.unwrap().visible > queued,
        "what was queued is queued again"
    );
    deliver(true).await.unwrap();
    system.at_rest("its events are delivered").await;
    let arrived = arrived(&system);
    let named: BTreeSet<String> = arrived.keys().cloned().collect();
    assert_eq!(named.len(), wanted(&file.events).len());
    assert!(named == wanted(&file.events), "none is lost, and none is new");
    assert!(are_equal(&arrived), "copies are equal byte for byte");
    system.assert_ended(&[]).await;
}

#[tokio::test]
async fn a_backfill_counts_first_and_then_sends_files_at_a_rate() {
    event::rules!["CF-110", "CF-112", "CF-113"];
    let system = system().await;
    let keys = ["2026-02-28-23", "2026-03-01-00", "2026-03-01-01", "2026-03-02-00"]
        .map(|hour| key("currents/", OPEN, hour, 1));
    for (seed, key) in (10..).zip(&keys) {
        let bytes = file(seed, 10, Codec::Null).container.bytes;
        system.stack.put_file(key, bytes).await.unwrap();
        until_done(&system, key, None).await;
    }
    let day = [
        "backfill",
        "--bucket",
        BUCKET,
        "--stack",
        "switchyard",
        "--from",
        "2026-03-01T00",
        "--to",
        "2026-03-02T00",
    ];
    let backfill = |more: &[&str]| {
        let output = system.switchyard(&[&day[..], more].concat());
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert_eq!(output.status.code(), Some(0), "{printed}");
        printed
    };
    let counted = backfill(&["--dry-run"]);
    assert!(counted.contains("2 files"), "{counted}");
    assert_eq!(
        system.stack.queue("braze-files").depth().await.unwrap().visible,
        0,
        "a dry run sends nothing"
    );
    let sent = backfill(&["--yes", "--rate", "1"]);
    assert!(sent.contains("2 of 2 files"), "{sent}");
    for key in &keys[1..3] {
        until_done(&system, key, Some("backfill")).await;
    }
    system.at_rest("the events of the backfill").await;
    let lines = system.stack.log_lines("read-braze-files").await.unwrap();
    let by_backfill = lines.iter().filter(|line| line.contains(r#""cause":"backfill""#));
    assert_eq!(by_backfill.count(), 2, "{lines:#?}");
    system.assert_ended(&[]).await;
}
