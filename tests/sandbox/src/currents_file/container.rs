//! The container: a header, and blocks that each end with the same marker. Written from the Apache Avro specification 1.12.

use std::io::Write;
use std::ops::Range;

/// How blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not at all, and the header does not say so: an absent codec means this one.
    Unnamed,
    /// Not at all.
    Null,
    /// Raw deflate, as most writers leave it.
    Deflate,
    /// Raw deflate with three bytes behind its end, as a common Python writer leaves it.
    DeflateWithTail,
    /// Snappy and a CRC-32.
    Snappy,
    /// Not at all, but the header names this codec.
    Named(&'static str),
}

/// A file that is being written.
pub struct Container {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// Where each block lies in them.
    pub blocks: Vec<Range<usize>>,
    codec: Codec,
    sync: [u8; 16],
}

impl Container {
    /// A file with its header and no block. Both are given, so that the same file has the same bytes.
    pub fn begin(schema: &str, codec: Codec, sync: [u8; 16]) -> Self {
        let mut bytes = b"Obj\x01".to_vec();
        let name = match codec {
            Codec::Unnamed => None,
            Codec::Null => Some("null"),
            Codec::Deflate | Codec::DeflateWithTail => Some("deflate"),
            Codec::Snappy => Some("snappy"),
            Codec::Named(name) => Some(name),
        };
        long(&mut bytes, 1 + i64::from(name.is_some()));
        if let Some(name) = name {
            string(&mut bytes, "avro.codec");
            string(&mut bytes, name);
        }
        string(&mut bytes, "avro.schema");
        string(&mut bytes, schema);
        long(&mut bytes, 0);
        bytes.extend(sync);
        Self {
            bytes,
            blocks: Vec::new(),
            codec,
            sync,
        }
    }

    /// Adds a block of so many records, whose encoded bytes these are.
    pub fn block(&mut self, count: i64, records: &[u8]) {
        let stored = self.compressed(records);
        self.stored_block(count, &stored);
    }

    /// Adds a block of bytes that are compressed already, or pretend to be.
    pub fn stored_block(&mut self, count: i64, stored: &[u8]) {
        let begun = self.bytes.len();
        long(&mut self.bytes, count);
        long(&mut self.bytes, size(stored));
        self.bytes.extend_from_slice(stored);
        self.bytes.extend(self.sync);
        self.blocks.push(begun..self.bytes.len());
    }

    fn compressed(&self, records: &[u8]) -> Vec<u8> {
        match self.codec {
            Codec::Unnamed | Codec::Null | Codec::Named(_) => records.to_vec(),
            Codec::Deflate => deflated(records),
            Codec::DeflateWithTail => [deflated(records), vec![0x2a, 0, 0xff]].concat(),
            Codec::Snappy => {
                let crc = crc32fast::hash(records).to_be_bytes();
                let block = snap::raw::Encoder::new()
                    .compress_vec(records)
                    .unwrap_or_default();
                [block.as_slice(), &crc].concat()
            }
        }
    }
}

fn deflated(records: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    let written = encoder.write_all(records).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

/// A zigzag number.
pub fn long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// A length and as many bytes.
pub fn string(out: &mut Vec<u8>, text: &str) {
    long(out, size(text.as_bytes()));
    out.extend(text.as_bytes());
}

fn size(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}
