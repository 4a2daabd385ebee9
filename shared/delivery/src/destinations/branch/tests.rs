use super::*;
use crate::destinations::conformance::{Conforms, RetryAfterCase};
use crate::dispatch::Dispatcher;
use crate::fake_vendor::{
    FakeSurroundings, FakeVendor, deliver, deliver_within, dispatcher, respond, secret, words,
};
use crate::http::{NoResponse, Response};
use crate::job::Job;
use crate::scripted::FakeSecrets;
use event::Source;
use std::ops::RangeInclusive;

mod age;
mod answers;
mod requests;
mod tokens;

type D = Branch;

#[path = "../conformance/suite.rs"]
mod conformance;

use conformance::{event, events, ok};

impl Conforms for Branch {
    const SOURCE: Source = Source::Segment;
    const SETTINGS: &'static str = "[branch]\nmax_requests_per_second = 1000";
    const ONE_CALL_A_REQUEST: &'static str = "";
    const PACKS: bool = false;
    const MOST_AT_ONCE: usize = 64;
    const STATUSES: &'static [(RangeInclusive<u16>, &'static str)] = &[(200..=299, "delivered")];
    const BODIES: &'static [(u16, &'static str, &'static str)] = &[
        (299, "not JSON", "delivered"),
        // A revoked key is answered like an invalid event.
        (
            400,
            "{\"message\":\"Authentication FAILED: invalid key\"}",
            "hold credentials",
        ),
        (400, "{\"message\":\"name is missing\"}", "parked rejected"),
        (404, "authentication failed", "parked rejected"),
    ];
    const REFUSES_KEY: &'static [(u16, &'static str)] =
        &[(400, "authentication failed"), (401, ""), (403, "")];
    const REFUSES: &'static [(u16, &'static str)] = &[(400, "parked rejected"), (413, "parked rejected")];
    const RETRIES: &'static [u16] = &[408, 500, 503];
    const SCHEDULE: &'static [u32] = &[2, 4, 12, 23, 45, 90, 180, 225, 225];
    const RETRY_AFTER: &'static [RetryAfterCase] = &[
        (429, "retry-after: 100", 1, 110..=111),
        (503, "retry-after: 100", 1, 110..=111),
        (429, "retry-after: Sun, 01 Mar 2026 12:01:40 GMT", 1, 110..=111),
        (429, "retry-after: 9999", 1, 330..=331),
        // A 429 says nothing about the event, a 503 may.
        (429, "retry-after: 100", 9, 111..=111),
        (503, "retry-after: 100", 9, 225..=225),
        // Raised to 1 s, lengthened to 1.1 s.
        (429, "retry-after: 0", 1, 2..=2),
        (429, "retry-after: Sun, 01 Mar 2026 11:00:00 GMT", 1, 2..=2),
        // Without a `Retry-After` the breaker opens for its own time, between 21 and 30 s.
        (429, "", 1, 26..=26),
        (429, "", 8, 26..=26),
        (429, "retry-after: soon", 1, 26..=26),
        (429, "retry-after: -5", 1, 26..=26),
        (429, "retry-after: ", 1, 26..=26),
        (429, "retry-after: 1e3", 1, 26..=26),
        (408, "retry-after: 100", 1, 2..=2),
    ];

    fn call(id: &str, user: &str) -> BranchCall {
        BranchCall {
            endpoint: BranchEndpoint::Standard,
            body: format!(
                r#"{{"name":"LOGIN","mark":"{id}","user_data":{{"developer_identity":"{user}"}}}}"#
            ),
            ip: Some("203.0.113.9".to_owned()),
            timestamp: None,
            user: Some(UserKey::new("developer_identity", user)),
        }
    }
}

/// Branch with these settings, one request at a time.
pub(super) fn branch(settings: &str, secrets: FakeSecrets) -> Dispatcher<Branch, FakeSurroundings> {
    dispatcher(&format!("[branch]\nconcurrency = 1\n{settings}"), secrets)
}

pub(super) fn usual(settings: &str) -> Dispatcher<Branch, FakeSurroundings> {
    branch(settings, FakeSecrets::new(&secret("k-1")))
}

/// Keys that are others after a renewal.
pub(super) fn renewed(settings: &str) -> Dispatcher<Branch, FakeSurroundings> {
    let secrets = FakeSecrets::new(&secret("k-1"));
    secrets.store(&secret("k-2"));
    branch(settings, secrets)
}
