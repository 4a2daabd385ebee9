//! Every field of every event type, walked to where it arrives.

use crate::printed::{below, line, said, settings};
use event::json::{Json, Kind};
use event::settings::Settings;
use serde::Deserialize;

const TABLE: &str = include_str!("../../../shared/event/src/currents/currents-events.json");

#[derive(Deserialize)]
struct EventType {
    event_type: String,
    segment_event: Option<String>,
    default: String,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "in")]
    level: String,
    r#type: String,
    nullable: bool,
}

impl Field {
    /// A value of its own, as JSON text.
    fn value(&self, at: usize) -> String {
        match (self.r#type.as_str(), self.name.as_str()) {
            (_, "email_address") => format!("\"user-{at}@example.com\""),
            ("string", name) => format!("\"{name}-{at}\""),
            ("integer", _) => format!("{}", 1_000_000 + at),
            ("number", _) => format!("{at}.50"),
            ("boolean", _) => "true".into(),
            ("array", name) => format!("[\"{name}-{at}\"]"),
            ("object", name) => format!("{{\"{name}\":{at}}}"),
            (other, name) => panic!("{name} is {other}"),
        }
    }

    /// Where a call must have the value, by the rules of section 6.1. Empty for what no call repeats.
    fn paths(&self, event: &EventType) -> Vec<Vec<&str>> {
        let property = |name| vec!["properties", name];
        let has = |name: &str| event.fields.iter().any(|field| field.name == name);
        let trait_of = |name: &'static str| vec!["context", "traits", name];
        match (self.level.as_str(), self.name.as_str()) {
            ("user", "user_id") => vec![vec!["anonymousId"]],
            ("user", "external_user_id") => vec![vec!["userId"]],
            ("user", "device_id") => vec![property("device_id"), vec!["context", "device", "id"]],
            ("user", "timezone") => vec![vec!["context", "timezone"]],
            (_, "email_address") => vec![trait_of("email")],
            (_, "to_phone_number") => vec![trait_of("phone")],
            (_, "user_phone_number") if !has("to_phone_number") => vec![trait_of("phone")],
            (_, "phone_number") if !has("to_phone_number") && !has("user_phone_number") => {
                vec![trait_of("phone")]
            }
            (_, "url") if event.event_type == "users.messages.email.Click" => vec![property("link_url")],
            (_, "url") if event.event_type.ends_with("Click") => vec![property("url"), property("link_url")],
            (_, "content_card_id") => vec![property("card_id")],
            (_, "user_agent") => vec![property("user_agent"), vec!["context", "userAgent"]],
            (_, "device_model") => vec![vec!["context", "device", "model"]],
            (_, "os_version") => vec![vec!["context", "os", "version"]],
            (_, "platform") => {
                vec![
                    property("platform"),
                    vec!["context", "device", "type"],
                    vec!["context", "os", "name"],
                ]
            }
            (_, "ad_id") => vec![property("ad_id"), vec!["context", "device", "advertisingId"]],
            (_, "ad_tracking_enabled") => {
                vec![
                    property("ad_tracking_enabled"),
                    vec!["context", "device", "adTrackingEnabled"],
                ]
            }
            (_, "carrier") => vec![property("carrier"), vec!["context", "network", "carrier"]],
            (_, name) => vec![property(name)],
        }
    }
}

fn table() -> Vec<EventType> {
    serde_json::from_str(TABLE).unwrap()
}

/// An event of the type with the fields that are chosen; the others are null.
fn event(event: &EventType, chosen: impl Fn(&Field) -> bool) -> String {
    let level = |level: &str| {
        let members = event
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.level == level)
            .map(|(at, field)| {
                let value = if chosen(field) {
                    field.value(at)
                } else {
                    "null".into()
                };
                format!("\"{}\":{value}", field.name)
            });
        members.collect::<Vec<_>>().join(",")
    };
    // Two types name no customer.
    let user = if event.fields.iter().any(|field| field.name == "external_user_id") {
        level("user")
    } else {
        format!("{},\"external_user_id\":\"somebody\"", level("user"))
            .trim_start_matches(',')
            .to_owned()
    };
    format!(
        r#"{{"event_type":"{}","id":"e-1","time":1767254400,"user":{{{user}}},"properties":{{{}}}}}"#,
        event.event_type,
        level("properties")
    )
}

fn holds_null(json: Json<'_>) -> bool {
    match json.kind() {
        Kind::Null => true,
        Kind::Object => json
            .as_object()
            .unwrap()
            .iter()
            .any(|(_, value)| holds_null(value)),
        _ => false,
    }
}

#[test]
fn every_field_of_every_type_arrives_at_its_path() {
    event::rules!["BZ-421"];
    let settings = settings("deny_events = []");
    for known in table() {
        let got = line(&event(&known, |_| true), &settings);
        assert_eq!(said(&got, &["outcome"]).as_deref(), Some("deliver"), "{got}");
        assert!(said(&got, &["warnings", "0"]).is_none(), "{got}");
        let printed = Json::parse(&got).unwrap();
        let body = below(printed, &["calls", "0", "body"]).unwrap();
        assert!(!holds_null(body), "{got}");
        assert!(!said(body.raw(), &["event"]).unwrap().trim().is_empty());
        for (at, field) in known.fields.iter().enumerate() {
            let value = field.value(at);
            let as_text = format!("\"{value}\"");
            for path in field.paths(&known) {
                let arrived =
                    below(body, &path).unwrap_or_else(|| panic!("{} lost at {path:?}: {got}", field.name));
                assert!(
                    arrived.raw() == value || arrived.raw() == as_text,
                    "{} of {} at {path:?}: {}",
                    field.name,
                    known.event_type,
                    arrived.raw()
                );
            }
        }
        let properties = below(body, &["properties"]).unwrap().as_object().unwrap();
        let expected: std::collections::BTreeSet<_> = known
            .fields
            .iter()
            .flat_map(|field| field.paths(&known))
            .filter(|path| path[0] == "properties")
            .map(|path| path[1].to_owned())
            .collect();
        let arrived: std::collections::BTreeSet<_> =
            properties.iter().map(|(key, _)| key.to_owned()).collect();
        assert_eq!(
            arrived, expected,
            "{}: nothing else, and nothing twice",
            known.event_type
        );
    }
}

#[test]
fn every_type_with_all_that_may_be_null_null_leaves_no_null() {
    event::rules!["BZ-421"];
    let settings = settings("deny_events = []\nanonymous_users = \"send\"");
    for known in table() {
        let got = line(
            &event(&known, |field| !field.nullable || field.name == "user_id"),
            &settings,
        );
        assert_eq!(said(&got, &["outcome"]).as_deref(), Some("deliver"), "{got}");
        assert!(!holds_null(Json::parse(&got).unwrap()), "{got}");
    }
}

#[test]
fn every_type_has_its_name_of_the_table_letter_for_letter() {
    event::rules!["BZ-051", "BZ-401"];
    let settings = settings("deny_events = []");
    for known in table() {
        let got = line(&event(&known, |_| true), &settings);
        if let Some(name) = &known.segment_event {
            let sent = said(&got, &["calls", "0", "body", "event"]);
            assert_eq!(sent.as_ref(), Some(name), "{}", known.event_type);
        }
    }
}

#[test]
fn what_the_table_has_off_is_denied_by_default_and_no_more() {
    event::rules!["BZ-035"];
    for known in table() {
        let got = line(&event(&known, |_| true), &Settings::default());
        let is_denied = said(&got, &["reason"]).as_deref() == Some("event_type_denied");
        assert_eq!(is_denied, known.default == "off", "{}", known.event_type);
    }
}
