//! Files that are broken in every way: what was good in them is read, and nothing harms the reader.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic: that is how it fails"
)]

mod cut_and_changed;
mod fuzz;
mod hostile;
mod reading;

use peak_alloc::PeakAlloc;

/// Counts what is allocated at once.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;
