//! Files made by chance out of good and broken ones: a few thousand, or `SWITCHYARD_FUZZ_SECONDS=10 cargo test -p avro --test
//! broken fuzz` for as long as that. Half of them begin as a file of the kept `tests/corpus`.
#![allow(clippy::disallowed_methods, reason = "the environment says how long")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::ALLOCATED;
use crate::reading::read;
use sandbox::currents_file::{Codec, Container, CurrentsFile, Plan, event_types, long};

/// How many files are tried if nobody says otherwise.
const FILES: u64 = 3_000;

fn mutated(bytes: &mut Vec<u8>, random: &mut fastrand::Rng) {
    for _ in 0..random.usize(1..6) {
        if bytes.is_empty() {
            return;
        }
        let place = random.usize(..bytes.len());
        match random.u8(..7) {
            0 => bytes[place] ^= 1 << random.u8(..8),
            1 => bytes[place] = *random.choice(&[0, 1, 0x7f, 0x80, 0xff]).unwrap_or(&0),
            2 => bytes.truncate(place),
            3 => drop(bytes.drain(place..(place + random.usize(..40)).min(bytes.len()))),
            4 => {
                let end = (place + random.usize(..200)).min(bytes.len());
                let part = bytes[place..end].to_vec();
                let to = random.usize(..=bytes.len());
                bytes.splice(to..to, part);
            }
            5 => {
                let run = vec![random.u8(..); random.usize(..30)];
                bytes.splice(place..place, run);
            }
            // Into the header, where each byte decides much.
            _ => {
                let place = place % 400.min(bytes.len());
                bytes[place] = random.u8(..);
            }
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The kept files, in the order of their names.
fn corpus() -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A file of a random type and codec.
fn generated(seed: u64, types: &[&str], random: &mut fastrand::Rng) -> Vec<u8> {
    let codec = [Codec::Null, Codec::Deflate, Codec::Snappy][random.usize(..3)];
    let file = CurrentsFile::write(&Plan {
        seed,
        events: random.usize(1..20),
        events_a_block: random.usize(1..6),
        codec,
        is_evolved: random.bool(),
        ..Plan::of(types[random.usize(..types.len())])
    });
    file.container.bytes
}

#[test]
fn no_file_made_by_chance_panics_or_takes_too_much() {
    event::rules!["CF-143", "RT-030"];
    let seconds = std::env::var("SWITCHYARD_FUZZ_SECONDS").ok();
    let time = seconds.map(|text| Duration::from_secs(text.parse().expect("a number of seconds")));
    let (began, types, corpus) = (Instant::now(), event_types().collect::<Vec<_>>(), corpus());
    assert!(!corpus.is_empty());
    for seed in 0.. {
        if time.map_or(seed >= FILES, |time| began.elapsed() >= time) {
            break;
        }
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = if random.bool() {
            corpus[random.usize(..corpus.len())].clone()
        } else {
            generated(seed, &types, &mut random)
        };
        mutated(&mut bytes, &mut random);
        let outcome = std::panic::catch_unwind(|| drop(read(&bytes)));
        assert!(outcome.is_ok(), "the file of seed {seed} panics");
    }
    assert!(
        ALLOCATED.peak_usage() < 600 << 20,
        "{} bytes",
        ALLOCATED.peak_usage()
    );
}

#[test]
fn the_kept_files_are_read_or_refused() {
    event::rules!["CF-143"];
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_good = read(&std::fs::read(&path).unwrap())
            .is_ok_and(|got| got.damaged.is_none() && got.blocks.iter().all(|block| block.fault.is_none()));
        assert_eq!(is_good, !name.starts_with("broken-"), "{name}");
    }
}

#[test]
#[ignore = "writes tests/corpus: run it after a change of the generator"]
fn write_the_kept_files() {
    let plan = |event_type: &str, codec, is_evolved| Plan {
        events: 4,
        events_a_block: 2,
        codec,
        is_evolved,
        ..Plan::of(event_type)
    };
    let written = |plan| CurrentsFile::write(&plan).container;
    let open = "users.messages.email.Open";
    let null = written(plan(open, Codec::Null, false));
    let snappy = written(plan(open, Codec::Snappy, false));
    let mut cut = null.bytes.clone();
    cut.truncate(null.blocks[1].end - 20);
    let mut checksum = snappy.bytes.clone();
    checksum[snappy.blocks[1].end - 17] ^= 1;
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"string"}]}"#;
    let mut count = Container::begin(schema, Codec::Null, [9; 16]);
    count.block(i64::MAX, &[0]);
    let mut length = Container::begin(schema, Codec::Null, [9; 16]);
    let mut record = Vec::new();
    long(&mut record, i64::MAX);
    length.block(1, &record);
    let deflate = written(plan(open, Codec::Deflate, false));
    let evolved = written(plan(open, Codec::Deflate, true));
    let json_text = written(plan("users.behaviors.Purchase", Codec::Null, false));
    for (name, bytes) in [
        ("null", null.bytes),
        ("snappy", snappy.bytes),
        ("deflate", deflate.bytes),
        ("evolved", evolved.bytes),
        ("json-text", json_text.bytes),
        ("broken-cut", cut),
        ("broken-checksum", checksum),
        ("broken-count", count.bytes),
        ("broken-length", length.bytes),
    ] {
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(folder().join(name).with_extension("avro"), bytes).unwrap();
    }
}
