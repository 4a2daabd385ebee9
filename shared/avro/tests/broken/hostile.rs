//! Small files that ask for much: memory stays within its bound whatever they promise.

use crate::ALLOCATED;
use crate::reading::read;
use avro::{Schema, SchemaFault, Unreadable};
use sandbox::currents_file::{Codec, Container, long, string};

/// What the reader may have allocated at once, in bytes (CF-143), and what this test has beside it.
const MOST_BYTES: usize = 600 << 20;

/// Letters of a namespace that many types have.
const NAMESPACE: usize = 500_000;

const SCHEMA: &str = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"string"}]}"#;

/// The faults of the blocks of a file, and whether its frames held; fails if too much was allocated on the way.
fn faults(file: &[u8]) -> (Vec<Option<Unreadable>>, bool) {
    ALLOCATED.reset_peak_usage();
    let got = read(file).unwrap();
    assert!(
        ALLOCATED.peak_usage() < MOST_BYTES,
        "{} bytes",
        ALLOCATED.peak_usage()
    );
    (
        got.blocks.iter().map(|block| block.fault).collect(),
        got.damaged.is_none(),
    )
}

fn one_block(codec: Codec, count: i64, records: &[u8]) -> Vec<u8> {
    let mut file = Container::begin(SCHEMA, codec, [9; 16]);
    file.block(count, records);
    file.bytes
}

#[test]
fn inflating_stops_one_byte_over_the_limit() {
    event::rules!["CF-057", "CF-143"];
    let large = vec![0; avro::limits::BLOCK_BYTES + 1];
    for codec in [Codec::Deflate, Codec::Snappy] {
        let fits = one_block(codec, 1, &[0]);
        assert_eq!(faults(&fits), (vec![None], true));
        let over = one_block(codec, 1, &large);
        assert_eq!(
            faults(&over),
            (vec![Some(Unreadable::TooLarge)], true),
            "{codec:?}"
        );
    }
    // A length that snappy promises, and nothing behind it.
    let mut promise = vec![0xff, 0xff, 0xff, 0xff, 0x0f];
    promise.extend([0; 8]);
    let mut file = Container::begin(SCHEMA, Codec::Snappy, [9; 16]);
    file.stored_block(1, &promise);
    assert_eq!(faults(&file.bytes), (vec![Some(Unreadable::TooLarge)], true));
}

#[test]
fn a_string_of_a_whole_block_allocates_no_text() {
    event::rules!["CF-057"];
    let length = avro::limits::BLOCK_BYTES - 5;
    let mut record = Vec::new();
    long(&mut record, i64::try_from(length).unwrap());
    // Each of these bytes would be six in JSON, or three in place of what is no UTF-8.
    for byte in [1, 0xff] {
        record.truncate(4);
        record.resize(4 + length, byte);
        assert_eq!(faults(&one_block(Codec::Deflate, 1, &record)), (vec![None], true));
    }
}

#[test]
fn names_that_grow_by_their_namespace_take_no_memory() {
    event::rules!["CF-059", "CF-143"];
    let types = |count: u32| {
        let fixed = (0..count).map(|n| format!(r#"{{"type":"fixed","size":1,"name":"f{n:x}"}}"#));
        fixed.collect::<Vec<_>>().join(",")
    };
    let schema = |namespace: usize, count: u32| {
        format!(
            r#"{{"type":"record","name":"R","namespace":"{}","fields":[{{"name":"id","type":[{}]}}]}}"#,
            "n".repeat(namespace),
            types(count)
        )
    };
    let large = schema(NAMESPACE, 13_000);
    assert!(large.len() < avro::limits::SCHEMA_BYTES);
    ALLOCATED.reset_peak_usage();
    assert_eq!(Schema::parse(&large).err(), Some(SchemaFault::TooLarge));
    assert!(
        ALLOCATED.peak_usage() < MOST_BYTES,
        "{} bytes",
        ALLOCATED.peak_usage()
    );
    // A full name of 1 KiB is taken, one more byte is not: defined in a namespace, with dots of its own, or referred to.
    assert!(Schema::parse(&schema(1_021, 16)).is_ok());
    assert_eq!(
        Schema::parse(&schema(1_021, 17)).err(),
        Some(SchemaFault::TooLarge)
    );
    for name in [1_024, 1_025].map(|length| format!("a.{}", "b".repeat(length - 2))) {
        let defined = format!(r#"{{"type":"record","name":"{name}","fields":[]}}"#);
        let referred = format!(r#"{{"type":"record","name":"R","fields":[{{"name":"a","type":"{name}"}}]}}"#);
        let faults = [defined, referred].map(|schema| Schema::parse(&schema).err());
        let wanted = match name.len() {
            1_024 => [None, Some(SchemaFault::NoSchema)],
            _ => [Some(SchemaFault::TooLarge); 2],
        };
        assert_eq!(faults, wanted);
    }
}

#[test]
fn counts_and_lengths_that_lie_end_at_once() {
    let text = |length: i64| {
        let mut bytes = Vec::new();
        long(&mut bytes, length);
        bytes
    };
    let mut good = Vec::new();
    string(&mut good, "e-1");
    for (count, records, fault) in [
        (i64::MAX, good.clone(), Unreadable::Count),
        (1_000_000_000, good.clone(), Unreadable::Count),
        (1, text(i64::MAX), Unreadable::Short),
        (1, text(-1), Unreadable::Length),
        (1, vec![0xff; 11], Unreadable::Number),
        (2, good.clone(), Unreadable::Short),
        (0, good.clone(), Unreadable::BytesLeft),
        (1, [good.clone(), vec![0]].concat(), Unreadable::BytesLeft),
    ] {
        for codec in [Codec::Null, Codec::Deflate, Codec::Snappy] {
            assert_eq!(
                faults(&one_block(codec, count, &records)),
                (vec![Some(fault)], true)
            );
        }
    }
    for count in [-1, i64::MIN] {
        assert_eq!(faults(&one_block(Codec::Null, count, &good)), (vec![], false));
    }
    for stored in [-1, i64::MIN, i64::MAX, 1 << 40, 1 << 27] {
        let mut file = Container::begin(SCHEMA, Codec::Null, [9; 16]).bytes;
        long(&mut file, 1);
        long(&mut file, stored);
        file.extend([0; 100]);
        assert_eq!(faults(&file), (vec![], false), "{stored}");
    }
}
