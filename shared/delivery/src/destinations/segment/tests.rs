use super::*;
use crate::dispatch::Dispatcher;
use crate::fake_aws::FakeSecrets;
use crate::fake_vendor::{Fake, FakeVendor, after, deliver, deliver_within, dispatcher, job, respond, words};
use crate::http::NoResponse;

mod answers;
mod bisect;
mod pacing;
mod requests;

pub fn keys(one: Option<&str>, by_platform: &[(&str, &str)]) -> String {
    let mut keys = serde_json::json!({"write_keys": {}});
    one.into_iter().for_each(|key| keys["write_key"] = key.into());
    for (name, key) in by_platform {
        keys["write_keys"][*name] = (*key).into();
    }
    keys.to_string()
}

pub fn with_secrets(settings: settings::Segment, secrets: &FakeSecrets) -> Dispatcher<Segment, Fake> {
    let settings = Settings {
        segment: settings,
        ..Settings::default()
    };
    dispatcher(&settings, secrets.clone())
}

pub fn with_keys(settings: settings::Segment, keys: Option<String>) -> Dispatcher<Segment, Fake> {
    let secrets = keys
        .as_deref()
        .map_or_else(FakeSecrets::unreadable, FakeSecrets::new);
    with_secrets(settings, &secrets)
}

/// Keys that are others after a renewal.
pub fn renewed(settings: settings::Segment, first: &str, next: &str) -> Dispatcher<Segment, Fake> {
    let secrets = FakeSecrets::new(first);
    secrets.store(next);
    with_secrets(settings, &secrets)
}

pub fn messenger(settings: settings::Segment) -> Dispatcher<Segment, Fake> {
    with_secrets(settings, &FakeSecrets::new(&keys(Some("wk"), &[])))
}

/// One call a request, one request at a time.
pub fn one_by_one() -> settings::Segment {
    settings::Segment {
        max_batch_events: 1,
        concurrency: 1,
        ..settings::Segment::default()
    }
}

pub fn ok() -> Result<Response, NoResponse> {
    respond(200, &[], r#"{"success":true}"#)
}

/// A track of a user of its own.
pub fn call(id: &str) -> SegmentCall {
    SegmentCall {
        body: format!(
            r#"{{"type":"track","event":"e","userId":"{id}","messageId":"{id}","timestamp":"2026-03-01T11:00:00.000Z"}}"#
        ),
        message_id: id.to_owned(),
        lacks_timestamp: false,
        platform: None,
        user: Some(UserKey::new("userId", id)),
    }
}

pub fn event(id: &str) -> Job<SegmentCall> {
    job(id, vec![call(id)])
}

pub fn events(count: usize) -> Vec<Job<SegmentCall>> {
    (0..count).map(|n| event(&format!("e{n}"))).collect()
}

/// The ids of the calls of each request.
pub fn sent(world: &FakeVendor) -> Vec<Vec<String>> {
    let ids = |seen: &crate::fake_vendor::Seen| {
        let batch = seen.body["batch"].as_array().unwrap();
        batch
            .iter()
            .map(|call| call["messageId"].as_str().unwrap().to_owned())
            .collect()
    };
    world.seen.borrow().iter().map(ids).collect()
}
