//! Braze: requests to its REST API, packed from the calls of many events (the delivery rules of `segment-to-braze.md`).

mod address;
mod dedupe;
pub mod limits;
mod next_fit;
mod plan;
mod rank_order;
mod rate_limit;
mod response;
#[cfg(test)]
mod sample_calls;

pub use address::{base_url, check_address, required_base_url};

use crate::backoff::{LONG_BACKOFF, LONG_HOLD, Table};
use crate::batch::{self, Item, PlannedCall};
use crate::destination::{
    Ambiguous, Destination, Limits, Plan, Reading, RetryAfter, UserOrderScope, without_repeats,
};
use crate::http::{Request, Response};
use crate::job::{Job, Owner};
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, UserKey, write_braze_body};
use event::settings::{OnAmbiguous, OnItemError, Problem, Settings, Span};
use event::{Timestamp, settings};
use limits::{MAX_RESPONSE_BYTES, PauseGroup, is_identity, pause_group};
use plan::Room;
use secrets::BrazeKey;
use std::cell::Cell;
use telemetry::Secret;

type Batch = batch::Batch<BrazeEndpoint, BrazeItem>;
type Call = PlannedCall<BrazeEndpoint, BrazeItem>;

/// Braze as the settings describe it.
pub struct Braze {
    settings: settings::Braze,
    base_url: String,
    hold_horizon: Span,
    /// Objects of a `/users/track` request: the setting, or less if Braze has said so (SB-545).
    max_objects: Cell<usize>,
}

impl Braze {
    fn room(&self) -> Room {
        Room {
            max_objects: self.max_objects.get(),
            max_body_bytes: self.settings.max_body_bytes,
        }
    }
}

impl Item for BrazeItem {
    fn users(&self) -> &[UserKey] {
        &self.users
    }
}

impl Destination for Braze {
    const NAME: event::Destination = event::Destination::Braze;
    const BACKOFF: &'static Table = &LONG_BACKOFF;
    const HOLD_BACKOFF: &'static Table = &LONG_HOLD;
    const USER_ORDER: UserOrderScope = UserOrderScope::Invocation;

    type Call = BrazeCall;
    type Keys = BrazeKey;
    type Target = BrazeEndpoint;
    type Item = BrazeItem;
    /// The path: a key may lack one permission, such as `users.merge` (SB-560).
    type Lane = String;
    type PauseGroup = PauseGroup;

    fn new(settings: &Settings) -> Result<Self, Problem> {
        Ok(Self {
            base_url: if settings.routes.segment_to_braze {
                required_base_url(&settings.braze)?
            } else {
                base_url(&settings.braze)?.unwrap_or_default()
            },
            max_objects: Cell::new(settings.braze.max_objects),
            hold_horizon: settings.delivery.hold_horizon,
            settings: settings.braze.clone(),
        })
    }

    fn base_url(&self) -> &str {
        &self.base_url
    }

    fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.settings.timeout.as_millis(),
            // SB-516.
            concurrency: 1,
            requests_per_second: None,
            horizon: Some(self.settings.horizon),
            hold_horizon: Some(self.hold_horizon),
        }
    }

    fn item_count(call: &BrazeCall) -> usize {
        call.items.len()
    }

    fn is_identity(call: &BrazeCall) -> bool {
        is_identity(&call.endpoint)
    }

    fn plan(
        &self,
        jobs: Vec<Job<BrazeCall>>,
        _: Option<&BrazeKey>,
        wanted: impl Fn(Owner) -> bool,
    ) -> Plan<Batch> {
        let (first, unsent) = without_repeats::<Self>(jobs);
        let calls = first
            .into_iter()
            .flat_map(|(job, calls)| plan::calls(job, calls.calls, &wanted))
            .collect();
        Plan {
            batches: plan::plan(calls, self.settings.dedupe_attributes, self.room()),
            unsent,
        }
    }

    fn replan(&self, batch: Batch) -> Vec<Batch> {
        let too_many = batch.items().count() > self.max_objects.get();
        if batch.target == BrazeEndpoint::Track && too_many {
            next_fit::next_fit(batch.calls, self.room())
        } else {
            vec![batch]
        }
    }

    fn lane(&self, target: &BrazeEndpoint) -> String {
        target.target().1
    }

    fn pause_group(&self, target: &BrazeEndpoint) -> PauseGroup {
        pause_group(target)
    }

    fn key<'k>(&self, _: &BrazeEndpoint, keys: &'k BrazeKey) -> Option<&'k Secret> {
        keys.rest_api_key.as_ref()
    }

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
            self.max_objects.set(limits::OBJECTS_OF_OLD_ACCOUNTS);
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

#[cfg(test)]
mod tests;
