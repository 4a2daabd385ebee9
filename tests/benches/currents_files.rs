//! Currents files: from the bytes of an Avro file to messages for the queue of `deliver-segment` (CF-141).

#[path = "currents_files/long_file.rs"]
mod long_file;

use avro::{Frame, Header, Records, frame};
use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};
use long_file::{LongFile, LongFileBucket};
use sandbox::currents_file::{Codec, Container, CurrentsFile, Plan, long};

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
    let aws = LongFileBucket::of(file);
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

/// A MiB of a block made to cost as much as CF-047 lets it: 100 bytes of text a byte, in the smallest steps. What CF-143
/// bounds by a second.
#[derive(Debug, Clone, Copy)]
enum Hostile {
    /// A byte a record, and beside it as many fields of no byte as there may be.
    Nulls,
    /// A byte an element, each of them records without fields.
    EmptyRecords,
    /// Names of fields that are longer than the block.
    LongNames,
    /// A byte an element: arrays in arrays, each of them empty.
    EmptyArrays,
    /// A MiB as stored that inflates to the most that a block may be.
    Inflated,
}

const HOSTILE: [Hostile; 5] = [
    Hostile::Nulls,
    Hostile::EmptyRecords,
    Hostile::LongNames,
    Hostile::EmptyArrays,
    Hostile::Inflated,
];

impl Hostile {
    /// The file, and how many MiB its blocks have when inflated.
    fn file(self) -> (Vec<u8>, u64) {
        const MIB: usize = 1 << 20;
        let fields = |of_type: &str, count: usize, name_bytes: usize| {
            let name = |at: usize| format!("{}{at}", "n".repeat(name_bytes));
            let fields = (0..count).map(|at| format!(r#"{{"name":"{}","type":{of_type}}}"#, name(at)));
            let id = r#"{"name":"id","type":"boolean"}"#.to_owned();
            let fields: Vec<String> = [id].into_iter().chain(fields).collect();
            format!(
                r#"{{"type":"record","name":"R","fields":[{}]}}"#,
                fields.join(",")
            )
        };
        let empty = r#"{"type":"record","name":"E","fields":[]}"#;
        let arrays = r#"{"type":"array","items":{"type":"array","items":"null"}}"#;
        let (schema, records, codec, bytes) = match self {
            Self::Nulls => (fields("\"null\"", 24, 1), MIB, Codec::Null, vec![0; MIB]),
            Self::EmptyRecords => (fields(empty, 1, 1), MIB, Codec::Null, vec![0; MIB]),
            Self::LongNames => (fields("\"null\"", 1, 90), MIB, Codec::Null, vec![0; MIB]),
            Self::EmptyArrays => {
                let count = i64::try_from(MIB / 2).unwrap_or_default();
                let mut bytes = vec![0];
                long(&mut bytes, count);
                bytes.resize(bytes.len() + MIB / 2 + 1, 0);
                (fields(arrays, 1, 1), 1, Codec::Null, bytes)
            }
            Self::Inflated => {
                let most = avro::limits::BLOCK_BYTES;
                (fields("\"null\"", 24, 1), most, Codec::Deflate, vec![0; most])
            }
        };
        let mut file = Container::begin(&schema, codec, [9; 16]);
        file.block(i64::try_from(records).unwrap_or_default(), &bytes);
        (file.bytes, (bytes.len() as u64).div_ceil(1 << 20))
    }
}

/// `item` is a MiB of the inflated block.
#[divan::bench(args = HOSTILE, sample_count = 3, sample_size = 1)]
fn hostile_mib(bencher: Bencher<'_, '_>, shape: &Hostile) {
    let (bytes, mib) = shape.file();
    bencher
        .counter(ItemsCount::new(mib))
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
