//! What a destination is given to deliver, and the result.

use crate::http::{Http, NoResponse};
use event::envelope::Done;
use event::ports::Visibility;
use event::reasons::Warning;
use event::{EventId, Outcome, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use surroundings::Surroundings;

/// One event that the mapping wants delivered.
pub struct Job<C> {
    /// The event's id.
    pub id: EventId,
    /// What is asked of the destination; never empty.
    pub calls: Vec<C>,
    /// What the mapping repaired.
    pub warnings: Vec<Warning>,
    /// What the destination has accepted of it in an earlier delivery.
    pub done: Option<Done>,
    /// Which record it came in: jobs of one record share an envelope.
    pub record: usize,
    /// The receive count n of its record (5.4): `attempt` + ApproximateReceiveCount.
    pub receives: u32,
    /// n of the schedule: no more than the tries that it had time for (RD-062).
    pub tries: u32,
    /// When the HTTP request with the event came.
    pub received_at: Timestamp,
}

/// An item by the event that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The place of the event's job.
    pub job: usize,
    /// The position of the item in the event (SB-543).
    pub position: usize,
}

/// What one event has come to.
pub(crate) struct DeliveryResult {
    /// Of all its calls, joined (RD-022).
    pub outcome: Outcome,
    /// What the destination has accepted of it so far, if it waits or is parked with a part accepted.
    pub done: Option<Done>,
    /// What the destination said, at most 500 characters; customer data, never logged.
    pub detail: Option<String>,
    /// The HTTP status that decided, if one did.
    pub status: Option<u16>,
    /// Whether a repetition may count twice at the destination.
    pub maybe_duplicate: bool,
    /// Why a request of it got no answer, if one got none.
    pub no_answer: Option<NoResponse>,
}

impl From<Outcome> for DeliveryResult {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            done: None,
            detail: None,
            status: None,
            maybe_duplicate: false,
            no_answer: None,
        }
    }
}

/// Until when requests may start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StopLine(pub Timestamp);

impl StopLine {
    /// Whether a request that may take `timeout_ms` can end before the line (RD-100).
    pub(crate) const fn allows(self, now: Timestamp, timeout_ms: u64) -> bool {
        now.millis().saturating_add_unsigned(timeout_ms) <= self.0.millis()
    }
}

/// What an invocation counts while it sends, for its metrics.
#[derive(Default)]
pub(crate) struct Counts {
    /// Requests by `2xx` .. `5xx`, `none`.
    pub requests: RefCell<BTreeMap<&'static str, u64>>,
    /// Milliseconds each request took.
    pub vendor_ms: RefCell<Vec<u64>>,
    /// Requests beyond the plan: halves of refused ones.
    pub extra_requests: Cell<u64>,
    /// Panics caught while events were mapped and requests planned, sent and read.
    pub panics: Cell<u64>,
}

impl Counts {
    /// Counts a panic that was caught.
    pub(crate) fn panicked(&self) {
        self.panics.set(self.panics.get() + 1);
    }
}

/// The surroundings of a deliverer: it sends requests, and says when messages come back.
pub trait DelivererSurroundings: Surroundings<Queue: Visibility, Http: Http> {}

impl<S: Surroundings<Queue: Visibility, Http: Http>> DelivererSurroundings for S {}

/// What one invocation has to send with.
pub(crate) struct Context<'c, S> {
    /// The outside.
    pub surroundings: &'c S,
    /// Until when requests may start.
    pub stop: StopLine,
    pub counts: &'c Counts,
}
