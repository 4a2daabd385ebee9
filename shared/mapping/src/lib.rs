#![doc = include_str!("../README.md")]

pub mod branch_to_segment;
pub mod braze_to_segment;
mod destinations;
mod identity_text;
mod notes;
mod number_text;
pub mod printed;
pub mod segment_size;
pub mod segment_to_branch;
pub mod segment_to_braze;

pub use destinations::{to_branch, to_braze, to_segment};
pub use notes::{Note, Notes};
