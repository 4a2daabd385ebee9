//! A file that outlasts an invocation, or whose function is killed, loses nothing.

use crate::fixture::{FakeAws, Sqs, created, etag, key, same};
use event::Source;
use event::ports::QueueName;
use proptest::prelude::*;
use sandbox::currents_file::{Codec, CurrentsFile, Plan};
use std::collections::{BTreeSet, VecDeque};

const CLICK: &str = "users.messages.email.Click";

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

/// A file of one block, so that only events are places in it.
fn one_block(events: usize) -> CurrentsFile {
    CurrentsFile::write(&Plan {
        events,
        events_a_block: usize::MAX,
        codec: Codec::Deflate,
        ..Plan::of(CLICK)
    })
}

#[test]
fn events_have_a_group_where_two_routes_fill_their_queue() {
    event::rules!["RC-093"];
    for (settings, group) in [
        ("", Some(Source::Braze)),
        ("[routes]\nbranch_to_segment = false", None),
    ] {
        let aws = FakeAws::default();
        let object = key(CLICK);
        aws.put(&object, one_block(3).container.bytes);
        // SQS blames the message with the events, so that each is parked; then the file is read once more.
        aws.sqs.borrow_mut().push(Sqs::Refuse(0));
        assert!(block_on(aws.handle(&created(&object), settings)));
        assert!(block_on(aws.handle(&created(&object), settings)));
        let sent = aws.sent.borrow();
        for message in sent.iter() {
            let of_queue = group.filter(|_| message.queue != QueueName::Parked);
            assert_eq!(message.group, of_queue, "{:?}", message.queue);
        }
        let parked = sent.iter().filter(|message| message.queue == QueueName::Parked);
        assert_eq!((parked.count(), sent.len()), (3, 4));
    }
}

#[test]
fn the_rest_of_a_long_file_is_another_message() {
    event::rules!["CF-093", "CF-098", "CF-099"];
    let aws = FakeAws::default();
    let (object, file) = (key(CLICK), one_block(10_000));
    let (bytes, block) = (file.container.bytes, file.container.blocks[0].start);
    aws.put(&object, bytes.clone());
    // Each send takes so long that an invocation has time for one round of eight.
    aws.send_ms.set(12_000);
    let (mut body, mut invocations) = (created(&object), 0);
    loop {
        let before = aws.bodies(QueueName::BrazeFiles).len();
        assert!(block_on(aws.handle(&body, "")));
        invocations += 1;
        let Some(rest) = aws.bodies(QueueName::BrazeFiles).into_iter().nth(before) else {
            break;
        };
        assert_eq!(aws.line()["outcome"], "follow_up");
        assert_eq!(
            (rest["offset"].as_u64(), rest["etag"].as_str()),
            (Some(block as u64), Some(etag(&bytes).as_str()))
        );
        assert_eq!(
            rest["skip"].as_u64(),
            Some(aws.events().len() as u64),
            "the first event not acknowledged"
        );
        assert_eq!(
            (rest["cause"].as_str(), rest["attempt"].as_u64()),
            (Some("follow_up"), Some(invocations))
        );
        assert_eq!(rest["told_at"], crate::fixture::C);
        body = rest.to_string();
    }
    assert!(invocations > 1);
    assert!(same(aws.events(), &file.events), "each once");
}

#[test]
fn what_no_queue_acknowledged_is_read_again() {
    event::rules!["CF-090", "CF-093", "CF-094"];
    let aws = FakeAws::default();
    let (object, file) = (key(CLICK), one_block(2_000));
    aws.put(&object, file.container.bytes);
    // One entry of the first call fails, and from then on all of SQS.
    aws.sqs.borrow_mut().push(Sqs::FailEntry(4));
    aws.always.set(Sqs::Fail);
    assert!(
        !block_on(aws.handle(&created(&object), "")),
        "no other message could be sent"
    );
    aws.always.set(Sqs::Pass);
    aws.sent.borrow_mut().clear();
    assert!(block_on(aws.handle(&created(&object), "")));
    assert!(same(aws.events(), &file.events));
    // Nothing at all was acknowledged: no step towards the end.
    let aws = FakeAws::default();
    let file = one_block(100);
    aws.put(&object, file.container.bytes);
    aws.always.set(Sqs::Fail);
    assert!(!block_on(aws.handle(&created(&object), "")));
    let line = aws.line();
    assert_eq!(
        (line["outcome"].as_str(), line["class"].as_str()),
        (Some("retry"), Some("transient"))
    );
    assert_eq!(aws.changes.borrow().len(), 1);
}

#[test]
fn events_that_sqs_blames_are_parked_one_by_one() {
    event::rules!["CF-090"];
    let aws = FakeAws::default();
    let (object, file) = (key(CLICK), one_block(500));
    aws.put(&object, file.container.bytes);
    aws.sqs.borrow_mut().push(Sqs::Refuse(1));
    assert!(block_on(aws.handle(&created(&object), "")));
    let parked = aws.bodies(QueueName::Parked);
    assert!(!parked.is_empty());
    assert!(
        parked
            .iter()
            .all(|body| body["reason"] == "queue_refused" && body["file"]["count"] == 1)
    );
    assert_eq!(aws.events().len() + parked.len(), 500);
    let skips: BTreeSet<_> = parked
        .iter()
        .map(|body| body["file"]["skip"].as_u64().unwrap())
        .collect();
    assert_eq!(skips.len(), parked.len(), "each by its own place");
}

#[test]
fn a_replayed_part_sends_its_own_events_alone() {
    event::rules!["CF-078", "CF-089"];
    let aws = FakeAws::default();
    let (object, file) = (key(CLICK), one_block(50));
    let block = file.container.blocks[0].clone();
    aws.put(&object, file.container.bytes);
    let work = format!(
        r#"{{"v":1,"bucket":"acme-currents","key":"{object}","offset":{},"skip":7,"to":{},"count":1,"cause":"replay"}}"#,
        block.start, block.end
    );
    assert!(block_on(aws.handle(&work, "")));
    assert_eq!(aws.events(), file.events[7..8]);
    let whole = work.replace(",\"count\":1", "");
    aws.sent.borrow_mut().clear();
    assert!(block_on(aws.handle(&whole, "")));
    assert_eq!(aws.events(), file.events[7..]);
}

#[test]
fn killed_at_any_send_of_a_long_file_it_loses_none() {
    event::rules!["CF-092", "CF-093", "CF-097"];
    // Over one chunk, so that its rest goes into another message.
    let file = one_block(10_000);
    let wanted: BTreeSet<&String> = file.events.iter().collect();
    let object = key(CLICK);
    for kill in 0..10 {
        let aws = FakeAws::default();
        aws.put(&object, file.container.bytes.clone());
        aws.send_ms.set(12_000);
        let mut acts = vec![Sqs::Pass; kill];
        acts.push(Sqs::Kill);
        aws.sqs.borrow_mut().extend(acts);
        // The file queue: a message comes back until it is finished, and one that was sent is there even if its sender was
        // killed.
        let mut queue = VecDeque::from([(created(&object), 1)]);
        let mut taken = 0;
        while let Some((body, receives)) = queue.pop_front() {
            let finished = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                block_on(aws.receive(&body, receives, ""))
            }));
            if !finished.unwrap_or(false) {
                queue.push_back((body, receives + 1));
            }
            let sent = aws.bodies(QueueName::BrazeFiles);
            queue.extend(sent.iter().skip(taken).map(|body| (body.to_string(), 1)));
            taken = sent.len();
        }
        assert!(taken > 0, "it outlasts an invocation");
        let got = aws.events();
        assert_eq!(
            got.iter().collect::<BTreeSet<_>>(),
            wanted,
            "killed at send {kill}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn killed_at_any_send_it_repeats_events_and_loses_none(kill in 0_usize..3, seed in any::<u64>(), events_a_block in 1_usize..700) {
        event::rules!["CF-097", "CF-100"];
        let file = CurrentsFile::write(&Plan {
            seed,
            events: 600,
            events_a_block,
            codec: Codec::Snappy,
            ..Plan::of(CLICK)
        });
        let aws = FakeAws::default();
        let object = key(CLICK);
        aws.put(&object, file.container.bytes);
        let mut acts = vec![Sqs::Pass; kill];
        acts.push(Sqs::Kill);
        aws.sqs.borrow_mut().extend(acts);
        let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            block_on(aws.handle(&created(&object), ""))
        }));
        // SQS hands the message over again, unless it was done before.
        if killed.is_err() {
            aws.sqs.borrow_mut().clear();
            prop_assert!(block_on(aws.receive(&created(&object), 2, "")));
        }
        let got = aws.events();
        let distinct: BTreeSet<&String> = got.iter().collect();
        let wanted: BTreeSet<&String> = file.events.iter().collect();
        prop_assert!(distinct == wanted, "copies are equal byte for byte");
    }
}
