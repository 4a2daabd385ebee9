//! Whose write key the calls of Braze's events are sent with.

use event::Source;
use event::calls::{SegmentCall, Verdict};
use event::currents::event_types;
use event::settings::{Pattern, Settings};

/// An event of every type there is, as Braze would send it.
fn events() -> Vec<String> {
    let event = |name: &str| {
        format!(
            r#"{{"event_type":"{name}","id":"id-1","time":1767254400,"user":{{"user_id":"b-1","external_user_id":"cust-1"}},"properties":{{"app_id":"app-1","name":"Own Name","dispatch_id":"d-1","platform":"ios"}}}}"#
        )
    };
    event_types().iter().map(|kind| event(kind.name)).collect()
}

/// Settings that keep no event type out.
fn open_settings() -> Settings {
    let mut settings = Settings::default();
    settings.braze_to_segment.deny_events = Vec::<Pattern>::new();
    settings
}

/// The calls that are sent.
fn sent(settings: &Settings) -> Vec<SegmentCall> {
    let all = events();
    let calls =
        all.iter().flat_map(
            |text| match mapping::to_segment(Source::Braze, text, None, settings).verdict {
                Verdict::Deliver { calls, .. } => calls,
                Verdict::Ignore(_) | Verdict::Park(_) => Vec::new(),
            },
        );
    let calls: Vec<SegmentCall> = calls.collect();
    assert_eq!(calls.len(), all.len(), "every type is sent");
    calls
}

#[test]
fn every_call_is_for_the_write_key_of_all() {
    event::rules!["BZ-225"];
    for call in sent(&open_settings()) {
        assert!(call.platform.is_none(), "{}", call.body);
    }
}
