//! The ledgers of all events of an invocation, and whose later calls wait.

use super::ledger::Ledger;
use super::user_order::UserOrder;
use crate::batch::{Item, PlannedCall};
use crate::destination::Destination;
use crate::job::{DeliveryResult, Job, Owner};
use event::Outcome;
use std::cell::RefCell;

/// What has become of the events of an invocation so far.
pub(super) struct Ledgers {
    /// By job: its record, and n of the schedule.
    facts: Vec<(usize, u32)>,
    ledgers: RefCell<Vec<Ledger>>,
    waiting: RefCell<UserOrder>,
}

impl Ledgers {
    pub(super) fn new<D: Destination>(jobs: &[Job<D::Call>]) -> Self {
        Self {
            facts: jobs.iter().map(|job| (job.record, job.tries)).collect(),
            ledgers: RefCell::new(jobs.iter().map(Ledger::new::<D>).collect()),
            waiting: RefCell::new(UserOrder::new(D::USER_ORDER)),
        }
    }

    /// Whether the destination has accepted an item before.
    pub(super) fn is_accepted(&self, owner: Owner) -> bool {
        let ledgers = self.ledgers.borrow();
        let ledger = ledgers.get(owner.job);
        ledger.is_none_or(|ledger| ledger.is_accepted(owner.position))
    }

    /// n of the schedule of a job.
    pub(super) fn tries(&self, job: usize) -> u32 {
        self.facts.get(job).map_or(1, |(_, tries)| *tries)
    }

    fn record(&self, job: usize) -> usize {
        self.facts.get(job).map_or(0, |(record, _)| *record)
    }

    /// What a call waits with, because an earlier one of its users does.
    pub(super) fn waits_with<T, I: Item>(&self, call: &PlannedCall<T, I>) -> Option<Outcome> {
        let waiting = self.waiting.borrow();
        waiting.outcome(self.record(call.job), call.users())
    }

    /// Records something of an item for every event that it stands for.
    pub(super) fn record_item(&self, owners: &[Owner], mut record: impl FnMut(&mut Ledger, usize)) {
        let mut ledgers = self.ledgers.borrow_mut();
        for owner in owners {
            if let Some(ledger) = ledgers.get_mut(owner.job) {
                record(ledger, owner.position);
            }
        }
    }

    /// The items of a call get one outcome; if it waits, its users' later calls wait with it.
    pub(super) fn settle<T, I: Item>(&self, call: &PlannedCall<T, I>, outcome: Outcome, status: Option<u16>) {
        for item in &call.items {
            self.record_item(&item.owners, |ledger, position| {
                ledger.settle(position, outcome, status)
            });
        }
        self.met(call, outcome);
    }

    /// A call has this outcome; if it waits, its users' later calls wait with it.
    pub(super) fn met<T, I: Item>(&self, call: &PlannedCall<T, I>, outcome: Outcome) {
        let record = self.record(call.job);
        self.waiting.borrow_mut().met(record, call.users(), outcome);
    }

    /// What nothing is known of yet has the outcome that its job gives.
    pub(super) fn settle_rest(&self, outcome: impl Fn(usize) -> Outcome) {
        for (job, ledger) in self.ledgers.borrow_mut().iter_mut().enumerate() {
            ledger.settle_rest(outcome(job));
        }
    }

    /// The one result of each event. `only_warns`: whether refused items leave it delivered.
    pub(super) fn results(self, only_warns: bool) -> Vec<DeliveryResult> {
        let ledgers = self.ledgers.into_inner().into_iter();
        ledgers.map(|ledger| ledger.result(only_warns)).collect()
    }
}
