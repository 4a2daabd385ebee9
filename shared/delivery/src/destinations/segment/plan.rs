//! Calls become batches, and what Segment would discard after a 200 is found before (SEG-030..044).

use super::limits::{MESSAGE_ID_CHARACTERS, PROPERTIES};
use super::{Batch, Segment, SegmentItem, WriteKeySlot};
use crate::batch::{PlannedCall, PlannedItem};
use crate::job::{Job, Owner};
use crate::planner::{Plan, Planner};
use event::calls::{Platform, SegmentCall, UserKey};
use event::json::Index;
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

/// The types that Segment knows (SEG-030).
const TYPES: [&str; 6] = ["track", "identify", "page", "screen", "group", "alias"];

/// The element as it is sent: with a time, if it has none (SEG-006).
fn complete(call: &SegmentCall, received_at: Timestamp) -> String {
    match call.body.strip_prefix('{') {
        Some(rest) if call.lacks_timestamp => {
            let comma = if rest.trim_start().starts_with('}') {
                ""
            } else {
                ","
            };
            format!(r#"{{"timestamp":"{received_at}"{comma}{rest}"#)
        }
        _ => call.body.clone(),
    }
}

/// Why an element must not be sent: Segment would answer 200 and discard it.
fn invalid(element: &str, max_event_bytes: usize, index: &mut Index) -> Option<ParkReason> {
    if element.len() > max_event_bytes {
        return Some(ParkReason::EventTooLarge);
    }
    is_sound(element, index)
        .is_none()
        .then_some(ParkReason::InvalidCall)
}

fn is_sound(element: &str, index: &mut Index) -> Option<()> {
    let object = index.read(element).ok()?.as_object()?;
    let kind = object.get("type")?.as_str()?;
    TYPES.contains(&kind.as_ref()).then_some(())?;
    if kind == "track" {
        (!object.get("event")?.as_str()?.trim().is_empty()).then_some(())?;
    }
    let mut named = false;
    for key in ["userId", "anonymousId"] {
        if let Some(id) = object.get(key) {
            named |= !id.as_str()?.trim().is_empty();
        }
    }
    named.then_some(())?;
    let id = object.get("messageId")?.as_str()?;
    (1..=MESSAGE_ID_CHARACTERS)
        .contains(&id.chars().count())
        .then_some(())?;
    if let Some(time) = object.get("timestamp") {
        Timestamp::parse(&time.as_str()?)?;
    }
    if let Some(properties) = object.get("properties") {
        (properties.as_object()?.len() <= PROPERTIES).then_some(())?;
    }
    Some(())
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
    let mut index = Index::default();
    let mut of_slot: BTreeMap<WriteKeySlot, Open> = BTreeMap::new();
    let mut last_of_user: HashMap<(usize, UserKey), usize> = HashMap::new();
    for (place, job) in jobs.into_iter().enumerate() {
        for (position, call) in job.calls.into_iter().enumerate() {
            let owner = Owner { job: place, position };
            if !wanted(owner) {
                continue;
            }
            let text = complete(&call, job.received_at);
            if let Some(reason) = invalid(&text, settings.max_event_bytes, &mut index) {
                plan.not_sent.push((owner, Outcome::Park(reason)));
                continue;
            }
            let target = slot(&call);
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
