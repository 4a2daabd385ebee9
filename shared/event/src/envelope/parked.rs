//! What lies in the parked queue: one event, or one body, and why.

use super::{Auth, Done, KeyAge, VERSION, sendable};
use crate::reasons::ParkReason;
use crate::{Destination, Source, Timestamp, json::ObjectWriter};
use serde::Serialize;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilePart<'a> {
    /// The bucket.
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

/// How many characters of `detail` a parked message holds.
const DETAIL_CHARACTERS: usize = 500;

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
