use super::*;
use crate::fixture::{BASE, FixedKeys, World, after, answer, deliver, deliver_within, job, words};
use crate::http::NoAnswer;

mod answers;
mod bisect;
mod pacing;
mod requests;

pub type Messenger = SegmentMessenger<FixedKeys<SegmentKeys>>;

pub fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

pub fn keys(one: Option<&str>, by_platform: &[(&str, &str)]) -> SegmentKeys {
    let by_platform = by_platform
        .iter()
        .map(|(name, key)| ((*name).to_owned(), secret(key)));
    SegmentKeys {
        write_key: one.map(secret),
        write_keys: by_platform.collect(),
    }
}

pub fn with_keys(settings: Segment, keys: Option<SegmentKeys>) -> Messenger {
    SegmentMessenger::new(settings, BASE.to_owned(), FixedKeys::new(keys))
}

pub fn messenger(settings: Segment) -> Messenger {
    with_keys(settings, Some(keys(Some("wk"), &[])))
}

/// One call a request, one request at a time.
pub fn one_by_one() -> Segment {
    Segment {
        max_batch_events: 1,
        concurrency: 1,
        ..Segment::default()
    }
}

pub fn ok() -> Result<Answer, NoAnswer> {
    answer(200, &[], r#"{"success":true}"#)
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
pub fn sent(world: &World) -> Vec<Vec<String>> {
    let ids = |seen: &crate::fixture::Seen| {
        let batch = seen.body["batch"].as_array().unwrap();
        batch
            .iter()
            .map(|call| call["messageId"].as_str().unwrap().to_owned())
            .collect()
    };
    world.seen.borrow().iter().map(ids).collect()
}
