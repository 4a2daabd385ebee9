//! Any event and any settings.

use crate::config::cases;
use crate::printed::{below, line};
use event::json::{Json, Kind, compact_size, well_formed};
use event::settings::{AnonymousUsers, InControlGroup, Pattern, Settings, UnknownEvents};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// Texts that rules look at, and such that break parsers.
const STRINGS: &[&str] = &[
    "",
    " ",
    "[REDACTED]",
    " [REDACTED]\\n",
    "true",
    "false",
    "web",
    "ios",
    "a@b.c",
    "+15550100",
    "1767254400.5",
    "soon",
    "{\\\"a\\\":null}",
    "[1,{\\\"b\\\":null}]",
    "\\ud83d",
    "\\ud83d\\ude00",
    "\\u0000",
    "\u{e9}\u{1f600}",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "users.messages.email.Click",
    "users.messages.email.Open",
    "users.messages.sms.Send",
    "users.behaviors.CustomEvent",
    "messages.email.Open",
    "users_canvas_abort",
    "users.messages.holo.ImageClick",
    "agentconsole.ToolInvocation",
    "users.-",
];

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "17.60",
    "1e3",
    "1e400",
    "1e-400",
    "1767254400",
    "1767254400418",
    "17672544624189e-4",
    "253402300800000",
    "18446744073709551615",
    "-1",
    "1e99999999999999999999",
];

const KEYS: &[&str] = &[
    "event_type",
    "id",
    "time",
    "user",
    "properties",
    "user_id",
    "external_user_id",
    "device_id",
    "timezone",
    "platform",
    "ad_id",
    "ad_tracking_enabled",
    "card_id",
    "content_card_id",
    "url",
    "link_url",
    "email_address",
    "to_phone_number",
    "phone_number",
    "user_agent",
    "machine_open",
    "is_suspected_bot_click",
    "in_control_group",
    "custom_properties",
    "purchase_properties",
    "message_extras",
    "tool_arguments",
    "name",
    "time_ms",
    "truncated",
    "braze_event_type",
    "event_platform",
    "user_platform",
    "user_device_id",
    "user.device_id",
    "a.b",
    "__proto__",
    "",
    "\\ud800",
    "app_id",
];

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        select(NUMBERS).prop_map(str::to_owned),
        select(STRINGS).prop_map(|text| format!("\"{text}\"")),
        (1_usize..2000).prop_map(|length| format!("\"{}\"", "x".repeat(length))),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ]
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|elements| format!("[{}]", elements.join(" , "))),
            members(inner, 5),
        ]
    })
}

fn members(
    value: impl Strategy<Value = String> + Clone + 'static,
    most: usize,
) -> impl Strategy<Value = String> + Clone {
    prop::collection::vec((select(KEYS), value), 0..most).prop_map(|members| {
        let members: Vec<_> = members
            .iter()
            .map(|(key, value)| format!("\"{key}\": {value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

/// Texts from no JSON at all to events that are sent.
fn text() -> impl Strategy<Value = String> {
    let shaped = (select(STRINGS), scalar(), scalar(), members(scalar().boxed(), 5), members(value().boxed(), 14), value())
        .prop_map(|(event_type, id, time, user, properties, other)| {
            format!(
                r#"{{"platform":{other},"event_type":"{event_type}","id":{id},"time":{time},"user":{user},"properties":{properties}}}"#
            )
        });
    prop_oneof![1 => any::<String>(), 2 => value(), 8 => shaped]
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let switches = prop::array::uniform7(any::<bool>());
    let dropped = prop::collection::vec(select(KEYS).prop_map(str::to_owned), 0..4);
    (switches, dropped, 0_u8..3, 500_usize..32_769, any::<bool>()).prop_map(
        |(on, dropped, unknown, limit, deny)| {
            let mut settings = Settings::default();
            settings.segment.max_event_bytes = limit;
            let own = &mut settings.braze_to_segment;
            own.anonymous_users = if on[0] {
                AnonymousUsers::Send
            } else {
                AnonymousUsers::Drop
            };
            own.in_control_group = if on[1] {
                InControlGroup::Bool
            } else {
                InControlGroup::String
            };
            [
                own.flatten_custom,
                own.parse_json,
                own.keep_renamed,
                own.event_type_property,
                own.anonymous_id,
            ] = [on[2], on[3], on[4], on[5], on[6]];
            own.unknown_events =
                [UnknownEvents::Humanize, UnknownEvents::Raw, UnknownEvents::Drop][usize::from(unknown)];
            own.drop_properties = dropped;
            own.message_id_prefix = if deny { "eu-".into() } else { String::new() };
            if !deny {
                own.deny_events = vec![Pattern::new("agentconsole.*")];
            }
            settings
        },
    )
}

fn holds_null_member(json: Json<'_>) -> bool {
    match json.kind() {
        Kind::Object => json
            .as_object()
            .unwrap()
            .iter()
            .any(|(_, value)| value.is_null() || holds_null_member(value)),
        Kind::Array => json.as_array().unwrap().into_iter().any(holds_null_member),
        _ => false,
    }
}

/// What is left of a value without its nulls, in a form in which the order of members does not count; `None` for nothing.
fn left(json: Json<'_>) -> Option<String> {
    match json.kind() {
        Kind::Null => None,
        Kind::Object => {
            let object = json.as_object().unwrap();
            let members: BTreeMap<_, _> = object
                .iter()
                .filter_map(|(key, value)| Some((key.to_owned(), left(value)?)))
                .collect();
            (object.is_empty() || !members.is_empty()).then(|| format!("{members:?}"))
        }
        Kind::Array => {
            let emptied = |element: Json<'_>| if element.is_null() { "null" } else { "{}" }.to_owned();
            let elements = json.as_array().unwrap().into_iter();
            let left: Vec<_> = elements
                .map(|element| left(element).unwrap_or_else(|| emptied(element)))
                .collect();
            Some(format!("{left:?}"))
        }
        Kind::String => json.as_str().map(|text| format!("{text:?}")),
        Kind::Bool | Kind::Number => Some(json.raw().to_owned()),
    }
}

/// The keys that a call may have, and whether it must.
const CALL: [(&str, bool); 8] = [
    ("type", true),
    ("event", true),
    ("messageId", true),
    ("timestamp", false),
    ("userId", false),
    ("anonymousId", false),
    ("context", true),
    ("properties", true),
];

fn check_call(body: Json<'_>, settings: &Settings) {
    let call = body.as_object().unwrap();
    for (key, needed) in CALL {
        assert!(!needed || call.get(key).is_some(), "{key} is missing");
    }
    for (key, _) in call.iter() {
        assert!(
            key == "integrations" || CALL.iter().any(|(known, _)| *known == key),
            "{key} is no key of a call"
        );
    }
    assert!(!holds_null_member(body), "holds a null");
    assert!(
        call.get("userId").is_some() || call.get("anonymousId").is_some(),
        "names nobody"
    );
    for key in ["event", "messageId", "userId", "anonymousId"] {
        let text = call
            .get(key)
            .map(|value| value.as_str().expect("a string").trim().to_owned());
        assert!(
            !matches!(text.as_deref(), Some("" | "[REDACTED]")),
            "{key} is blank or redacted"
        );
    }
    let message_id = call.get("messageId").unwrap().as_str().unwrap();
    assert!(
        message_id.chars().count() < 100,
        "Segment takes fewer than 100 characters"
    );
    let added = if call.get("timestamp").is_none() { 39 } else { 0 };
    assert!(
        compact_size(body.raw()) + added <= settings.segment.max_event_bytes,
        "over the limit"
    );
    let properties = call.get("properties").unwrap().as_object().unwrap();
    for name in &settings.braze_to_segment.drop_properties {
        assert!(properties.get(name).is_none(), "{name} is dropped");
    }
}

proptest! {
    #![proptest_config(cases!(2000, "braze_to_segment_any"))]

    #[test]
    fn any_event_has_one_outcome_the_same_each_time(text in text(), settings in any_settings()) {
        event::rules!["BZ-423", "BZ-123"];
        let once = line(&text, &settings);
        prop_assert_eq!(&once, &line(&text, &settings));
        let printed = Json::parse(&once).unwrap();
        let outcome = below(printed, &["outcome"]).unwrap().as_str().unwrap();
        prop_assert!(below(printed, &["id"]).and_then(Json::as_str).is_some_and(|id| !id.is_empty()));
        match outcome.as_ref() {
            "deliver" => {
                let calls = below(printed, &["calls"]).unwrap().as_array().unwrap();
                prop_assert_eq!(calls.len(), 1);
                check_call(below(calls[0], &["body"]).unwrap(), &settings);
            }
            "ignore" | "park" => {
                prop_assert!(below(printed, &["reason"]).is_some());
                prop_assert!(below(printed, &["warnings"]).is_none(), "BZ-332");
                prop_assert!(below(printed, &["calls"]).is_none());
            }
            other => prop_assert!(false, "no outcome: {}", other),
        }
    }

    #[test]
    fn unknown_types_and_fields_pass(key in "[a-z]{1,12}_x", value in value(), name in "[a-z]{1,9}") {
        event::rules!["BZ-056", "BZ-150"];
        prop_assume!(value.len() < 20_000, "nothing is trimmed");
        let text = format!(
            r#"{{"event_type":"users.messages.{name}.Zap","id":"e","time":1767254400,"user":{{"external_user_id":"u"}},"properties":{{"{key}":{value},"kept":[1.50]}}}}"#
        );
        let printed = line(&text, &Settings::default());
        let printed = Json::parse(&printed).unwrap();
        prop_assert_eq!(below(printed, &["outcome"]).unwrap().as_str().unwrap(), "deliver");
        let properties = below(printed, &["calls", "0", "body", "properties"]).unwrap();
        prop_assert_eq!(below(properties, &["kept"]).unwrap().raw(), "[1.50]");
        let shaped = well_formed(&value);
        let given = Json::parse(&shaped).unwrap();
        let arrived = below(properties, &[&key]);
        prop_assert!(!arrived.is_some_and(holds_null_member));
        prop_assert_eq!(arrived.and_then(left), left(given));
    }
}
