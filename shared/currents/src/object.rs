//! The bytes of an object, range after range (CF-040 to CF-044).

use crate::answer::{Answer, Classification, classify};
use crate::limits::RANGE_BYTES;

/// Bytes of an object, by their places: from the first to the one behind the last.
pub type Range = std::ops::Range<u64>;

/// What a request for a range gave.
pub enum Got {
    /// The bytes of the range, as far as the object has them.
    Bytes {
        /// These.
        bytes: Vec<u8>,
        /// The version of the object.
        etag: String,
        /// Bytes of the whole object, from `Content-Range`.
        size: u64,
    },
    /// An answer without them.
    Refused(Answer),
}

/// Reads objects of S3. `aws` implements it; tests replace it.
pub trait Objects {
    /// One `GetObject` of a range, without retries of its own; of this version, if one is named. What has not answered within
    /// [`crate::limits::ANSWER_MS`], and a body that ends early, has the status 0.
    async fn get(&self, bucket: &str, key: &str, range: Range, etag: Option<&str>) -> Got;
}

impl<O: Objects> Objects for &O {
    async fn get(&self, bucket: &str, key: &str, range: Range, etag: Option<&str>) -> Got {
        (**self).get(bucket, key, range, etag).await
    }
}

/// An object on its way through: a window of its bytes.
pub(crate) struct Object<'o, O> {
    objects: &'o O,
    bucket: &'o str,
    key: &'o str,
    etag: Option<String>,
    size: Option<u64>,
    /// The place of the first byte in `bytes`.
    start: u64,
    bytes: Vec<u8>,
    /// How many of `bytes` are done with.
    used: usize,
    /// Bytes got from S3.
    pub received: u64,
}

impl<'o, O: Objects> Object<'o, O> {
    pub(crate) const fn new(objects: &'o O, bucket: &'o str, key: &'o str, etag: Option<String>) -> Self {
        Self {
            objects,
            bucket,
            key,
            etag,
            size: None,
            start: 0,
            bytes: Vec::new(),
            used: 0,
            received: 0,
        }
    }

    /// The bytes that are at hand and not done with.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.used..).unwrap_or_default()
    }

    /// The place of the first of them.
    pub(crate) const fn place(&self) -> u64 {
        self.start + self.used as u64
    }

    /// Bytes of the whole object, once they are known.
    pub(crate) fn size(&self) -> u64 {
        self.size.unwrap_or(u64::MAX)
    }

    /// Its version, once it is known.
    pub(crate) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Whether what is at hand reaches to the end of the object.
    pub(crate) fn is_at_end(&self) -> bool {
        self.end() >= self.size()
    }

    const fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Is done with so many bytes.
    pub(crate) fn advance(&mut self, count: usize) {
        self.used = self.bytes.len().min(self.used + count);
    }

    /// Goes on at another place.
    pub(crate) fn jump(&mut self, place: u64) {
        let within = place
            .checked_sub(self.start)
            .and_then(|used| usize::try_from(used).ok());
        match within.filter(|used| *used <= self.bytes.len()) {
            Some(used) => self.used = used,
            None => {
                self.bytes.clear();
                self.used = 0;
                self.start = place;
            }
        }
    }

    /// Whether fewer bytes are at hand, and the object has more.
    pub(crate) fn lacks(&self, needed: u64) -> bool {
        (self.bytes().len() as u64) < needed && !self.is_at_end()
    }

    /// Gets one more range of those that `needed` bytes take; `range` may be shorter than others.
    pub(crate) async fn more(&mut self, needed: u64, range: u64) -> Result<(), Classification> {
        self.bytes.drain(..self.used);
        self.start += self.used as u64;
        self.used = 0;
        let from = self.end();
        let until = from.saturating_add(range.min(RANGE_BYTES)).min(self.size());
        let etag = self.etag.as_deref();
        match self.objects.get(self.bucket, self.key, from..until, etag).await {
            Got::Bytes { bytes, etag, size } => {
                if bytes.is_empty() {
                    return Err(Classification::Retry);
                }
                self.received += bytes.len() as u64;
                self.size = Some(size);
                self.etag = Some(etag);
                if self.bytes.is_empty() {
                    self.bytes = bytes;
                } else {
                    // As much as the block needs, at once: growing by halves would take twice its memory.
                    let needed = usize::try_from(needed)
                        .unwrap_or(usize::MAX)
                        .saturating_add(bytes.len());
                    self.bytes
                        .reserve_exact(needed.saturating_sub(self.bytes.len()).max(bytes.len()));
                    self.bytes.extend_from_slice(&bytes);
                }
                Ok(())
            }
            Got::Refused(answer) => match classify(&answer) {
                // An object of 0 bytes has no first one.
                Classification::Behind if from == 0 => {
                    self.size = Some(0);
                    Ok(())
                }
                // Behind its end although its size said otherwise: another object lies there now.
                Classification::Behind => Err(Classification::Overwritten),
                other => Err(other),
            },
        }
    }
}
