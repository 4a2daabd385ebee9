//! Lists that came as one object, and values that came as JSON text (FM-005, FM-006).

use crate::Trace;
use event::json::{Json, ObjectWriter, deeper_than, well_formed};

/// Text of more levels is not opened: together with the event that holds it, which receipt lets have 63, a value stays
/// within [`Json::MAX_DEPTH`].
const MAX_DEPTH: usize = 63;

/// The elements of an array; one object is a list of itself, an empty one an empty list. `None` for all else.
pub fn list(json: Json<'_>) -> Option<Vec<Json<'_>>> {
    match json.as_object() {
        Some(object) if object.is_empty() => Some(Vec::new()),
        Some(_) => Some(vec![json]),
        None => json.as_array(),
    }
}

/// The array or object of which a string is the JSON text, as text that [`Json::parse`] takes.
pub fn json_text(json: Json<'_>) -> Option<String> {
    let text = json.as_str()?;
    let text = text.trim();
    if !text.starts_with(['{', '[']) || deeper_than(text, MAX_DEPTH) {
        return None;
    }
    let text = well_formed(text);
    Json::parse(&text).ok()?;
    Some(text.into_owned())
}

/// Records which values at these paths are JSON text, as `rule` asks for: see [`unfolded`].
pub fn record_json_texts(rule: &'static str, event: Json<'_>, paths: &[&[&str]], trace: &mut Trace) {
    for path in paths {
        let value = path
            .iter()
            .try_fold(event, |value, key| value.as_object()?.get(key));
        if value.and_then(json_text).is_some() {
            trace.record(rule, || {
                (path.join("."), "read as the JSON that it is the text of".into())
            });
        }
    }
}

/// The text of an event with the values that JSON text at these paths stands for; `None` if there is no such text. A path is
/// of keys, from the outermost object on. All other text stays as it is.
pub fn unfolded(event: Json<'_>, paths: &[&[&str]]) -> Option<String> {
    let members = event.as_object()?;
    let changes: Vec<(&str, String)> = members
        .iter()
        .filter(|(key, _)| paths.iter().any(|path| path.first() == Some(key)))
        .filter_map(|(key, value)| {
            let rests = || {
                let split = paths.iter().filter_map(|path| path.split_first());
                split.filter(|(first, _)| **first == key).map(|(_, rest)| rest)
            };
            let opened = rests()
                .any(<[&str]>::is_empty)
                .then(|| json_text(value))
                .flatten();
            let below: Vec<&[&str]> = rests().filter(|rest| !rest.is_empty()).collect();
            let inner = match &opened {
                _ if below.is_empty() => None,
                Some(text) => unfolded(Json::parse(text).ok()?, &below),
                None => unfolded(value, &below),
            };
            Some((key, inner.or(opened)?))
        })
        .collect();
    if changes.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(event.raw().len());
    let mut out = ObjectWriter::new(&mut text);
    for (key, value) in members.iter() {
        let changed = changes.iter().find(|(changed, _)| *changed == key);
        out.raw(key, changed.map_or(value.raw(), |(_, text)| text));
    }
    drop(out);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_is_a_list_of_itself() {
        event::rules!["FM-005"];
        for (given, wanted) in [
            ("[]", Some(vec![])),
            ("{ }", Some(vec![])),
            ("[{\"a\":1}, 2,null]", Some(vec!["{\"a\":1}", "2", "null"])),
            ("{\"a\": 1}", Some(vec!["{\"a\": 1}"])),
            ("[[{}]]", Some(vec!["[{}]"])),
            ("\"[]\"", None),
            ("1", None),
            ("null", None),
            ("true", None),
        ] {
            let list = list(Json::parse(given).unwrap());
            let raw: Option<Vec<&str>> = list.map(|list| list.into_iter().map(Json::raw).collect());
            assert_eq!(raw, wanted, "{given}");
        }
    }

    #[test]
    fn the_json_text_of_an_object_or_array_is_that_value() {
        event::rules!["FM-006"];
        for (text, wanted) in [
            ("{}", Some("{}")),
            (" [1, 2.50]\n", Some("[1, 2.50]")),
            (r#"{"a":"b\"c"}"#, Some(r#"{"a":"b\"c"}"#)),
            (r#"{"a":"\ud83d"}"#, Some(r#"{"a":"\ufffd"}"#)),
            ("{\"a\":1", None),
            ("{a:1}", None),
            ("{'a':1}", None),
            ("[1] 2", None),
            ("[1]]", None),
            ("[NaN]", None),
            ("7", None),
            ("\"x\"", None),
            ("null", None),
            ("true", None),
            ("none", None),
            ("", None),
        ] {
            let given = serde_json::to_string(text).unwrap();
            assert_eq!(
                json_text(Json::parse(&given).unwrap()).as_deref(),
                wanted,
                "{text}"
            );
        }
        for given in ["{}", "[]", "1", "null"] {
            assert_eq!(json_text(Json::parse(given).unwrap()), None, "{given} is no text");
        }
        let nested = |depth: usize| format!("\"{}{}\"", "[".repeat(depth), "]".repeat(depth));
        assert!(json_text(Json::parse(&nested(MAX_DEPTH)).unwrap()).is_some());
        assert!(json_text(Json::parse(&nested(MAX_DEPTH + 1)).unwrap()).is_none());
    }

    #[test]
    fn json_text_is_opened_at_the_named_paths_alone() {
        event::rules!["FM-006"];
        let paths: &[&[&str]] = &[&["p"], &["p", "items"], &["q", "items"]];
        for (given, wanted) in [
            (r#"{"p": {"a":"{}"}, "x":"{}"}"#, None),
            (r#"{"p":"text","q":["{}"]}"#, None),
            ("[1]", None),
            (
                r#"{"x": "[]", "p":"{\"a\": 1.50}", "n":1.0}"#,
                Some(r#"{"x":"[]","p":{"a": 1.50},"n":1.0}"#),
            ),
            (
                r#"{"p":"{\"items\":\"[{}]\",\"a\":\"[]\"}"}"#,
                Some(r#"{"p":{"items":[{}],"a":"[]"}}"#),
            ),
            (
                r#"{"q":{"items":"{\"b\":2}","more":"[]"},"p":null}"#,
                Some(r#"{"q":{"items":{"b":2},"more":"[]"},"p":null}"#),
            ),
            (r#"{"q":"{\"items\":\"[]\"}"}"#, None),
        ] {
            let opened = unfolded(Json::parse(given).unwrap(), paths);
            assert_eq!(opened.as_deref(), wanted, "{given}");
        }
    }
}
