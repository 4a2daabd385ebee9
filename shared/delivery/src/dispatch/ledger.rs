//! What has become of the items of one event, however many requests they go in (RD-022, SB-540 to SB-544).

use crate::destination::Destination;
use crate::http::NoResponse;
use crate::job::{DeliveryResult, Job};
use event::Outcome;
use event::envelope::Done;
use event::reasons::{ParkReason, RetryClass, Warning};
use std::collections::BTreeSet;

/// What has become of the items of one event so far.
pub(super) struct Ledger {
    /// How many items it has.
    of: usize,
    /// Items from this position on are not those of the identity endpoints.
    identity_items: usize,
    accepted: BTreeSet<usize>,
    /// Positions of which something else is known.
    settled: BTreeSet<usize>,
    /// What its calls have met, joined.
    met: Option<Outcome>,
    refusals: Vec<Refusal>,
    warning: Option<Warning>,
    /// What Switchyard learned while sending; it goes before what the mapping repaired.
    sending_warning: Option<Warning>,
    status: Option<u16>,
    /// Whether an item that does not bear repetition is repeated.
    pub maybe_duplicate: bool,
    /// Why a request of it got no answer.
    pub no_answer: Option<NoResponse>,
}

struct Refusal {
    is_identity: bool,
    reason: ParkReason,
    detail: String,
    status: u16,
}

impl Ledger {
    /// The ledger of a job, with what earlier deliveries have accepted of it. Marks of another number of items are void
    /// (SB-543).
    pub(super) fn new<D: Destination>(job: &Job<D::Call>) -> Self {
        let of = job.calls.iter().map(D::item_count).sum();
        let identity = job.calls.iter().filter(|call| D::is_identity(call));
        let identity_items = identity.map(D::item_count).sum();
        let done = job.done.as_ref().filter(|done| done.of == of);
        Self {
            of,
            identity_items,
            accepted: done
                .map(|done| done.items.iter().copied().filter(|item| *item < of).collect())
                .unwrap_or_default(),
            settled: BTreeSet::new(),
            met: None,
            refusals: Vec::new(),
            warning: job.warnings.first().copied(),
            sending_warning: None,
            status: None,
            maybe_duplicate: false,
            no_answer: None,
        }
    }

    /// Whether an item was accepted.
    pub(super) fn is_accepted(&self, position: usize) -> bool {
        self.accepted.contains(&position)
    }

    /// An item was accepted.
    pub(super) fn accept(&mut self, position: usize, status: u16) {
        self.accepted.insert(position);
        self.status = self.status.or(Some(status));
    }

    /// An item was refused.
    pub(super) fn refuse(&mut self, position: usize, reason: ParkReason, status: u16, detail: String) {
        self.settled.insert(position);
        self.refusals.push(Refusal {
            is_identity: position < self.identity_items,
            reason,
            detail,
            status,
        });
    }

    /// An item has this outcome, with or without a request.
    pub(super) fn settle(&mut self, position: usize, outcome: Outcome, status: Option<u16>) {
        self.settled.insert(position);
        self.meet(outcome);
        self.status = status.or(self.status);
    }

    /// All items of which nothing is known yet have this outcome.
    pub(super) fn settle_rest(&mut self, outcome: Outcome) {
        for position in (0..self.of).filter(|position| !self.accepted.contains(position)) {
            self.settled.insert(position);
        }
        self.meet(outcome);
    }

    /// Something is to be said of an event that is delivered all the same.
    pub(super) fn warn(&mut self, warning: Warning) {
        self.sending_warning.get_or_insert(warning);
    }

    fn meet(&mut self, outcome: Outcome) {
        self.met = Some(self.met.map_or(outcome, |met| met.join(outcome)));
    }

    /// The one result of the event. `only_warns`: whether refused items leave it delivered.
    pub(super) fn result(mut self, only_warns: bool) -> DeliveryResult {
        // An item that no request has taken up is not lost: it is tried again.
        if (0..self.of).any(|item| !self.accepted.contains(&item) && !self.settled.contains(&item)) {
            self.meet(Outcome::Retry {
                after: 0,
                class: RetryClass::Unstarted,
            });
        }
        let (mut detail, mut status) = (None, self.status);
        for refusal in std::mem::take(&mut self.refusals) {
            let outcome = self.of_refusal(&refusal, only_warns);
            if matches!(outcome, Outcome::Park(_)) && detail.is_none() {
                (detail, status) = (Some(refusal.detail), Some(refusal.status));
            }
            match outcome {
                Outcome::Warned(warning) => self.warn(warning),
                _ => self.meet(outcome),
            }
        }
        let warning = self.sending_warning.or(self.warning);
        let end = warning.map_or(Outcome::Delivered, Outcome::Warned);
        let outcome = match self.met {
            Some(ignored @ Outcome::Ignored(_)) if self.accepted.is_empty() => ignored,
            met => met.map_or(end, |met| met.join(end)),
        };
        let unfinished = outcome.is_waiting() || matches!(outcome, Outcome::Park(_));
        let done = (unfinished && !self.accepted.is_empty()).then(|| Done {
            of: self.of,
            items: self.accepted.into_iter().collect(),
        });
        DeliveryResult {
            outcome,
            done,
            detail: detail.filter(|_| matches!(outcome, Outcome::Park(_))),
            status,
            maybe_duplicate: self.maybe_duplicate,
            no_answer: self.no_answer,
        }
    }

    fn of_refusal(&self, refusal: &Refusal, only_warns: bool) -> Outcome {
        let has_other_calls = self.identity_items < self.of;
        match refusal.reason {
            _ if refusal.is_identity && has_other_calls => Outcome::Warned(Warning::IdentityRejected),
            ParkReason::Rejected if only_warns => Outcome::Warned(Warning::ItemRejected),
            ParkReason::Rejected if !self.accepted.is_empty() => Outcome::Park(ParkReason::PartlyRejected),
            reason => Outcome::Park(reason),
        }
    }
}
