//! Keys as their bytes, for whoever only asks for some of them.

use serde::de::{Deserializer, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A key of an object, read as bytes: a key with an unpaired surrogate is no text, but a key all the same, and must not
/// make the whole object unreadable.
pub struct RawKey<'a>(Cow<'a, [u8]>);

impl RawKey<'_> {
    /// Whether it is this key.
    pub fn is(&self, key: &str) -> bool {
        *self.0 == *key.as_bytes()
    }
}

impl<'de> serde::Deserialize<'de> for RawKey<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = RawKey<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(RawKey(Cow::Borrowed(bytes)))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(RawKey(Cow::Owned(bytes.to_owned())))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
