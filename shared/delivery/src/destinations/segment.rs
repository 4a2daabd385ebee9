//! Segment: batches to the HTTP Tracking API (the SEG- rules of `branch-to-segment.md`).

mod address;
mod answer;
pub mod limits;
mod pack;
mod send;

pub use address::base_url;
pub use answer::{Meaning, meaning};
pub use pack::packed;
pub use send::SegmentMessenger;
