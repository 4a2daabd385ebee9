//! What a vendor has to implement. No I/O, and no clock but what it is given: the dispatcher does the rest.

use crate::backoff::Table;
use crate::batch::{Batch, Item};
use crate::http::{Request, Response};
use crate::job::{Job, Owner};
use event::reasons::{HoldKind, IgnoreReason, ParkReason, RetryClass, Warning};
use event::settings::{Problem, Settings, Span};
use event::{Outcome, Timestamp};
use secrets::SecretContent;
use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use telemetry::Secret;

/// A batch of a destination.
pub type BatchOf<D> = Batch<<D as Destination>::Target, <D as Destination>::Item>;

/// One vendor that events are delivered to.
pub trait Destination: Sized {
    /// Which of [`event::Destination::ALL`] it is.
    const NAME: event::Destination;
    /// The waits between attempts.
    const BACKOFF: &'static Table;
    /// The waits of held events.
    const HOLD_BACKOFF: &'static Table;
    /// How far a user's order reaches.
    const USER_ORDER: UserOrderScope;

    /// What the mapping asks for, for one event.
    type Call;
    /// What its secret holds.
    type Keys: SecretContent;
    /// Where a batch goes.
    type Target: Clone;
    /// What is sent of an event.
    type Item: Item;
    /// Requests with the same key and permission: they are held together.
    type Lane: Clone + Eq + Hash;
    /// Requests that share a rate limit: they pause together.
    type PauseGroup: Eq + Hash;

    /// The destination of these settings.
    ///
    /// # Errors
    /// The key that cannot be used, with the remedy.
    fn new(settings: &Settings) -> Result<Self, Problem>;

    /// Scheme, host and port.
    fn base_url(&self) -> &str;

    /// What the settings allow.
    fn limits(&self) -> Limits;

    /// How many items a call has.
    fn item_count(_: &Self::Call) -> usize {
        1
    }

    /// Whether a call only changes who a user is: if it is refused, the event's other calls still count.
    fn is_identity(_: &Self::Call) -> bool {
        false
    }

    /// The calls of one invocation as batches in the order of sending, without the items that are not `wanted`: the
    /// destination has accepted them before.
    fn plan(
        &self,
        jobs: Vec<Job<Self::Call>>,
        keys: Option<&Self::Keys>,
        wanted: impl Fn(Owner) -> bool,
    ) -> Plan<BatchOf<Self>>;

    /// The batch, or several if it is too large by what was learned since it was planned.
    fn replan(&self, batch: BatchOf<Self>) -> Vec<BatchOf<Self>> {
        vec![batch]
    }

    /// Whether an item must not be sent any more.
    fn is_too_late(&self, _: &Self::Item, _now: Timestamp) -> bool {
        false
    }

    /// What is held with the requests to a target.
    fn lane(&self, target: &Self::Target) -> Self::Lane;

    /// What pauses with the requests to a target.
    fn pause_group(&self, target: &Self::Target) -> Self::PauseGroup;

    /// The key that a target wants; `None` if the secret does not hold it.
    fn key<'k>(&self, target: &Self::Target, keys: &'k Self::Keys) -> Option<&'k Secret>;

    /// The request of a batch. Without a time it is only shown, and not sent: what only the moment of sending knows is a word
    /// in angle brackets.
    fn request(&self, batch: &BatchOf<Self>, key: &str, now: Option<Timestamp>) -> Request;

    /// What a response means for a batch.
    fn read(&self, batch: &BatchOf<Self>, response: &Response) -> Reading;

    /// What a failed response asks for.
    fn retry_after(&self, response: &Response, now: Timestamp) -> Option<RetryAfter>;

    /// Until when a success asks for a pause, because the rate limit is spent.
    fn spent_until(&self, _: &Response, _now: Timestamp) -> Option<Timestamp> {
        None
    }

    /// What is done with an item of a request that may have been accepted: it was sent, and no response came.
    fn ambiguous(&self, item: &Self::Item) -> Ambiguous;

    /// Whether a refused item leaves its event delivered, with a warning.
    fn only_warns_of_refused_items(&self) -> bool {
        false
    }
}

/// How far the order of a user's calls reaches (RD-146, RD-147, SB-517).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrderScope {
    /// Calls of one envelope; whatever makes one wait makes the later ones wait.
    Envelope,
    /// All calls of the invocation; a hold concerns its lane alone.
    Invocation,
}

/// What the settings allow.
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

/// What one invocation sends.
pub struct Plan<B> {
    /// In the order of sending.
    pub batches: Vec<B>,
    /// What is not sent, and why.
    pub unsent: Vec<(Owner, Outcome)>,
}

/// What a response means for the batch that it answers.
pub enum Reading {
    /// All items are accepted but those named.
    Accepted {
        /// Places of refused items, with what the destination says of each.
        refused: BTreeMap<usize, String>,
        /// What is said of every event of the batch.
        warning: Option<Warning>,
    },
    /// Accepted, but the response ends where it names what is refused: what it does not name may be.
    BreaksOff {
        /// Places of refused items, with what the destination says of each.
        refused: BTreeMap<usize, String>,
    },
    /// Nothing was accepted: a batch of several events is halved, the items of a single one are refused.
    Refused {
        /// Why.
        reason: ParkReason,
        /// What the destination says, at most 500 characters; customer data, never logged.
        detail: String,
        /// Whether that holds for every item, so that halves would be refused too.
        is_of_all: bool,
    },
    /// One item is not known there, and needs nothing: a batch of several calls is halved to find it.
    NothingToDo,
    /// The destination takes less than was planned: the batch is planned again.
    TooManyItems,
    /// A person has to act.
    Hold(HoldKind),
    /// Later.
    Retry(RetryClass),
}

/// A hint of the destination when to come back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryAfter {
    /// Seconds, within the destination's bounds.
    pub seconds: f64,
    /// Whether others of the pause group must wait too.
    pub pauses_group: bool,
}

/// What is done with an item that may have been accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguous {
    /// Sent again: twice changes nothing.
    Repeat,
    /// Sent again, though it may count twice.
    RepeatMayCountTwice,
    /// Parked.
    Park,
}

/// What the status of a response says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Classification {
    /// Accepted, but for what the body names.
    Accepted,
    /// Nothing was accepted, and nothing would be later.
    Refused(ParkReason),
    /// A person has to act.
    Hold(HoldKind),
    /// Later.
    Retry(RetryClass),
}

impl Classification {
    /// The reading of a destination that says nothing of single items.
    pub fn reading(self, response: &Response) -> Reading {
        match self {
            Self::Accepted => Reading::Accepted {
                refused: BTreeMap::new(),
                warning: None,
            },
            Self::Refused(reason) => Reading::Refused {
                reason,
                detail: crate::dispatch::detail(response.status, &response.body),
                is_of_all: false,
            },
            Self::Hold(kind) => Reading::Hold(kind),
            Self::Retry(class) => Reading::Retry(class),
        }
    }
}

/// Jobs with their places, without those whose event id an earlier one has, and these as ignored (SB-523, SR-311).
pub fn without_repeats<D: Destination>(jobs: Vec<Job<D::Call>>) -> Parted<D::Call> {
    let mut seen = HashSet::new();
    let (mut first, mut repeated) = (Vec::new(), Vec::new());
    let ignored = Outcome::Ignored(IgnoreReason::DuplicateInInvocation);
    for (place, job) in jobs.into_iter().enumerate() {
        if seen.insert(job.id.clone()) {
            first.push((place, job));
            continue;
        }
        let items = job.calls.iter().map(D::item_count).sum();
        repeated.extend((0..items).map(|position| (Owner { job: place, position }, ignored)));
    }
    (first, repeated)
}

/// Jobs that are sent, by place, and what is not.
type Parted<C> = (Vec<(usize, Job<C>)>, Vec<(Owner, Outcome)>);
