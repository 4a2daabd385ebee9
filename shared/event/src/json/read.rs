//! Reading: one level at a time, borrowed.

use super::index::{KeyTag, Node};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

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
    pub const NULL: Json<'static> = Json::unindexed("null");

    /// Deeper values are refused, so that code which walks a value by recursion cannot overflow the stack. Receipt
    /// parks events from 64 levels on.
    pub const MAX_DEPTH: usize = 128;

    const fn unindexed(text: &'a str) -> Self {
        Self { text, nodes: &[] }
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
        match self.text.as_bytes().first() {
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
        unescaped(self.text.strip_prefix('"')?.strip_suffix('"')?)
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
        serde_json::Deserializer::from_str(self.text)
            .deserialize_seq(Elements)
            .ok()
    }

    /// Its members, if it is an object.
    pub fn as_object(self) -> Option<Object<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        match self.nodes.first() {
            Some(own) if !own.irregular => return Some(Object(Members::Indexed(self))),
            Some(_) => {
                let members = Children::of(self).map(|(key, value)| Some((unescaped(key)?, value)));
                let members = members.collect::<Option<_>>()?;
                return Some(Object(Members::Listed(last_of_each_key(members))));
            }
            None => {}
        }
        serde_json::Deserializer::from_str(self.text)
            .deserialize_map(ObjectMembers)
            .ok()
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

/// The members of an object in their order; of a key that occurs twice the last value, in its first place.
#[derive(Clone)]
pub struct Object<'a>(Members<'a>);

#[derive(Clone)]
enum Members<'a> {
    /// An object of which every key is there once, and as it is written.
    Indexed(Json<'a>),
    Listed(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Default for Object<'_> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<'a> Object<'a> {
    /// An object without members.
    pub const fn empty() -> Self {
        Self(Members::Listed(Vec::new()))
    }

    /// The value of a key; `null` is a value.
    #[inline]
    pub fn get(&self, key: &str) -> Option<Json<'a>> {
        match &self.0 {
            Members::Indexed(object) => Children::of(*object).find_key(key),
            Members::Listed(members) => members
                .iter()
                .find(|(own, _)| own == key)
                .map(|(_, value)| *value),
        }
    }

    /// The value of a key, `null` counting as absent.
    pub fn present(&self, key: &str) -> Option<Json<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The members in their order.
    pub fn iter<'s>(&'s self) -> impl Iterator<Item = (&'s str, Json<'a>)> {
        let (indexed, listed): (_, &'s [_]) = match &self.0 {
            Members::Indexed(object) => (Children::of(*object), &[]),
            Members::Listed(members) => (Children::none(), members),
        };
        let indexed = indexed.map(|(key, value)| (key as &'s str, value));
        indexed.chain(listed.iter().map(|(key, value)| (key.as_ref(), *value)))
    }

    fn listed(self) -> Vec<(Cow<'a, str>, Json<'a>)> {
        match self.0 {
            Members::Listed(members) => members,
            Members::Indexed(object) => {
                let members = Children::of(object);
                members.map(|(key, value)| (Cow::Borrowed(key), value)).collect()
            }
        }
    }

    /// The same members in ascending byte order of their keys.
    #[must_use]
    pub fn sorted(self) -> Self {
        let mut members = self.listed();
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(Members::Listed(members))
    }

    /// Leaves out the members of which `keep` says no.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, Json<'a>) -> bool) {
        let mut members = std::mem::take(self).listed();
        members.retain(|(key, value)| keep(key, *value));
        self.0 = Members::Listed(members);
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Members::Indexed(object) => object.nodes.first().map_or(0, |own| own.count as usize),
            Members::Listed(members) => members.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Json<'a>);
    type IntoIter = IntoIter<'a>;

    fn into_iter(self) -> IntoIter<'a> {
        match self.0 {
            Members::Indexed(object) => IntoIter {
                indexed: Children::of(object),
                listed: Vec::new().into_iter(),
            },
            Members::Listed(members) => IntoIter {
                indexed: Children::none(),
                listed: members.into_iter(),
            },
        }
    }
}

/// The members of an object, by value.
pub struct IntoIter<'a> {
    indexed: Children<'a>,
    listed: std::vec::IntoIter<(Cow<'a, str>, Json<'a>)>,
}

impl<'a> Iterator for IntoIter<'a> {
    type Item = (Cow<'a, str>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self.indexed.next() {
            Some((key, value)) => Some((Cow::Borrowed(key), value)),
            None => self.listed.next(),
        }
    }
}

/// The members or elements of an indexed value; elements have an empty key.
#[derive(Clone)]
struct Children<'a> {
    text: &'a str,
    /// Where the text begins in that of which the index was made.
    origin: u32,
    nodes: &'a [Node],
}

impl<'a> Children<'a> {
    fn of(value: Json<'a>) -> Self {
        match value.nodes.split_first() {
            Some((own, nodes)) => Self {
                text: value.text,
                origin: own.start,
                nodes,
            },
            None => Self::none(),
        }
    }

    const fn none() -> Self {
        Self {
            text: "",
            origin: 0,
            nodes: &[],
        }
    }

    fn value(&self, nodes: &'a [Node], node: &Node) -> Json<'a> {
        Json::indexed(node.value(self.text, self.origin), nodes)
    }

    fn find_key(&self, key: &str) -> Option<Json<'a>> {
        let tag = KeyTag::of(key.as_bytes());
        let mut rest = self.nodes;
        while let Some(node) = rest.first() {
            let (own, later) = rest.split_at_checked(node.size as usize)?;
            if node.has_tag(tag) && node.key(self.text, self.origin) == key {
                return Some(self.value(own, node));
            }
            rest = later;
        }
        None
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = (&'a str, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.nodes.first()?;
        let (own, later) = self.nodes.split_at_checked(node.size as usize)?;
        self.nodes = later;
        Some((node.key(self.text, self.origin), self.value(own, node)))
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
            elements.push(Json::unindexed(raw.get()));
        }
        Ok(elements)
    }
}

struct ObjectMembers;

impl<'a> Visitor<'a> for ObjectMembers {
    type Value = Object<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some(Key(key)) = map.next_key()? {
            members.push((key, Json::unindexed(map.next_value::<&'a RawValue>()?.get())));
        }
        Ok(Object(Members::Listed(last_of_each_key(members))))
    }
}

/// From this many members on, a repeated key is looked for with a map instead of by looking at every earlier key.
const MANY_MEMBERS: usize = 64;

/// Of a repeated key the last value, in the first place.
fn last_of_each_key<'a>(members: Vec<(Cow<'a, str>, Json<'a>)>) -> Vec<(Cow<'a, str>, Json<'a>)> {
    let mut places: HashMap<Cow<'a, str>, usize> = HashMap::new();
    let is_large = members.len() > MANY_MEMBERS;
    let mut unique: Vec<(Cow<'a, str>, Json<'a>)> = Vec::with_capacity(members.len());
    for (key, value) in members {
        let earlier = if is_large {
            places.get(&key).copied()
        } else {
            unique.iter().position(|(own, _)| *own == key)
        };
        if let Some((_, old)) = earlier.and_then(|at| unique.get_mut(at)) {
            *old = value;
            continue;
        }
        if is_large {
            places.insert(key.clone(), unique.len());
        }
        unique.push((key, value));
    }
    unique
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
