//! Reads a file to its end, as the function does.

use avro::{Damaged, Frame, Header, HeaderFault, Records, Unreadable, frame};

/// The most text that a record may have here.
pub(crate) const MOST_TEXT: usize = 1_040_000;

/// What came of a block.
pub(crate) struct Block {
    pub records: Vec<Vec<Option<String>>>,
    pub fault: Option<Unreadable>,
}

/// What came of a file: its blocks, and whether a broken frame ended it.
pub(crate) struct Read {
    pub blocks: Vec<Block>,
    pub damaged: Option<Damaged>,
}

/// Reads a whole file, whatever it is.
pub(crate) fn read(bytes: &[u8]) -> Result<Read, HeaderFault> {
    let header = Header::read(bytes, true)?.unwrap();
    let (mut at, mut space) = (header.length, Vec::new());
    let mut read = Read {
        blocks: Vec::new(),
        damaged: None,
    };
    while at < bytes.len() {
        let (count, data, length) = match frame(&bytes[at..], &header.sync) {
            Ok(Frame::Whole { count, data, length }) => (count, data, length),
            Ok(Frame::More(_) | Frame::TooLarge { .. }) | Err(Damaged) => {
                read.damaged = Some(Damaged);
                break;
            }
        };
        let mut block = Block {
            records: Vec::new(),
            fault: None,
        };
        block.fault = header
            .codec
            .inflate(data, &mut space)
            .and_then(|data| records(&header, data, count, &mut block.records))
            .err();
        read.blocks.push(block);
        at += length;
    }
    Ok(read)
}

fn records(
    header: &Header,
    data: &[u8],
    count: u64,
    into: &mut Vec<Vec<Option<String>>>,
) -> Result<(), Unreadable> {
    let mut records = Records::new(&header.schema, data, count, MOST_TEXT)?;
    while let Some(record) = records.next_record()? {
        let values = (0..header.schema.fields().len()).map(|place| record.value(place).map(str::to_owned));
        // What is kept here is the test's memory, not the reader's.
        if into.len() < 1000 {
            into.push(values.collect());
        }
    }
    Ok(())
}
