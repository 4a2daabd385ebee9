#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(clippy::disallowed_types, reason = "tests may read what was sent in any way")
)]
#![allow(async_fn_in_trait, reason = "everything runs on a current-thread runtime")]

mod caution;
mod deed;
mod deliverer;
pub mod destinations;
mod exchange;
#[cfg(test)]
mod fixture;
mod flight;
mod hint;
pub mod http;
mod job;
mod keys;
mod record;
mod retry;

pub use caution::tell_cautions;
pub use deliverer::{Deliverer, Ports};
pub use job::{Context, Counts, Fate, Job, Messenger, StopLine};
pub use keys::Keys;
pub use record::Record;
