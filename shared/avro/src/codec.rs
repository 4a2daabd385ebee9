//! How the bytes of a block are compressed.

use crate::cursor::Unreadable;
use crate::limits::BLOCK_BYTES;
use flate2::{Decompress, FlushDecompress, Status};

/// The codecs that are read. Braze writes `null`; the others are a switch of the sink whose file names Braze has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    Null,
    /// A deflate stream without header.
    Deflate,
    /// One snappy block, and the CRC-32 of what it was made of.
    Snappy,
}

/// What an inflating block gets first, in bytes; Braze's are about so large.
const FIRST_BYTES: usize = 64 << 10;
/// Bytes of the checksum behind a snappy block.
const CRC_BYTES: usize = 4;

impl Codec {
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        match name {
            b"null" | b"" => Some(Self::Null),
            b"deflate" => Some(Self::Deflate),
            b"snappy" => Some(Self::Snappy),
            _ => None,
        }
    }

    /// The bytes of a block as they were before compression. `space` is for them; give the same for block after block, and
    /// nothing is allocated once it is large enough.
    ///
    /// # Errors
    /// If it does not inflate, or to more than [`BLOCK_BYTES`].
    pub fn inflate<'b>(self, data: &'b [u8], space: &'b mut Vec<u8>) -> Result<&'b [u8], Unreadable> {
        match self {
            Self::Null => Ok(data),
            Self::Deflate => deflate(data, space),
            Self::Snappy => snappy(data, space),
        }
    }
}

/// Bytes behind the end of the stream are no matter: a common Python writer leaves three (CF-051).
fn deflate<'b>(data: &[u8], space: &'b mut Vec<u8>) -> Result<&'b [u8], Unreadable> {
    space.clear();
    let mut stream = Decompress::new(false);
    loop {
        let (read, written) = (stream.total_in(), space.len());
        if written > BLOCK_BYTES {
            return Err(Unreadable::TooLarge);
        }
        if space.capacity() == written {
            // Twice as much each time, and in the end one byte over the limit, which tells that it is over.
            let more = written.max(FIRST_BYTES).min(BLOCK_BYTES + 1 - written);
            space.reserve_exact(more);
        }
        let rest = usize::try_from(read).ok().and_then(|read| data.get(read..));
        let status = stream.decompress_vec(rest.unwrap_or_default(), space, FlushDecompress::None);
        match status.map_err(|_| Unreadable::Inflate)? {
            Status::StreamEnd if space.len() > BLOCK_BYTES => return Err(Unreadable::TooLarge),
            Status::StreamEnd => return Ok(space),
            Status::Ok | Status::BufError if stream.total_in() == read && space.len() == written => {
                return Err(Unreadable::Inflate);
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

fn snappy<'b>(data: &[u8], space: &'b mut Vec<u8>) -> Result<&'b [u8], Unreadable> {
    let (block, crc) = data.split_last_chunk::<CRC_BYTES>().ok_or(Unreadable::Inflate)?;
    let promised = snap::raw::decompress_len(block).map_err(|_| Unreadable::Inflate)?;
    if promised > BLOCK_BYTES {
        return Err(Unreadable::TooLarge);
    }
    space.clear();
    space.resize(promised, 0);
    let written = snap::raw::Decoder::new()
        .decompress(block, space)
        .map_err(|_| Unreadable::Inflate)?;
    space.truncate(written);
    if crc32fast::hash(space).to_be_bytes() != *crc {
        return Err(Unreadable::Checksum);
    }
    Ok(space)
}
