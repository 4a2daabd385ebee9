//! The one way of every delivery: plan the batches, send them within the users' order, and add up what became of each event.

mod breaker;
mod in_flight;
mod invocation_keys;
mod ledger;
mod ledgers;
mod pauses;
mod run;
mod send;
mod token_bucket;
mod user_order;

use crate::batch::PlannedCall;
use crate::destination::{BatchOf, Destination, Limits};
use crate::job::{Context, DelivererSurroundings, DeliveryResult, Job};
use crate::planner::Planner;
use in_flight::in_flight;
use ledgers::Ledgers;
use pauses::Pauses;
use run::Run;
use secrets::SecretCache;
use std::hash::RandomState;
use std::panic::{AssertUnwindSafe, catch_unwind};
use surroundings::Surroundings;

/// The keys of a destination, in memory.
pub(crate) type Keys<D, S> = SecretCache<
    <S as Surroundings>::Secrets,
    <S as Surroundings>::Clock,
    <S as Surroundings>::Random,
    <D as Planner>::Keys,
>;

/// Sends to one destination. It lives as long as the container, so that what it learns holds for later invocations too.
pub(crate) struct Dispatcher<D: Destination, S: DelivererSurroundings> {
    pub(crate) destination: D,
    pub(crate) limits: Limits,
    pub(crate) keys: Keys<D, S>,
    pauses: Pauses<D>,
    /// Compares keys without keeping them.
    hasher: RandomState,
}

impl<D: Destination, S: DelivererSurroundings> Dispatcher<D, S> {
    /// A dispatcher that has learned nothing yet.
    pub(crate) fn new(destination: D, keys: Keys<D, S>) -> Self {
        let limits = destination.limits();
        Self {
            pauses: Pauses::new(limits.requests_per_second),
            destination,
            limits,
            keys,
            hasher: RandomState::new(),
        }
    }

    /// Whether a breaker is open.
    pub(crate) fn has_open_breaker(&self) -> bool {
        self.pauses.has_open_breaker()
    }

    /// Delivers all jobs of one invocation and gives each exactly one result, in the order of the jobs.
    pub(crate) async fn deliver(
        &self,
        jobs: Vec<Job<D::Call>>,
        context: &Context<'_, S>,
    ) -> Vec<DeliveryResult> {
        let keys = self.keys.current().await;
        let ledgers = Ledgers::new::<D>(&jobs);
        let wanted = |owner| !ledgers.is_accepted(owner);
        let planned = catch_unwind(AssertUnwindSafe(|| {
            self.destination.plan(jobs, keys.as_deref(), wanted)
        }));
        let run = Run::new(self, context, keys, ledgers);
        match planned {
            Ok(plan) => {
                run.not_sent(plan.not_sent);
                let with_users = |batch: BatchOf<D>| {
                    let users = batch.calls.iter().flat_map(PlannedCall::users);
                    (users.cloned().collect(), batch)
                };
                let batches = plan.batches.into_iter().map(with_users).collect();
                in_flight(batches, self.limits.concurrency, |batch| run.batch(batch)).await;
            }
            Err(_) => run.unplanned(),
        }
        run.results()
    }
}
