//! What lies in the parked queue: one event, or one body, and why.

use super::{Auth, Done, KeyAge, OpenError, VERSION, sendable};
use crate::reasons::ParkReason;
use crate::{Destination, Source, Timestamp, json::ObjectWriter};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What is set aside.
pub enum Content<'a> {
    /// An event as the vendor sent it.
    Event(&'a RawValue),
    /// Bytes that are no readable event, in base64.
    BodyBase64(String),
    /// The key of an object in the fallback bucket, where the content is too large for a message.
    Object(String),
    /// A part of a file, which stays in its bucket.
    File(FilePart<'a>),
}

/// Which part of a Currents file is set aside (`currents-files.md`, section 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart<'a> {
    /// The bucket with Currents files, by its name at AWS.
    pub bucket: Cow<'a, str>,
    /// The key of the object.
    pub key: Cow<'a, str>,
    /// Its version, if it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Cow<'a, str>>,
    /// Its bytes, if they were seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The first byte of the block; 0 for the whole file.
    pub offset: u64,
    /// How many events of that block are queued already.
    pub skip: u64,
    /// The first byte behind the part; absent where it ends with the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// How many events it has; absent where all up to its end belong to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// The body of a message in the parked queue.
///
/// It holds a payload, so it cannot be printed:
/// ```compile_fail,E0277
/// fn print(parked: event::envelope::Parked<'_>) -> String {
///     format!("{parked:?}")
/// }
/// ```
pub struct Parked<'a> {
    /// Why.
    pub reason: ParkReason,
    /// What the destination said, at most 500 characters. May hold personal data: never logged.
    pub detail: Option<Cow<'a, str>>,
    /// The function that parks it, such as `receive-branch`.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
    /// Who sent it, as far as known.
    pub source: Option<Source>,
    /// Whom it was for; `None` if it was parked at receipt.
    pub destination: Option<Destination>,
    /// The id of the HTTP request that brought it.
    pub request_id: Option<Cow<'a, str>>,
    /// When that request came.
    pub first_received_at: Option<Timestamp>,
    /// How often it was received from SQS; 0 at receipt.
    pub attempt: u32,
    /// What proved the sender.
    pub auth: Option<Auth>,
    /// Whether the sender used the current key.
    pub key: Option<KeyAge>,
    /// What the destination has accepted of it already.
    pub done: Option<Done>,
    /// What is set aside.
    pub content: Content<'a>,
}

impl<'a> Parked<'a> {
    /// What is parked so, of which nothing else is known.
    pub const fn new(reason: ParkReason, by: &'a str, at: Timestamp, content: Content<'a>) -> Self {
        Self {
            reason,
            detail: None,
            by,
            at,
            source: None,
            destination: None,
            request_id: None,
            first_received_at: None,
            attempt: 0,
            auth: None,
            key: None,
            done: None,
            content,
        }
    }
}

/// How many characters of `detail` a parked message holds.
const DETAIL_CHARACTERS: usize = 500;

/// The shape of version 1 as it is read.
#[derive(Deserialize)]
struct Wire<'a> {
    v: u64,
    reason: Cow<'a, str>,
    detail: Option<Cow<'a, str>>,
    by: &'a str,
    at: Timestamp,
    source: Option<Source>,
    destination: Option<Destination>,
    request_id: Option<Cow<'a, str>>,
    first_received_at: Option<Timestamp>,
    #[serde(default)]
    attempt: u32,
    auth: Option<Auth>,
    key: Option<KeyAge>,
    #[serde(default)]
    done: Vec<Option<Done>>,
    #[serde(borrow, default, deserialize_with = "present")]
    event: Option<&'a RawValue>,
    body_base64: Option<String>,
    object: Option<String>,
    file: Option<FilePart<'a>>,
}

/// A member that is there, also if it is `null`: an event may be any JSON.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

impl<'a> Parked<'a> {
    /// Reads the body of a message of the parked queue.
    ///
    /// # Errors
    /// [`OpenError::Newer`] for a later version or a reason of one; [`OpenError::Unreadable`] for all else that
    /// [`Parked::to_body`] does not write.
    pub fn open(body: &'a str) -> Result<Self, OpenError> {
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        let Version { v } = serde_json::from_str(body).map_err(|_| OpenError::Unreadable)?;
        if v > VERSION {
            return Err(OpenError::Newer);
        }
        let wire: Wire<'a> = serde_json::from_str(body).map_err(|_| OpenError::Unreadable)?;
        let content = match (wire.event, wire.body_base64, wire.object, wire.file) {
            (Some(event), None, None, None) => Content::Event(event),
            (None, Some(bytes), None, None) => Content::BodyBase64(bytes),
            (None, None, Some(key), None) => Content::Object(key),
            (None, None, None, Some(part)) => Content::File(part),
            _ => return Err(OpenError::Unreadable),
        };
        let reason = ParkReason::ALL
            .iter()
            .find(|reason| reason.as_str() == wire.reason)
            .ok_or(OpenError::Newer)?;
        if wire.v != VERSION || wire.done.len() > 1 {
            return Err(OpenError::Unreadable);
        }
        Ok(Self {
            reason: *reason,
            detail: wire.detail,
            by: wire.by,
            at: wire.at,
            source: wire.source,
            destination: wire.destination,
            request_id: wire.request_id,
            first_received_at: wire.first_received_at,
            attempt: wire.attempt,
            auth: wire.auth,
            key: wire.key,
            done: wire.done.into_iter().next().flatten(),
            content,
        })
    }
}

impl Parked<'_> {
    /// The body of the message.
    pub fn to_body(&self) -> String {
        let mut body = String::new();
        let mut out = ObjectWriter::new(&mut body);
        out.raw("v", &VERSION.to_string());
        out.string("reason", self.reason.as_str());
        if let Some(detail) = &self.detail {
            let end = detail
                .char_indices()
                .nth(DETAIL_CHARACTERS)
                .map_or(detail.len(), |(end, _)| end);
            out.string("detail", detail.get(..end).unwrap_or_default());
        }
        out.string("by", self.by);
        out.string("at", &self.at.to_string());
        if let Some(source) = self.source {
            out.string("source", source.as_str());
        }
        match self.destination {
            Some(destination) => out.string("destination", destination.as_str()),
            None => out.null("destination"),
        }
        if let Some(request_id) = &self.request_id {
            out.string("request_id", request_id);
        }
        if let Some(time) = self.first_received_at {
            out.string("first_received_at", &time.to_string());
        }
        out.raw("attempt", &self.attempt.to_string());
        let words = [
            serde_json::to_string(&self.auth),
            serde_json::to_string(&self.key),
        ];
        for (key, word) in ["auth", "key"].into_iter().zip(words) {
            if let Some(word) = word.ok().filter(|word| word != "null") {
                out.raw(key, &word);
            }
        }
        if let Some(done) = self
            .done
            .as_ref()
            .and_then(|done| serde_json::to_string(&[done]).ok())
        {
            out.raw("done", &done);
        }
        match &self.content {
            Content::Event(event) => out.raw("event", event.get()),
            Content::BodyBase64(bytes) => out.string("body_base64", bytes),
            Content::Object(key) => out.string("object", key),
            // Every member serialises.
            Content::File(part) => out.raw("file", &serde_json::to_string(part).unwrap_or_default()),
        }
        drop(out);
        match sendable(&body) {
            Cow::Owned(escaped) => escaped,
            Cow::Borrowed(_) => body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parked_message_is_read_as_it_was_written() {
        let t = "2026-03-01T12:00:00.000Z";
        let head = format!(
            r#""v":1,"reason":"rejected","detail":"'name' \u00e9","by":"deliver-braze","at":"{t}","source":"segment","destination":"braze","request_id":"r-1","first_received_at":"{t}","attempt":3,"auth":"signature","key":"older","done":[{{"of":2,"items":[0]}}]"#
        );
        for content in [
            r#""event":{"a":1.50,"a":2}"#,
            r#""event":null"#,
            r#""body_base64":"ew==""#,
            r#""object":"segment/parked/r-1""#,
            r#""file":{"bucket":"b","key":"k","offset":7,"skip":0,"count":3}"#,
        ] {
            let body = format!("{{{head},{content}}}").replace("\\u00e9", "é");
            let opened = Parked::open(&body);
            assert_eq!(opened.map(|parked| parked.to_body()).ok(), Some(body));
        }
        let both = format!(r#"{{{head},"event":1,"object":"k"}}"#);
        assert_eq!(Parked::open(&both).err(), Some(OpenError::Unreadable));
        let later = format!("{{{head},\"event\":1}}").replace("rejected", "of_tomorrow");
        assert_eq!(Parked::open(&later).err(), Some(OpenError::Newer));
        assert_eq!(Parked::open(r#"{"v":2}"#).err(), Some(OpenError::Newer));
        for body in ["", "{}", "[]", r#"{"v":1}"#] {
            assert_eq!(Parked::open(body).err(), Some(OpenError::Unreadable), "{body}");
        }
    }

    #[test]
    fn a_body_parked_at_receipt_is_written_as_in_the_example() {
        let at = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
        let parked = Parked {
            reason: ParkReason::UnreadableBody,
            detail: None,
            by: "receive-braze",
            at,
            source: Some(Source::Braze),
            destination: None,
            request_id: Some("r-1".into()),
            first_received_at: Some(at),
            attempt: 0,
            auth: Some(Auth::Token),
            key: Some(KeyAge::Current),
            done: None,
            content: Content::BodyBase64("eyJldmVudHMiOiJ4In0=".into()),
        };
        let t = "2026-03-01T12:00:00.000Z";
        assert_eq!(
            parked.to_body(),
            format!(
                r#"{{"v":1,"reason":"unreadable_body","by":"receive-braze","at":"{t}","source":"braze","destination":null,"request_id":"r-1","first_received_at":"{t}","attempt":0,"auth":"token","key":"current","body_base64":"eyJldmVudHMiOiJ4In0="}}"#
            )
        );
    }
}
