//! The frame of a block: a count of records, a length, as many bytes, and the marker that ends every block of the file.

use crate::cursor::{Cursor, Unreadable};
use crate::limits::BLOCK_BYTES;

/// Bytes of the marker that ends a block.
pub(crate) const SYNC_BYTES: usize = 16;

/// What lies at the beginning of a block.
pub enum Frame<'b> {
    /// The block goes on behind these bytes; so many are needed from its first byte on, perhaps more.
    More(usize),
    /// A whole block.
    Whole {
        /// How many records it says it has.
        count: u64,
        /// Its bytes, as stored.
        data: &'b [u8],
        /// Bytes of the whole frame: where the next block begins.
        length: usize,
    },
    /// A block over the limit. Whether its frame is whole, its last 16 bytes tell.
    TooLarge {
        /// Bytes of the whole frame.
        length: u64,
    },
}

/// A block whose frame is broken: where the next one begins is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the block's frame is broken")]
pub struct Damaged;

/// Reads the frame of the block that begins with these bytes.
///
/// # Errors
/// If its count or length is below 0 or no number, or if it does not end with the marker.
pub fn frame<'b>(bytes: &'b [u8], sync: &[u8; SYNC_BYTES]) -> Result<Frame<'b>, Damaged> {
    let mut cursor = Cursor::new(bytes);
    let mut number = || match cursor.long() {
        Ok(number) => u64::try_from(number).map(Some).map_err(|_| Damaged),
        Err(Unreadable::Short) => Ok(None),
        Err(_) => Err(Damaged),
    };
    let Some(count) = number()? else {
        return Ok(Frame::More(bytes.len() + 1));
    };
    let Some(stored) = number()? else {
        return Ok(Frame::More(bytes.len() + 1));
    };
    let head = bytes.len() - cursor.left();
    let length = (head as u64)
        .saturating_add(stored)
        .saturating_add(SYNC_BYTES as u64);
    let stored = match usize::try_from(stored) {
        Ok(stored) if stored <= BLOCK_BYTES => stored,
        _ => return Ok(Frame::TooLarge { length }),
    };
    let (Ok(data), Ok(end)) = (cursor.take(stored), cursor.array::<SYNC_BYTES>()) else {
        return Ok(Frame::More(head + stored + SYNC_BYTES));
    };
    if end != *sync {
        return Err(Damaged);
    }
    Ok(Frame::Whole {
        count,
        data,
        length: head + stored + SYNC_BYTES,
    })
}
