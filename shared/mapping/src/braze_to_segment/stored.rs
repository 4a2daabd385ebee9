//! The form in which Braze stores Currents: objects as JSON text (BZ-027, BZ-197).

use crate::Trace;
use crate::forms::{json_text, record_json_texts};
use event::currents;
use event::json::{Json, Object, ObjectWriter};
use event::settings::BrazeToSegment;

/// The fields that hold what the customer's app recorded, by the types of event whose only property they are there.
const CUSTOM: [(&str, &str); 2] = [
    ("users.behaviors.CustomEvent", "custom_properties"),
    ("users.behaviors.Purchase", "purchase_properties"),
];

/// The text of the event with the objects that its texts stand for; `None` if it has no such texts.
pub(super) fn unfold(event: Json<'_>, settings: &BrazeToSegment) -> Option<String> {
    let members = event.as_object()?;
    let properties = properties(&members);
    let opens = settings.flatten_custom || settings.parse_json;
    replaced(&members, |key, value| match key {
        "properties" => match &properties {
            Some(object) => Some(object.clone()),
            None if opens => replaced(&value.as_object()?, opened),
            None => None,
        },
        "user" if opens => replaced(&value.as_object()?, opened),
        _ if opens => opened(key, value),
        _ => None,
    })
}

/// Records which texts are read as the objects that they stand for.
pub(super) fn record(event: Json<'_>, settings: &BrazeToSegment, trace: &mut Trace) {
    record_json_texts("BZ-027", event, &[&["properties"]], trace);
    if settings.flatten_custom || settings.parse_json {
        for (_, field) in CUSTOM {
            let places: [&[&str]; 3] = [&["properties", field], &["user", field], &[field]];
            record_json_texts("BZ-197", event, &places, trace);
        }
    }
}

/// What `properties` stands for if it is JSON text.
fn properties(members: &Object<'_>) -> Option<String> {
    let object = object_text(members.get("properties")?)?;
    let event_type = members
        .get("event_type")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let event_type = currents::canonical(&event_type);
    match CUSTOM.iter().find(|(of, _)| *of == event_type) {
        Some((_, field)) => {
            let mut wrapped = String::with_capacity(object.len() + field.len() + 5);
            ObjectWriter::new(&mut wrapped).raw(field, &object);
            Some(wrapped)
        }
        None => Some(object),
    }
}

/// What a field of custom properties stands for if it is JSON text.
fn opened(key: &str, value: Json<'_>) -> Option<String> {
    CUSTOM
        .iter()
        .any(|(_, field)| *field == key)
        .then(|| object_text(value))?
}

fn object_text(value: Json<'_>) -> Option<String> {
    json_text(value).filter(|text| text.starts_with('{'))
}

/// The text of an object with some values replaced; `None` if none is.
fn replaced(members: &Object<'_>, new: impl Fn(&str, Json<'_>) -> Option<String>) -> Option<String> {
    // Few events hold such texts: nothing is written for the others.
    if !members.iter().any(|(key, value)| new(key, value).is_some()) {
        return None;
    }
    let mut text = String::new();
    let mut out = ObjectWriter::new(&mut text);
    for (key, value) in members.iter() {
        out.raw(key, new(key, value).as_deref().unwrap_or(value.raw()));
    }
    drop(out);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_properties_are_read_as_what_they_stand_for() {
        event::rules!["BZ-027", "BZ-197"];
        let custom = "users.behaviors.CustomEvent";
        for (event_type, properties, opens, wanted) in [
            (
                custom,
                r#""{\"a\":1}""#,
                false,
                r#"{"custom_properties":{"a":1}}"#,
            ),
            (
                "users.behaviors.Purchase",
                r#"" {\"a\":1} ""#,
                false,
                r#"{"purchase_properties":{"a":1}}"#,
            ),
            ("users.messages.email.Open", r#""{\"a\":1}""#, false, r#"{"a":1}"#),
            (custom, r#""[1]""#, false, r#""[1]""#),
            (custom, r#""text""#, false, r#""text""#),
            (
                custom,
                r#"{"custom_properties":"{\"a\":1}"}"#,
                false,
                r#"{"custom_properties":"{\"a\":1}"}"#,
            ),
            (
                custom,
                r#"{"custom_properties":"{\"a\":1}","b":"{}"}"#,
                true,
                r#"{"custom_properties":{"a":1},"b":"{}"}"#,
            ),
            (
                custom,
                r#"{"custom_properties":"[1]"}"#,
                true,
                r#"{"custom_properties":"[1]"}"#,
            ),
        ] {
            let settings = BrazeToSegment {
                parse_json: opens,
                ..BrazeToSegment::default()
            };
            let event = |properties: &str| {
                format!(r#"{{"event_type":"{event_type}","properties":{properties},"id":"e-1"}}"#)
            };
            let (given, wanted) = (event(properties), event(wanted));
            let unfolded = unfold(Json::parse(&given).unwrap(), &settings);
            assert_eq!(unfolded.unwrap_or(given), wanted);
        }
    }
}
