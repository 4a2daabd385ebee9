//! Branch: one event a request to the v2 event API (SR-300..343 of `segment-to-branch.md`).

mod exchange;
pub mod limits;
mod plan;
mod response;

use crate::backoff::{SHORT_BACKOFF, SHORT_HOLD, Table, is_over};
use crate::batch::{self, Item};
use crate::destination::{Destination, Limits, UserOrderScope};
use crate::destinations::address::base_url;
use event::calls::{BranchCall, BranchEndpoint, UserKey};
use event::settings::{AgeFrom, Problem, Settings};
use event::{Timestamp, settings};
use limits::HOSTS;
use secrets::BranchKey;
use telemetry::Secret;

type Batch = batch::Batch<BranchEndpoint, BranchItem>;

/// Branch as the settings describe it.
pub struct Branch {
    settings: settings::Branch,
    base_url: String,
}

/// One event.
pub struct BranchItem {
    call: BranchCall,
    received_at: Timestamp,
}

impl Item for BranchItem {
    fn users(&self) -> &[UserKey] {
        self.call.user.as_slice()
    }
}

impl Destination for Branch {
    const NAME: event::Destination = event::Destination::Branch;
    const BACKOFF: &'static Table = &SHORT_BACKOFF;
    const HOLD_BACKOFF: &'static Table = &SHORT_HOLD;
    const USER_ORDER: UserOrderScope = UserOrderScope::Envelope;

    type BreakerGroup = ();
    type PauseGroup = ();

    fn new(settings: &Settings) -> Result<Self, Problem> {
        let own = &settings.branch;
        Ok(Self {
            base_url: base_url("branch.endpoint_url", &own.endpoint_url, own.region, HOSTS)?,
            settings: own.clone(),
        })
    }

    fn base_url(&self) -> &str {
        &self.base_url
    }

    /// SR-343: nothing ends retries and holds but `max_age`.
    fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.settings.timeout.as_millis(),
            concurrency: self.settings.concurrency,
            requests_per_second: Some(self.settings.max_requests_per_second),
            horizon: None,
            hold_horizon: None,
        }
    }

    /// SR-315, SR-316.
    fn is_too_late(&self, item: &BranchItem, now: Timestamp) -> bool {
        let event_time = item.call.timestamp.filter(|at| *at < item.received_at);
        let from = match self.settings.age_from {
            AgeFrom::Receipt => item.received_at,
            AgeFrom::Event => event_time.unwrap_or(item.received_at),
        };
        is_over(self.settings.max_age, now.millis_since(from))
    }

    fn breaker_group(&self, _: &BranchEndpoint) {}

    fn pause_group(&self, _: &BranchEndpoint) {}

    fn key<'k>(&self, _: &BranchEndpoint, keys: &'k BranchKey) -> Option<&'k Secret> {
        keys.branch_key.as_ref()
    }
}

#[cfg(test)]
mod tests;
