//! What Branch asks of an event.

use serde_json::Value;

use super::Endpoint;
use super::item;
use crate::form::{Fields, is_text, nobodies, object, optional, present, text, unknown};

/// Source: Branch's page on the v2 event API, and its SDKs.
const STANDARD: &str = "ADD_TO_CART ADD_TO_WISHLIST VIEW_CART ADD_PAYMENT_INFO INITIATE_PURCHASE PURCHASE \
    SPEND_CREDITS RESERVE CLICK_AD VIEW_AD SEARCH VIEW_ITEM VIEW_ITEMS RATE SHARE INITIATE_STREAM COMPLETE_STREAM \
    COMPLETE_REGISTRATION COMPLETE_TUTORIAL ACHIEVE_LEVEL UNLOCK_ACHIEVEMENT INVITE LOGIN START_TRIAL SUBSCRIBE \
    OPT_IN OPT_OUT";
/// A name that Branch keeps for itself.
const RESERVED: &str = "custom event";

const MEMBERS: [&str; 8] = [
    "name",
    "branch_key",
    "customer_event_alias",
    "user_data",
    "event_data",
    "content_items",
    "custom_data",
    "metadata",
];

const USER_TEXTS: [&str; 21] = [
    "os",
    "os_version",
    "developer_identity",
    "idfa",
    "idfv",
    "aaid",
    "android_id",
    "browser_fingerprint_id",
    "user_agent",
    "environment",
    "ip",
    "app_version",
    "brand",
    "model",
    "language",
    "country",
    "http_origin",
    "http_referrer",
    "local_ip",
    "google_analytics_id",
    "anon_id",
];
/// An object of further ids, by the kind of device.
const ADVERTISING_IDS: &str = "advertising_ids";
const USER_INTEGERS: [&str; 3] = ["screen_width", "screen_height", "screen_dpi"];
const USER_FLAGS: [&str; 4] = [
    "limit_ad_tracking",
    "dma_eea",
    "dma_ad_personalization",
    "dma_ad_user_data",
];
const DEVICE_IDS: [&str; 4] = ["idfa", "idfv", "aaid", "android_id"];

const EVENT_TEXTS: [&str; 8] = [
    "transaction_id",
    "currency",
    "coupon",
    "affiliation",
    "search_query",
    "description",
    "ad_type",
    "customer_event_alias",
];
const EVENT_NUMBERS: [&str; 3] = ["revenue", "shipping", "tax"];
const AD_TYPES: [&str; 4] = ["BANNER", "INTERSTITIAL", "REWARDED_VIDEO", "NATIVE"];

/// What Branch silently leaves out of an event, or why it refuses the event.
pub(super) fn check(endpoint: Endpoint, body: &Fields) -> Result<Vec<String>, String> {
    check_name(endpoint, text(body, "name", usize::MAX).map_err(bad)?)?;
    optional(body, "customer_event_alias", is_text).map_err(bad)?;
    let mut losses = unknown(body, &MEMBERS);
    let user = body
        .get("user_data")
        .ok_or("Bad request: user_data is required")?;
    losses.extend(check_user(object(user, "user_data").map_err(bad)?)?);
    if let Some(data) = body.get("event_data") {
        let data = object(data, "event_data").map_err(bad)?;
        losses.extend(check_data(data)?);
        losses.extend(counted_as_dollars(data, body.get("custom_data")));
    }
    if let Some(items) = body.get("content_items") {
        let items = items.as_array().ok_or_else(|| wrong_type("content_items"))?;
        for content in items {
            item::check(object(content, "content_items").map_err(bad)?)?;
        }
        if endpoint == Endpoint::Custom {
            losses.push("'content_items' of a custom event are ignored".to_owned());
        }
    }
    if let Some(custom) = body.get("custom_data") {
        let custom = object(custom, "custom_data").map_err(bad)?;
        if let Some((key, _)) = custom.iter().find(|(_, value)| !value.is_string()) {
            return Err(wrong_type(&format!("custom_data.{key}")));
        }
    }
    Ok(losses)
}

fn bad(reason: String) -> String {
    format!("Bad request: {reason}")
}

/// Branch's words for a number where a string belongs, and the like.
pub(super) fn wrong_type(field: &str) -> String {
    format!("Bad request: wrong field type for {field}")
}

fn check_name(endpoint: Endpoint, name: &str) -> Result<(), String> {
    let is_standard = STANDARD.split_ascii_whitespace().any(|known| known == name);
    match (endpoint, is_standard) {
        (Endpoint::Standard, false) => Err(format!("Bad request: {name:?} is not a standard event")),
        (Endpoint::Custom, true) => Err(format!("Bad request: {name:?} is a standard event")),
        (Endpoint::Custom, false) if name.trim().eq_ignore_ascii_case(RESERVED) => {
            Err(format!("Bad request: {name:?} is reserved"))
        }
        _ => Ok(()),
    }
}

fn typed(fields: &Fields, keys: &[&str], is_right: fn(&Value) -> bool) -> Result<(), String> {
    let wrong = |key: &&&str| fields.get(**key).is_some_and(|value| !is_right(value));
    match keys.iter().find(wrong) {
        Some(key) => Err(wrong_type(key)),
        None => Ok(()),
    }
}

fn check_user(user: &Fields) -> Result<Vec<String>, String> {
    typed(user, &USER_TEXTS, Value::is_string)?;
    typed(user, &USER_INTEGERS, Value::is_u64)?;
    typed(user, &USER_FLAGS, Value::is_boolean)?;
    if let Some(ids) = user.get(ADVERTISING_IDS) {
        let ids = object(ids, ADVERTISING_IDS).map_err(bad)?;
        if let Some((key, _)) = ids.iter().find(|(_, id)| !is_text(id)) {
            return Err(wrong_type(&format!("{ADVERTISING_IDS}.{key}")));
        }
    }
    let os = present(user, "os").and_then(Value::as_str);
    if let Some(os) = os.filter(|os| !["", "iOS", "Android"].contains(&os.trim())) {
        return Err(format!("Bad request: os {os:?} is not known"));
    }
    let has = |key: &&str| present(user, key).is_some_and(is_text);
    let has_device = DEVICE_IDS.iter().any(has);
    if has_device && os.is_none() {
        return Err("Bad request: os is required beside a device id".to_owned());
    }
    if !has_device && !["developer_identity", "browser_fingerprint_id"].iter().any(has) {
        return Err(
            "Bad request: user_data must include developer_identity, browser_fingerprint_id, or os and a device id"
                .to_owned(),
        );
    }
    let known = [
        &USER_TEXTS[..],
        &USER_INTEGERS[..],
        &USER_FLAGS[..],
        &[ADVERTISING_IDS],
    ]
    .concat();
    let mut losses = unknown(user, &known);
    losses.extend(nobodies(user, &["developer_identity", "browser_fingerprint_id"]));
    losses.extend(nobodies(user, &DEVICE_IDS));
    Ok(losses)
}

fn check_data(data: &Fields) -> Result<Vec<String>, String> {
    typed(data, &EVENT_TEXTS, Value::is_string)?;
    typed(data, &EVENT_NUMBERS, Value::is_number)?;
    let value = |key| present(data, key).and_then(Value::as_str);
    if let Some(currency) = value("currency").filter(|currency| !is_currency(currency)) {
        return Err(format!("Bad request: currency {currency:?} is not valid"));
    }
    if let Some(kind) = value("ad_type").filter(|kind| !AD_TYPES.contains(kind)) {
        return Err(format!("Bad request: ad_type {kind:?} is not valid"));
    }
    let known = [&EVENT_TEXTS[..], &EVENT_NUMBERS[..]].concat();
    Ok(unknown(data, &known))
}

/// Money of the currency that the sender names in `custom_data` alone: without one of its own Branch counts it as US dollars.
/// Source: Branch's page "Track Branch Events".
fn counted_as_dollars(data: &Fields, custom: Option<&Value>) -> Option<String> {
    let named = custom?.get("currency").filter(|named| is_text(named))?;
    let is_named = named
        .as_str()
        .is_none_or(|named| !named.trim().eq_ignore_ascii_case("null"));
    let money = EVENT_NUMBERS.iter().find(|key| present(data, key).is_some())?;
    (is_named && present(data, "currency").is_none())
        .then(|| format!("'{money}' counts as US dollars, but 'custom_data.currency' names another"))
}

/// Three capitals; Branch knows more of them than it lists.
pub(super) fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
