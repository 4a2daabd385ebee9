//! How bytes are asked for, and what S3's answers lead to.

use crate::fixture::{FakeAws, S3, created, etag, key, same};
use event::ports::QueueName;
use sandbox::currents_file::{Codec, CurrentsFile, Plan};

const OPEN: &str = "users.messages.email.Open";

fn file(seed: u64) -> CurrentsFile {
    CurrentsFile::write(&Plan {
        seed,
        ..Plan::of(OPEN)
    })
}

/// A file of several ranges.
fn large() -> CurrentsFile {
    CurrentsFile::write(&Plan {
        events: 20_000,
        events_a_block: 1000,
        codec: Codec::Null,
        ..Plan::of("users.messages.email.Click")
    })
}

#[tokio::test(flavor = "current_thread")]
async fn an_object_is_read_range_after_range_of_one_version() {
    event::rules!["CF-040", "CF-041", "CF-043"];
    let aws = FakeAws::default();
    let (object, file) = (key("users.messages.email.Click"), large());
    let bytes = file.container.bytes;
    aws.put(&object, bytes.clone());
    assert!(aws.handle(&created(&object), "").await);
    assert_eq!(aws.events().len(), 20_000);
    let asked = aws.asked.borrow();
    assert!(asked.len() > 1, "{}", bytes.len());
    let mut at = 0;
    for (nth, (range, version)) in asked.iter().enumerate() {
        assert_eq!(range.start, at, "one after the other");
        at = range.end;
        let wanted = (nth > 0).then(|| etag(&bytes));
        assert_eq!(*version, wanted);
    }
    assert_eq!(asked[0].0, 0..8 << 20);
    assert_eq!(at.min(bytes.len() as u64), bytes.len() as u64);
}

#[tokio::test(flavor = "current_thread")]
async fn a_work_message_asks_for_its_version_and_reads_the_header() {
    event::rules!["CF-041", "CF-044", "CF-098"];
    let aws = FakeAws::default();
    let (object, file) = (key(OPEN), file(1));
    let (bytes, fourth) = (file.container.bytes, file.container.blocks[3].start);
    aws.put(&object, bytes.clone());
    let work = format!(
        r#"{{"v":1,"bucket":"acme-currents","key":"{object}","etag":{:?},"offset":{fourth},"skip":4,"cause":"follow_up","told_at":"2026-03-01T11:58:12.001Z","attempt":1}}"#,
        etag(&bytes)
    );
    assert!(aws.handle(&work, "").await);
    assert_eq!(aws.events(), file.events[34..]);
    let asked = aws.asked.borrow();
    assert_eq!(asked[0], (0..1 << 20, Some(etag(&bytes))));
    let line = aws.line();
    assert_eq!(
        (line["cause"].as_str(), line["receives"].as_u64()),
        (Some("follow_up"), Some(2))
    );
}

#[tokio::test(flavor = "current_thread")]
async fn an_overwritten_object_is_begun_again() {
    event::rules!["CF-042"];
    let aws = FakeAws::default();
    let object = key(OPEN);
    let (old, new) = (file(1), file(2));
    aws.put(&object, new.container.bytes.clone());
    let work = format!(
        r#"{{"v":1,"bucket":"acme-currents","key":"{object}","etag":{:?},"offset":{},"skip":0,"cause":"retry","attempt":1}}"#,
        etag(&old.container.bytes),
        old.container.blocks[5].start
    );
    assert!(aws.handle(&work, "").await);
    assert_eq!(aws.events(), new.events, "from its beginning");
    // Overwritten again and again: later.
    let aws = FakeAws::default();
    aws.put(&object, old.container.bytes.clone());
    aws.s3
        .borrow_mut()
        .extend(vec![S3::Answer(412, "PreconditionFailed"); 4]);
    assert!(!aws.handle(&created(&object), "").await);
    assert_eq!(aws.asked.borrow().len(), 4);
    assert_eq!(aws.line()["class"], "transient");
}

#[tokio::test(flavor = "current_thread")]
async fn a_file_is_retried_held_or_parked_by_what_s3_says() {
    event::rules!["CF-045", "CF-085", "CF-095"];
    let object = key(OPEN);
    for (status, code, outcome, word) in [
        (404, "NoSuchKey", "parked", "file_gone"),
        (403, "InvalidObjectState", "parked", "file_archived"),
        (404, "NoSuchBucket", "hold", "config"),
        (301, "PermanentRedirect", "hold", "config"),
        (400, "KMS.DisabledException", "hold", "config"),
        (503, "SlowDown", "retry", "transient"),
        (0, "", "retry", "transient"),
    ] {
        let aws = FakeAws::default();
        aws.put(&object, file(1).container.bytes);
        aws.s3.borrow_mut().push(S3::Answer(status, code));
        let is_finished = aws.handle(&created(&object), "").await;
        let line = aws.line();
        let why = line["reason"].as_str().or(line["class"].as_str());
        assert_eq!(
            (line["outcome"].as_str(), why),
            (Some(outcome), Some(word)),
            "{status} {code}"
        );
        assert_eq!(is_finished, outcome == "parked");
        assert_eq!(
            aws.bodies(QueueName::Parked).len(),
            usize::from(outcome == "parked")
        );
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_offset_behind_the_end_is_of_another_object() {
    event::rules!["CF-042", "CF-045"];
    let (object, file) = (key(OPEN), file(1));
    let size = file.container.bytes.len();
    for (offset, events) in [
        (size, 0),
        (size + 1, file.events.len()),
        (size + (9 << 20), file.events.len()),
    ] {
        let aws = FakeAws::default();
        aws.put(&object, file.container.bytes.clone());
        let work = format!(r#"{{"v":1,"bucket":"acme-currents","key":"{object}","offset":{offset}}}"#);
        assert!(aws.handle(&work, "").await);
        assert_eq!(aws.events().len(), events, "{offset}");
        assert_eq!(aws.line()["outcome"], "done");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_is_left_unsent_while_slow_ranges_come() {
    event::rules!["CF-093", "CF-094"];
    let small = file(1).container;
    let second = small.bytes.len();
    let mut large = small;
    // Fifteen ranges of nine seconds: more than an invocation has.
    large.stored_block(1, &vec![0; 120 << 20]);
    let aws = FakeAws::default();
    let object = key(OPEN);
    aws.range_ms.set(9_000);
    aws.put(&object, large.bytes);
    assert!(aws.handle(&created(&object), "").await);
    assert_eq!(aws.events().len(), 100, "of the blocks before");
    let rest = &aws.bodies(QueueName::BrazeFiles)[0];
    assert_eq!(
        (&rest["cause"], &rest["offset"]),
        (&"follow_up".into(), &second.into())
    );
    // Alone it is no step towards the end.
    assert!(!aws.handle(&rest.to_string(), "").await);
    assert_eq!(aws.line()["class"], "transient");
}

#[tokio::test(flavor = "current_thread")]
async fn an_object_overwritten_between_ranges_is_begun_again() {
    event::rules!["CF-041", "CF-042"];
    let object = key("users.messages.email.Click");
    let (old, new) = (
        large(),
        CurrentsFile::write(&Plan {
            events: 2_000,
            seed: 2,
            ..Plan::of("users.messages.email.Click")
        }),
    );
    let aws = FakeAws::default();
    aws.put(&object, old.container.bytes);
    aws.s3
        .borrow_mut()
        .extend([S3::Pass, S3::Overwrite(new.container.bytes)]);
    assert!(aws.handle(&created(&object), "").await);
    let (mut of_old, mut of_new) = (aws.events(), aws.events());
    of_old.retain(|event| !new.events.contains(event));
    of_new.retain(|event| new.events.contains(event));
    assert!(same(of_new, &new.events), "each of the new, once");
    assert!(!of_old.is_empty() && of_old.iter().all(|event| old.events.contains(event)));
    assert!(aws.bodies(QueueName::Parked).is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn a_replayed_event_without_its_file_is_a_part() {
    event::rules!["CF-089", "CF-133"];
    let object = key(OPEN);
    let work = format!(
        r#"{{"v":1,"bucket":"acme-currents","key":"{object}","offset":99,"skip":3,"to":900,"count":1,"cause":"replay","told_at":"2026-03-01T11:00:00.000Z"}}"#
    );
    // FakeAws::handle asserts that as many events came out as were read: none.
    let aws = FakeAws::default();
    assert!(aws.handle(&work, "").await);
    let parked = aws.bodies(QueueName::Parked);
    assert_eq!(
        (&parked[0]["reason"], &parked[0]["file"]["count"]),
        (&"file_gone".into(), &1.into())
    );
    assert!(aws.lines.borrow().iter().all(|line| line["kind"] != "event"));
    // Where that park fails, and the message is due for another, the count stays.
    let aws = FakeAws::default();
    aws.down.set(Some(QueueName::Parked));
    assert!(aws.receive(&work, 100, "").await);
    assert_eq!(aws.bodies(QueueName::BrazeFiles)[0]["count"], 1);
    // Read, sent to no queue, and given up: it is still one event.
    let aws = FakeAws::default();
    let file = file(1).container;
    aws.put(&object, file.bytes);
    aws.down.set(Some(crate::fixture::SEGMENT));
    aws.now.set(aws.now.get().plus_millis(5 * 86_400_000));
    let work = work.replace(":99,", &format!(":{},", file.blocks[0].start));
    let work = work.replace(":900,", &format!(":{},", file.blocks[0].end));
    assert!(aws.handle(&work, "").await);
    let parked = aws.bodies(QueueName::Parked);
    assert_eq!(
        (&parked[0]["reason"], &parked[0]["file"]["count"]),
        (&"exhausted".into(), &1.into())
    );
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_read_before_s3_failed_is_queued() {
    event::rules!["CF-042", "CF-093", "CF-095"];
    let aws = FakeAws::default();
    let (object, file) = (key("users.messages.email.Click"), large());
    aws.put(&object, file.container.bytes);
    aws.s3
        .borrow_mut()
        .extend([S3::Pass, S3::Answer(500, "InternalError")]);
    assert!(
        aws.handle(&created(&object), "").await,
        "a new message has the rest"
    );
    let rest = aws.bodies(QueueName::BrazeFiles);
    assert_eq!(
        (rest[0]["cause"].as_str(), rest[0]["attempt"].as_u64()),
        (Some("retry"), Some(1))
    );
    assert_eq!(aws.sent.borrow().last().unwrap().delay_s, 4, "ceil(5 x 0.75)");
    let first = aws.events().len();
    assert!(first > 0 && first < 20_000);
    assert!(aws.handle(&rest[0].to_string(), "").await);
    assert!(same(aws.events(), &file.events));
}
