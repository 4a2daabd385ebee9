//! What the specification's words for single values mean: usable, blank, redacted, hashed, the same.

use crate::forms::clean_address;
use crate::forms::text::trim;
use event::json::{Json, Kind, ObjectWriter, well_formed, write_string};
use std::borrow::Cow;

/// What Braze writes where a field was removed at the customer's wish.
const REDACTED: &str = "[REDACTED]";

/// The length of what Braze writes where a field was hashed at the customer's wish.
const HASH_DIGITS: usize = 64;

/// The digits of the parts of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// A value that can stand for an id, a trait or a part of the context.
pub(super) struct Usable<'a> {
    /// The string as received, if it is one and no rule has changed it.
    json: Option<Json<'a>>,
    /// Its characters; of a number its text as received.
    pub text: Cow<'a, str>,
}

impl<'a> Usable<'a> {
    /// A string that is neither blank nor redacted, or a number.
    pub(super) fn of(json: Json<'a>) -> Option<Self> {
        Some(match json.kind() {
            Kind::Number => Self {
                json: None,
                text: Cow::Borrowed(json.raw()),
            },
            _ => Self {
                json: Some(json),
                text: json.as_str().filter(|text| is_name(text))?,
            },
        })
    }

    /// An e-mail address without what cannot be seen (FM-010), if it then has exactly one `@`, not at either end.
    pub(super) fn address(json: Json<'a>) -> Option<Self> {
        let given = json.as_str()?;
        let clean = clean_address(&given);
        let (user, host) = clean.split_once('@').filter(|_| is_name(&clean))?;
        let is_address = !user.is_empty() && !host.is_empty() && !host.contains('@');
        is_address.then(|| Self {
            json: Some(json).filter(|_| clean == given),
            text: Cow::Owned(clean.clone().into_owned()),
        })
    }

    /// Whether it is a UUID, which Braze's test events have in every field of text.
    pub(super) fn is_uuid(&self) -> bool {
        let mut parts = self.text.split('-');
        let fits = |length| {
            let part = parts.next();
            part.is_some_and(|part| {
                part.len() == length && part.bytes().all(|digit| digit.is_ascii_hexdigit())
            })
        };
        UUID.into_iter().all(fits) && self.text.len() == UUID.iter().sum::<usize>() + UUID.len() - 1
    }

    /// Writes it as a string.
    pub(super) fn write(&self, out: &mut ObjectWriter<'_>, key: &str) {
        match self.json {
            Some(json) => out.json(key, json),
            None => out.string(key, &self.text),
        }
    }

    /// Whether it is a pseudonym made by Braze's *Hash*.
    pub(super) fn is_hashed(&self) -> bool {
        self.text.len() == HASH_DIGITS && self.text.bytes().all(|digit| digit.is_ascii_hexdigit())
    }
}

/// Whether a text is neither blank nor redacted.
pub(super) fn is_name(text: &str) -> bool {
    let trimmed = trim(text);
    !trimmed.is_empty() && trimmed != REDACTED
}

/// Whether a value is a redacted string.
pub(super) fn is_redacted(json: Json<'_>) -> bool {
    json.as_str().is_some_and(|text| trim(&text) == REDACTED)
}

/// A value of `properties` on its way out.
#[derive(Clone)]
pub(super) enum Value<'a> {
    Received(Json<'a>),
    /// A number or boolean that becomes a string.
    Quoted(Json<'a>),
    /// The text of a value made by a rule.
    Made(String),
}

impl<'a> Value<'a> {
    /// A received value without its nulls and with every key once (BZ-010, BZ-153); `None` if nothing is left of it.
    pub(super) fn without_nulls(json: Json<'a>) -> Option<Self> {
        match json.kind() {
            Kind::Null => None,
            Kind::Object | Kind::Array if json.raw().contains('{') => {
                made_without_nulls(json).map(Self::Made)
            }
            _ => Some(Self::Received(json)),
        }
    }

    /// A string made by a rule.
    pub(super) fn string(text: &str) -> Self {
        let mut made = String::with_capacity(text.len() + 2);
        write_string(&mut made, text);
        Self::Made(made)
    }

    /// The value if no rule has changed it.
    pub(super) const fn received(&self) -> Option<Json<'a>> {
        match self {
            Self::Received(json) => Some(*json),
            Self::Quoted(_) | Self::Made(_) => None,
        }
    }

    /// Its JSON text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Received(json) => Cow::Borrowed(json.raw()),
            Self::Quoted(json) => Cow::Owned(format!("\"{}\"", json.raw())),
            Self::Made(text) => Cow::Borrowed(text),
        }
    }

    /// Writes it as a member.
    pub(super) fn write(&self, out: &mut ObjectWriter<'_>, key: &str) {
        match self {
            Self::Received(json) => out.json(key, *json),
            Self::Quoted(json) => out.string(key, json.raw()),
            Self::Made(text) => out.raw(key, text),
        }
    }
}

/// The value that a text holds, if it is the JSON text of an object or array: without its nulls, or `None` if nothing is
/// left of it.
pub(super) fn parsed(text: &str) -> Option<Option<String>> {
    let text = well_formed(text);
    let json = Json::parse(&text).ok()?;
    matches!(json.kind(), Kind::Object | Kind::Array).then(|| made_without_nulls(json))
}

/// The text of a value without its nulls and with every key once; `None` if it is an object of which nothing is left.
fn made_without_nulls(json: Json<'_>) -> Option<String> {
    let mut made = String::with_capacity(json.raw().len());
    write_without_nulls(&mut made, json).then_some(made)
}

/// Writes the value; `false` says that it is an object which has lost all its members.
fn write_without_nulls(out: &mut String, json: Json<'_>) -> bool {
    if let Some(object) = json.as_object() {
        out.push('{');
        let mut left = 0_usize;
        for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let before = out.len();
            if left > 0 {
                out.push(',');
            }
            write_string(out, key);
            out.push(':');
            if write_without_nulls(out, value) {
                left += 1;
            } else {
                out.truncate(before);
            }
        }
        out.push('}');
        return left > 0 || object.is_empty();
    }
    if let Some(array) = json.as_array() {
        out.push('[');
        for (at, element) in array.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            write_without_nulls(out, element);
        }
        out.push(']');
    } else {
        out.push_str(json.raw());
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::json::same;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text).unwrap()
    }

    #[test]
    fn values_are_the_same_as_json_but_numbers_by_their_text() {
        event::rules!["BZ-026"];
        for (one, other, wanted) in [
            (r#""a""#, r#""\u0061""#, true),
            ("1", "1.0", false),
            (
                r#"{"a":1,"b":[true,null]}"#,
                r#"{ "b":[true, null], "a":1 }"#,
                true,
            ),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true),
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false),
            ("[1,2]", "[2,1]", false),
            ("true", "\"true\"", false),
        ] {
            assert_eq!(same(json(one), json(other)), wanted, "{one} {other}");
            assert_eq!(same(json(other), json(one)), wanted, "{other} {one}");
        }
    }

    #[test]
    fn nulls_go_at_every_depth_and_objects_that_they_leave_empty() {
        event::rules!["BZ-153"];
        for (given, wanted) in [
            ("null", None),
            (r#"{"a":null}"#, None),
            (r#"{"a":{"b":null}}"#, None),
            ("{}", Some("{}")),
            (r#"{"a":{}}"#, Some(r#"{"a":{}}"#)),
            ("[null,1]", Some("[null,1]")),
            (r#"[{"a":null},{}, null]"#, Some("[{},{},null]")),
            (
                r#"{"a":null,"b":{"c":null},"d":[{"e":null}]}"#,
                Some(r#"{"d":[{}]}"#),
            ),
            (r#"{"a":1,"a":null}"#, None),
            (r#"{"a":1.50,"b":1,"a":2e3}"#, Some(r#"{"a":2e3,"b":1}"#)),
        ] {
            let made = Value::without_nulls(json(given)).map(|value| value.text().into_owned());
            assert_eq!(made.as_deref(), wanted, "{given}");
        }
    }
}
