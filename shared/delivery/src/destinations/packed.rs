//! What `switchyard map --packed` shows of one invocation: the requests of its events, without a key, a clock or a network.

use event::EventId;
use event::calls::Method;
use event::reasons::{IgnoreReason, ParkReason};
use std::collections::HashSet;

/// One request.
pub struct PackedRequest {
    /// The method.
    pub method: Method,
    /// The complete URL.
    pub url: String,
    /// The body; what only the moment of sending knows is a word in angle brackets, such as `<now>`.
    pub body: String,
    /// The places of the events with an item in it, or sharing one, in order, each once.
    pub places: Vec<usize>,
}

/// Why an event that the mapping wants delivered is in no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// Another event stands for it.
    Ignored(IgnoreReason),
    /// The destination would never take it.
    Parked(ParkReason),
}

/// The requests of one invocation in the order of sending, and its events that are in none.
pub struct Packing {
    /// The requests.
    pub requests: Vec<PackedRequest>,
    /// The places of the events that are in none, with the reason.
    pub unsent: Vec<(usize, Unsent)>,
}

/// Events parted by whether an earlier one has their id.
pub struct FirstOfEach<C> {
    /// The places of the first of each id, with their calls.
    pub first: Vec<(usize, Vec<C>)>,
    /// The places of the others.
    pub repeated: Vec<(usize, Unsent)>,
}

/// Parts the events of one invocation.
pub fn first_of_each<C>(events: Vec<(EventId, Vec<C>)>) -> FirstOfEach<C> {
    let mut seen = HashSet::new();
    let (mut first, mut repeated) = (Vec::new(), Vec::new());
    for (place, (id, calls)) in events.into_iter().enumerate() {
        if seen.insert(id) {
            first.push((place, calls));
        } else {
            repeated.push((place, Unsent::Ignored(IgnoreReason::DuplicateInInvocation)));
        }
    }
    FirstOfEach { first, repeated }
}
