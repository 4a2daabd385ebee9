//! Currents files: from the bytes of an Avro file to messages for the queue of `deliver-segment` (CF-141).

use avro::{Frame, Header, Records, frame};
use benches::currents_file::{LongFile, Surroundings};
use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};
use sandbox::currents_file::{Codec, CurrentsFile, Plan};

/// Counts allocations, and shows them below each time.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const CODECS: [Codec; 3] = [Codec::Null, Codec::Deflate, Codec::Snappy];

/// Events of one file as Braze writes it.
const FILE_EVENTS: u64 = 15_000;

fn main() {
    divan::main();
}

/// The whole reader: ranges, blocks, events, envelopes, calls, the line.
#[divan::bench(args = CODECS, sample_count = 20)]
fn bytes_to_queue_messages(bencher: Bencher<'_, '_>, codec: &Codec) {
    measure(bencher, LongFile::of_events(*codec, FILE_EVENTS));
}

/// 100,000 events in one file, the most that Braze writes; and 500 MB. `max alloc` is what a file takes at once.
#[divan::bench(args = [Codec::Null, Codec::Deflate], sample_count = 1, sample_size = 1)]
fn file_of_100_000_events(bencher: Bencher<'_, '_>, codec: &Codec) {
    measure(bencher, LongFile::of_events(*codec, 100_000));
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn file_of_500_mb(bencher: Bencher<'_, '_>) {
    measure(bencher, LongFile::of_bytes(Codec::Null, 500_000_000));
}

/// Reads a file to its end at each call.
fn measure(bencher: Bencher<'_, '_>, file: LongFile) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let aws = Surroundings::of(file);
    let (events, bytes) = (aws.file().events(), aws.file().size());
    bencher
        .counter(ItemsCount::new(events))
        .counter(BytesCount::new(bytes))
        .bench_local(|| runtime.block_on(aws.read()));
}

/// The crate `avro` alone: blocks to the JSON texts of their fields.
#[divan::bench(args = CODECS)]
fn blocks_to_json_text(bencher: Bencher<'_, '_>, codec: &Codec) {
    let file = CurrentsFile::write(&Plan {
        events: 1_500,
        events_a_block: 150,
        codec: *codec,
        ..Plan::of("users.messages.email.Click")
    });
    let bytes = file.container.bytes;
    bencher
        .counter(ItemsCount::new(1_500_u64))
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| texts(black_box(&bytes)));
}

/// Reads all records of a file, and gives how many bytes of text they have.
fn texts(bytes: &[u8]) -> usize {
    let header = Header::read(bytes, true).unwrap().unwrap();
    let (mut at, mut space, mut read) = (header.length, Vec::new(), 0);
    while at < bytes.len() {
        let Ok(Frame::Whole { count, data, length }) = frame(&bytes[at..], &header.sync) else {
            panic!("the file is whole");
        };
        let data = header.codec.inflate(data, &mut space).unwrap();
        let mut records = Records::new(&header.schema, data, count, 1 << 20).unwrap();
        while let Some(record) = records.next_record().unwrap() {
            let texts = (0..header.schema.fields().len()).filter_map(|place| record.value(place));
            read += texts.map(str::len).sum::<usize>();
        }
        at += length;
    }
    read
}
