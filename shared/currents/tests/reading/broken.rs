//! Broken files: what was good in them is queued, and the rest has a place and a reason.

use crate::examples::file;
use crate::fixture::{FakeAws, created, key};
use currents::Steps;
use event::ports::QueueName;
use proptest::prelude::*;
use sandbox::currents_file::{Codec, Container, CurrentsFile, Plan, long, string};

const OPEN: &str = "users.messages.email.Open";

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

fn read(bytes: Vec<u8>) -> FakeAws {
    let aws = FakeAws::default();
    let object = key(OPEN);
    aws.put(&object, bytes);
    assert!(block_on(aws.handle(&created(&object), "")), "finished");
    aws
}

/// Reasons, offsets, skips and ends of what is parked.
fn parked(aws: &FakeAws) -> Vec<(String, u64, u64, Option<u64>)> {
    let bodies = aws.bodies(QueueName::Parked);
    bodies
        .iter()
        .map(|body| {
            let file = &body["file"];
            let number = |name: &str| file[name].as_u64();
            let reason = body["reason"].as_str().unwrap().to_owned();
            (
                reason,
                number("offset").unwrap(),
                number("skip").unwrap(),
                number("to"),
            )
        })
        .collect()
}

fn whole(reason: &str) -> Vec<(String, u64, u64, Option<u64>)> {
    vec![(reason.to_owned(), 0, 0, None)]
}

#[test]
fn a_file_that_cannot_be_read_is_parked_whole() {
    event::rules!["CF-080", "CF-081"];
    for bytes in [b"PAR1".to_vec(), Vec::new(), b"Obj\x01\x04".to_vec()] {
        assert_eq!(parked(&read(bytes)), whole("file_not_avro"));
    }
    let codec = CurrentsFile::write(&Plan {
        codec: Codec::Named("zstandard"),
        ..Plan::of(OPEN)
    });
    assert_eq!(parked(&read(codec.container.bytes)), whole("file_codec"));
    for fields in [
        "",
        r#"{"name":"id","type":"int"}"#,
        r#"{"name":"id","type":["null","long"]}"#,
        r#"{"name":"identifier","type":"string"}"#,
    ] {
        assert_eq!(
            parked(&read(file(OPEN, fields, &[0]))),
            whole("file_schema"),
            "{fields}"
        );
    }
    let none = Container::begin("{", Codec::Null, [1; 16]);
    assert_eq!(parked(&read(none.bytes)), whole("file_schema"));
}

#[test]
fn long_type_names_cost_no_time() {
    event::rules!["CF-047", "CF-059"];
    let read = |letters: usize| {
        let schema = format!(
            r#"{{"type":"record","name":"d.inner.{}","fields":[{{"name":"id","type":["null","string"]}}]}}"#,
            "x".repeat(letters)
        );
        let mut file = Container::begin(&schema, Codec::Null, [1; 16]);
        file.block(20_000, &[0; 20_000]);
        let aws = FakeAws::default();
        aws.put("currents/a.avro", file.bytes);
        assert!(block_on(aws.handle(&created("currents/a.avro"), "")));
        aws
    };
    assert_eq!(parked(&read(1_025)), whole("file_schema"));
    // The name is written for every event, so it counts as the events' text: 20 MB from 20 kB.
    let aws = read(1_000);
    assert_eq!(parked(&aws)[0].0, "file_block_unreadable");
    assert!(!aws.events().is_empty() && aws.events().len() < 4_000);
}

#[test]
fn a_file_without_events_is_done() {
    event::rules!["CF-054"];
    let empty = CurrentsFile::write(&Plan {
        events: 0,
        ..Plan::of(OPEN)
    });
    let aws = read(empty.container.bytes);
    assert!(aws.sent.borrow().is_empty());
    assert_eq!(aws.line()["outcome"], "done");
}

#[test]
fn key_and_schema_decide_the_type_together() {
    event::rules!["CF-027", "CF-029", "CF-032", "CF-085"];
    let click = CurrentsFile::write(&Plan::of("users.messages.email.Click"))
        .container
        .bytes;
    assert_eq!(parked(&read(click)), whole("file_type_conflict"));
    let aws = FakeAws::default();
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"string"}]}"#;
    aws.put(
        "currents/a.avro",
        Container::begin(schema, Codec::Null, [1; 16]).bytes,
    );
    assert!(block_on(aws.handle(&created("currents/a.avro"), "")));
    assert_eq!(parked(&aws), whole("file_type_unknown"));
    // Only the schema names a type, and that type is denied.
    let aws = FakeAws::default();
    let purchase = CurrentsFile::write(&Plan::of("users.behaviors.Purchase"));
    aws.put("currents/a.avro", purchase.container.bytes);
    assert!(block_on(aws.handle(&created("currents/a.avro"), "")));
    assert_eq!(aws.line()["reason"], "event_type_denied");
    assert!(aws.sent.borrow().is_empty());
}

/// A file of 15 blocks of 10 events.
fn blocks() -> CurrentsFile {
    CurrentsFile::write(&Plan {
        events: 150,
        codec: Codec::Snappy,
        ..Plan::of(OPEN)
    })
}

#[test]
fn an_unreadable_block_costs_its_own_events_only() {
    event::rules!["CF-052", "CF-082"];
    let good = blocks();
    let mut bytes = good.container.bytes.clone();
    let second = good.container.blocks[1].clone();
    bytes[second.end - 17] ^= 1;
    let aws = read(bytes);
    let wanted = [&good.events[..10], &good.events[20..]].concat();
    assert_eq!(aws.events(), wanted);
    let [start, end] = [second.start, second.end].map(|place| place as u64);
    assert_eq!(
        parked(&aws),
        [("file_block_unreadable".to_owned(), start, 0, Some(end))]
    );
    assert_eq!(aws.line()["outcome"], "parked");
}

#[test]
fn what_was_read_before_a_block_breaks_stands() {
    event::rules!["CF-082"];
    let schema =
        format!(r#"{{"type":"record","name":"d.inner.{OPEN}","fields":[{{"name":"id","type":"string"}}]}}"#);
    let mut file = Container::begin(&schema, Codec::Null, [1; 16]);
    let mut records = Vec::new();
    ["e-1", "e-2"].iter().for_each(|id| string(&mut records, id));
    long(&mut records, -4);
    file.block(3, &records);
    records.clear();
    string(&mut records, "e-4");
    file.block(1, &records);
    let first = file.blocks[0].clone();
    let aws = read(file.bytes);
    let ids: Vec<_> = aws.events().iter().map(|event| event.contains("e-4")).collect();
    assert_eq!(ids, [false, false, true]);
    let [start, end] = [first.start, first.end].map(|place| place as u64);
    assert_eq!(
        parked(&aws),
        [("file_block_unreadable".to_owned(), start, 2, Some(end))]
    );
}

#[test]
fn the_eleventh_unreadable_block_ends_the_file() {
    event::rules!["CF-084"];
    let good = blocks();
    let mut bytes = good.container.bytes.clone();
    good.container
        .blocks
        .iter()
        .for_each(|block| bytes[block.end - 17] ^= 1);
    let aws = read(bytes);
    let mut reasons: Vec<_> = parked(&aws)
        .into_iter()
        .map(|(reason, offset, _, to)| (reason, offset, to.is_some()))
        .collect();
    reasons.sort_by_key(|(_, offset, _)| *offset);
    assert_eq!(reasons.len(), 11);
    assert!(
        reasons[..10]
            .iter()
            .all(|(reason, _, ends)| reason == "file_block_unreadable" && *ends)
    );
    let eleventh = good.container.blocks[10].start as u64;
    assert_eq!(reasons[10], ("file_damaged".to_owned(), eleventh, false));
}

/// Reads a file whose writer of events panics at those whose id ends so.
fn read_with_panics(bytes: Vec<u8>) -> FakeAws {
    fn write(text: &currents::EventText, record: &avro::Record<'_>, out: &mut String) {
        text.write(record, out);
        assert!(!record.value(0).unwrap().ends_with("3\""), "a fault of ours");
    }
    let aws = FakeAws::default();
    let object = key(OPEN);
    aws.put(&object, bytes);
    let steps = Steps { write, ..Steps::OWN };
    assert!(block_on(aws.handle_by(steps, &created(&object))), "finished");
    aws
}

#[test]
fn a_panic_at_a_header_or_a_block_harms_no_more() {
    event::rules!["CF-086", "CF-088"];
    fn begin(_: &avro::Schema, _: &str) -> Result<currents::EventText, currents::NotCurrents> {
        panic!("a fault of ours")
    }
    fn inflate<'b>(
        codec: avro::Codec,
        data: &'b [u8],
        space: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], avro::Unreadable> {
        let data = codec.inflate(data, space)?;
        assert!(data.len() < 1000, "a fault of ours");
        Ok(data)
    }
    let schema =
        format!(r#"{{"type":"record","name":"d.inner.{OPEN}","fields":[{{"name":"id","type":"string"}}]}}"#);
    let mut file = Container::begin(&schema, Codec::Deflate, [1; 16]);
    for letters in [1, 1000, 2] {
        let mut record = Vec::new();
        string(&mut record, &"e".repeat(letters));
        file.block(1, &record);
    }
    let second = file.blocks[1].clone();
    let object = key(OPEN);
    for (steps, events, part) in [
        (Steps { begin, ..Steps::OWN }, 0, (0, None)),
        (
            Steps {
                inflate,
                ..Steps::OWN
            },
            2,
            (second.start as u64, Some(second.end as u64)),
        ),
    ] {
        let aws = FakeAws::default();
        aws.put(&object, file.bytes.clone());
        assert!(block_on(aws.handle_by(steps, &created(&object))), "finished");
        assert_eq!(aws.events().len(), events);
        assert_eq!(parked(&aws), [("internal_panic".to_owned(), part.0, 0, part.1)]);
        let metrics = aws.metrics.borrow();
        assert_eq!(metrics[0].values(telemetry::metrics::PANICS, &[]), [1.0]);
    }
}

#[test]
fn a_replayed_event_that_cannot_be_read_is_parked_alone() {
    event::rules!["CF-086", "CF-089", "CF-133"];
    fn write(_: &currents::EventText, _: &avro::Record<'_>, _: &mut String) {
        panic!("a fault of ours")
    }
    let file = blocks();
    let (object, second) = (key(OPEN), file.container.blocks[1].clone());
    let mut harmed = file.container.bytes.clone();
    harmed[second.end - 17] ^= 1;
    let panics = Steps { write, ..Steps::OWN };
    for (bytes, steps, reason) in [
        (file.container.bytes, panics, "internal_panic"),
        (harmed, Steps::OWN, "file_block_unreadable"),
    ] {
        for to in [None, Some(second.end)] {
            let aws = FakeAws::default();
            aws.put(&object, bytes.clone());
            let to_member = to.map_or(String::new(), |to| format!(r#","to":{to}"#));
            let work = format!(
                r#"{{"v":1,"bucket":"acme-currents","key":"{object}","offset":{},"skip":4,"count":1,"cause":"replay"{to_member}}}"#,
                second.start
            );
            assert!(block_on(aws.handle_by(steps, &work)), "finished");
            assert!(aws.events().is_empty(), "the next block is not meant");
            let parked = aws.bodies(QueueName::Parked);
            assert_eq!(parked.len(), 1);
            let (part, start) = (&parked[0]["file"], second.start as u64);
            assert_eq!(parked[0]["reason"], reason);
            assert_eq!(
                (part["offset"].as_u64(), part["skip"].as_u64()),
                (Some(start), Some(4))
            );
            assert_eq!(
                (part["count"].as_u64(), part["to"].as_u64()),
                (Some(1), to.map(|to| to as u64))
            );
        }
    }
}

#[test]
fn a_panic_parks_its_block_from_its_event_on() {
    event::rules!["CF-086"];
    let file = CurrentsFile::write(&Plan {
        events: 23,
        ..Plan::of(OPEN)
    });
    let aws = read_with_panics(file.container.bytes);
    // Of each block of ten: those before the fourth, e-3, e-13.
    let wanted = [&file.events[..3], &file.events[10..13], &file.events[20..]].concat();
    assert_eq!(aws.events(), wanted);
    let part = |block: usize| {
        let [start, end] = [
            file.container.blocks[block].start,
            file.container.blocks[block].end,
        ];
        ("internal_panic".to_owned(), start as u64, 3, Some(end as u64))
    };
    let mut parts = parked(&aws);
    parts.sort_by_key(|(_, offset, ..)| *offset);
    assert_eq!(parts, [part(0), part(1)]);
    let metrics = aws.metrics.borrow();
    assert_eq!(metrics[0].values(telemetry::metrics::PANICS, &[]), [2.0]);
    assert_eq!(aws.line()["reason"], "internal_panic");
}

#[test]
fn a_panic_in_every_block_parks_the_rest_as_one_part() {
    event::rules!["CF-084", "CF-086"];
    let file = blocks();
    let aws = read_with_panics(file.container.bytes);
    let mut parts = parked(&aws);
    parts.sort_by_key(|(_, offset, ..)| *offset);
    assert!(parts.iter().all(|(reason, ..)| reason == "internal_panic"));
    let eleventh = file.container.blocks[10].start as u64;
    assert_eq!(
        (parts.len(), parts[10].1, parts[10].2, parts[10].3),
        (11, eleventh, 3, None)
    );
}

#[test]
fn a_block_over_the_limit_is_stepped_over_by_its_frame() {
    event::rules!["CF-057"];
    let schema =
        format!(r#"{{"type":"record","name":"d.inner.{OPEN}","fields":[{{"name":"id","type":"string"}}]}}"#);
    let mut file = Container::begin(&schema, Codec::Null, [1; 16]);
    file.stored_block(1, &vec![0; avro::limits::BLOCK_BYTES + 1]);
    let mut record = Vec::new();
    string(&mut record, "e-1");
    file.block(1, &record);
    let large = file.blocks[0].clone();
    let aws = read(file.bytes);
    assert_eq!(aws.events().len(), 1);
    let [start, end] = [large.start, large.end].map(|place| place as u64);
    assert_eq!(
        parked(&aws),
        [("file_block_unreadable".to_owned(), start, 0, Some(end))]
    );
    let asked: u64 = aws
        .asked
        .borrow()
        .iter()
        .map(|(range, _)| range.end - range.start)
        .sum();
    assert!(asked < 20 << 20, "it is not read: {asked} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_cut_or_changed_byte_leaves_no_event_unrecorded(
        seed in any::<u64>(),
        place in any::<proptest::sample::Index>(),
        change in proptest::option::of(1_u8..),
        codec in proptest::sample::select(vec![Codec::Null, Codec::Deflate, Codec::Snappy]),
    ) {
        event::rules!["CF-092", "CF-133"];
        let file = CurrentsFile::write(&Plan { seed, codec, events: 30, ..Plan::of(OPEN) });
        let mut bytes = file.container.bytes.clone();
        let place = place.index(bytes.len());
        match change {
            Some(change) => bytes[place] ^= change,
            None => bytes.truncate(place),
        }
        let aws = read(bytes);
        let (events, parts) = (aws.events(), parked(&aws));
        let blocks = &file.container.blocks;
        if place < blocks[0].start {
            // A header may say anything: all of its events go the same way.
            prop_assert!(events.len() == file.events.len() || !parts.is_empty()
                || change.is_none() || aws.line()["outcome"] == "ignored", "{}", aws.line());
            return Ok(());
        }
        // A block that the cut leaves nothing of: nobody can know of it.
        let is_unknown = |block: &std::ops::Range<usize>| change.is_none() && place <= block.start
            && blocks.iter().any(|other| other.start == place || other.end == place);
        // The harmed block may give other events than it had, so there only their number counts.
        let of_others = |event: &&String| file.events.chunks(10).zip(blocks)
            .any(|(own, block)| !block.contains(&place) && own.contains(event));
        let of_harmed = events.len() - events.iter().filter(of_others).count();
        for (own, block) in file.events.chunks(10).zip(blocks) {
            for (skip, event) in own.iter().enumerate() {
                let is_queued = if block.contains(&place) { skip < of_harmed } else { events.contains(event) };
                let is_covered = parts.iter().any(|(_, offset, from, to)| {
                    let (start, offset) = (block.start as u64, *offset);
                    to.is_none_or(|to| start < to)
                        && (start > offset || (start == offset && skip as u64 >= *from))
                });
                prop_assert!(is_queued || is_covered || is_unknown(block), "{skip} of {block:?}: {parts:?}");
            }
        }
    }
}

#[test]
fn a_hostile_file_keeps_the_whole_reader_under_600_mib() {
    event::rules!["CF-057", "CF-143"];
    // What is counted is the whole process's: the other tests must not run in it.
    if !std::env::args().any(|argument| argument == "--exact") {
        let alone = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "broken::a_hostile_file_keeps_the_whole_reader_under_600_mib",
            ])
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&alone.stdout);
        assert!(
            alone.status.success() && printed.contains("1 passed"),
            "{printed}"
        );
        return;
    }
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"string"}]}"#;
    let length = avro::limits::BLOCK_BYTES - 5;
    let mut record = Vec::new();
    long(&mut record, i64::try_from(length).unwrap());
    // Each of these bytes would be six in JSON.
    record.resize(record.len() + length, 1);
    for codec in [Codec::Deflate, Codec::Snappy] {
        let mut file = Container::begin(schema, codec, [9; 16]);
        file.block(1, &record);
        let bytes = file.bytes;
        crate::ALLOCATED.reset_peak_usage();
        let aws = read(bytes);
        let peak = crate::ALLOCATED.peak_usage();
        assert!(peak < 600 << 20, "{peak} bytes with {codec:?}");
        assert_eq!(parked(&aws)[0].0, "event_too_large", "{codec:?}");
    }
}
