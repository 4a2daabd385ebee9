//! The id of an event.

use crate::Source;
use sha2::{Digest, Sha256};
use std::fmt;

/// The id by which an event is known in log lines, answers and duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(String);

/// How many hexadecimal digits of the hash a derived id shows.
const DERIVED_DIGITS: usize = 32;

impl EventId {
    /// The id that the vendor gave.
    pub fn given(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id of an event without one: `<source>-` and the first 32 hexadecimal digits of the SHA-256 of the event's
    /// JSON text as received, without white space around it. The same bytes always give the same id, so a copy of the
    /// event is known as one.
    pub fn derived(source: Source, text: &str) -> Self {
        let text = text.trim_matches(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
        let mut id = format!("{source}-");
        id.extend(hex(sha256(text.as_bytes())).take(DERIVED_DIGITS));
        Self(id)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The lower-case hexadecimal digits of some bytes.
pub fn hex(bytes: impl IntoIterator<Item = u8>) -> impl Iterator<Item = char> {
    bytes.into_iter().flat_map(|byte| {
        [byte >> 4, byte & 15]
            .into_iter()
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_id_is_the_hash_of_the_trimmed_text() {
        crate::rules!["SB-012"];
        let id = EventId::derived(Source::Segment, "\"not an event\"");
        assert_eq!(id.as_str(), "segment-c26e941fbe83b9899460fe2c2e3feb2b");
        assert_eq!(EventId::derived(Source::Segment, " \"not an event\"\n"), id);
    }
}
