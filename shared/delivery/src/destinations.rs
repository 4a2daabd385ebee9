//! The three destinations. Each has files of the same names: `limits` (the vendor's numbers), `address` (where to send),
//! `plan` or `request` (calls become requests), `response` (what a status means), `rate_limit` (what its headers ask for).

mod address;
pub mod branch;
pub mod braze;
#[cfg(test)]
pub(crate) mod conformance;
mod packed;
pub mod segment;

pub use branch::Branch;
pub use braze::Braze;
pub use packed::{PackedRequest, Packing, packed};
pub use segment::Segment;
