//! A request to Braze's REST API and what its response means, its rate limits included.

use super::limits::{MAX_RESPONSE_BYTES, OBJECTS_OF_OLD_ACCOUNTS};
use super::{Batch, Braze, rate_limit, response};
use crate::exchange::{Ambiguous, Exchange, Reading, RetryAfter};
use crate::http::{Request, Response};
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem, write_braze_body};
use event::settings::{OnAmbiguous, OnItemError};
use telemetry::Secret;

impl Exchange for Braze {
    fn request(&self, batch: &Batch, key: &str, _: Option<Timestamp>) -> Request {
        let (method, path) = batch.target.target();
        Request {
            method,
            url: format!("{}{path}", self.base_url),
            authorization: Some(Secret::new(format!("Bearer {key}"))),
            headers: Vec::new(),
            body: write_braze_body(&batch.target, batch.items().map(|item| &item.item)),
            timeout_ms: self.settings.timeout.as_millis(),
            max_response_bytes: MAX_RESPONSE_BYTES,
        }
    }

    fn read(&self, batch: &Batch, response: &Response) -> Reading {
        let reading = response::read(batch, response);
        if matches!(reading, Reading::TooManyItems) {
            self.max_objects.set(OBJECTS_OF_OLD_ACCOUNTS);
        }
        reading
    }

    fn retry_after(&self, response: &Response, now: Timestamp) -> Option<RetryAfter> {
        rate_limit::retry_after(response, now, &self.settings)
    }

    fn spent_until(&self, response: &Response, now: Timestamp) -> Option<Timestamp> {
        rate_limit::spent_until(response, now, &self.settings)
    }

    /// SB-550, SB-551.
    fn ambiguous(&self, item: &BrazeItem) -> Ambiguous {
        let policy = match item.array {
            BrazeArray::Attributes if item.operators => self.settings.ambiguous_events,
            BrazeArray::Events => self.settings.ambiguous_events,
            BrazeArray::Purchases => self.settings.ambiguous_purchases,
            BrazeArray::Recipients => self.settings.ambiguous_triggers,
            _ => return Ambiguous::Repeat,
        };
        match policy {
            OnAmbiguous::Park => Ambiguous::Park,
            OnAmbiguous::Retry => Ambiguous::RepeatMayCountTwice,
        }
    }

    fn only_warns_of_refused_items(&self) -> bool {
        self.settings.on_item_error == OnItemError::Warn
    }
}
