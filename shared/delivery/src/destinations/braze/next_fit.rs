//! Next-fit: one open request for each value of what a request may hold only one of (SB-512, SB-513, SB-518).

use super::limits::{ITEMS, names_once};
use super::plan::Room;
use super::{Batch, Call};
use crate::batch::PlannedItem;
use event::calls::{BrazeArray, BrazeEndpoint, BrazeItem, UserKey, write_braze_body};
use std::collections::{HashMap, HashSet};

/// A request that still takes items.
struct Open {
    request: Batch,
    count: usize,
    bytes: usize,
    has_members: bool,
    arrays: Vec<BrazeArray>,
    /// Who must not be named again.
    named: HashSet<UserKey>,
}

/// Packs calls of one wave and rank.
pub(super) fn next_fit(calls: Vec<Call>, room: Room) -> Vec<Batch> {
    let mut requests: Vec<Open> = Vec::new();
    let mut open: HashMap<BrazeEndpoint, usize> = HashMap::new();
    let mut last = LastNamed::default();
    for call in calls {
        let endpoint = call.target.clone();
        let current = open
            .get(&endpoint)
            .copied()
            .filter(|at| !last.is_after(*at, &call));
        if let Some(at) = current
            && let Some(current) = requests.get_mut(at)
            && current.takes(&call.items, room)
        {
            last.remember(at, &call);
            current.add(call);
            continue;
        }
        for part in parts(call, room) {
            open.insert(endpoint.clone(), requests.len());
            last.remember(requests.len(), &part);
            let mut fresh = Open::new(endpoint.clone());
            fresh.add(part);
            requests.push(fresh);
        }
    }
    requests.into_iter().map(|open| open.request).collect()
}

/// The last request that names a user. A call must not join an earlier one: of an item that is written, deleted and
/// written again nothing would be left.
#[derive(Default)]
struct LastNamed(HashMap<UserKey, usize>);

impl LastNamed {
    /// Whether a request after this one names a user of the call.
    fn is_after(&self, request: usize, call: &Call) -> bool {
        call.users()
            .any(|user| self.0.get(user).is_some_and(|last| *last > request))
    }

    fn remember(&mut self, request: usize, call: &Call) {
        // There is one open request to this endpoint at any time, so none can be overtaken.
        if call.target != BrazeEndpoint::Track {
            self.0.extend(call.users().map(|user| (user.clone(), request)));
        }
    }
}

/// A call in as many parts as requests are needed for it alone.
fn parts(call: Call, room: Room) -> Vec<Call> {
    let Call { job, target, items } = call;
    let mut parts: Vec<Call> = Vec::new();
    let mut measure = Open::new(target.clone());
    for item in items {
        let fits = measure.takes(std::slice::from_ref(&item), room);
        match parts.last_mut().filter(|_| fits) {
            Some(part) => {
                measure.count_in(&item);
                part.items.push(item);
            }
            None => {
                measure = Open::new(target.clone());
                measure.count_in(&item);
                parts.push(Call {
                    job,
                    target: target.clone(),
                    items: vec![item],
                });
            }
        }
    }
    parts
}

impl Open {
    fn new(endpoint: BrazeEndpoint) -> Self {
        let bytes = write_braze_body(&endpoint, std::iter::empty()).len();
        Self {
            request: Batch {
                target: endpoint,
                calls: Vec::new(),
            },
            count: 0,
            bytes,
            has_members: bytes > "{}".len(),
            arrays: Vec::new(),
            named: HashSet::new(),
        }
    }

    fn takes(&self, items: &[PlannedItem<BrazeItem>], room: Room) -> bool {
        let most = match self.request.target {
            BrazeEndpoint::Track => room.max_objects,
            _ => ITEMS,
        };
        let mut arrays = self.arrays.clone();
        let mut bytes = self.bytes;
        for item in items {
            bytes += self.growth(item, &mut arrays);
        }
        self.count + items.len() <= most
            && bytes <= room.max_body_bytes
            && !(names_once(&self.request.target) && self.names_one_of(items))
    }

    fn names_one_of(&self, items: &[PlannedItem<BrazeItem>]) -> bool {
        items
            .iter()
            .flat_map(|item| &item.item.users)
            .any(|user| self.named.contains(user))
    }

    /// By how many bytes an item makes the body longer; for subscription entries at most so many.
    fn growth(&self, item: &PlannedItem<BrazeItem>, arrays: &mut Vec<BrazeArray>) -> usize {
        let array = item.item.array;
        let comma = usize::from(self.has_members || !arrays.is_empty());
        let own = item.item.json.len() + self.subscriber_bytes(item);
        if arrays.contains(&array) {
            return own + 1;
        }
        arrays.push(array);
        own + comma + array.as_str().len() + "\"\":[]".len()
    }

    /// What the id of a subscription entry adds: `,"external_ids":["<id>"]`.
    fn subscriber_bytes(&self, item: &PlannedItem<BrazeItem>) -> usize {
        match (&self.request.target, &item.item.subscriber) {
            (BrazeEndpoint::SubscriptionStatus(kind), Some(id)) => {
                kind.as_str().len() + event::json::string_size(id) + ",\"\":[]".len()
            }
            _ => 0,
        }
    }

    fn count_in(&mut self, item: &PlannedItem<BrazeItem>) {
        let mut arrays = std::mem::take(&mut self.arrays);
        self.bytes += self.growth(item, &mut arrays);
        self.arrays = arrays;
        self.count += 1;
        self.named.extend(item.item.users.iter().cloned());
    }

    fn add(&mut self, call: Call) {
        call.items.iter().for_each(|item| self.count_in(item));
        self.request.calls.push(call);
    }
}
