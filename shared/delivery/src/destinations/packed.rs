//! What `switchyard map --packed` shows of one invocation: the requests of its events, without a key, a clock or a network.

use crate::destination::Destination;
use crate::job::Job;
use event::calls::Method;
use event::{EventId, Outcome, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A request as one invocation would send it, without its key.
pub struct PackedRequest {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: Method,
    /// The complete URL.
    pub url: String,
    /// The body; what only the moment of sending knows is a word in angle brackets, such as `<now>`.
    pub body: String,
    /// The places of the events with an item in it, or sharing one, in order, each once.
    pub places: Vec<usize>,
}

/// The requests of one invocation, and its events that are in none.
pub struct Packing {
    /// In the order of sending.
    pub requests: Vec<PackedRequest>,
    /// The places of the events that are in none: ignored, or parked.
    pub not_sent: Vec<(usize, Outcome)>,
}

#[cfg(test)]
impl Packing {
    /// Method, URL, places and body of each request.
    pub fn shown(&self) -> Vec<(&str, &str, &[usize], &str)> {
        let requests = self.requests.iter();
        let shown = requests.map(|one| {
            (
                one.method.as_str(),
                one.url.as_str(),
                &one.places[..],
                one.body.as_str(),
            )
        });
        shown.collect()
    }
}

/// Packs the calls of events as one invocation would.
pub fn packed<D: Destination>(destination: &D, events: Vec<(EventId, Vec<D::Call>)>) -> Packing {
    let received_at = Timestamp::from_millis(0);
    let job = |(id, calls)| Job {
        id,
        calls,
        warnings: Vec::new(),
        done: None,
        record: 0,
        receives: 1,
        tries: 1,
        received_at,
    };
    let plan = destination.plan(events.into_iter().map(job).collect(), None, |_| true);
    let requests = plan.batches.iter().map(|batch| {
        let request = destination.request(batch, "", None);
        let owners = batch.items().flat_map(|item| &item.owners);
        let places: BTreeSet<usize> = owners.map(|owner| owner.job).collect();
        PackedRequest {
            method: request.method,
            url: request.url,
            body: request.body,
            places: places.into_iter().collect(),
        }
    });
    let not_sent: BTreeMap<usize, Outcome> = plan
        .not_sent
        .iter()
        .map(|(owner, why)| (owner.job, *why))
        .collect();
    Packing {
        requests: requests.collect(),
        not_sent: not_sent.into_iter().collect(),
    }
}
