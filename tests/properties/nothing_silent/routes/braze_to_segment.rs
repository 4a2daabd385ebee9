use super::{Probe, Sheet, below};
use event::Route;
use serde_json::Value;

/// The one table of Currents.
const TYPES: &str = include_str!("../../../../shared/event/src/currents/currents-events.json");

pub const SHEET: Sheet = Sheet {
    route: Route::BrazeToSegment,
    settings: &[
        "",
        "flatten_custom = true\nparse_json = true\nin_control_group = \"bool\"",
        "keep_renamed = true\nevent_type_property = true\nanonymous_users = \"send\"",
    ],
    events: &[
        r#"{"event_type":"users.messages.email.Click","id":"e-1","time":1767254400,"user":{"external_user_id":"u-1"},"properties":{}}"#,
        r#"{"event_type":"users.messages.contentcard.Click","id":"e-1","time":1767254400,"user":{"external_user_id":"u-1"},"properties":{}}"#,
        r#"{"event_type":"users.behaviors.CustomEvent","id":"e-1","time":1767254400,"user":{"user_id":"b-1"},"properties":{"name":"n"}}"#,
        r#"{"event_type":"users.behaviors.Purchase","id":"e-1","time":1767254400,"user":{"user_id":"b-1"}}"#,
    ],
    places,
    rivals: &[],
    selective: &[],
    excepted,
};

fn places() -> Vec<String> {
    let types: Value = serde_json::from_str(TYPES).unwrap();
    let mut places: Vec<String> = types
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|kind| kind["fields"].as_array().unwrap())
        .map(|field| {
            format!(
                "{}.{}",
                field["in"].as_str().unwrap(),
                field["name"].as_str().unwrap()
            )
        })
        .collect();
    places.sort();
    places.dedup();
    places.extend(["id", "time", "user", "properties", "unknown"].map(str::to_owned));
    places.extend(below("user", "unknown"));
    places.extend(below(
        "properties",
        "unknown custom_properties.own purchase_properties.own time_ms",
    ));
    places
}

fn excepted(_: &Probe<'_>) -> bool {
    false
}
