//! A request to Segment's HTTP Tracking API and what its response means, its rate limits included.

use super::limits::{BATCH_PATH, MAX_RESPONSE_BYTES};
use super::plan::TIMESTAMP_BYTES;
use super::{Batch, Segment, SegmentItem, rate_limit, response};
use crate::exchange::{Ambiguous, Exchange, Reading, RetryAfter};
use crate::http::{Request, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::Timestamp;
use event::calls::Method;
use event::json::{ArrayWriter, ObjectWriter};
use telemetry::Secret;

impl Exchange for Segment {
    fn request(&self, batch: &Batch, key: &str, now: Option<Timestamp>) -> Request {
        let retries = batch.items().map(|item| item.item.receives).max();
        let retries = retries.unwrap_or(1).saturating_sub(1);
        Request {
            method: Method::Post,
            url: format!("{}{BATCH_PATH}", self.base_url),
            authorization: Some(Secret::new(format!(
                "Basic {}",
                STANDARD.encode(format!("{key}:"))
            ))),
            headers: (retries > 0)
                .then(|| ("X-Retry-Count", retries.to_string()))
                .into_iter()
                .collect(),
            body: body(batch.items().map(|item| &item.item), now),
            timeout_ms: self.settings.timeout.as_millis(),
            max_response_bytes: MAX_RESPONSE_BYTES,
        }
    }

    fn read(&self, _: &Batch, response: &Response) -> Reading {
        response::classify(response.status).reading(response)
    }

    fn retry_after(&self, response: &Response, now: Timestamp) -> Option<RetryAfter> {
        let seconds = rate_limit::retry_after(response, now, &self.settings)?;
        Some(RetryAfter {
            seconds,
            pauses_group: true,
        })
    }

    /// Segment forgets a repeated `messageId` (SEG-063).
    fn ambiguous(&self, _: &SegmentItem) -> Ambiguous {
        Ambiguous::Repeat
    }
}

/// What stands for the time of sending where nothing is sent.
const NOW_PLACEHOLDER: &str = "<now>";

/// The body of a request (SEG-004). Without a time it is only shown: times that were added are left out, since nothing was
/// received either.
pub(super) fn body<'e>(items: impl Iterator<Item = &'e SegmentItem>, now: Option<Timestamp>) -> String {
    let mut body = String::new();
    let mut out = ObjectWriter::new(&mut body);
    {
        let mut batch: ArrayWriter<'_> = out.array("batch");
        items.for_each(|item| match item.text.get(1 + TIMESTAMP_BYTES..) {
            Some(rest) if now.is_none() && item.has_added_timestamp => batch.raw(&format!("{{{rest}")),
            _ => batch.raw(&item.text),
        });
    }
    out.string(
        "sentAt",
        &now.map_or_else(|| NOW_PLACEHOLDER.to_owned(), |now| now.to_string()),
    );
    drop(out);
    body
}
