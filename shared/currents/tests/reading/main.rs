//! The reader between an S3 and an SQS in memory that behave as the real ones do, with their faults.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic: that is how it fails"
)]
#![allow(
    clippy::disallowed_types,
    reason = "tests may look at what was sent in any way"
)]

mod answers;
mod broken;
mod events;
mod examples;
mod fixture;
mod ignored;
mod resumed;
mod waiting;

/// Counts what is allocated at once.
#[global_allocator]
static ALLOCATED: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;
