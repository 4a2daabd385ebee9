//! What comes from Braze does not go back there.

use crate::printed::Line;
use crate::settings::settings;
use event::Route;
use event::settings::Settings;
use serde::Deserialize;

const TABLE: &str = include_str!("../../../shared/event/src/currents/currents-events.json");

#[derive(Deserialize)]
struct EventType {
    event_type: String,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "in")]
    level: String,
    r#type: String,
}

impl EventType {
    /// An event of the type with all its fields.
    fn event(&self) -> String {
        let value = |field: &Field| match field.r#type.as_str() {
            "string" => "\"s\"",
            "boolean" => "true",
            "array" => "[\"s\"]",
            "object" => "{\"s\":1}",
            _ => "1",
        };
        let level = |level: &str| {
            let fields = self.fields.iter().filter(|field| field.level == level);
            let fields = fields.filter(|field| field.name != "external_user_id");
            let members: Vec<String> = fields
                .map(|field| format!(",\"{}\":{}", field.name, value(field)))
                .collect();
            members.concat()
        };
        format!(
            r#"{{"event_type":"{}","id":"e-1","time":1767254400,"user":{{"external_user_id":"u-1"{}}},"properties":{{{}}}}}"#,
            self.event_type,
            level("user"),
            level("properties").trim_start_matches(',')
        )
    }
}

#[test]
fn what_braze_to_segment_sends_makes_no_call_here() {
    event::rules!["SB-021", "SB-707", "BZ-228", "BZ-424"];
    let table: Vec<EventType> = serde_json::from_str(TABLE).unwrap();
    assert!(!table.is_empty());
    let mut from_braze = Settings::default();
    from_braze.braze_to_segment.deny_events.clear();
    let to_braze = [
        Settings::default(),
        settings("respect_integrations = false\nanonymous = \"alias\"\npages = \"all\"\nscreens = \"all\""),
    ];
    for known in &table {
        let line = Line::of(Route::BrazeToSegment, &known.event(), &from_braze);
        assert_eq!(line.outcome(), "deliver", "{}", known.event_type);
        for own in &to_braze {
            let back = Line::of(Route::SegmentToBraze, line.body().raw(), own);
            assert_eq!(back.outcome(), "ignore loop", "{}", known.event_type);
        }
    }
}
