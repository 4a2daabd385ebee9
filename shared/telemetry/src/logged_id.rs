//! Ids as they may be logged.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// An id that may stand in a log line: itself where it cannot be an address or a name, else a hash (RP-008).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LoggedId(String);

/// The longest id that is logged as it is.
const MAX_VERBATIM: usize = 100;
/// The longest object key that is logged.
const MAX_OBJECT_KEY: usize = 300;
/// How many hexadecimal digits of the hash are logged.
const DIGITS: usize = 32;

impl LoggedId {
    /// An id as AWS gives them: of requests, invocations, messages. What is no such id is hashed.
    pub fn technical(id: &str) -> Self {
        Self::of("aws", id, true)
    }

    /// An event's id: itself if it matches `[A-Za-z0-9._:-]{1,100}` and `verbatim`, else `sha256:` and the first 32
    /// hexadecimal digits of SHA-256(`source:id`).
    pub fn of(source: &str, id: &str, verbatim: bool) -> Self {
        let plain = (1..=MAX_VERBATIM).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-'));
        if verbatim && plain {
            return Self(id.to_owned());
        }
        let digest = Sha256::new()
            .chain_update(source)
            .chain_update(":")
            .chain_update(id)
            .finalize();
        let digits: String = digest
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .take(DIGITS)
            .collect();
        Self(format!("sha256:{digits}"))
    }

    /// The key of an object of Currents, which names no person: itself if it has at most 300 characters of
    /// `A-Za-z0-9=+._/-`, else nothing (CF-131).
    pub fn object_key(key: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"=+._/-".contains(&byte);
        let fits = (1..=MAX_OBJECT_KEY).contains(&key.len()) && key.bytes().all(plain);
        fits.then(|| Self(key.to_owned()))
    }

    /// The text that is logged.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_key_is_logged_only_if_it_is_plain_and_short() {
        let key = "currents/event_type=users.messages.email.Open/date=2026-03-01-11/a+0+1.avro";
        assert_eq!(LoggedId::object_key(key).unwrap().as_str(), key);
        for odd in ["", "a b", "ada@example.com", "é", &"k".repeat(301)] {
            assert_eq!(LoggedId::object_key(odd), None, "{odd}");
        }
    }

    #[test]
    fn an_address_used_as_an_id_is_never_logged() {
        event::rules!["RP-008"];
        assert_eq!(LoggedId::of("segment", "m-1.a:b_C", true).as_str(), "m-1.a:b_C");
        let hashed = LoggedId::of("segment", "ada@example.com", true);
        assert!(hashed.as_str().starts_with("sha256:") && hashed.as_str().len() == 7 + 32);
        assert_ne!(hashed, LoggedId::of("braze", "ada@example.com", true));
        assert!(
            LoggedId::of("segment", "m-1", false)
                .as_str()
                .starts_with("sha256:")
        );
        for odd in ["", "é", "a b", &"x".repeat(101)] {
            assert!(
                LoggedId::of("segment", odd, true).as_str().starts_with("sha256:"),
                "{odd}"
            );
        }
    }
}
