//! Forms that several vendors ask of a value.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// A JSON object.
pub(crate) type Fields = Map<String, Value>;

/// A string that is not blank.
pub(crate) fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

/// A point in time with its offset.
pub(crate) fn is_time(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| OffsetDateTime::parse(text, &Rfc3339).is_ok())
}

/// `YYYY-MM-DD`, a real day.
pub(crate) fn is_date(value: &Value) -> bool {
    let is_day = |text: &str| {
        text.len() == 10 && OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339).is_ok()
    };
    value.as_str().is_some_and(is_day)
}

/// An e-mail address (RFC 5321): one `@`, a domain of two labels or more, no piece empty, no white space, nothing invisible.
pub(crate) fn is_email(value: &Value) -> bool {
    let is_address = |text: &str| match text.split_once('@') {
        Some((local, domain)) => {
            let is_label = |label: &str| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            };
            let is_refused = |c: char| {
                c.is_whitespace()
                    || c.is_control()
                    || c.general_category() == GeneralCategory::Format
                    || "\"(),:;<>[\\]".contains(c)
            };
            domain.contains('.')
                && domain.split('.').all(is_label)
                && local.split('.').all(|piece| !piece.is_empty())
                && !local.contains(is_refused)
                && text.chars().count() <= 254
                && local.chars().count() <= 64
        }
        None => false,
    };
    value.as_str().is_some_and(is_address)
}

/// `+` and 7 to 15 digits, the first not 0.
pub(crate) fn is_e164(value: &Value) -> bool {
    let digits = value.as_str().and_then(|text| text.strip_prefix('+'));
    digits.is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// A word that a client writes where it has no id, or a text of `0` and `-`: a vendor takes it, and makes one user of many.
/// Source: Segment's list of blocked values, and what the runtimes and SDKs print.
pub(crate) fn is_placeholder(value: &Value) -> bool {
    const WORDS: [&str; 12] = [
        "null",
        "anonymous",
        "-1",
        "undefined",
        "nan",
        "[object object]",
        "(null)",
        "<null>",
        "nil",
        "<nil>",
        "none",
        "bnc_no_value",
    ];
    let text = match value {
        Value::Number(number) => number.to_string(),
        _ => value.as_str().unwrap_or_default().trim().to_ascii_lowercase(),
    };
    let is_zeros = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    is_zeros || WORDS.contains(&text.as_str())
}

/// The ids among these members that are placeholders, as losses.
pub(crate) fn nobodies(fields: &Fields, keys: &[&str]) -> Vec<String> {
    let named = |key: &&&str| present(fields, key).is_some_and(is_placeholder);
    let nobodies = keys.iter().filter(named);
    nobodies
        .map(|key| format!("'{key}' is a placeholder: many strangers become one"))
        .collect()
}

/// Whether a list of words, separated by white space, holds a word.
pub(crate) fn lists(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// A member that is there and not null.
pub(crate) fn present<'a>(fields: &'a Fields, key: &str) -> Option<&'a Value> {
    fields.get(key).filter(|value| !value.is_null())
}

/// A string that must be there, not blank, of `most` characters.
pub(crate) fn text<'a>(fields: &'a Fields, key: &str, most: usize) -> Result<&'a str, String> {
    let value = present(fields, key).ok_or_else(|| format!("'{key}' is required"))?;
    match value.as_str().filter(|_| is_text(value)) {
        Some(text) if text.chars().count() <= most => Ok(text),
        Some(_) => Err(format!("'{key}' is over {most} characters")),
        None => Err(format!("'{key}' must be a string that is not blank")),
    }
}

/// A member of the right form, which must be there.
pub(crate) fn required(fields: &Fields, key: &str, form: fn(&Value) -> bool) -> Result<(), String> {
    match present(fields, key) {
        Some(value) if form(value) => Ok(()),
        Some(_) => Err(format!("'{key}' is not valid")),
        None => Err(format!("'{key}' is required")),
    }
}

/// A member of the right form, if it is there.
pub(crate) fn optional(fields: &Fields, key: &str, form: fn(&Value) -> bool) -> Result<(), String> {
    match fields.get(key) {
        Some(value) if !form(value) => Err(format!("'{key}' is not valid")),
        _ => Ok(()),
    }
}

/// An object, by the name that it has in the words of an error.
pub(crate) fn object<'a>(value: &'a Value, name: &str) -> Result<&'a Fields, String> {
    value
        .as_object()
        .ok_or_else(|| format!("'{name}' must be an object"))
}

/// Nothing but `keys`.
pub(crate) fn only(fields: &Fields, keys: &[&str]) -> Result<(), String> {
    match fields.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(format!("'{key}' is not allowed here")),
        None => Ok(()),
    }
}

/// The members that a vendor does not know, as losses.
pub(crate) fn unknown(fields: &Fields, keys: &[&str]) -> Vec<String> {
    let strange = fields.keys().filter(|key| !keys.contains(&key.as_str()));
    strange.map(|key| format!("'{key}' is not known")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_form_takes_and_refuses() {
        type Form = fn(&Value) -> bool;
        let forms: [(Form, &[Value], &[Value]); 5] = [
            (
                is_text,
                &[json!("a")],
                &[json!(""), json!(" "), json!(1), json!(null)],
            ),
            (
                is_time,
                &[
                    json!("2026-02-03T10:00:00.000Z"),
                    json!("2026-02-03T10:00:00+01:00"),
                ],
                &[
                    json!("2026-02-03"),
                    json!(1_770_000_000),
                    json!("2026-02-30T10:00:00Z"),
                ],
            ),
            (
                is_date,
                &[json!("1991-07-04")],
                &[
                    json!("1991-7-4"),
                    json!("1991-02-30"),
                    json!("1991-07-04T00:00:00Z"),
                    json!(19910704),
                ],
            ),
            (
                is_email,
                &[json!("ada@example.com")],
                &[
                    json!("ada"),
                    json!("@example.com"),
                    json!("a@b"),
                    json!("a b@c.de"),
                    json!("a@b@c.de"),
                    json!("a@.de"),
                    json!("a..b@c.de"),
                    json!(".a@c.de"),
                    json!("a@-c.de"),
                    json!("a<b@c.de"),
                    json!("a\u{200b}b@c.de"),
                    json!("a@b\u{fc}cher.de"),
                ],
            ),
            (
                is_e164,
                &[json!("+442079460018")],
                &[
                    json!("442079460018"),
                    json!("+0442079460"),
                    json!("+123456"),
                    json!("+1 2079460018"),
                    json!("+1234567890123456"),
                ],
            ),
        ];
        for (form, good, bad) in forms {
            assert!(good.iter().all(form), "{good:?}");
            assert!(!bad.iter().any(form), "{bad:?}");
        }
    }
}
