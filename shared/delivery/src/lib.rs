#![doc = include_str!("../README.md")]
#![allow(async_fn_in_trait, reason = "everything runs on a current-thread runtime")]

pub mod destinations;
pub mod http;
mod job;

pub use job::{Context, Counts, Fate, Job, Messenger, StopLine};
