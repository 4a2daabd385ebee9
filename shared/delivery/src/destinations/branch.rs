//! Branch: one event a request to the v2 event API (SR-300..343 of `segment-to-branch.md`).

pub mod limits;
mod request;
mod response;

use crate::backoff::{SHORT_BACKOFF, SHORT_HOLD, Table, parse_retry_after};
use crate::batch::{self, Item};
use crate::destination::{
    Ambiguous, Destination, Limits, Plan, Reading, RetryAfter, UserOrderScope, without_repeats,
};
use crate::destinations::address::base_url;
use crate::http::{Request, Response};
use crate::job::{Job, Owner};
use event::calls::{BranchCall, BranchEndpoint, Method, UserKey};
use event::settings::{AgeFrom, OnAmbiguous, Problem, Settings};
use event::{Timestamp, settings};
use limits::{HOSTS, MAX_RESPONSE_BYTES, MAX_RETRY_AFTER_S};
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

    type Call = BranchCall;
    type Keys = BranchKey;
    type Target = BranchEndpoint;
    type Item = BranchItem;
    type Lane = ();
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

    fn plan(
        &self,
        jobs: Vec<Job<BranchCall>>,
        _: Option<&BranchKey>,
        wanted: impl Fn(Owner) -> bool,
    ) -> Plan<Batch> {
        let (first, unsent) = without_repeats::<Self>(jobs);
        let mut batches = Vec::new();
        for (place, job) in first {
            let received_at = job.received_at;
            for (position, call) in job.calls.into_iter().enumerate() {
                let owner = Owner { job: place, position };
                if wanted(owner) {
                    let target = call.endpoint;
                    let item = BranchItem { call, received_at };
                    batches.push(Batch::of_item(target, item, owner));
                }
            }
        }
        Plan { batches, unsent }
    }

    /// SR-315, SR-316.
    fn is_too_late(&self, item: &BranchItem, now: Timestamp) -> bool {
        let event_time = item.call.timestamp.filter(|at| *at < item.received_at);
        let from = match self.settings.age_from {
            AgeFrom::Receipt => item.received_at,
            AgeFrom::Event => event_time.unwrap_or(item.received_at),
        };
        now.millis_since(from) > i64::try_from(self.settings.max_age.as_millis()).unwrap_or(i64::MAX)
    }

    fn lane(&self, _: &BranchEndpoint) {}

    fn pause_group(&self, _: &BranchEndpoint) {}

    fn key<'k>(&self, _: &BranchEndpoint, keys: &'k BranchKey) -> Option<&'k Secret> {
        keys.branch_key.as_ref()
    }

    fn request(&self, batch: &Batch, key: &str, now: Option<Timestamp>) -> Request {
        let call = batch.items().next().map(|item| &item.item.call);
        let ip = call
            .and_then(|call| call.ip.clone())
            .filter(|_| self.settings.ip_override_header);
        let key = if now.is_some() {
            key
        } else {
            request::KEY_PLACEHOLDER
        };
        Request {
            method: Method::Post,
            url: format!("{}{}", self.base_url, batch.target.path()),
            authorization: None,
            headers: ip.map(|ip| ("X-IP-Override", ip)).into_iter().collect(),
            body: call.map_or_else(String::new, |call| request::body(call, key)),
            timeout_ms: self.settings.timeout.as_millis(),
            max_response_bytes: MAX_RESPONSE_BYTES,
        }
    }

    fn read(&self, _: &Batch, response: &Response) -> Reading {
        response::classify(response).reading(response)
    }

    /// SR-340.
    fn retry_after(&self, response: &Response, now: Timestamp) -> Option<RetryAfter> {
        let obeyed = response.status == 429 || response.status >= 500;
        let seconds = parse_retry_after(response.header("retry-after")?, now).filter(|_| obeyed)?;
        Some(RetryAfter {
            seconds: seconds.clamp(1.0, MAX_RETRY_AFTER_S),
            pauses_group: false,
        })
    }

    /// SR-330.
    fn ambiguous(&self, _: &BranchItem) -> Ambiguous {
        match self.settings.on_ambiguous {
            OnAmbiguous::Park => Ambiguous::Park,
            OnAmbiguous::Retry => Ambiguous::RepeatMayCountTwice,
        }
    }
}

#[cfg(test)]
mod tests;
