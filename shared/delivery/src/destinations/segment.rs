//! Segment: batches to the HTTP Tracking API (the SEG- rules of `branch-to-segment.md`).

pub mod limits;
mod plan;
mod rate_limit;
mod response;

use crate::backoff::{LONG_BACKOFF, LONG_HOLD, Table};
use crate::batch::{self, Item};
use crate::destination::{Ambiguous, Destination, Limits, Plan, Reading, RetryAfter, UserOrderScope};
use crate::destinations::address::base_url;
use crate::http::{Request, Response};
use crate::job::{Job, Owner};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::calls::{Method, Platform, SegmentCall, UserKey};
use event::settings::{Problem, Settings, Span};
use event::{Timestamp, settings};
use limits::{BATCH_PATH, HOSTS, MAX_RESPONSE_BYTES};
use secrets::SegmentKeys;
use telemetry::Secret;

/// Which write key a call goes with: a platform's own, or the one for all (SEG-020).
type WriteKeySlot = Option<Platform>;
type Batch = batch::Batch<WriteKeySlot, SegmentItem>;

/// Segment as the settings describe it.
pub struct Segment {
    settings: settings::Segment,
    base_url: String,
    hold_horizon: Span,
}

/// One call.
pub struct SegmentItem {
    /// What is sent.
    text: String,
    /// Whether its `timestamp` was added (SEG-006).
    has_added_timestamp: bool,
    user: Option<UserKey>,
    receives: u32,
}

impl Item for SegmentItem {
    fn users(&self) -> &[UserKey] {
        self.user.as_slice()
    }
}

impl Destination for Segment {
    const NAME: event::Destination = event::Destination::Segment;
    const BACKOFF: &'static Table = &LONG_BACKOFF;
    const HOLD_BACKOFF: &'static Table = &LONG_HOLD;
    const USER_ORDER: UserOrderScope = UserOrderScope::Envelope;

    type Call = SegmentCall;
    type Keys = SegmentKeys;
    type Target = WriteKeySlot;
    type Item = SegmentItem;
    type Lane = WriteKeySlot;
    type PauseGroup = ();

    fn new(settings: &Settings) -> Result<Self, Problem> {
        let own = &settings.segment;
        Ok(Self {
            base_url: base_url("segment.endpoint_url", &own.endpoint_url, own.region, HOSTS)?,
            settings: own.clone(),
            hold_horizon: settings.delivery.hold_horizon,
        })
    }

    fn base_url(&self) -> &str {
        &self.base_url
    }

    fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.settings.timeout.as_millis(),
            concurrency: self.settings.concurrency,
            requests_per_second: None,
            horizon: Some(self.settings.horizon),
            hold_horizon: Some(self.hold_horizon),
        }
    }

    fn plan(
        &self,
        jobs: Vec<Job<SegmentCall>>,
        keys: Option<&SegmentKeys>,
        wanted: impl Fn(Owner) -> bool,
    ) -> Plan<Batch> {
        // Without keys all go with the one for all (SEG-023).
        let has_own =
            |platform: &Platform| keys.is_some_and(|keys| keys.write_keys.contains_key(platform.as_str()));
        let slot = |call: &SegmentCall| call.platform.filter(has_own);
        plan::plan(jobs, &self.settings, slot, wanted)
    }

    fn lane(&self, target: &WriteKeySlot) -> WriteKeySlot {
        *target
    }

    fn pause_group(&self, _: &WriteKeySlot) {}

    fn key<'k>(&self, target: &WriteKeySlot, keys: &'k SegmentKeys) -> Option<&'k Secret> {
        let own = target.and_then(|platform| keys.write_keys.get(platform.as_str()));
        own.or(keys.write_key.as_ref())
    }

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
            body: plan::body(batch.items().map(|item| &item.item), now),
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

#[cfg(test)]
mod tests;
