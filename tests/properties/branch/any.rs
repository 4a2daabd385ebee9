//! Any event and any settings.

use crate::config::cases;
use crate::json_text::{members, scalar, value};
use crate::printed::{Line, below};
use event::Route;
use event::branch_events::Category;
use event::json::{Json, Kind, compact_size};
use event::settings::{EventChoice, MissingIdentity, RequireAttribution, Settings};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const NAMES: &[&str] = &[
    "INSTALL",
    "open",
    "PURCHASE",
    "Order Completed",
    "Product Reviewed",
    "product added",
    "CLICK",
    "purchase_blocked",
    "lesson finished",
    "custom event",
    "branch_OPEN",
    "Login",
    "Pageview",
    "",
    " ",
];

const BRANCH_KEYS: &[&str] = &[
    "name",
    "id",
    "timestamp",
    "origin",
    "attributed",
    "event",
    "user_data",
    "event_data",
    "content_items",
    "custom_data",
    "metadata",
    "last_attributed_touch_data",
    "os",
    "ip",
    "idfa",
    "idfv",
    "language",
    "country",
    "developer_identity",
    "$segment_anonymous_id",
    "segment_message_id",
    "limit_ad_tracking",
    "environment",
    "~campaign",
    "tilde_campaign",
    "campaign",
    "$price",
    "price",
    "$sku",
    "+url",
    "url",
    "revenue",
    "truncated",
    "~",
    "",
    "a.b",
    "aB",
    "__proto__",
    "\\ud800",
    "customer_event_alias",
    "deep_linked",
    "event_id",
    "anonymousId",
];

const SEGMENT_KEYS: &[&str] = &[
    "type",
    "event",
    "messageId",
    "userId",
    "anonymousId",
    "timestamp",
    "properties",
    "context",
    "device",
    "id",
    "advertisingId",
    "adTrackingEnabled",
    "os",
    "name",
    "version",
    "screen",
    "width",
    "density",
    "page",
    "url",
    "library",
    "integration",
    "products",
    "product_id",
    "sku",
    "price",
    "currency",
    "$currency",
    "$price",
    "$keywords",
    "category",
    "rating",
    "revenue",
    "total",
    "order_id",
    "query",
    "browser_fingerprint_id",
    "dma_eea",
    "event_id",
    "segment_message_id",
    "$segment_anonymous_id",
    "branch_key",
    "",
    "a.b",
    "__proto__",
    "\\ud800",
];

/// Texts from no JSON at all to events that are sent.
fn branch_text() -> impl Strategy<Value = String> {
    let object = || members(BRANCH_KEYS, value(BRANCH_KEYS), 14);
    let shaped = (select(NAMES), scalar(), scalar(), any::<bool>(), object(), object(), object(), object()).prop_map(
        |(name, id, time, attributed, user, link, custom, other)| {
            format!(
                r#"{{"user_data":{user},"name":"{name}","id":{id},"timestamp":{time},"attributed":{attributed},"last_attributed_touch_data":{link},"custom_data":{custom},"event_data":{other},"content_items":[{other},{custom}]}}"#
            )
        },
    );
    prop_oneof![1 => any::<String>(), 2 => value(BRANCH_KEYS), 8 => shaped]
}

fn segment_text() -> impl Strategy<Value = String> {
    let object = || members(SEGMENT_KEYS, value(SEGMENT_KEYS), 14);
    let shaped = (select(NAMES), scalar(), scalar(), select(&["ios", "android", "web"][..]), object(), object(), object())
        .prop_map(|(name, id, user, device, screen, properties, product)| {
            format!(
                r#"{{"type":"track","event":"{name}","messageId":{id},"userId":{user},"context":{{"device":{{"type":"{device}","id":"d-1"}},"screen":{screen},"os":{screen}}},"properties":{{"products":[{product},{id}],"price":{id},"p":{properties},"rating":{user},"currency":{id},"query":{product}}}}}"#
            )
        });
    prop_oneof![1 => any::<String>(), 2 => value(SEGMENT_KEYS), 8 => shaped]
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let categories = subsequence(Category::ALL.to_vec(), 4..=7);
    (
        prop::array::uniform16(any::<bool>()),
        categories,
        0_u8..3,
        500_usize..32_769,
    )
        .prop_map(|(on, categories, missing, limit)| {
            let mut settings = Settings::default();
            settings.segment.max_event_bytes = limit;
            let own = &mut settings.branch_to_segment;
            own.categories = categories;
            own.missing_identity = [
                MissingIdentity::Park,
                MissingIdentity::Device,
                MissingIdentity::Ignore,
            ][usize::from(missing)];
            if on[0] {
                own.require_attribution = RequireAttribution::InstallOpen;
                own.also_send_events = vec!["click".into()];
                own.message_id_suffix = "-0123456789a".into();
            }
            [
                own.skip_web,
                own.include_segment_origin,
                own.send_user_id,
                own.extra_properties,
            ] = [on[1], on[2], on[3], on[4]];
            let own = &mut settings.segment_to_branch;
            [
                own.extended_standard_events,
                own.os_name_fallback,
                own.app_user_id_only,
                own.web_user_id_only,
                own.send_limited_advertising_id,
                own.markers,
                own.customer_event_alias,
                own.event_data_on_custom,
                own.custom_fields_as_json,
            ] = [on[5], on[6], on[7], on[8], on[9], on[10], on[11], on[12], on[13]];
            if on[14] {
                own.events.insert("Login".into(), EventChoice::Custom);
                own.events
                    .insert("lesson-finished".into(), EventChoice::Standard("PURCHASE"));
            }
            settings
        })
}

/// Whether a value has a member without content, arrays left aside.
fn holds_blank_member(json: Json<'_>, is_blank: fn(Json<'_>) -> bool) -> bool {
    let members = json.as_object().unwrap_or_default();
    members
        .iter()
        .any(|(_, value)| is_blank(value) || holds_blank_member(value, is_blank))
}

fn is_blank_at_segment(json: Json<'_>) -> bool {
    match json.kind() {
        Kind::Null => true,
        Kind::String => json.as_str().is_some_and(|text| text.is_empty()),
        Kind::Array => json.as_array().is_some_and(|array| array.is_empty()),
        _ => false,
    }
}

fn is_blank_at_branch(json: Json<'_>) -> bool {
    match json.kind() {
        Kind::Null => true,
        Kind::String => json.as_str().is_some_and(|text| text.trim().is_empty()),
        Kind::Array => json.as_array().is_some_and(|array| array.is_empty()),
        Kind::Object => json.as_object().is_some_and(|object| object.is_empty()),
        _ => false,
    }
}

fn check_segment_call(body: Json<'_>, settings: &Settings) {
    const KEYS: [&str; 8] = [
        "type",
        "event",
        "messageId",
        "anonymousId",
        "userId",
        "timestamp",
        "properties",
        "context",
    ];
    let call = body.as_object().unwrap();
    for (key, _) in call.iter() {
        assert!(KEYS.contains(&key), "{key} is no key of a call");
    }
    assert!(
        call.get("userId").is_some() || call.get("anonymousId").is_some(),
        "names nobody"
    );
    for key in ["event", "messageId", "userId", "anonymousId"] {
        let text = call
            .get(key)
            .map(|value| value.as_str().expect("a string").trim().to_owned());
        assert!(!matches!(text.as_deref(), Some("")), "{key} is blank");
    }
    assert!(
        call.get("event")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("branch_")
    );
    assert!(call.get("messageId").unwrap().as_str().unwrap().chars().count() < 100);
    let added = if call.get("timestamp").is_none() { 39 } else { 0 };
    assert!(
        compact_size(body.raw()) + added <= settings.segment.max_event_bytes,
        "over the limit"
    );
    let properties = call.get("properties").unwrap().as_object().unwrap();
    for (name, value) in properties.iter() {
        assert!(
            !name.is_empty() && value.kind() != Kind::Object,
            "{name} is nested"
        );
        assert!(!is_blank_at_segment(value), "{name} is blank");
    }
    assert!(
        !holds_blank_member(call.get("context").unwrap(), is_blank_at_segment),
        "blank in the context"
    );
}

fn check_branch_call(body: Json<'_>) {
    const KEYS: [&str; 6] = [
        "name",
        "customer_event_alias",
        "user_data",
        "event_data",
        "content_items",
        "custom_data",
    ];
    let call = body.as_object().unwrap();
    for (key, value) in call.iter() {
        assert!(KEYS.contains(&key), "{key} is no key of a call");
        assert!(!is_blank_at_branch(value), "{key} is blank");
        assert!(!holds_blank_member(value, is_blank_at_branch), "blank in {key}");
    }
    for item in call
        .get("content_items")
        .and_then(Json::as_array)
        .unwrap_or_default()
    {
        assert!(!holds_blank_member(item, is_blank_at_branch), "blank in an item");
        assert!(below(item, &["$content_schema"]).is_some() && item.as_object().unwrap().len() > 1);
    }
    for (key, value) in call
        .get("custom_data")
        .and_then(Json::as_object)
        .unwrap_or_default()
        .iter()
    {
        assert_eq!(value.kind(), Kind::String, "{key}");
    }
}

proptest! {
    #![proptest_config(cases!(2000, "branch_any"))]

    #[test]
    fn any_branch_event_has_one_outcome_the_same_each_time(text in branch_text(), settings in any_settings()) {
        event::rules!["BS-023"];
        let line = Line::of(Route::BranchToSegment, &text, &settings);
        let again = Line::of(Route::BranchToSegment, &text, &settings);
        prop_assert_eq!(line.text(), again.text());
        if line.outcome() == "deliver" {
            check_segment_call(line.body(), &settings);
        } else {
            prop_assert!(below(line.json(), &["reason"]).is_some() && below(line.json(), &["warnings"]).is_none());
        }
    }

    #[test]
    fn any_segment_event_has_one_outcome_the_same_each_time(text in segment_text(), settings in any_settings()) {
        event::rules!["SR-009"];
        let line = Line::of(Route::SegmentToBranch, &text, &settings);
        let again = Line::of(Route::SegmentToBranch, &text, &settings);
        prop_assert_eq!(line.text(), again.text());
        if line.outcome() == "deliver" {
            check_branch_call(line.body());
        } else {
            prop_assert!(below(line.json(), &["reason"]).is_some() && below(line.json(), &["warnings"]).is_none());
        }
    }
}
