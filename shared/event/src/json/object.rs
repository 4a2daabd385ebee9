//! The members of an object, by its index or by a list.

use super::index::{KeyTag, Node};
use super::read::Json;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

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
    /// An object of which every key is there once and without escapes, by its index.
    pub(super) const fn of_index(object: Json<'a>) -> Self {
        Self(Members::Indexed(object))
    }

    /// An object of these members; of a repeated key the last value counts, in the first place.
    pub(super) fn of_members(members: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        Self(Members::Listed(last_of_each_key(members)))
    }

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

    /// The members in ascending byte order of their keys.
    pub fn in_key_order(&self) -> Vec<(&str, Json<'a>)> {
        let mut members = Vec::with_capacity(self.len());
        members.extend(self.iter());
        // No key is there twice.
        members.sort_unstable_by(|(one, _), (other, _)| byte_order(one, other));
        members
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
            Members::Indexed(object) => object.nodes().first().map_or(0, |own| own.count as usize),
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

/// The order of two texts by their bytes. Most differ in the first eight.
fn byte_order(one: &str, other: &str) -> Ordering {
    match (one.as_bytes().first_chunk(), other.as_bytes().first_chunk()) {
        (Some(one), Some(other)) if one != other => u64::from_be_bytes(*one).cmp(&u64::from_be_bytes(*other)),
        _ => one.cmp(other),
    }
}

/// The members or elements of an indexed value that are still to come; elements have an empty key.
#[derive(Clone)]
pub struct Children<'a> {
    text: &'a str,
    /// Where the text begins in that of which the index was made.
    origin: u32,
    nodes: &'a [Node],
}

impl<'a> Children<'a> {
    pub(super) fn of(value: Json<'a>) -> Self {
        match value.nodes().split_first() {
            Some((own, nodes)) => Self {
                text: value.raw(),
                origin: own.start,
                nodes,
            },
            None => Self::none(),
        }
    }

    /// No members at all.
    pub const fn none() -> Self {
        Self {
            text: "",
            origin: 0,
            nodes: &[],
        }
    }

    fn value(&self, nodes: &'a [Node], node: &Node) -> Json<'a> {
        Json::indexed(node.value(self.text, self.origin), nodes)
    }

    #[inline]
    fn find_key(&self, key: &str) -> Option<Json<'a>> {
        self.find(key).map(|(_, _, value)| value)
    }

    /// The member of this key, behind its number among those to come.
    #[inline]
    pub fn find(&self, key: &str) -> Option<(usize, &'a str, Json<'a>)> {
        let tag = KeyTag::of(key.as_bytes());
        let (mut at, mut number) = (0, 0);
        while let Some(node) = self.nodes.get(at) {
            let end = at + node.size as usize;
            if node.has_tag(tag) {
                let found = node.key(self.text, self.origin);
                if found == key {
                    return Some((number, found, self.value(self.nodes.get(at..end)?, node)));
                }
            }
            (at, number) = (end, number + 1);
        }
        None
    }

    /// Takes at most so many of the next members: their nodes, their text with what lies between them, and how many they are.
    /// `None` if that is none.
    pub(super) fn take_members(&mut self, most: usize) -> Option<(&'a [Node], &'a str, u32)> {
        let (mut end, mut size, mut count) = (0, 0, 0);
        while (count as usize) < most
            && let Some(node) = self.nodes.get(size)
        {
            (end, size, count) = (node.end, size + node.size as usize, count + 1);
        }
        let (taken, rest) = self.nodes.split_at_checked(size)?;
        let text = taken.first()?.member_to(end, self.text, self.origin);
        self.nodes = rest;
        Some((taken, text, count))
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
