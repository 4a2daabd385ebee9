use super::*;
use crate::destinations::conformance::{Conforms, RetryAfterCase};
use crate::dispatch::Dispatcher;
use crate::fake_vendor::{FakeSurroundings, FakeVendor, deliver, dispatcher, respond, words};
use crate::http::NoResponse;
use crate::job::Job;
use crate::scripted::FakeSecrets;
use event::Source;
use event::calls::SegmentCall;
use std::ops::RangeInclusive;

mod answers;
mod requests;

type D = Segment;

#[path = "../conformance/suite.rs"]
mod conformance;

use conformance::{event, events, ok};

impl Conforms for Segment {
    const SOURCE: Source = Source::Braze;
    const SETTINGS: &'static str = "[segment]";
    const ONE_CALL_A_REQUEST: &'static str = "max_batch_events = 1";
    const MOST_AT_ONCE: usize = 32;
    const STATUSES: &'static [(RangeInclusive<u16>, &'static str)] = &[
        (200..=299, "delivered"),
        (404..=405, "hold config"),
        (410..=410, "retry transient"),
        (413..=413, "parked event_too_large"),
        (460..=460, "retry transient"),
        (501..=501, "hold config"),
        (505..=505, "hold config"),
        (511..=511, "hold config"),
    ];
    const BODIES: &'static [(u16, &'static str, &'static str)] = &[
        (200, "the words", "delivered"),
        (400, "the words", "parked rejected"),
        (413, "the words", "parked event_too_large"),
    ];
    const REFUSES: &'static [(u16, &'static str)] = &[
        (400, "parked rejected"),
        (413, "parked event_too_large"),
        (422, "parked rejected"),
        (499, "parked rejected"),
    ];
    const RETRIES: &'static [u16] = &[408, 410, 460, 500, 503];
    const RETRY_AFTER: &'static [RetryAfterCase] = &[
        (429, "retry-after: 100", 1, 110..=111),
        (429, "retry-after: Sun, 01 Mar 2026 12:01:40 GMT", 1, 110..=111),
        (429, "x-ratelimit-reset: 100", 1, 110..=111),
        // 100 s after the fake clock begins.
        (429, "x-ratelimit-reset: 1772366500", 1, 110..=111),
        (429, "retry-after: 100; x-ratelimit-reset: 500", 1, 110..=111),
        (429, "retry-after: soon; x-ratelimit-reset: 100", 1, 110..=111),
        // Without a `Retry-After` a 429 asks for 60 s, lengthened to 66 s.
        (429, "", 1, 66..=66),
        (429, "", 9, 66..=66),
        (429, "retry-after: soon", 1, 66..=66),
        (429, "retry-after: -5; x-ratelimit-reset: later", 1, 66..=66),
        (429, "retry-after: 999999", 1, 3960..=3961),
        // Raised to 1 s, lengthened to 1.1 s.
        (429, "retry-after: 0", 1, 2..=2),
        (429, "retry-after: Sun, 01 Mar 2026 11:00:00 GMT", 1, 2..=2),
        (429, "x-ratelimit-reset: 1772366000", 1, 2..=2),
        // A 429 says nothing about the event, a 503 may.
        (429, "retry-after: 100", 9, 111..=111),
        (503, "retry-after: 100", 9, 2700..=2700),
        // On a 5xx only `Retry-After` counts.
        (503, "retry-after: 100", 1, 110..=111),
        (503, "x-ratelimit-reset: 100", 1, 4..=4),
        (503, "retry-after: soon", 1, 4..=4),
        (408, "retry-after: 100", 1, 4..=4),
    ];
    const PAUSES_AFTER_5XX: bool = true;
    const UNANSWERED: (&'static str, bool) = ("retry transient", false);
    const REPEATED: &'static str = "ignored duplicate_in_request";

    fn call(id: &str, user: &str) -> SegmentCall {
        SegmentCall {
            body: format!(
                r#"{{"type":"track","event":"e","userId":"{user}","messageId":"{id}","timestamp":"2026-03-01T11:00:00.000Z","mark":"{id}"}}"#
            ),
            message_id: id.to_owned(),
            lacks_timestamp: false,
            platform: None,
            user: Some(UserKey::new("userId", user)),
        }
    }
}

pub(super) fn keys(one: Option<&str>, by_platform: &[(&str, &str)]) -> String {
    let mut keys = serde_json::json!({"write_keys": {}});
    one.into_iter().for_each(|key| keys["write_key"] = key.into());
    for (name, key) in by_platform {
        keys["write_keys"][*name] = (*key).into();
    }
    keys.to_string()
}

pub(super) fn with_keys(settings: &str, keys: &str) -> Dispatcher<Segment, FakeSurroundings> {
    dispatcher(&format!("[segment]\n{settings}"), FakeSecrets::new(keys))
}

pub(super) fn segment(settings: &str) -> Dispatcher<Segment, FakeSurroundings> {
    with_keys(settings, &keys(Some("wk"), &[]))
}

/// One event of each of these platforms, of a user of its own.
pub(super) fn of_platforms(platforms: &[Option<Platform>]) -> Vec<Job<SegmentCall>> {
    let mut jobs = events(platforms.len());
    for (job, platform) in jobs.iter_mut().zip(platforms) {
        job.calls[0].platform = *platform;
    }
    jobs
}
