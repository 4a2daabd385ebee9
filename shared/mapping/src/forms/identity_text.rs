//! What may stand for an id, in both routes of Branch (BS-010, SR-006).

use event::json::Json;
use std::borrow::Cow;

/// The digits of an integer, or a string that says something as it is; `None` for all else.
pub fn identity_text(json: Json<'_>) -> Option<Cow<'_, str>> {
    match json.as_number() {
        Some(number) => is_integer(number).then_some(Cow::Borrowed(number)),
        None => json.as_str().filter(|text| !text.trim().is_empty()),
    }
}

/// Whether the text of a JSON number has neither fraction nor exponent.
pub fn is_integer(number: &str) -> bool {
    !number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_digits_or_a_string_that_says_something() {
        event::rules!["BS-010", "SR-006"];
        for (given, id) in [
            ("\"u-1\"", Some("u-1")),
            ("\" u-1 \"", Some(" u-1 ")),
            ("9007199254740993", Some("9007199254740993")),
            ("-5", Some("-5")),
            ("0", Some("0")),
            ("7.0", None),
            ("1e3", None),
            ("\" \"", None),
            ("\"\"", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
            ("{}", None),
        ] {
            assert_eq!(
                identity_text(Json::parse(given).unwrap()).as_deref(),
                id,
                "{given}"
            );
        }
    }
}
