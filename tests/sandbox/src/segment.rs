//! Segment's Tracking API: `POST /v1/batch`. It answers 200 to most of what it then discards. Whether it knows a write key, it
//! tells at `GET /v1/projects/<write_key>/settings` alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use crate::form::{
    Fields, is_text, is_time, lists, nobodies, object, optional, present, required, text, unknown,
};
use crate::judged::{Judged, JudgedItem, SeenIds, VendorRequest};
use crate::keys::Keys;
use crate::limits::{
    SEGMENT_BATCH_BYTES, SEGMENT_BATCH_EVENTS, SEGMENT_EVENT_BYTES, SEGMENT_MESSAGE_ID, SEGMENT_PROPERTIES,
};
use crate::record::ItemResult;

const BATCH: &str = "batch";
const SENT_AT: &str = "sentAt";
const SUCCESS: &str = r#"{"success":true}"#;

/// Judges a request. `seen` are the ids that were taken before.
pub(crate) fn judge(request: &VendorRequest<'_>, write_keys: &[String], seen: &mut SeenIds) -> Judged {
    let project = request.path.strip_prefix("/v1/projects/");
    if let (Some(key), "GET") = (
        project.and_then(|rest| rest.strip_suffix("/settings")),
        request.method,
    ) {
        let is_known = write_keys.iter().any(|known| Keys::fits(known, key));
        return Judged {
            status: if is_known { 200 } else { 404 },
            body: "{}".to_owned(),
            items: Vec::new(),
        };
    }
    if (request.method, request.path) != ("POST", "/v1/batch") {
        return refused(404, request, "not found");
    }
    let Some(key) = write_key(request) else {
        return refused(401, request, "no write key");
    };
    if request.body.len() > SEGMENT_BATCH_BYTES {
        return refused(413, request, "the request is over 500 KB");
    }
    if !request.is_json() {
        return refused(400, request, "the content type is not JSON");
    }
    let Some((events, losses)) = opened(request.body) else {
        return refused(400, request, "malformed JSON");
    };
    if events.is_empty() {
        return refused(400, request, "the request holds no events");
    }
    let against_all = if !write_keys.iter().any(|known| Keys::fits(known, &key)) {
        Some("the write key is not known")
    } else if events.len() > SEGMENT_BATCH_EVENTS {
        Some("the request holds more than 2500 events")
    } else {
        None
    };
    let judge_one = |(index, event): (usize, &&RawValue)| {
        let reason = against_all.or_else(|| request.fault_of(BATCH, index));
        let mut losses = losses.clone();
        losses.extend(misread(event.get()));
        let result = match reason.map_or_else(|| check(event.get()), |reason| Err(reason.to_owned())) {
            Err(reason) => ItemResult::Discarded { reason },
            Ok(id) if seen.contains(&id) => ItemResult::Repeated,
            Ok(id) => {
                seen.insert(id);
                ItemResult::Accepted
            }
        };
        JudgedItem {
            array: BATCH.to_owned(),
            index,
            json: event.get().to_owned(),
            result,
            losses,
        }
    };
    Judged {
        status: 200,
        body: SUCCESS.to_owned(),
        items: events.iter().enumerate().map(judge_one).collect(),
    }
}

fn refused(status: u16, request: &VendorRequest<'_>, reason: &str) -> Judged {
    let body = serde_json::json!({"success": false, "message": reason}).to_string();
    Judged::refused(status, body, request, reason)
}

/// The user name of Basic authorization; the password is empty.
fn write_key(request: &VendorRequest<'_>) -> Option<String> {
    let decoded = STANDARD.decode(request.credential("Basic")?).ok()?;
    let (key, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    (!key.is_empty() && password.is_empty()).then(|| key.to_owned())
}

/// The events of a body, and what Segment passes over in silence, at the cost of every one of them: members that it does not
/// know, and a time of sending without which it cannot set the events' times right.
fn opened(body: &str) -> Option<(Vec<&RawValue>, Vec<String>)> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(body).ok()?;
    let events = serde_json::from_str(members.get(BATCH)?.get()).ok()?;
    let known: Fields = serde_json::from_str(body).ok()?;
    let mut losses = unknown(&known, &[BATCH, SENT_AT]);
    losses.extend(required(&known, SENT_AT, is_time).err());
    Some((events, losses))
}

const KINDS: [&str; 6] = ["track", "identify", "page", "screen", "group", "alias"];

/// The `messageId` of an event that Segment keeps, or why it does not.
fn check(event: &str) -> Result<String, String> {
    if event.len() > SEGMENT_EVENT_BYTES {
        return Err("the event is over 32 KB".to_owned());
    }
    let event: Value = serde_json::from_str(event).map_err(|error| error.to_string())?;
    let event = object(&event, "event")?;
    let kind = text(event, "type", usize::MAX)?;
    if !KINDS.contains(&kind) {
        return Err(format!("'type' is {kind:?}"));
    }
    if kind == "track" {
        required(event, "event", is_text)?;
    }
    check_identity(event)?;
    optional(event, "timestamp", is_time)?;
    for key in ["properties", "traits", "context"] {
        optional(event, key, Value::is_object)?;
    }
    let properties = event.get("properties").and_then(Value::as_object);
    if properties.is_some_and(|properties| properties.len() > SEGMENT_PROPERTIES) {
        return Err("'properties' has more than 10,000 keys".to_owned());
    }
    text(event, "messageId", SEGMENT_MESSAGE_ID).map(str::to_owned)
}

/// What Segment takes, and what its destinations then misread or drop: values of `context` that have not the type of
/// Segment's page "Spec: Common Fields", and ids that are nobody's.
fn misread(event: &str) -> Vec<String> {
    type Form = fn(&Value) -> bool;
    const FORMS: [(&str, Form); 26] = [
        ("/ip", is_text),
        ("/userAgent", is_text),
        ("/locale", is_text),
        ("/timezone", is_zone),
        ("/device/id", is_text),
        ("/device/advertisingId", is_text),
        ("/device/adTrackingEnabled", Value::is_boolean),
        ("/device/manufacturer", is_text),
        ("/device/model", is_text),
        ("/device/type", is_text),
        ("/os/name", is_text),
        ("/os/version", is_text),
        ("/app/version", is_text),
        ("/network/carrier", is_text),
        ("/screen/width", Value::is_number),
        ("/screen/height", Value::is_number),
        ("/location/city", is_text),
        ("/location/region", is_text),
        ("/location/country", is_text),
        ("/location/latitude", Value::is_number),
        ("/location/longitude", Value::is_number),
        ("/page/url", is_text),
        ("/page/referrer", is_text),
        ("/campaign/name", is_text),
        ("/traits/email", is_text),
        ("/traits/phone", is_text),
    ];
    let Ok(Value::Object(event)) = serde_json::from_str(event) else {
        return Vec::new();
    };
    let mut losses = nobodies(&event, &["userId", "anonymousId", "messageId"]);
    let context = event.get("context").unwrap_or(&Value::Null);
    if let Some(device) = context.get("device").and_then(Value::as_object) {
        losses.extend(nobodies(device, &["id", "advertisingId"]));
    }
    let is_wrong = |(place, form): &&(&str, Form)| context.pointer(place).is_some_and(|value| !form(value));
    losses.extend(misread_device(&event, context));
    let wrong = FORMS.iter().filter(is_wrong);
    losses.extend(wrong.map(|(place, _)| format!("'context{}' has not its type", place.replace('/', "."))));
    losses
}

/// What is right by its type and wrong by its meaning: another version of Android than the release that the event names, and
/// an advertising id of a system that has none. Source: Segment's page "Spec: Common Fields".
fn misread_device(event: &Fields, context: &Value) -> Vec<String> {
    const WITH_ADVERTISING_ID: &str = "ios ipados tvos android";
    let word = |place| context.pointer(place).and_then(Value::as_str);
    let (kind, system) = (
        word("/device/type"),
        word("/os/name").map(str::to_ascii_lowercase),
    );
    let release = event
        .get("properties")
        .and_then(|all| all.get("os_version_android"));
    let mut losses = Vec::new();
    if kind == Some("android") && release.is_some_and(|release| release.as_str() != word("/os/version")) {
        losses.push("'context.os.version' is not the release of Android".to_owned());
    }
    let has_none = kind.is_none() && system.is_some_and(|system| !lists(WITH_ADVERTISING_ID, &system));
    if has_none && context.pointer("/device/advertisingId").is_some() {
        losses.push("'context.device.advertisingId' of a system that has none".to_owned());
    }
    losses
}

/// A name of a zone; Braze's test events hold a UUID there.
fn is_zone(value: &Value) -> bool {
    let is_uuid = |text: &str| text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
    is_text(value) && !value.as_str().is_some_and(is_uuid)
}

fn check_identity(event: &Fields) -> Result<(), String> {
    for key in ["userId", "anonymousId"] {
        optional(event, key, Value::is_string)?;
    }
    let is_named = |key| present(event, key).is_some_and(is_text);
    if is_named("userId") || is_named("anonymousId") {
        Ok(())
    } else {
        Err("'userId' or 'anonymousId' is required".to_owned())
    }
}

#[cfg(test)]
mod tests;
