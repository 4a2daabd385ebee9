//! Reading: one level at a time, borrowed.

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One valid JSON value: its text, without white space around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number
    Number,
    /// A string
    String,
    /// An array
    Array,
    /// An object
    Object,
}

/// The text is not one JSON value, or is nested deeper than [`Json::MAX_DEPTH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one JSON value of at most {} levels", Json::MAX_DEPTH)]
pub struct Malformed;

impl<'a> Json<'a> {
    /// The value `null`.
    pub const NULL: Json<'static> = Json("null");

    /// Deeper values are refused, so that code which walks a value by recursion cannot overflow the stack. Receipt
    /// parks events from 64 levels on.
    pub const MAX_DEPTH: usize = 128;

    /// Reads one JSON value. Pass the text through [`well_formed`](super::well_formed) first if it comes from outside.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| Malformed)?;
        Self::from_raw(raw)
    }

    /// Takes a value that serde_json has split off already.
    pub fn from_raw(raw: &'a RawValue) -> Result<Self, Malformed> {
        let text = raw.get();
        if deeper_than(text, Self::MAX_DEPTH) {
            Err(Malformed)
        } else {
            Ok(Self(text))
        }
    }

    /// Takes a value that is only opened level by level, never walked: its depth does not matter.
    pub fn from_shallow(raw: &'a RawValue) -> Self {
        Self(raw.get())
    }

    /// The text of the value, as received.
    pub const fn raw(self) -> &'a str {
        self.0
    }

    /// What kind of value it is.
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Its value, if it is a boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Its text, every digit as received, if it is a number.
    pub fn as_number(self) -> Option<&'a str> {
        (self.kind() == Kind::Number).then_some(self.0)
    }

    /// Its characters, if it is a string.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            serde_json::from_str(self.0).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// Its elements, if it is an array.
    pub fn as_array(self) -> Option<Vec<Json<'a>>> {
        if self.kind() != Kind::Array {
            return None;
        }
        serde_json::Deserializer::from_str(self.0)
            .deserialize_seq(Elements)
            .ok()
    }

    /// Its members, if it is an object.
    pub fn as_object(self) -> Option<Object<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        serde_json::Deserializer::from_str(self.0)
            .deserialize_map(Members)
            .ok()
    }
}

/// The members of an object in their order; of a key that occurs twice the last value, in its first place.
#[derive(Clone, Default)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Json<'a>)>,
}

impl<'a> Object<'a> {
    /// An object without members.
    pub const fn empty() -> Self {
        Self { members: Vec::new() }
    }

    /// The value of a key; `null` is a value.
    pub fn get(&self, key: &str) -> Option<Json<'a>> {
        self.members
            .iter()
            .find(|(own, _)| own == key)
            .map(|(_, value)| *value)
    }

    /// The value of a key, `null` counting as absent.
    pub fn present(&self, key: &str) -> Option<Json<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The members in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Json<'a>)> {
        self.members.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// The same members in ascending byte order of their keys.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.members.sort_by(|(one, _), (other, _)| one.cmp(other));
        self
    }

    /// Leaves out the members of which `keep` says no.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, Json<'a>) -> bool) {
        self.members.retain(|(key, value)| keep(key, *value));
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Json<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

struct Elements;

impl<'a> Visitor<'a> for Elements {
    type Value = Vec<Json<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(raw) = seq.next_element::<&'a RawValue>()? {
            elements.push(Json(raw.get()));
        }
        Ok(elements)
    }
}

struct Members;

/// From this many members on, a repeated key is looked for with a set instead of by looking at every earlier key.
const MANY_MEMBERS: usize = 64;

impl<'a> Visitor<'a> for Members {
    type Value = Object<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::with_capacity(16);
        let mut places: std::collections::HashMap<Cow<'a, str>, usize> = std::collections::HashMap::new();
        while let Some(Key(key)) = map.next_key()? {
            let value = Json(map.next_value::<&'a RawValue>()?.get());
            if members.len() == MANY_MEMBERS {
                places = members
                    .iter()
                    .enumerate()
                    .map(|(at, (key, _))| (key.clone(), at))
                    .collect();
            }
            let earlier = if members.len() < MANY_MEMBERS {
                members.iter().position(|(own, _)| *own == key)
            } else {
                places.get(&key).copied()
            };
            if let Some((_, old)) = earlier.and_then(|at| members.get_mut(at)) {
                *old = value;
                continue;
            }
            if members.len() >= MANY_MEMBERS {
                places.insert(key.clone(), members.len());
            }
            members.push((key, value));
        }
        Ok(Object { members })
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Whether a valid JSON text is nested deeper than `limit`, measured without recursion.
pub fn deeper_than(text: &str, limit: usize) -> bool {
    if text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() <= limit {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_one_level_at_a_time_and_keeps_its_text() {
        let json = Json::parse(r#" {"a":1.50,"b":[true,null,"x\"y"],"c":{"d":9007199254740993}} "#).unwrap();
        let object = json.as_object().unwrap();
        assert_eq!(object.get("a").unwrap().as_number(), Some("1.50"));
        let list = object.get("b").unwrap().as_array().unwrap();
        assert_eq!(list[0].as_bool(), Some(true));
        assert!(list[1].is_null());
        assert_eq!(list[2].as_str().unwrap(), "x\"y");
        assert_eq!(object.get("c").unwrap().raw(), r#"{"d":9007199254740993}"#);
        assert!(object.get("z").is_none());
    }

    #[test]
    fn sb_008_of_a_repeated_key_the_last_value_counts_in_few_and_in_many_members() {
        let few = Json::parse(r#"{"a":1,"b":2,"a":3}"#)
            .unwrap()
            .as_object()
            .unwrap();
        assert_eq!(few.get("a").unwrap().raw(), "3");
        assert_eq!(few.len(), 2);
        let many: String = (0..200).map(|n| format!("\"k{}\":{n},", n % 100)).collect();
        let many = format!("{{{}}}", many.trim_end_matches(','));
        let many = Json::parse(&many).unwrap().as_object().unwrap();
        assert_eq!(many.len(), 100);
        assert_eq!(many.get("k7").unwrap().raw(), "107");
        assert_eq!(many.get("k99").unwrap().raw(), "199");
    }

    #[test]
    fn a_value_nested_too_deep_is_refused_and_brackets_in_strings_do_not_count() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::parse(&deep(128)).is_ok());
        assert!(Json::parse(&deep(129)).is_err());
        assert!(Json::parse(&deep(200_000)).is_err());
        assert!(Json::parse(&format!("\"{}\"", "[".repeat(500))).is_ok());
    }
}
