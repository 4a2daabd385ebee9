use super::*;
use crate::destinations::conformance::{Conforms, RetryAfterCase};
use crate::dispatch::Dispatcher;
use crate::fake_vendor::{
    FakeSurroundings, FakeVendor, Seen, deliver, deliver_within, dispatcher, done, job, respond, secret,
    words,
};
use crate::http::{NoResponse, Response};
use crate::job::Job;
use crate::scripted::FakeSecrets;
use event::Source;
use event::calls::{BrazeArray, BrazeCall, SubscriberKind};
use sample_calls::{
    campaign, delete, delete_item, identify, item, merge, subscription, track, update_item, upsert_item,
};
use std::ops::RangeInclusive;

mod answers;
mod bisect;
mod found;
mod pacing;

type D = Braze;

#[path = "../conformance/suite.rs"]
mod conformance;

use conformance::ok;

impl Conforms for Braze {
    const SOURCE: Source = Source::Segment;
    const SETTINGS: &'static str = "[braze]\ninstance = \"US-10\"";
    const ONE_CALL_A_REQUEST: &'static str = "max_objects = 1";
    const MOST_AT_ONCE: usize = 1;
    const STATUSES: &'static [(RangeInclusive<u16>, &'static str)] = &[
        // Without a body that can be read.
        (200..=299, "warned unreadable_answer"),
        (404..=404, "hold config"),
        (413..=413, "parked too_large"),
        (425..=425, "retry transient"),
    ];
    const BODIES: &'static [(u16, &'static str, &'static str)] = &[
        (201, "{}", "delivered"),
        (200, "<html>", "warned unreadable_answer"),
        (400, "the words", "parked rejected"),
        (422, "the words", "parked rejected"),
    ];
    const ACCEPTS: (u16, &'static str) = (201, r#"{"message":"success"}"#);
    const REFUSES: &'static [(u16, &'static str)] = &[(400, "parked rejected"), (413, "parked too_large")];
    const RETRIES: &'static [u16] = &[408, 425, 500, 503];
    const RETRY_AFTER: &'static [RetryAfterCase] = &[
        (503, "retry-after: 100", 1, 110..=111),
        (503, "retry-after: Sun, 01 Mar 2026 12:01:40 GMT", 1, 110..=111),
        (429, "x-ratelimit-retry-after: 100", 1, 110..=111),
        // 100 s after the fake clock begins, in seconds and milliseconds.
        (429, "x-ratelimit-reset: 1772366500", 1, 110..=111),
        (429, "x-ratelimit-reset: 1772366500000", 1, 110..=111),
        // Every response carries it: on another than a 429 it asks for nothing.
        (500, "x-ratelimit-reset: 1772369400", 1, 4..=4),
        (429, "retry-after: 999999", 1, 3960..=3961),
        (503, "retry-after: -5", 1, 4..=4),
        (503, "retry-after: soon", 1, 4..=4),
        (503, "retry-after: ", 1, 4..=4),
        (503, "retry-after: 0", 1, 4..=4),
        (429, "retry-after: 0", 1, 2..=2),
        // A 429 says nothing about the event, a 503 may.
        (429, "retry-after: 100", 9, 111..=111),
        (503, "retry-after: 100", 9, 2700..=2700),
        // Without a `Retry-After` the breaker opens for its own time, between 21 and 30 s.
        (429, "", 1, 26..=26),
    ];

    fn call(id: &str, user: &str) -> BrazeCall {
        let event = format!(r#"{{"external_id":"{user}","mark":"{id}"}}"#);
        BrazeCall {
            endpoint: BrazeEndpoint::Track,
            items: vec![item(BrazeArray::Events, user, &event)],
        }
    }
}

pub(super) fn with_secrets(settings: &str, secrets: FakeSecrets) -> Dispatcher<Braze, FakeSurroundings> {
    dispatcher(&format!("{}\n{settings}", Braze::SETTINGS), secrets)
}

pub(super) fn braze(settings: &str) -> Dispatcher<Braze, FakeSurroundings> {
    with_secrets(settings, FakeSecrets::new(&secret("k-1")))
}

/// Events of these calls.
pub(super) fn jobs(events: impl IntoIterator<Item = Vec<BrazeCall>>) -> Vec<Job<BrazeCall>> {
    (1..)
        .zip(events)
        .map(|(n, calls)| job(&format!("e{n}"), calls))
        .collect()
}

/// What comes of events of these calls by the usual settings.
pub(super) fn outcomes(vendor: &FakeVendor, events: impl IntoIterator<Item = Vec<BrazeCall>>) -> Vec<String> {
    words(&deliver(&braze(""), vendor, jobs(events)))
}

/// A vendor that responds to a path so, and accepts all else.
pub(super) fn at(path: &'static str, status: u16, body: &'static str) -> FakeVendor {
    FakeVendor::new(move |seen, _| {
        if seen.path == path {
            respond(status, &[], body)
        } else {
            ok()
        }
    })
}

/// Objects of a request, over all its arrays.
pub(super) fn objects(seen: &Seen) -> usize {
    let arrays = seen.body.as_object().unwrap().values();
    arrays.filter_map(|value| Some(value.as_array()?.len())).sum()
}
