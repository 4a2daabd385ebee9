#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(clippy::disallowed_types, reason = "tests may read what was sent in any way"),
    allow(
        clippy::duplicate_mod,
        reason = "every destination runs the conformance suite"
    )
)]
#![allow(async_fn_in_trait, reason = "everything runs on a current-thread runtime")]

pub mod backoff;
mod batch;
mod deliverer;
pub mod destination;
pub mod destinations;
mod dispatch;
mod exchange;
#[cfg(test)]
mod fake_vendor;
pub mod http;
mod job;
mod message_action;
mod parking;
mod planner;
mod record;
mod report;
#[cfg(test)]
mod scripted;
mod startup_warnings;

pub use deliverer::{Deliverer, Map};
pub use destination::Destination;
pub use exchange::Exchange;
pub use job::DelivererSurroundings;
pub use planner::Planner;
pub use record::Record;
pub use startup_warnings::settings_unusable;
