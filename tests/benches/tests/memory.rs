//! How much memory a Currents file takes: as much for a long one as for a short one.

#![allow(
    clippy::disallowed_methods,
    reason = "the environment says how long a file is"
)]

#[path = "../currents_files/long_file.rs"]
mod long_file;

use long_file::{LongFile, LongFileBucket, Read};
use peak_alloc::PeakAlloc;
use sandbox::currents_file::Codec;

/// Counts what is allocated at once.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;
/// Bytes of the file if nobody says otherwise. It has more than one range, and memory does not grow behind the first.
const FILE_BYTES: u64 = 9_000_000;
/// Events of a compressed file.
const EVENTS: u64 = 5_000;

/// Reads a file, and gives the most bytes that were allocated for it at once.
fn peak_of(aws: &LongFileBucket) -> (usize, Read) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let read = runtime.block_on(aws.read());
    (ALLOCATED.peak_usage() - before, read)
}

/// 500 MB, in a minute: `SWITCHYARD_FILE_BYTES=500000000 cargo test -p benches --test memory --release`
#[test]
fn a_file_of_any_length_is_read_in_64_mib() {
    event::rules!["CF-142"];
    let bytes = std::env::var("SWITCHYARD_FILE_BYTES")
        .ok()
        .and_then(|bytes| bytes.parse().ok());
    let null = LongFile::of_bytes(Codec::Null, bytes.unwrap_or(FILE_BYTES));
    let compressed = |codec| LongFile::of_events(codec, EVENTS);
    for file in [null, compressed(Codec::Deflate), compressed(Codec::Snappy)] {
        let events = file.events();
        // So short that the rest is handed on several times: a hundredth of a file of 500 MB each.
        let aws = LongFileBucket::of(file).in_invocations_of(15_400);
        let (peak, read) = peak_of(&aws);
        assert!(peak < 64 * MIB, "{peak} bytes at once");
        assert!(read.bytes > events * 500, "{read:?}");
        assert!(events <= EVENTS * 2 || read.invocations > 1, "{read:?}");
    }
}
