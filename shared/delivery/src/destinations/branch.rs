//! Branch: one event a request to the v2 event API (SR-300..343 of `segment-to-branch.md`).

mod address;
mod answer;
pub mod limits;
mod pack;
mod send;

pub use address::base_url;
pub use answer::{Meaning, meaning};
pub use pack::packed;
pub use send::BranchMessenger;
