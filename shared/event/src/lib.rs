#![doc = include_str!("../README.md")]

pub mod branch_events;
pub mod calls;
pub mod currency;
pub mod currents;
pub mod envelope;
mod id;
pub mod json;
mod outcome;
pub mod placeholder;
pub mod ports;
pub mod reasons;
mod rules;
pub mod settings;
mod source;
mod time;

pub use crate::time::{Clock, Random, Timestamp};
pub use id::{EventId, hex, sha256};
pub use outcome::Outcome;
pub use source::{Descriptor, Destination, Route, Source};
