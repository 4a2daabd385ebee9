//! Calls become batches (SB-510 to SB-528): duplicates are left out, calls are ordered by rank, and each rank is packed next-fit.

use super::dedupe::dedupe;
use super::limits::is_identity;
use super::next_fit::next_fit;
use super::rank_order::by_rank;
use super::{Batch, Braze, Call};
use crate::batch::PlannedItem;
use crate::job::{Job, Owner};
use crate::planner::{Plan, Planner, dedupe_events};
use event::calls::{BrazeCall, BrazeEndpoint, BrazeItem};
use secrets::BrazeKey;

impl Planner for Braze {
    type Call = BrazeCall;
    type Keys = BrazeKey;
    type Target = BrazeEndpoint;
    type Item = BrazeItem;

    fn item_count(call: &BrazeCall) -> usize {
        call.items.len()
    }

    fn is_identity(call: &BrazeCall) -> bool {
        is_identity(&call.endpoint)
    }

    fn plan(
        &self,
        jobs: Vec<Job<BrazeCall>>,
        _: Option<&BrazeKey>,
        wanted: impl Fn(Owner) -> bool,
    ) -> Plan<Batch> {
        let (first, not_sent) = dedupe_events::<Self>(jobs);
        let calls = first
            .into_iter()
            .flat_map(|(place, job)| calls(place, job.calls, &wanted))
            .collect();
        Plan {
            batches: pack(calls, self.settings.dedupe_attributes, self.room()),
            not_sent,
        }
    }
}

/// What a request may hold of the vendor's limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Objects of a `/users/track` request.
    pub max_objects: usize,
    /// The longest body, in bytes, unless one item alone is longer.
    pub max_body_bytes: usize,
}

/// Packs the calls of one invocation, given in the order of their events, into batches in the order of sending.
fn pack(calls: Vec<Call>, dedupe_attributes: bool, room: Room) -> Vec<Batch> {
    by_rank(dedupe(calls, dedupe_attributes))
        .into_iter()
        .flat_map(|group| next_fit(group, room))
        .collect()
}

/// The calls of one event with the items that are `wanted`.
fn calls(job: usize, calls: Vec<BrazeCall>, wanted: impl Fn(Owner) -> bool) -> Vec<Call> {
    let mut owners = (0..).map(|position| Owner { job, position });
    let mut all = Vec::new();
    for BrazeCall { endpoint, items } in calls {
        let of_call = items.into_iter().zip(owners.by_ref());
        let items: Vec<_> = of_call
            .filter(|(_, owner)| wanted(*owner))
            .map(|(item, owner)| PlannedItem {
                item,
                owners: vec![owner],
            })
            .collect();
        if !items.is_empty() {
            all.push(Call {
                job,
                target: endpoint,
                items,
            });
        }
    }
    all
}

#[cfg(test)]
mod tests;
