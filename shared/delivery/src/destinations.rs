//! The three destinations. Each has files of the same names: `limits` (the vendor's numbers), `address` (where to send),
//! `pack` (calls become requests), `answer` (what a status means), `send` (the order of it all).

mod address;
pub mod branch;
pub mod braze;
mod packed;
pub mod segment;

pub use packed::{PackedRequest, Packing, Unsent};
