//! Calls become batches (SB-510 to SB-528): repeats are left out, calls are ordered by rank, and each rank is packed next-fit.

use super::dedupe::dedupe;
use super::next_fit::next_fit;
use super::rank_order::by_rank;
use super::{Batch, Call};
use crate::batch::PlannedItem;
use crate::job::Owner;
use event::calls::BrazeCall;

/// What a request may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Objects of a `/users/track` request.
    pub max_objects: usize,
    /// Bytes of a body.
    pub max_body_bytes: usize,
}

/// Packs the calls of one invocation, given in the order of their events, into batches in the order of sending.
pub(super) fn plan(calls: Vec<Call>, dedupe_attributes: bool, room: Room) -> Vec<Batch> {
    by_rank(dedupe(calls, dedupe_attributes))
        .into_iter()
        .flat_map(|group| next_fit(group, room))
        .collect()
}

/// The calls of one event with the items that are `wanted`.
pub(super) fn calls(job: usize, calls: Vec<BrazeCall>, wanted: impl Fn(Owner) -> bool) -> Vec<Call> {
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
