//! What the specification's words for single values mean: blank, text; and values on their way out.

use crate::forms::number;
use crate::forms::text::is_integer;
use event::json::{Json, Kind, ObjectWriter, write_string};
use std::borrow::Cow;

/// The largest integer that a program which keeps numbers as binary floating point does not change.
const LARGEST_EXACT: &str = "9007199254740991";

/// Whether there is nothing in a value: `null`, `""`, `[]` or `{}`.
pub(super) fn is_blank(json: Json<'_>) -> bool {
    match json.kind() {
        Kind::Null => true,
        Kind::String | Kind::Array | Kind::Object => {
            let mut inner = json.raw().chars();
            inner.next();
            inner.next_back();
            let inner = inner.as_str();
            inner.is_empty() || (json.kind() != Kind::String && inner.trim().is_empty())
        }
        Kind::Bool | Kind::Number => false,
    }
}

/// What stands in a field where there is no value: of hand-written forwarders, and of Branch's own SDKs.
const NOTHINGS: [&str; 2] = ["null", "bnc_no_value"];

/// Whether there is nothing in a field that Branch defines: blank, or a text that says so.
pub(super) fn is_nothing(json: Json<'_>) -> bool {
    let may_say_nothing = || matches!(json.raw().as_bytes(), [b'"', b'n' | b'b' | b'\\', ..]);
    is_blank(json)
        || may_say_nothing()
            && json
                .as_str()
                .is_some_and(|text| NOTHINGS.contains(&text.as_ref()))
}

/// A string as it is, or the text of a number.
pub(super) fn text(json: Json<'_>) -> Option<Cow<'_, str>> {
    match json.as_number() {
        Some(number) => Some(Cow::Borrowed(number)),
        None => json.as_str(),
    }
}

/// A value of a call on its way out.
#[derive(Clone)]
pub(super) enum Value<'a> {
    Received(Json<'a>),
    /// The JSON text of a value made by a rule.
    Made(String),
}

impl<'a> Value<'a> {
    /// A received value with all its digits: integers that a reader might round become strings (BS-004).
    pub(super) fn exact(json: Json<'a>) -> Self {
        match json.kind() {
            Kind::Number if is_large_integer(json.raw()) => Self::string(json.raw()),
            Kind::Array | Kind::Object => match large_integers_quoted(json.raw()) {
                Some(made) => Self::Made(made),
                None => Self::Received(json),
            },
            _ => Self::Received(json),
        }
    }

    /// A value of a field of numbers: a string that spells a number becomes it (BS-007).
    pub(super) fn number_or_exact(json: Json<'a>) -> Self {
        match number(json) {
            Some(number) if json.kind() == Kind::String && !is_large_integer(&number) => {
                Self::Made(number.into_owned())
            }
            _ => Self::exact(json),
        }
    }

    /// A string or the text of a number, as a string.
    pub(super) fn text(json: Json<'a>) -> Option<Self> {
        match json.kind() {
            Kind::String => Some(Self::Received(json)),
            Kind::Number => Some(Self::string(json.raw())),
            _ => None,
        }
    }

    /// A string made by a rule.
    pub(super) fn string(text: &str) -> Self {
        let mut made = String::with_capacity(text.len() + 2);
        write_string(&mut made, text);
        Self::Made(made)
    }

    /// A boolean made by a rule.
    pub(super) fn bool(value: bool) -> Self {
        Self::Made(value.to_string())
    }

    /// Its JSON text.
    pub(super) fn raw(&self) -> &str {
        match self {
            Self::Received(json) => json.raw(),
            Self::Made(text) => text,
        }
    }

    /// Writes it as a member.
    pub(super) fn write(&self, out: &mut ObjectWriter<'_>, key: &str) {
        out.raw(key, self.raw());
    }
}

/// Whether two values are equal as JSON.
pub(super) fn is_equal(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (Json::parse(one.raw()), Json::parse(other.raw())) {
        (Ok(one), Ok(other)) => event::json::equal(one, other),
        _ => false,
    }
}

/// Whether a number is an integer that binary floating point may change.
fn is_large_integer(number: &str) -> bool {
    let digits = number.trim_start_matches('-');
    digits.len() >= LARGEST_EXACT.len()
        && is_integer(number)
        && (digits.len() > LARGEST_EXACT.len() || digits > LARGEST_EXACT)
}

/// The text of an array or object with its large integers as strings; `None` if it has none. All else stays byte for
/// byte.
fn large_integers_quoted(json: &str) -> Option<String> {
    let mut made: Option<String> = None;
    let mut rest = json;
    loop {
        let at = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit());
        let Some((plain, token)) = at.and_then(|at| rest.split_at_checked(at)) else {
            if let Some(made) = &mut made {
                made.push_str(rest);
            }
            return made;
        };
        let length = if token.starts_with('"') {
            string_length(token)
        } else {
            let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
            token.find(|c| !is_of_number(c)).unwrap_or(token.len())
        };
        let (token, after) = token.split_at_checked(length).unwrap_or((token, ""));
        let is_large = !token.starts_with('"') && is_large_integer(token);
        if is_large && made.is_none() {
            let before = json.len() - rest.len();
            let mut begun = String::with_capacity(json.len() + 8);
            begun.push_str(json.get(..before).unwrap_or_default());
            made = Some(begun);
        }
        if let Some(made) = &mut made {
            made.push_str(plain);
            if is_large {
                write_string(made, token);
            } else {
                made.push_str(token);
            }
        }
        rest = after;
    }
}

/// The bytes of the string that a text begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = true;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text).unwrap()
    }

    #[test]
    fn nothing_is_blank_but_nothing() {
        event::rules!["BS-002", "BS-003"];
        for (given, blank, nothing) in [
            ("null", true, true),
            ("\"\"", true, true),
            ("[ ]", true, true),
            ("{\n}", true, true),
            ("\"null\"", false, true),
            ("\"bnc_no_value\"", false, true),
            ("\"BNC_NO_VALUE\"", false, false),
            ("\"\\u006eull\"", false, true),
            ("\" \"", false, false),
            ("\"Null\"", false, false),
            ("[null]", false, false),
            ("0", false, false),
            ("false", false, false),
        ] {
            assert_eq!(is_blank(json(given)), blank, "{given}");
            assert_eq!(is_nothing(json(given)), nothing, "{given}");
        }
    }

    #[test]
    fn large_integers_become_strings_wherever_they_stand() {
        event::rules!["BS-004", "BS-005"];
        for (given, wanted) in [
            ("9007199254740991", "9007199254740991"),
            ("9007199254740992", "\"9007199254740992\""),
            ("-9007199254740991", "-9007199254740991"),
            ("-9007199254740992", "\"-9007199254740992\""),
            ("12345678901234567890123", "\"12345678901234567890123\""),
            ("9007199254740992.0", "9007199254740992.0"),
            ("9e99", "9e99"),
            ("25.00", "25.00"),
            ("\"9007199254740993\"", "\"9007199254740993\""),
            (
                "[9007199254740993, {\"a\":[-9007199254740993]},1.50]",
                "[\"9007199254740993\", {\"a\":[\"-9007199254740993\"]},1.50]",
            ),
            (
                "[\"9007199254740993\", \"a\\\"9007199254740993\", \"\\\\\", 9007199254740993]",
                "[\"9007199254740993\", \"a\\\"9007199254740993\", \"\\\\\", \"9007199254740993\"]",
            ),
            ("[\"é\", null, true]", "[\"é\", null, true]"),
        ] {
            assert_eq!(Value::exact(json(given)).raw(), wanted);
        }
        assert_eq!(
            Value::number_or_exact(json("\"9007199254740993\"")).raw(),
            "\"9007199254740993\""
        );
        assert_eq!(Value::number_or_exact(json("\" 4.90\"")).raw(), "4.90");
        assert_eq!(Value::number_or_exact(json("\"4,90\"")).raw(), "\"4,90\"");
    }
}
