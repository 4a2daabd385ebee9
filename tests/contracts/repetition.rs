//! What protects Segment from counting twice, and all routes from going round: the marks of what Switchyard writes there.
#![allow(clippy::disallowed_types, reason = "tests may read what was sent in any way")]

use event::Source;
use event::calls::{SegmentCall, Verdict};
use event::settings::Settings;
use serde_json::Value;

const FROM_BRANCH: &str = r#"{"id":904211,"name":"OPEN","timestamp":1767254400000,"user_data":{"developer_identity":"u-1","os":"iOS","idfv":"7F3B"},"last_attributed_touch_data":{"~campaign":"dusk"},"attributed":true}"#;
const FROM_BRAZE: &str = r#"{"event_type":"users.messages.email.Open","id":"e-1","time":1767254400,"user":{"external_user_id":"u-1"},"properties":{"campaign_name":"dusk"}}"#;

fn calls(source: Source, event: &str) -> Vec<SegmentCall> {
    match mapping::to_segment(source, event, None, &Settings::default()).verdict {
        Verdict::Deliver { calls, .. } => calls,
        Verdict::Ignore(reason) => panic!("{source}: ignored, {reason}"),
        Verdict::Park(reason) => panic!("{source}: parked, {reason}"),
    }
}

#[test]
fn all_that_goes_to_segment_carries_the_mark_of_its_way() {
    event::rules!["RD-160"];
    for (source, event, integration) in [
        (Source::Branch, FROM_BRANCH, "Branch"),
        (Source::Braze, FROM_BRAZE, "Braze"),
    ] {
        let calls = calls(source, event);
        assert!(!calls.is_empty());
        for call in calls {
            let body: Value = serde_json::from_str(&call.body).unwrap();
            assert_eq!(body["context"]["library"]["name"], "switchyard", "{body}");
            assert_eq!(body["context"]["integration"]["name"], integration, "{body}");
        }
    }
}

/// A remainder and a parked event keep the event byte for byte, and the mapping has neither clock nor chance: the id of every
/// attempt follows from these bytes. Deploys must not change it either, so it stands here.
#[test]
fn every_attempt_of_an_event_has_the_same_message_id() {
    event::rules!["RD-152"];
    for (source, event, wanted) in [
        (Source::Branch, FROM_BRANCH, "branch-904211"),
        (Source::Braze, FROM_BRAZE, "e-1"),
    ] {
        let ids = |event: &str| -> Vec<String> {
            calls(source, event)
                .into_iter()
                .map(|call| call.message_id)
                .collect()
        };
        let first = ids(event);
        assert_eq!(first, [wanted]);
        let other = event.replace("904211", "904212").replace("e-1", "e-2");
        assert!(
            ids(&other).iter().all(|id| !first.contains(id)),
            "another event has another id"
        );
        for call in calls(source, event) {
            let body: Value = serde_json::from_str(&call.body).unwrap();
            assert_eq!(body["messageId"], call.message_id.as_str());
        }
    }
}
