//! One pass over a JSON text: checks it and notes where every value stands, so that no level is scanned twice.

mod scanner;
mod writer;

pub use writer::IndexWriter;

use super::read::{Json, Malformed};
use super::surrogates::well_formed;
use scanner::Scanner;
pub(super) use scanner::special_bytes;
use std::borrow::Cow;

/// Reads JSON texts. Its buffers are kept from text to text, so keep it for as long as texts come.
#[derive(Default)]
pub struct Index {
    nodes: Vec<Node>,
    levels: Vec<Level>,
    /// The text, if it is not the one that was given: it was written here, or unpaired surrogates had to be replaced.
    own: String,
}

/// Where one value stands. The nodes of what is inside a value follow its own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Node {
    /// Where the value begins and ends.
    pub start: u32,
    pub end: u32,
    /// Where its key stands, without quotes; empty for elements of arrays.
    key_start: u32,
    key_end: u32,
    /// What tells most keys of an object apart.
    tag: KeyTag,
    /// How many nodes the value takes: its own and all inside.
    pub size: u32,
    /// How many members or elements it has.
    pub count: u32,
    /// Whether it is an object of which a key has an escape, or may occur twice; or a string with an escape.
    pub irregular: bool,
}

impl Node {
    /// The text of its key, in the text of the whole object, which begins at `origin`.
    pub(super) fn key<'a>(&self, object: &'a str, origin: u32) -> &'a str {
        slice(object, self.key_start - origin, self.key_end - origin)
    }

    /// The text from the quote before its key up to `end`, in the text of the object, which begins at `origin`.
    pub(super) fn member_to<'a>(&self, end: u32, object: &'a str, origin: u32) -> &'a str {
        slice(object, self.before_key() - origin, end - origin)
    }

    /// Where the quote before its key stands.
    const fn before_key(&self) -> u32 {
        self.key_start.saturating_sub(1)
    }

    /// The same value in another text, in which all lies so much further on.
    const fn moved(self, shift: u32) -> Self {
        Self {
            start: self.start.wrapping_add(shift),
            end: self.end.wrapping_add(shift),
            key_start: self.key_start.wrapping_add(shift),
            key_end: self.key_end.wrapping_add(shift),
            ..self
        }
    }

    pub(super) fn has_tag(&self, tag: KeyTag) -> bool {
        self.tag == tag
    }

    /// The text of the value, in the text of the value around it, which begins at `origin`.
    pub(super) fn value<'a>(&self, outer: &'a str, origin: u32) -> &'a str {
        slice(outer, self.start - origin, self.end - origin)
    }
}

fn slice(text: &str, start: u32, end: u32) -> &str {
    text.get(start as usize..end as usize).unwrap_or_default()
}

/// The length, the first and the last byte of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct KeyTag(u32);

impl KeyTag {
    pub(super) const fn of(key: &[u8]) -> Self {
        match (key.first(), key.last()) {
            (Some(first), Some(last)) => Self((key.len() as u32) << 16 | (*first as u32) << 8 | *last as u32),
            _ => Self(0),
        }
    }

    const fn bit(self) -> u64 {
        1 << (self.0.wrapping_mul(0x9E37_79B1) >> 26)
    }
}

/// An object or array that is not closed yet.
#[derive(Debug, Clone, Copy)]
struct Level {
    node: u32,
    is_object: bool,
    count: u32,
    /// A bit for each key so far: a key that meets its bit may be a repeated one.
    seen: u64,
    irregular: bool,
}

/// From this many members on, repeated keys are looked for when the object is opened, with a map.
const MANY_MEMBERS: u32 = 64;

impl Index {
    /// Reads one JSON value with unpaired surrogates replaced, as [`well_formed`] does.
    pub fn read<'i>(&'i mut self, text: &'i str) -> Result<Json<'i>, Malformed> {
        let has_unpaired = self.scan(text)?;
        if has_unpaired && let Cow::Owned(repaired) = well_formed(text) {
            let scanned = self.scan(&repaired);
            self.own = repaired;
            scanned?;
            return Ok(root(&self.own, &self.nodes));
        }
        Ok(root(text, &self.nodes))
    }

    /// How many bytes it holds on to.
    pub fn capacity(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + self.own.capacity()
    }

    /// Whether the text has an escape of a surrogate.
    fn scan(&mut self, text: &str) -> Result<bool, Malformed> {
        self.nodes.clear();
        self.levels.clear();
        u32::try_from(text.len()).map_err(|_| Malformed)?;
        let mut scanner = Scanner::new(text);
        let mut key = None;
        loop {
            let opened = self.value(&mut scanner, key)?;
            if opened {
                let is_object = self.levels.last().is_some_and(|level| level.is_object);
                match (scanner.peek_token(), is_object) {
                    (Some(b'}'), true) | (Some(b']'), false) => {}
                    (_, true) => {
                        key = Some(self.key(&mut scanner)?);
                        continue;
                    }
                    (_, false) => {
                        key = None;
                        self.count_element();
                        continue;
                    }
                }
            }
            // A value is complete: close what it closes, and go on behind the next comma.
            loop {
                let token = scanner.peek_token();
                let Some(level) = self.levels.last().copied() else {
                    return if token.is_none() {
                        Ok(scanner.has_surrogates)
                    } else {
                        Err(Malformed)
                    };
                };
                scanner.at += 1;
                match (token, level.is_object) {
                    (Some(b','), true) => {
                        scanner.peek_token();
                        key = Some(self.key(&mut scanner)?);
                        break;
                    }
                    (Some(b','), false) => {
                        key = None;
                        self.count_element();
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => self.close(level, scanner.at),
                    _ => return Err(Malformed),
                }
            }
        }
    }

    /// Reads one value, or the bracket that opens one; says which of the two.
    fn value(&mut self, scanner: &mut Scanner<'_>, key: Option<Key>) -> Result<bool, Malformed> {
        let first = scanner.peek_token().ok_or(Malformed)?;
        let node = self.nodes.len();
        let start = scanner.at;
        let is_container = matches!(first, b'{' | b'[');
        let mut irregular = false;
        if is_container {
            if self.levels.len() == Json::MAX_DEPTH {
                return Err(Malformed);
            }
            scanner.at += 1;
            self.levels.push(Level {
                node: node as u32,
                is_object: first == b'{',
                count: 0,
                seen: 0,
                irregular: false,
            });
        } else {
            match first {
                b'"' => irregular = scanner.string()?,
                b't' => scanner.word(b"true")?,
                b'f' => scanner.word(b"false")?,
                b'n' => scanner.word(b"null")?,
                _ => scanner.number()?,
            }
        }
        let start = start as u32;
        let key = key.unwrap_or_else(|| Key::none(start));
        self.nodes.push(Node {
            start,
            end: scanner.at as u32,
            key_start: key.start,
            key_end: key.end,
            tag: key.tag,
            size: 1,
            count: 0,
            irregular,
        });
        Ok(is_container)
    }

    fn close(&mut self, level: Level, end: usize) {
        let nodes = self.nodes.len() as u32;
        if let Some(node) = self.nodes.get_mut(level.node as usize) {
            node.end = end as u32;
            node.size = nodes - level.node;
            node.count = level.count;
            node.irregular = level.irregular;
        }
        self.levels.pop();
    }

    fn count_element(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.count += 1;
        }
    }

    /// Reads a key with its colon, and sees whether the object may have it already.
    fn key(&mut self, scanner: &mut Scanner<'_>) -> Result<Key, Malformed> {
        let start = scanner.at + 1;
        let is_escaped = scanner.string()?;
        let end = scanner.at - 1;
        if scanner.peek_token() != Some(b':') {
            return Err(Malformed);
        }
        scanner.at += 1;
        let text = scanner.bytes.get(start..end).unwrap_or_default();
        let tag = KeyTag::of(text);
        let Some(level) = self.levels.last_mut() else {
            return Err(Malformed);
        };
        level.count += 1;
        if !level.irregular {
            level.irregular = is_escaped
                || level.seen & tag.bit() != 0
                    && (level.count > MANY_MEMBERS
                        || has_key(&self.nodes, level.node as usize + 1, tag, text, scanner.bytes));
            level.seen |= tag.bit();
        }
        Ok(Key {
            start: start as u32,
            end: end as u32,
            tag,
        })
    }
}

fn root<'i>(text: &'i str, nodes: &'i [Node]) -> Json<'i> {
    let own = nodes.first().copied().unwrap_or_default();
    Json::indexed(own.value(text, 0), nodes)
}

/// Whether one of the members from node `at` on has this key.
fn has_key(nodes: &[Node], mut at: usize, tag: KeyTag, key: &[u8], text: &[u8]) -> bool {
    while let Some(node) = nodes.get(at) {
        if node.tag == tag && text.get(node.key_start as usize..node.key_end as usize) == Some(key) {
            return true;
        }
        at += node.size as usize;
    }
    false
}

#[derive(Clone, Copy)]
struct Key {
    start: u32,
    end: u32,
    tag: KeyTag,
}

impl Key {
    /// That of an element, which begins there.
    fn none(start: u32) -> Self {
        Self {
            start,
            end: start,
            tag: KeyTag::default(),
        }
    }
}

#[cfg(test)]
mod tests;
