//! The three destinations. Each has files of the same names: `limits` (the vendor's numbers), `plan` (calls become batches),
//! `exchange` (a batch becomes a request, and an answer gets its meaning), `response` (what a status says), and where there is
//! more than one, `address` (where to send) and `rate_limit` (what headers ask for).

mod address;
pub mod branch;
pub mod braze;
#[cfg(test)]
pub(crate) mod conformance;
mod packed;
pub mod segment;

use crate::destination::Destination;
use event::settings::{Problem, Settings};

pub use branch::Branch;
pub use braze::Braze;
pub use packed::{PackedRequest, Packing, packed};
pub use segment::Segment;

/// What no destination could use of these settings, be its route on or off.
pub fn problems(settings: &Settings) -> Vec<Problem> {
    let problems = [
        braze::check_address(&settings.braze).err(),
        Branch::new(settings).err(),
        Segment::new(settings).err(),
    ];
    problems.into_iter().flatten().collect()
}
