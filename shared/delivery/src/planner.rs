//! Calls of one invocation become batches. No I/O and no clock.

use crate::batch::Item;
use crate::destination::BatchOf;
use crate::job::{Job, Owner};
use event::Outcome;
use event::reasons::IgnoreReason;
use secrets::SecretContent;
use std::collections::HashSet;

/// Packs what the mapping asks for into the requests of one vendor.
pub trait Planner: Sized {
    /// What the mapping asks for, for one event.
    type Call;
    /// The content of the secret with the vendor's keys.
    type Keys: SecretContent;
    /// Where a batch goes, such as an endpoint.
    type Target: Clone;
    /// What is sent of an event.
    type Item: Item;

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
}

/// What one invocation sends.
pub struct Plan<B> {
    /// In the order of sending.
    pub batches: Vec<B>,
    /// What is not sent, and why.
    pub not_sent: Vec<(Owner, Outcome)>,
}

/// Jobs with their places, without those whose event id an earlier one has, and these as ignored (SB-523, SR-311).
pub(crate) fn dedupe_events<D: Planner>(jobs: Vec<Job<D::Call>>) -> Deduped<D::Call> {
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
type Deduped<C> = (Vec<(usize, Job<C>)>, Vec<(Owner, Outcome)>);
