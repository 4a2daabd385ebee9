//! What lies in a queue or in the fallback bucket: envelopes on their way to a destination, parked events, pending requests.

mod parked;
mod pending;

pub use parked::{Content, FilePart, Parked};
pub use pending::{Pending, PendingAuth};

use crate::{Destination, Source, Timestamp, json::Json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A JSON text without the two characters that SQS refuses; JSON has them only inside strings, so they are escaped (RC-091).
pub fn sendable(text: &str) -> Cow<'_, str> {
    // Both begin with this byte, and few texts have it.
    if memchr::memchr(0xEF, text.as_bytes()).is_some() && text.contains(['\u{fffe}', '\u{ffff}']) {
        Cow::Owned(text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The version of the forms in this module.
pub const VERSION: u64 = 1;

/// What proved the sender of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Auth {
    /// An HMAC over the body.
    #[serde(rename = "signature")]
    Signature,
    /// A static token.
    #[serde(rename = "token")]
    Token,
    /// Both.
    #[serde(rename = "signature+token")]
    SignatureAndToken,
    /// The permission to write into the bucket that its file lay in.
    #[serde(rename = "bucket")]
    Bucket,
}

/// Which entry of its list proved the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyAge {
    /// The first one.
    Current,
    /// One of the others: the sender has not switched to the first one yet.
    Older,
}

/// What a destination has accepted of one event already. `items` are positions, from 0, among `of` items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// How many items the event's calls had.
    pub of: usize,
    /// Which of them were accepted.
    pub items: Vec<usize>,
}

/// What an envelope says of all its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head<'a> {
    /// Who sent them.
    pub source: Source,
    /// Whom they are for.
    pub destination: Destination,
    /// The id of the HTTP request that brought them, 1 to 128 characters.
    #[serde(borrow)]
    pub request_id: Cow<'a, str>,
    /// When that request came; it never changes again.
    pub first_received_at: Timestamp,
    /// How often they were received from SQS in earlier messages.
    pub attempt: u32,
    /// What proved the sender.
    pub auth: Auth,
    /// Whether the sender used the current key.
    pub key: KeyAge,
    /// No sending before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// When a person sent them again; horizons count from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed_at: Option<Timestamp>,
    /// When they were last held for a person; the time for which they may fail counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_at: Option<Timestamp>,
}

impl Head<'_> {
    /// Where the age of the events counts from: the replay, else the receipt.
    pub fn counts_from(&self) -> Timestamp {
        self.replayed_at.unwrap_or(self.first_received_at)
    }

    /// Since when they may have failed: not while they were held.
    pub fn fails_from(&self) -> Timestamp {
        let counts_from = self.counts_from();
        self.held_at.map_or(counts_from, |held| held.max(counts_from))
    }
}

/// The body of a message in a destination's queue.
///
/// It holds payloads, so it cannot be printed:
/// ```compile_fail,E0277
/// fn print(envelope: event::envelope::Envelope<'_>) -> String {
///     format!("{envelope:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn print(envelope: event::envelope::Envelope<'_>) -> String {
///     format!("{envelope}")
/// }
/// ```
#[derive(Serialize, Deserialize)]
pub struct Envelope<'a> {
    v: u64,
    /// What holds for all events.
    #[serde(borrow, flatten)]
    pub head: Head<'a>,
    /// One entry an event, or empty: what the destination has accepted already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Option<Done>>,
    /// The events, each as the vendor sent it.
    #[serde(borrow)]
    pub events: Vec<&'a RawValue>,
}

/// Why a message's body is no envelope that this code can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is no envelope at all: for a person.
    #[error("the message is no envelope")]
    Unreadable,
    /// It was written by newer code: a deploy is in progress.
    #[error("the envelope has a newer version")]
    Newer,
}

/// The shape of version 1 as it is read. `flatten` cannot borrow raw values, so the members stand here once more.
#[derive(Deserialize)]
struct Wire<'a> {
    v: u64,
    source: Source,
    destination: Destination,
    #[serde(borrow)]
    request_id: Cow<'a, str>,
    first_received_at: Timestamp,
    attempt: u32,
    auth: Auth,
    key: KeyAge,
    #[serde(default)]
    not_before: Option<Timestamp>,
    #[serde(default)]
    replayed_at: Option<Timestamp>,
    #[serde(default)]
    held_at: Option<Timestamp>,
    #[serde(default)]
    done: Option<Vec<Option<Done>>>,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// An envelope of this version.
    pub const fn new(head: Head<'a>, events: Vec<&'a RawValue>) -> Self {
        Self {
            v: VERSION,
            head,
            done: Vec::new(),
            events,
        }
    }

    /// Reads the body of a message.
    pub fn open(body: &'a str) -> Result<Self, OpenError> {
        let wire = serde_json::from_str::<Wire<'a>>(body).ok();
        let wire = wire
            .filter(|wire| wire.v == VERSION)
            .ok_or_else(|| not_opened(body))?;
        let done = wire.done.unwrap_or_default();
        if wire.events.is_empty()
            || !(done.is_empty() || done.len() == wire.events.len())
            || !(1..=128).contains(&wire.request_id.chars().count())
        {
            return Err(OpenError::Unreadable);
        }
        let head = Head {
            source: wire.source,
            destination: wire.destination,
            request_id: wire.request_id,
            first_received_at: wire.first_received_at,
            attempt: wire.attempt,
            auth: wire.auth,
            key: wire.key,
            not_before: wire.not_before,
            replayed_at: wire.replayed_at,
            held_at: wire.held_at,
        };
        Ok(Self {
            v: VERSION,
            head,
            done,
            events: wire.events,
        })
    }

    /// The body of a message that holds it.
    pub fn to_body(&self) -> String {
        // Every member serialises; there is no map with keys that are not strings.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Why a body is no envelope of this version: a newer one may have other members.
fn not_opened(body: &str) -> OpenError {
    let root = serde_json::from_str::<&RawValue>(body)
        .ok()
        .and_then(|raw| Json::from_shallow(raw).as_object());
    let version = root.and_then(|root| root.get("v")?.as_number()?.parse::<u64>().ok());
    if version.is_some_and(|version| version > VERSION) {
        OpenError::Newer
    } else {
        OpenError::Unreadable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = r#"{"v":1,"source":"segment","destination":"braze","request_id":"r-1","first_received_at":"2026-03-01T12:00:00.000Z","attempt":0,"auth":"signature+token","key":"current","events":[{"a":1.50,"a":2},7]}"#;

    #[test]
    fn an_envelope_keeps_every_byte_of_its_events() {
        let envelope = Envelope::open(GOLDEN).unwrap();
        assert_eq!(envelope.events[0].get(), r#"{"a":1.50,"a":2}"#);
        assert_eq!(envelope.to_body(), GOLDEN);
    }

    #[test]
    fn the_marks_of_what_is_done_come_back() {
        crate::rules!["RD-043"];
        let mut envelope = Envelope::open(GOLDEN).unwrap();
        envelope.head.not_before = Some(Timestamp::from_millis(0));
        envelope.done = vec![
            Some(Done {
                of: 2,
                items: vec![0],
            }),
            None,
        ];
        let body = envelope.to_body();
        let again = Envelope::open(&body).unwrap();
        assert_eq!(again.done, envelope.done);
        assert_eq!(again.head, envelope.head);
    }

    #[test]
    fn what_is_no_envelope_is_told_from_what_is_newer() {
        crate::rules!["RD-003", "RD-005"];
        for body in ["", "{", "7", "{}", r#"{"v":1}"#, r#"{"v":0,"events":[1]}"#] {
            assert_eq!(Envelope::open(body).err(), Some(OpenError::Unreadable), "{body}");
        }
        let empty = GOLDEN.replace(r#"[{"a":1.50,"a":2},7]"#, "[]");
        assert_eq!(Envelope::open(&empty).err(), Some(OpenError::Unreadable));
        assert_eq!(
            Envelope::open(r#"{"v":2,"other":true}"#).err(),
            Some(OpenError::Newer)
        );
    }
}
