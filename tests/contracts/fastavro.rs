//! What the common Python writer of Avro wrote is read to the same values as it had (CF-140).
#![allow(clippy::disallowed_types, reason = "tests may look at JSON in any way")]

use std::process::Command;

use avro::{Frame, Header, Records, frame};
use serde_json::Value;
use switchyard::local::{Packages, prepare_python};
use switchyard::terminal::Silent;

const FASTAVRO: Packages<'_> = Packages {
    name: "fastavro",
    folder: "fastavro",
    list: include_str!("fastavro.txt"),
};
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/contracts/fastavro_files.py");
const SEED: u32 = 1;
const FILES: usize = 10_000;

/// The records of a file, as JSON.
fn records(bytes: &[u8]) -> Vec<Value> {
    let header = Header::read(bytes, true).unwrap().unwrap();
    let (mut at, mut space, mut found) = (header.length, Vec::new(), Vec::new());
    while at < bytes.len() {
        let Frame::Whole { count, data, length } = frame(&bytes[at..], &header.sync).unwrap() else {
            panic!("the file is whole");
        };
        let data = header.codec.inflate(data, &mut space).unwrap();
        let mut block = Records::new(&header.schema, data, count, 1 << 20).unwrap();
        while let Some(record) = block.next_record().unwrap() {
            let fields = header.schema.fields().iter().enumerate();
            let members = fields.filter_map(|(place, field)| {
                let value = serde_json::from_str(record.value(place)?).unwrap();
                Some((field.name.clone(), value))
            });
            found.push(Value::Object(members.collect()));
        }
        at += length;
    }
    found
}

/// The next part of what the program wrote: its length in 8 bytes, and it.
fn part<'w>(written: &mut &'w [u8]) -> Option<&'w [u8]> {
    let (length, rest) = written.split_first_chunk::<8>()?;
    let (part, rest) = rest.split_at(u64::from_be_bytes(*length) as usize);
    *written = rest;
    Some(part)
}

#[tokio::test]
async fn what_fastavro_writes_is_read_to_its_values() {
    event::rules!["CF-140"];
    let programs = prepare_python(&FASTAVRO, &mut Silent).await.unwrap();
    let output = Command::new(programs.join("python"))
        .args([PROGRAM, &SEED.to_string(), &FILES.to_string()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let (mut written, mut files) = (output.stdout.as_slice(), 0);
    while let (Some(file), Some(expected)) = (part(&mut written), part(&mut written)) {
        let expected: Vec<Value> = serde_json::from_slice(expected).unwrap();
        assert_eq!(
            records(file),
            expected,
            "the file of seed {}",
            SEED as usize + files
        );
        files += 1;
    }
    assert_eq!(files, FILES);
}
