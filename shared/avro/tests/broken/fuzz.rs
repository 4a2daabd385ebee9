//! Files made by chance out of good ones, for as long as is asked: `SWITCHYARD_FUZZ=10000000 cargo test -p avro --test broken
//! --release fuzz`. It needs no other compiler than the rest.
#![allow(clippy::disallowed_methods, reason = "the environment says how long")]

use crate::ALLOCATED;
use crate::reading::read;
use sandbox::currents_file::{Codec, CurrentsFile, Plan, event_types};

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

#[test]
fn no_file_made_by_chance_panics_or_takes_too_much() {
    event::rules!["CF-143"];
    let files = std::env::var("SWITCHYARD_FUZZ")
        .ok()
        .and_then(|count| count.parse().ok());
    let types: Vec<_> = event_types().collect();
    for seed in 0..files.unwrap_or(FILES) {
        let mut random = fastrand::Rng::with_seed(seed);
        let codec = [Codec::Null, Codec::Deflate, Codec::Snappy][random.usize(..3)];
        let file = CurrentsFile::write(&Plan {
            seed,
            events: random.usize(1..20),
            events_a_block: random.usize(1..6),
            codec,
            is_evolved: random.bool(),
            ..Plan::of(types[random.usize(..types.len())])
        });
        let mut bytes = file.container.bytes;
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
