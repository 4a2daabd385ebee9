//! Calls become requests (SB-510 to SB-528): repeats are left out, calls are placed in waves, and each wave is packed
//! next-fit.

mod fit;
mod repeats;
mod waves;

use crate::destinations::packed::{FirstOfEach, PackedRequest, Packing, first_of_each};
use event::EventId;
use event::calls::{BrazeCall, BrazeEndpoint, BrazeItem, write_braze_body};
use event::settings::Braze;
use std::collections::BTreeSet;

/// One call of one event, without the items that were accepted before.
pub struct Asked {
    /// The place of its job.
    pub job: usize,
    /// Where it goes.
    pub endpoint: BrazeEndpoint,
    /// Its items with their positions in the event (SB-543).
    pub items: Vec<(usize, BrazeItem)>,
}

/// An event that put an item into a request, or that shares one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The place of its job.
    pub job: usize,
    /// The position of the item in the event.
    pub position: usize,
}

/// One item of a request.
pub struct Item {
    /// What is sent.
    pub item: BrazeItem,
    /// The events that it stands for; the first put it there.
    pub owners: Vec<Owner>,
}

/// The items of one event that go to one endpoint.
pub struct Placed {
    /// The place of the job that put them there.
    pub job: usize,
    /// Where they go.
    pub endpoint: BrazeEndpoint,
    /// What they are.
    pub items: Vec<Item>,
}

/// One request: the items of one or more events for one endpoint.
pub struct Packed {
    /// Where it goes.
    pub endpoint: BrazeEndpoint,
    /// By event, in their order.
    pub placed: Vec<Placed>,
}

impl Packed {
    /// All items, in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> + Clone {
        self.placed.iter().flat_map(|placed| &placed.items)
    }

    /// Whether all of it is one event's alone; an event may have several calls in one request, and share an item.
    pub fn is_of_one_event(&self) -> bool {
        let mut owners = self.items().flat_map(|item| &item.owners);
        let first = owners.next().map(|owner| owner.job);
        owners.all(|owner| Some(owner.job) == first)
    }

    /// Where the second half begins: between two events if there are several, else between two calls of the one.
    pub fn middle(&self) -> usize {
        let begins = |at: &usize| {
            let job = |at: usize| self.placed.get(at).map(|placed| placed.job);
            *at > 0 && job(*at) != job(*at - 1)
        };
        let starts: Vec<usize> = (0..self.placed.len()).filter(begins).collect();
        match starts.get(starts.len() / 2) {
            Some(at) => *at,
            None => self.placed.len().div_ceil(2),
        }
    }

    /// The body as it is sent.
    pub fn body(&self) -> String {
        write_braze_body(&self.endpoint, self.items().map(|item| &item.item))
    }
}

/// What a request may hold.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Objects of a `/users/track` request.
    pub max_objects: usize,
    /// Bytes of a body.
    pub max_body_bytes: usize,
}

/// Packs the calls of one invocation, given in the order of their events, into requests in the order of sending.
pub fn pack(asked: Vec<Asked>, dedupe_attributes: bool, room: Room) -> Vec<Packed> {
    let placed = repeats::without(asked, dedupe_attributes);
    waves::in_order(placed)
        .into_iter()
        .flat_map(|group| fit::next_fit(group, room))
        .collect()
}

/// Packs anew what is too much for one request.
pub fn again(request: Packed, room: Room) -> Vec<Packed> {
    fit::next_fit(request.placed, room)
}

/// Packs the calls of events as one invocation would, for `switchyard map --packed` (SB-527).
pub fn packed(events: Vec<(EventId, Vec<BrazeCall>)>, base_url: &str, settings: &Braze) -> Packing {
    let FirstOfEach { first, repeated } = first_of_each(events);
    let asked = first
        .into_iter()
        .flat_map(|(place, calls)| asked(place, calls, |_| true))
        .collect();
    let room = Room {
        max_objects: settings.max_objects,
        max_body_bytes: settings.max_body_bytes,
    };
    let shown = |request: Packed| {
        let (method, path) = request.endpoint.target();
        let owners = request.items().flat_map(|item| &item.owners);
        let places: BTreeSet<usize> = owners.map(|owner| owner.job).collect();
        PackedRequest {
            method,
            url: format!("{base_url}{path}"),
            body: request.body(),
            places: places.into_iter().collect(),
        }
    };
    let requests = pack(asked, settings.dedupe_attributes, room);
    Packing {
        requests: requests.into_iter().map(shown).collect(),
        unsent: repeated,
    }
}

/// The calls of one event with the items at the positions that are `wanted`.
pub fn asked(job: usize, calls: Vec<BrazeCall>, wanted: impl Fn(usize) -> bool) -> Vec<Asked> {
    let mut next = 0;
    let mut all = Vec::new();
    for call in calls {
        let first = next;
        next += call.items.len();
        let items: Vec<_> = (first..)
            .zip(call.items)
            .filter(|(position, _)| wanted(*position))
            .collect();
        if !items.is_empty() {
            all.push(Asked {
                job,
                endpoint: call.endpoint,
                items,
            });
        }
    }
    all
}

#[cfg(test)]
mod tests;
