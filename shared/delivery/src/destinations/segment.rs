//! Segment: batches to the HTTP Tracking API (the SEG- rules of `branch-to-segment.md`).

mod exchange;
pub mod limits;
mod plan;
mod rate_limit;
mod response;

use crate::backoff::{LONG_BACKOFF, LONG_HOLD, Table};
use crate::batch::{self, Item};
use crate::destination::{Destination, Limits, UserOrderScope};
use crate::destinations::address::base_url;
use event::calls::{Platform, UserKey};
use event::settings;
use event::settings::{Problem, Settings, Span};
use limits::HOSTS;
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

    type BreakerGroup = WriteKeySlot;
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

    fn breaker_group(&self, target: &WriteKeySlot) -> WriteKeySlot {
        *target
    }

    fn pause_group(&self, _: &WriteKeySlot) {}

    fn key<'k>(&self, target: &WriteKeySlot, keys: &'k SegmentKeys) -> Option<&'k Secret> {
        let own = target.and_then(|platform| keys.write_keys.get(platform.as_str()));
        own.or(keys.write_key.as_ref())
    }
}

#[cfg(test)]
mod tests;
