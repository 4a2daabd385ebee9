//! A place in bytes, and the primitive forms that Avro has there.

/// Why the bytes of a block are not the records that its schema and its head promise. The file is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The compressed bytes are not what their codec writes.
    #[error("the block does not inflate")]
    Inflate,
    /// The checksum of a snappy block does not match.
    #[error("the block's checksum does not match")]
    Checksum,
    /// It has over [`crate::limits::BLOCK_BYTES`], stored or inflated.
    #[error("the block is larger than 128 MiB")]
    TooLarge,
    /// It ends within a value.
    #[error("the block ends within a record")]
    Short,
    /// Bytes are left after the last record.
    #[error("the block has bytes left after its last record")]
    BytesLeft,
    /// A number has more than ten bytes, or does not fit.
    #[error("a number is too long")]
    Number,
    /// A length is below zero.
    #[error("a length is below zero")]
    Length,
    /// There are more elements than bytes left.
    #[error("a count is larger than the bytes left")]
    Count,
    /// A union or enum has no such branch.
    #[error("a union or enum has no such branch")]
    Branch,
    /// A boolean is neither 0 nor 1.
    #[error("a boolean is neither 0 nor 1")]
    Boolean,
    /// The data is nested deeper than [`crate::limits::LEVELS`].
    #[error("the data is nested deeper than 16 levels")]
    Deep,
    /// The text of its records is out of all proportion to its bytes ([`crate::limits::TEXT_A_BYTE`]).
    #[error("the text of the records is over a hundred times as large as the block")]
    Verbose,
}

/// A place in bytes.
pub(crate) struct Cursor<'b> {
    rest: &'b [u8],
}

impl<'b> Cursor<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes that are left.
    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'b [u8], Unreadable> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Unreadable::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next bytes, as many as an array of them.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Unreadable::Short)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A variable-length number: seven bits a byte, the least first, zigzag.
    pub(crate) fn long(&mut self) -> Result<i64, Unreadable> {
        let mut bits: u64 = 0;
        for (at, byte) in self.rest.iter().enumerate() {
            let shift = 7 * at as u32;
            // The tenth byte has room for one bit.
            if shift > 63 || (shift == 63 && *byte > 1) {
                return Err(Unreadable::Number);
            }
            bits |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok((bits >> 1) as i64 ^ -((bits & 1) as i64));
            }
        }
        Err(Unreadable::Short)
    }

    /// A length, and as many bytes.
    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], Unreadable> {
        let length = usize::try_from(self.long()?).map_err(|_| Unreadable::Length)?;
        self.take(length)
    }

    /// How many elements of an array or map follow; a count below zero is followed by their size in bytes.
    pub(crate) fn count(&mut self) -> Result<usize, Unreadable> {
        let count = self.long()?;
        if count < 0 && self.long()? < 0 {
            return Err(Unreadable::Length);
        }
        let count = usize::try_from(count.unsigned_abs()).map_err(|_| Unreadable::Count)?;
        if count > self.left() {
            return Err(Unreadable::Count);
        }
        Ok(count)
    }
}
