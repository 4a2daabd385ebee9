//! What a vendor has to implement: this trait, [`Planner`] and [`Exchange`]. No I/O, and no clock but what it is given: the
//! dispatcher does the rest.

use crate::backoff::Table;
use crate::batch::Batch;
use crate::exchange::Exchange;
use crate::planner::Planner;
use event::Timestamp;
use event::settings::{Problem, Settings, Span};
use std::hash::Hash;
use telemetry::Secret;

/// Calls that one request to this vendor takes.
pub type BatchOf<D> = Batch<<D as Planner>::Target, <D as Planner>::Item>;

/// One vendor that events are delivered to: its constants, its address, and which of its requests depend on each other.
pub trait Destination: Exchange {
    /// Which of [`event::Destination::ALL`] it is.
    const NAME: event::Destination;
    /// The waits between attempts.
    const BACKOFF: &'static Table;
    /// The waits of held events.
    const HOLD_BACKOFF: &'static Table;
    /// How far a user's order reaches.
    const USER_ORDER: UserOrderScope;

    /// Requests with the same key and permission: they share a breaker, and are held together.
    type BreakerGroup: Clone + Eq + Hash;
    /// Requests that share a rate limit: they pause together.
    type PauseGroup: Eq + Hash;

    /// The destination of these settings.
    ///
    /// # Errors
    /// The key that cannot be used, with the remedy.
    fn new(settings: &Settings) -> Result<Self, Problem>;

    /// Scheme, host and port.
    fn base_url(&self) -> &str;

    /// How much, how fast and how long it may be sent to.
    fn limits(&self) -> Limits;

    /// The batch, or several if it is too large by what was learned since it was planned.
    fn replan(&self, batch: BatchOf<Self>) -> Vec<BatchOf<Self>> {
        vec![batch]
    }

    /// Whether an item must not be sent any more.
    fn is_too_late(&self, _: &Self::Item, _now: Timestamp) -> bool {
        false
    }

    /// What is held with the requests to a target.
    fn breaker_group(&self, target: &Self::Target) -> Self::BreakerGroup;

    /// What pauses with the requests to a target.
    fn pause_group(&self, target: &Self::Target) -> Self::PauseGroup;

    /// The key that a target wants; `None` if the secret does not hold it.
    fn key<'k>(&self, target: &Self::Target, keys: &'k Self::Keys) -> Option<&'k Secret>;
}

/// How far the order of a user's calls reaches (RD-146, RD-147, SB-517).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrderScope {
    /// Calls of one envelope; whatever makes one wait makes the later ones wait.
    Envelope,
    /// All calls of the invocation; a hold concerns its breaker group alone.
    Invocation,
}

/// How much, how fast and how long a destination may be sent to, by its settings.
pub struct Limits {
    /// Milliseconds of one request, response included.
    pub timeout_ms: u64,
    /// Requests in flight at once in a container.
    pub concurrency: usize,
    /// Requests started a second in a container.
    pub requests_per_second: Option<u32>,
    /// The age at which events that fail are given up; `None` if the destination ends them otherwise.
    pub horizon: Option<Span>,
    /// The age at which held events are given up; `None` if the destination ends them otherwise.
    pub hold_horizon: Option<Span>,
}
