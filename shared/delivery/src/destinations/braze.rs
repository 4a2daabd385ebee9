//! Braze: requests to its REST API, packed from the calls of many events (the delivery rules of `segment-to-braze.md`).

mod address;
mod dedupe;
mod exchange;
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
use crate::destination::{Destination, Limits, UserOrderScope};
use event::calls::{BrazeEndpoint, BrazeItem, UserKey};
use event::settings;
use event::settings::{Problem, Settings, Span};
use limits::{PauseGroup, pause_group};
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

    /// The path: a key may lack one permission, such as `users.merge` (SB-560).
    type BreakerGroup = String;
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

    fn replan(&self, batch: Batch) -> Vec<Batch> {
        let too_many = batch.items().count() > self.max_objects.get();
        if batch.target == BrazeEndpoint::Track && too_many {
            next_fit::next_fit(batch.calls, self.room())
        } else {
            vec![batch]
        }
    }

    fn breaker_group(&self, target: &BrazeEndpoint) -> String {
        target.target().1
    }

    fn pause_group(&self, target: &BrazeEndpoint) -> PauseGroup {
        pause_group(target)
    }

    fn key<'k>(&self, _: &BrazeEndpoint, keys: &'k BrazeKey) -> Option<&'k Secret> {
        keys.rest_api_key.as_ref()
    }
}

#[cfg(test)]
mod tests;
