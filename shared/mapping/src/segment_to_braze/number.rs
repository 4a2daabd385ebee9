//! What the specification's words for single values mean: numeric, text, word.

use crate::number_text::plain_number;
use event::json::{Json, Kind};
use std::borrow::Cow;

/// A JSON number as received, or the number that a string of digits with sign and fraction spells, as the text of a JSON
/// number. Every digit is kept; what a JSON number may not have, such as a leading `+`, is not.
pub fn numeric(json: Json<'_>) -> Option<String> {
    if let Some(number) = json.as_number() {
        return Some(number.to_owned());
    }
    let text = json.as_str()?;
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    (is_digits(whole) && fraction.is_none_or(is_digits))
        .then(|| plain_number(text.starts_with('-'), whole, fraction))
}

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
    fn sb_174_sb_176_sb_178_numeric_is_a_number_or_a_string_of_digits_with_every_digit_kept() {
        for (given, wanted) in [
            ("19.90", Some("19.90")),
            ("9007199254740993", Some("9007199254740993")),
            ("-0.0", Some("-0.0")),
            ("1e400", Some("1e400")),
            ("1E-2", Some("1E-2")),
            ("\"19.90\"", Some("19.90")),
            ("\" \\t19.90\\u00a0\"", Some("19.90")),
            ("\"+5\"", Some("5")),
            ("\"-5\"", Some("-5")),
            ("\"007\"", Some("7")),
            ("\"-007.50\"", Some("-7.50")),
            ("\"0\"", Some("0")),
            ("\"000\"", Some("0")),
            ("\"-0\"", Some("-0")),
            ("\"00.10\"", Some("0.10")),
            (
                "\"9007199254740993.000000000000000001\"",
                Some("9007199254740993.000000000000000001"),
            ),
            ("\"\"", None),
            ("\" \"", None),
            ("\"+\"", None),
            ("\"5.\"", None),
            ("\".5\"", None),
            ("\"1e3\"", None),
            ("\"1,5\"", None),
            ("\"1.2.3\"", None),
            ("\"+-1\"", None),
            ("\"+ 1\"", None),
            ("\"$5\"", None),
            ("\"\u{663}\"", None),
            ("\"x\"", None),
            ("\"NaN\"", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
            ("{}", None),
        ] {
            let number = numeric(json(given));
            assert_eq!(number.as_deref(), wanted, "{given}");
            assert!(
                number.is_none_or(|number| json(&number).as_number().is_some()),
                "{given}"
            );
        }
        let long = "9".repeat(400);
        assert_eq!(numeric(json(&format!("\"{long}\""))), Some(long));
    }

    #[test]
    fn sb_044_sb_173_text_is_a_string_that_is_not_blank_or_the_text_of_a_number() {
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
    fn sb_011_sb_050_a_word_is_trimmed_and_in_lower_case_of_ascii() {
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
