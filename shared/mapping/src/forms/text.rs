//! Texts and words: strings that say something, and strings for comparison.

use event::json::{Json, Kind};
use std::borrow::Cow;

/// A string that says something, as it is, or the text of a number.
pub fn text(json: Json<'_>) -> Option<Cow<'_, str>> {
    match json.as_number() {
        Some(number) => Some(Cow::Borrowed(number)),
        None => json.as_str().filter(|text| !text.trim().is_empty()),
    }
}

/// A string for comparison: trimmed, ASCII letters in lower case.
pub fn word(json: Json<'_>) -> Option<String> {
    Some(json.as_str()?.trim().to_ascii_lowercase())
}

/// Whether a value is a string without a character that can be seen.
pub fn is_blank(json: Json<'_>) -> bool {
    json.kind() == Kind::String && json.as_str().is_none_or(|text| text.trim().is_empty())
}

/// Whether a text is digits and nothing else.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The value of the first `count` bytes, if these are digits, and what follows them.
pub fn leading_digits(text: &str, count: usize) -> Option<(i32, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    let value = is_digits(digits).then(|| digits.parse().ok())??;
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text).unwrap()
    }

    #[test]
    fn text_is_a_string_that_is_not_blank_or_the_text_of_a_number() {
        event::rules!["SB-044", "SB-173"];
        for (given, wanted) in [
            ("\"sku-1\"", Some("sku-1")),
            ("\" sku \"", Some(" sku ")),
            ("\"\\u00e9\"", Some("\u{e9}")),
            ("41.50", Some("41.50")),
            ("0", Some("0")),
            ("\"\"", None),
            ("\" \\n\\u00a0\\u3000\"", None),
            ("true", None),
            ("null", None),
            ("[\"a\"]", None),
            ("{\"a\":1}", None),
        ] {
            assert_eq!(text(json(given)).as_deref(), wanted, "{given}");
        }
    }

    #[test]
    fn a_word_is_trimmed_and_in_lower_case_of_ascii() {
        event::rules!["SB-011", "SB-050"];
        for (given, wanted) in [
            ("\" Identify\\n\"", Some("identify")),
            ("\"\u{c9}T\u{c9}\"", Some("\u{c9}t\u{c9}")),
            ("\"\"", Some("")),
            ("1", None),
            ("true", None),
            ("null", None),
        ] {
            assert_eq!(word(json(given)).as_deref(), wanted, "{given}");
        }
    }
}
