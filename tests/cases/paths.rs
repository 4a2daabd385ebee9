//! What the paths of an explanation stand for.
#![allow(clippy::disallowed_types, reason = "it looks at the settings, not at events")]

use event::json::Json;
use event::settings::Settings;
use serde_json::Value;

/// Where the settings begin.
const SETTINGS: &str = "settings.";

/// Whether a path names something that is there: a value of the event, or a setting.
pub fn is_there(path: &str, event: Option<Json<'_>>, settings: &Settings) -> bool {
    match path.strip_prefix(SETTINGS) {
        Some(key) => is_setting(key, &serde_json::to_value(settings).unwrap()),
        // The whole text, also one that is no JSON.
        None if path == "$" => true,
        None => event.is_some_and(|event| value_at(event, path).is_some()),
    }
}

/// Where the first element of a list is one that came without its list (FM-005).
const ONLY: &str = "[0]";

/// The value at a path such as `properties.products[1].price`. Keys may hold dots and brackets. One object is a list of
/// itself; what JSON text stands for is not looked for, the text is there.
pub fn value_at<'a>(json: Json<'a>, path: &str) -> Option<Json<'a>> {
    if path.is_empty() {
        return Some(json);
    }
    if json
        .as_str()
        .is_some_and(|text| text.trim_start().starts_with(['[', '{']))
    {
        return Some(json);
    }
    if let Some(object) = json.as_object() {
        if let Some(rest) = path.strip_prefix(ONLY) {
            return value_at(json, rest);
        }
        let path = path.strip_prefix('.').unwrap_or(path);
        return object
            .iter()
            .filter_map(|(key, value)| Some((value, path.strip_prefix(key)?)))
            .filter(|(_, rest)| rest.is_empty() || rest.starts_with(['.', '[']))
            .find_map(|(value, rest)| value_at(value, rest));
    }
    let (at, rest) = path.strip_prefix('[')?.split_once(']')?;
    value_at(*json.as_array()?.get(at.parse::<usize>().ok()?)?, rest)
}

fn is_setting(key: &str, settings: &Value) -> bool {
    match settings {
        // A list of rules: each may have the key.
        Value::Array(rules) => rules.iter().any(|rule| is_setting(key, rule)),
        Value::Object(members) => members.iter().any(|(name, value)| {
            let rest = key.strip_prefix(name.as_str());
            rest.is_some_and(|rest| {
                rest.is_empty() || rest.strip_prefix('.').is_some_and(|rest| is_setting(rest, value))
            })
        }),
        _ => false,
    }
}

#[test]
fn a_path_is_there_if_it_names_a_value_or_a_setting() {
    let event = r#"{"a.b":{"c":[{"d":null}]},"a":{"x":1}}"#;
    let event = Json::parse(event).unwrap();
    let settings = Settings::default();
    for path in [
        "a",
        "a.x",
        "a.b.c",
        "a.b.c[0].d",
        "$",
        "settings.segment_to_braze.pages",
    ] {
        assert!(is_there(path, Some(event), &settings), "{path}");
    }
    for path in ["b", "a.c", "a.b.c[1]", "a.b.c.d", "settings.pages"] {
        assert!(!is_there(path, Some(event), &settings), "{path}");
    }
}
