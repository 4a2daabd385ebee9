//! The head of a file: which schema its records have, how its blocks are compressed, and what ends each of them.

use crate::cursor::{Cursor, Unreadable};
use crate::limits::{HEADER_BYTES, SCHEMA_BYTES};
use crate::schema::{Schema, SchemaFault};
use crate::{Codec, block::SYNC_BYTES};

/// What every file begins with.
const MAGIC: &[u8] = b"Obj\x01";

/// The head of a file.
pub struct Header {
    /// What a record is made of.
    pub schema: Schema,
    /// How blocks are compressed.
    pub codec: Codec,
    /// What ends each block.
    pub sync: [u8; SYNC_BYTES],
    /// Bytes of the head: where the first block begins.
    pub length: usize,
}

/// Why a file cannot be read at all. Who writes it must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// It is no Avro file, or ends within its head.
    #[error("the file is no Avro file, or ends within its header")]
    NotAvro,
    /// It is compressed in a way that is not read here.
    #[error("the file's codec is none of null, deflate and snappy")]
    Codec,
    /// Its schema cannot be used.
    #[error("{0}")]
    Schema(#[from] SchemaFault),
}

impl Header {
    /// Reads the head from the first bytes of a file: `None` if it may go on behind them. `is_whole` says that the file has no
    /// other bytes.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub fn read(bytes: &[u8], is_whole: bool) -> Result<Option<Self>, HeaderFault> {
        let begun = bytes.len().min(MAGIC.len());
        if bytes.get(..begun) != MAGIC.get(..begun) {
            return Err(HeaderFault::NotAvro);
        }
        let looked_at = bytes.get(..HEADER_BYTES).unwrap_or(bytes);
        match parts(looked_at) {
            Ok(parts) => parts.header().map(Some),
            Err(Unreadable::Short) if looked_at.len() < bytes.len() => {
                Err(HeaderFault::Schema(SchemaFault::TooLarge))
            }
            Err(Unreadable::Short) if !is_whole && bytes.len() < HEADER_BYTES => Ok(None),
            Err(Unreadable::Short) if !is_whole => Err(HeaderFault::Schema(SchemaFault::TooLarge)),
            Err(_) => Err(HeaderFault::NotAvro),
        }
    }
}

struct Parts<'b> {
    schema: &'b [u8],
    codec: &'b [u8],
    sync: [u8; SYNC_BYTES],
    length: usize,
}

fn parts(bytes: &[u8]) -> Result<Parts<'_>, Unreadable> {
    let mut cursor = Cursor::new(bytes);
    cursor.take(MAGIC.len())?;
    let (mut schema, mut codec): (&[u8], &[u8]) = (b"", b"null");
    loop {
        let mut entries = cursor.long()?;
        if entries == 0 {
            break;
        }
        if entries < 0 {
            cursor.long()?;
            entries = entries.checked_neg().ok_or(Unreadable::Number)?;
        }
        for _ in 0..entries {
            let (key, value) = (cursor.bytes()?, cursor.bytes()?);
            match key {
                b"avro.schema" => schema = value,
                b"avro.codec" => codec = value,
                _ => {}
            }
        }
    }
    let sync = cursor.array()?;
    Ok(Parts {
        schema,
        codec,
        sync,
        length: bytes.len() - cursor.left(),
    })
}

impl Parts<'_> {
    fn header(self) -> Result<Header, HeaderFault> {
        let codec = Codec::from_name(self.codec).ok_or(HeaderFault::Codec)?;
        if self.schema.len() > SCHEMA_BYTES {
            return Err(SchemaFault::TooLarge.into());
        }
        let text = std::str::from_utf8(self.schema).map_err(|_| SchemaFault::NoSchema)?;
        Ok(Header {
            schema: Schema::parse(text)?,
            codec,
            sync: self.sync,
            length: self.length,
        })
    }
}
