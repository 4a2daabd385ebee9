//! What a destination is given to deliver, and what it gives back.

use event::envelope::Done;
use event::reasons::Warning;
use event::{EventId, Outcome, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

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
    /// When the HTTP request with the event came.
    pub received_at: Timestamp,
    /// Where horizons count from: the replay, else the receipt.
    pub counts_from: Timestamp,
}

/// What became of one event.
pub struct Fate {
    /// The one outcome.
    pub outcome: Outcome,
    /// What the destination has accepted of it so far, if it waits or is parked with a part accepted.
    pub done: Option<Done>,
    /// What the destination said, at most 500 characters; customer data, never logged.
    pub detail: Option<String>,
    /// The HTTP status that decided, if one did.
    pub status: Option<u16>,
    /// Whether a repetition may count twice at the destination.
    pub maybe_duplicate: bool,
}

impl From<Outcome> for Fate {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            done: None,
            detail: None,
            status: None,
            maybe_duplicate: false,
        }
    }
}

/// Until when requests may start.
#[derive(Debug, Clone, Copy)]
pub struct StopLine(pub Timestamp);

impl StopLine {
    /// Whether a request that may take `timeout_ms` can end before the line (RD-100).
    pub const fn allows(self, now: Timestamp, timeout_ms: u64) -> bool {
        now.millis().saturating_add_unsigned(timeout_ms) <= self.0.millis()
    }
}

/// What an invocation counts while it sends, for its metrics.
#[derive(Default)]
pub struct Counts {
    /// Requests by `2xx` .. `5xx`, `none`.
    pub requests: RefCell<BTreeMap<&'static str, u64>>,
    /// Milliseconds each request took.
    pub vendor_ms: RefCell<Vec<u64>>,
    /// Requests beyond the first packing: halves of refused ones.
    pub extra_requests: Cell<u64>,
    /// Events whose repetition may count twice.
    pub maybe_duplicate: Cell<u64>,
    /// Panics caught while events were mapped and requests packed, sent and read.
    pub panics: Cell<u64>,
}

/// What a destination needs from outside while it delivers.
pub struct Context<'c, H, C, R> {
    /// HTTP out.
    pub http: &'c H,
    /// The time.
    pub clock: &'c C,
    /// Chance.
    pub random: &'c R,
    /// Until when requests may start.
    pub stop: StopLine,
    /// What is counted.
    pub counts: &'c Counts,
}

/// Delivers to one destination. It lives as long as the container, so that what it learns (a lane is held, a hint runs,
/// a limit is lower than thought) holds for later invocations too.
pub trait Messenger {
    /// What one event asks of it.
    type Call;

    /// Delivers all jobs of one invocation and gives each exactly one fate, in the order of the jobs.
    async fn deliver<H, C, R>(
        &mut self,
        jobs: Vec<Job<Self::Call>>,
        context: &Context<'_, H, C, R>,
    ) -> Vec<Fate>
    where
        H: crate::http::Http,
        C: event::Clock,
        R: event::Random;
}
