//! What may stand for an id, in both routes of Branch (BS-010, BS-011, SR-006, SR-007).

use event::json::Json;
use std::borrow::Cow;

/// What programs write where they have no id. As ids they would make one user of all whom they name.
const PLACEHOLDERS: [&str; 6] = ["null", "(null)", "nil", "undefined", "NaN", "[object Object]"];

/// The digits of an integer, or a string as it is; `None` for a placeholder and for all else.
pub fn identity_text(json: Json<'_>) -> Option<Cow<'_, str>> {
    if let Some(number) = json.as_number() {
        return is_integer(number).then_some(Cow::Borrowed(number));
    }
    json.as_str().filter(|text| {
        let trimmed = text.trim();
        !trimmed.is_empty() && !is_placeholder(trimmed)
    })
}

/// The same, without ids of zeros: what a device reports that tells no id.
pub fn device_id_text(json: Json<'_>) -> Option<Cow<'_, str>> {
    identity_text(json).filter(|id| !id.trim().bytes().all(|byte| matches!(byte, b'0' | b'-')))
}

/// Whether a string is one of the words that stand for no id; a blank string is none of them.
pub fn is_placeholder_text(json: Json<'_>) -> bool {
    json.as_str().is_some_and(|text| is_placeholder(text.trim()))
}

/// Whether the text of a JSON number has neither fraction nor exponent.
pub fn is_integer(number: &str) -> bool {
    !number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

fn is_placeholder(trimmed: &str) -> bool {
    PLACEHOLDERS.iter().any(|word| trimmed.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_digits_or_a_string_that_says_something() {
        event::rules!["BS-010", "BS-011", "SR-006", "SR-007"];
        for (given, id, device) in [
            ("\"u-1\"", Some("u-1"), Some("u-1")),
            ("\" u-1 \"", Some(" u-1 "), Some(" u-1 ")),
            (
                "9007199254740993",
                Some("9007199254740993"),
                Some("9007199254740993"),
            ),
            ("-5", Some("-5"), Some("-5")),
            ("0", Some("0"), None),
            ("\" 0000-00 \"", Some(" 0000-00 "), None),
            ("\"-\"", Some("-"), None),
            ("7.0", None, None),
            ("1e3", None, None),
            ("\" \"", None, None),
            ("\"\"", None, None),
            ("\" NULL\"", None, None),
            ("\"(Null)\"", None, None),
            ("\"nil\"", None, None),
            ("\"Undefined\"", None, None),
            ("\"nan\"", None, None),
            ("\"[object object]\"", None, None),
            ("\"nullable\"", Some("nullable"), Some("nullable")),
            ("true", None, None),
            ("null", None, None),
            ("[1]", None, None),
            ("{}", None, None),
        ] {
            let json = Json::parse(given).unwrap();
            assert_eq!(identity_text(json).as_deref(), id, "{given}");
            assert_eq!(device_id_text(json).as_deref(), device, "{given}");
        }
        for (given, wanted) in [("\" NaN\"", true), ("\" \"", false), ("null", false)] {
            assert_eq!(
                is_placeholder_text(Json::parse(given).unwrap()),
                wanted,
                "{given}"
            );
        }
    }
}
