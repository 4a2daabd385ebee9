//! Whether an expectation is contained in what came.

use event::json::{Json, Kind, equal};
use event::settings::write_key;

/// What a test writes for a key that must be missing.
const ABSENT: &str = "__absent__";

/// What is said of a value that is not there.
const NOTHING: &str = "nothing";

/// The first place where something else came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Such as `calls[0].body.events[0].name`.
    pub(super) path: String,
    /// The JSON text that was expected, or words for it.
    pub(super) expected: String,
    /// The JSON text that came, or words for it.
    pub(super) actual: String,
}

impl Difference {
    /// The event is expected to be mapped, and the row of this name dropped it.
    pub(super) fn dropped(path: &str, expected: &str, row: &str) -> Self {
        Self {
            path: path.to_owned(),
            expected: on_one_line(expected),
            actual: format!("{NOTHING}: dropped by the row {row}"),
        }
    }

    /// The event, or what is expected of it, is nested so deep that the two cannot be compared.
    pub(super) fn unread() -> Self {
        Self {
            path: "event".to_owned(),
            expected: "an event and an expectation that can be read".to_owned(),
            actual: "one that is nested too deep".to_owned(),
        }
    }
}

/// The first difference; `None` if the expected value is contained in the actual one: objects key by key, lists element by
/// element, numbers by value.
pub(super) fn difference(path: &str, expected: Json<'_>, actual: Option<Json<'_>>) -> Option<Difference> {
    let differs = |expected: &str, actual: &str| {
        Some(Difference {
            path: path.to_owned(),
            expected: on_one_line(expected),
            actual: on_one_line(actual),
        })
    };
    let actual = match (is_absent(expected), actual) {
        (true, None) => return None,
        (true, Some(actual)) => return differs("the key to be missing", actual.raw()),
        (false, None) if asks_for_nothing(expected) => return None,
        (false, None) => return differs(expected.raw(), NOTHING),
        (false, Some(actual)) => actual,
    };
    match (expected.kind(), actual.kind()) {
        (Kind::Object, Kind::Object) => {
            let actual = actual.as_object().unwrap_or_default();
            let expected = expected.as_object().unwrap_or_default();
            expected
                .iter()
                .find_map(|(key, value)| difference(&below(path, key), value, actual.get(key)))
        }
        (Kind::Array, Kind::Array) => {
            let actual = actual.as_array().unwrap_or_default();
            let expected = expected.as_array().unwrap_or_default();
            let mut pairs = expected.iter().zip(&actual).enumerate();
            let of_elements = pairs.find_map(|(at, (expected, actual))| {
                difference(&format!("{path}[{at}]"), *expected, Some(*actual))
            });
            of_elements.or_else(|| {
                if expected.len() == actual.len() {
                    None
                } else {
                    differs(&counted(expected.len()), &counted(actual.len()))
                }
            })
        }
        _ if equal(expected, actual) => None,
        _ => differs(expected.raw(), actual.raw()),
    }
}

fn is_absent(expected: Json<'_>) -> bool {
    expected.as_str().is_some_and(|text| text == ABSENT)
}

/// Whether it is an object of keys that must all be missing, which they are where the object itself is missing.
fn asks_for_nothing(expected: Json<'_>) -> bool {
    let members = expected.as_object().unwrap_or_default();
    !members.is_empty()
        && members
            .iter()
            .all(|(_, value)| is_absent(value) || asks_for_nothing(value))
}

/// A JSON text without its line breaks, which never stand inside a string.
fn on_one_line(json: &str) -> String {
    json.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The path of a member, its key as in the paths of rows.
fn below(path: &str, key: &str) -> String {
    let mut below = format!("{path}.");
    // A String takes whatever is written.
    let _ = write_key(&mut below, key);
    below
}

fn counted(elements: usize) -> String {
    match elements {
        1 => "1 element".to_owned(),
        more => format!("{more} elements"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expected: &str, actual: &str) -> Option<String> {
        let (expected, actual) = (Json::parse(expected).unwrap(), Json::parse(actual).unwrap());
        let found = difference("calls", expected, Some(actual))?;
        Some(format!("{}: {} / {}", found.path, found.expected, found.actual))
    }

    #[test]
    fn an_expectation_is_contained_in_what_came() {
        event::rules!["OR-086"];
        for (expected, actual, wanted) in [
            (r#"{"a":1}"#, r#"{"b":2,"a":1.0}"#, None),
            (r#"[{"a":"x"},{}]"#, r#"[{"a":"x","b":1},{"c":1}]"#, None),
            (r#"{"a":"__absent__"}"#, r#"{"b":1}"#, None),
            (
                r#"{"a":"__absent__"}"#,
                r#"{"a":null}"#,
                Some("calls.a: the key to be missing / null"),
            ),
            (r#"{"a":{"b":"__absent__"}}"#, r#"{}"#, None),
            (
                r#"{"a":{"b":{"c":"__absent__"},"d":"__absent__"}}"#,
                r#"{}"#,
                None,
            ),
            (
                r#"{"a":{"b":"__absent__","c":1}}"#,
                r#"{}"#,
                Some(r#"calls.a: {"b":"__absent__","c":1} / nothing"#),
            ),
            (
                r#"{"a":{"b":"__absent__"}}"#,
                r#"{"a":null}"#,
                Some(r#"calls.a: {"b":"__absent__"} / null"#),
            ),
            (r#"{"a":{}}"#, r#"{}"#, Some("calls.a: {} / nothing")),
            (r#"{"a":{"b":1}}"#, r#"{"a":{}}"#, Some("calls.a.b: 1 / nothing")),
            ("{\"a\":[\n  1 ]}", r#"{"a":7}"#, Some("calls.a: [ 1 ] / 7")),
            (r#"{"a.b":1}"#, r#"{}"#, Some(r#"calls."a.b": 1 / nothing"#)),
            (r#"[1]"#, r#"[1,2]"#, Some("calls: 1 element / 2 elements")),
            (r#"[1,3]"#, r#"[1,2]"#, Some("calls[1]: 3 / 2")),
            (r#"[1,2]"#, r#"[2,1]"#, Some("calls[0]: 1 / 2")),
            (r#"{"a":"1"}"#, r#"{"a":1}"#, Some("calls.a: \"1\" / 1")),
            (r#"{"a":null}"#, r#"{}"#, Some("calls.a: null / nothing")),
            (r#"{"a":"\u00e4"}"#, r#"{"a":"ä"}"#, None),
            (r#"{"a":[]}"#, r#"{"a":{}}"#, Some("calls.a: [] / {}")),
        ] {
            assert_eq!(of(expected, actual).as_deref(), wanted, "{expected} {actual}");
        }
    }
}
