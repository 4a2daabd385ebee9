//! Reading: one level at a time, borrowed.

use super::index::Node;
use super::level::{elements, members};
use super::object::{Children, Object};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One valid JSON value: its text, without white space around it.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    text: &'a str,
    /// The value's own node and those of what is inside it; empty if the text came without an [`Index`](super::Index).
    nodes: &'a [Node],
}

impl PartialEq for Json<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Json<'_> {}

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`
    Bool,
    /// Digits as written.
    Number,
    /// A text in quotes.
    String,
    /// `[…]`.
    Array,
    /// `{…}`.
    Object,
}

impl Kind {
    /// The kind of a JSON value of this text, without white space before it.
    pub fn of(text: &str) -> Self {
        match text.as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::String,
            Some(b't' | b'f') => Self::Bool,
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number,
        }
    }
}

/// The text is not one JSON value, or is nested deeper than [`Json::MAX_DEPTH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one JSON value of at most {} levels", Json::MAX_DEPTH)]
pub struct Malformed;

impl<'a> Json<'a> {
    /// The value `null`.
    pub const NULL: Json<'static> = Json::unindexed("null");

    /// Deeper values are refused, so that code which walks a value by recursion cannot overflow the stack. Receipt
    /// parks events from 64 levels on.
    pub const MAX_DEPTH: usize = 128;

    /// Takes text that is known to be one JSON value without white space around it, because it was read or written as
    /// one. Any other text gives values without sense, but nothing worse.
    pub const fn known(text: &'a str) -> Self {
        Self::unindexed(text)
    }

    pub(super) const fn unindexed(text: &'a str) -> Self {
        Self { text, nodes: &[] }
    }

    pub(super) const fn nodes(self) -> &'a [Node] {
        self.nodes
    }

    pub(super) const fn indexed(text: &'a str, nodes: &'a [Node]) -> Self {
        Self { text, nodes }
    }

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
            Ok(Self::unindexed(text))
        }
    }

    /// Takes a value that is only opened level by level, never walked: its depth does not matter.
    pub fn from_shallow(raw: &'a RawValue) -> Self {
        Self::unindexed(raw.get())
    }

    /// The text of the value, as received.
    pub const fn raw(self) -> &'a str {
        self.text
    }

    /// What kind of value it is.
    pub fn kind(self) -> Kind {
        Kind::of(self.text)
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Its value, if it is a boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Its text, every digit as received, if it is a number.
    pub fn as_number(self) -> Option<&'a str> {
        (self.kind() == Kind::Number).then_some(self.text)
    }

    /// Its characters, if it is a string.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        match self.nodes.first() {
            Some(own) if !own.irregular => Some(Cow::Borrowed(inner)),
            _ => unescaped(inner),
        }
    }

    /// Its elements, if it is an array.
    pub fn as_array(self) -> Option<Vec<Json<'a>>> {
        if self.kind() != Kind::Array {
            return None;
        }
        if let Some(own) = self.nodes.first() {
            let mut elements = Vec::with_capacity(own.count as usize);
            elements.extend(Children::of(self).map(|(_, element)| element));
            return Some(elements);
        }
        elements(self.text)
    }

    /// Its members, if it is an object of an [`Index`](super::Index) of which every key is there once and as it is written.
    pub fn members(self) -> Option<Children<'a>> {
        let own = self.nodes.first()?;
        (self.kind() == Kind::Object && !own.irregular).then(|| Children::of(self))
    }

    /// Its members, if it is an object.
    pub fn as_object(self) -> Option<Object<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        match self.nodes.first() {
            Some(own) if !own.irregular => return Some(Object::of_index(self)),
            Some(_) => {
                let members = Children::of(self).map(|(key, value)| Some((unescaped(key)?, value)));
                let members = members.collect::<Option<_>>()?;
                return Some(Object::of_members(members));
            }
            None => {}
        }
        members(self.text).map(Object::of_members)
    }
}

/// The characters of a string, given without its quotes; `None` if it has an unpaired surrogate.
fn unescaped(inner: &str) -> Option<Cow<'_, str>> {
    if inner.as_bytes().contains(&b'\\') {
        serde_json::from_str(&format!("\"{inner}\"")).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// How many opening brackets of objects and arrays there are, in strings or not.
fn opening_brackets(bytes: &[u8]) -> usize {
    // So few bytes that a byte can count them: many are then counted at once.
    let of_chunk = |chunk: &[u8]| chunk.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    bytes.chunks(128).map(|chunk| usize::from(of_chunk(chunk))).sum()
}

/// Whether a valid JSON text is nested deeper than `limit`, measured without recursion.
pub fn deeper_than(text: &str, limit: usize) -> bool {
    if opening_brackets(text.as_bytes()) <= limit {
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
    fn the_last_value_of_a_repeated_key_counts() {
        crate::rules!["SB-008"];
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
    fn too_deep_nesting_is_refused_but_not_brackets_in_strings() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::parse(&deep(128)).is_ok());
        assert!(Json::parse(&deep(129)).is_err());
        assert!(Json::parse(&deep(200_000)).is_err());
        assert!(Json::parse(&format!("\"{}\"", "[".repeat(500))).is_ok());
    }
}
