//! Calls become batches, within Segment's limits (SEG-036..044).

use super::{Batch, Segment, SegmentItem, WriteKeySlot};
use crate::batch::{PlannedCall, PlannedItem};
use crate::job::{Job, Owner};
use crate::planner::{Plan, Planner};
use event::calls::{Platform, SegmentCall, UserKey};
use event::json::compact_size;
use event::reasons::{IgnoreReason, ParkReason};
use event::{Outcome, Timestamp, settings};
use secrets::SegmentKeys;
use std::collections::{BTreeMap, HashMap, HashSet};

impl Planner for Segment {
    type Call = SegmentCall;
    type Keys = SegmentKeys;
    type Target = WriteKeySlot;
    type Item = SegmentItem;

    fn plan(
        &self,
        jobs: Vec<Job<SegmentCall>>,
        keys: Option<&SegmentKeys>,
        wanted: impl Fn(Owner) -> bool,
    ) -> Plan<Batch> {
        // Without keys all go with the one for all (SEG-023).
        let has_own =
            |platform: &Platform| keys.is_some_and(|keys| keys.write_keys.contains_key(platform.as_str()));
        let slot = |call: &SegmentCall| call.platform.filter(has_own);
        pack(jobs, &self.settings, slot, wanted)
    }
}

/// The element as it is sent: with a time, if it has none (SEG-006).
fn complete(body: String, lacks_timestamp: bool, received_at: Timestamp) -> String {
    match body.strip_prefix('{') {
        Some(rest) if lacks_timestamp => {
            let comma = if rest.trim_start().starts_with('}') {
                ""
            } else {
                ","
            };
            format!(r#"{{"timestamp":"{received_at}"{comma}{rest}"#)
        }
        _ => body,
    }
}

/// Whether Segment takes no element of this size. Only one that is longer as it stands is counted in its compact form.
fn is_too_large(element: &str, max_event_bytes: usize) -> bool {
    element.len() > max_event_bytes && compact_size(element) > max_event_bytes
}

/// Bytes of a `timestamp` that was added, its name and comma included (SEG-006).
pub(super) const TIMESTAMP_BYTES: usize = 39;

/// Bytes of a body without any element: `{"batch":[],"sentAt":"YYYY-MM-DDTHH:MM:SS.mmmZ"}`.
const EMPTY_BODY_BYTES: usize = 48;

/// The batch of a key that more elements may join.
struct Open {
    /// Which of the batches it is.
    at: usize,
    count: usize,
    bytes: usize,
    ids: HashSet<String>,
}

/// Packs the calls of one invocation, in order, in batches within the limits, of one key each; `slot` says which. Sent in the
/// order of the batches, the calls of a user keep theirs over all keys: none joins a batch that stands before one with an
/// earlier call of its user in its envelope (RD-146). Of calls of one batch with one `messageId` only the first is sent
/// (SEG-044).
fn pack(
    jobs: Vec<Job<SegmentCall>>,
    settings: &settings::Segment,
    slot: impl Fn(&SegmentCall) -> WriteKeySlot,
    wanted: impl Fn(Owner) -> bool,
) -> Plan<Batch> {
    let mut plan = Plan {
        batches: Vec::<Batch>::new(),
        not_sent: Vec::new(),
    };
    let mut of_slot: BTreeMap<WriteKeySlot, Open> = BTreeMap::new();
    let mut last_of_user: HashMap<(usize, UserKey), usize> = HashMap::new();
    for (place, job) in jobs.into_iter().enumerate() {
        for (position, call) in job.calls.into_iter().enumerate() {
            let owner = Owner { job: place, position };
            if !wanted(owner) {
                continue;
            }
            let target = slot(&call);
            let text = complete(call.body, call.lacks_timestamp, job.received_at);
            if is_too_large(&text, settings.max_event_bytes) {
                let parked = Outcome::Park(ParkReason::EventTooLarge);
                plan.not_sent.push((owner, parked));
                continue;
            }
            let user = call.user.clone().map(|user| (job.record, user));
            let last = user.as_ref().and_then(|user| last_of_user.get(user));
            let takes = |open: &Open| {
                open.count < settings.max_batch_events
                    && open.bytes + 1 + text.len() <= settings.max_batch_bytes
                    && last.is_none_or(|last| *last <= open.at)
            };
            let at = match of_slot.get_mut(&target) {
                Some(open) if open.ids.contains(&call.message_id) => {
                    let ignored = Outcome::Ignored(IgnoreReason::DuplicateInRequest);
                    plan.not_sent.push((owner, ignored));
                    continue;
                }
                Some(open) if takes(open) => {
                    open.count += 1;
                    open.bytes += 1 + text.len();
                    open.ids.insert(call.message_id);
                    open.at
                }
                _ => {
                    let open = Open {
                        at: plan.batches.len(),
                        count: 1,
                        bytes: EMPTY_BODY_BYTES + text.len(),
                        ids: HashSet::from([call.message_id]),
                    };
                    let at = open.at;
                    of_slot.insert(target, open);
                    plan.batches.push(Batch {
                        target,
                        calls: Vec::new(),
                    });
                    at
                }
            };
            last_of_user.extend(user.map(|user| (user, at)));
            let item = SegmentItem {
                text,
                has_added_timestamp: call.lacks_timestamp,
                user: call.user,
                receives: job.receives,
            };
            let planned = PlannedCall {
                job: place,
                target,
                items: vec![PlannedItem {
                    item,
                    owners: vec![owner],
                }],
            };
            if let Some(batch) = plan.batches.get_mut(at) {
                batch.calls.push(planned);
            }
        }
    }
    plan
}

#[cfg(test)]
mod tests;
