#![doc = include_str!("../README.md")]

pub mod branch_to_segment;
pub mod braze_to_segment;
mod destinations;
pub mod forms;
mod integrations;
pub mod own_rules;
pub mod printed;
mod rejected;
mod route;
pub mod segment_to_branch;
pub mod segment_to_braze;
mod segment_track;
mod trace;

pub use destinations::{event_id, to_branch, to_braze, to_segment};
pub use trace::{Trace, TraceEntry, Warned};
