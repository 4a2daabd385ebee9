//! Writing a JSON text together with its index, so that nobody scans what was read already.

use super::{Index, Key, KeyTag, Level, Node, root};
use crate::json::object::Children;
use crate::json::read::{Json, Kind};
use crate::json::write::write_string;

/// Writes one JSON value into an [`Index`]: values as they were read, and objects and arrays around them.
pub struct IndexWriter<'i> {
    index: &'i mut Index,
    /// The key of the next value, if it is a member.
    key: Option<Key>,
}

impl Index {
    /// Begins a text of the index's own; [`written`](Self::written) gives it.
    pub fn write(&mut self) -> IndexWriter<'_> {
        self.nodes.clear();
        self.levels.clear();
        self.own.clear();
        IndexWriter {
            index: self,
            key: None,
        }
    }

    /// The value that was written last.
    pub fn written(&self) -> Json<'_> {
        root(&self.own, &self.nodes)
    }
}

impl IndexWriter<'_> {
    /// Opens an object. Write its members, each by [`key`](Self::key) and a value, and [`close`](Self::close) it.
    pub fn open_object(&mut self) {
        self.open('{');
    }

    /// Opens an array. Write its elements, and [`close`](Self::close) it.
    pub fn open_array(&mut self) {
        self.open('[');
    }

    fn open(&mut self, bracket: char) {
        let own = self.next_node();
        let node = self.index.nodes.len() as u32;
        self.index.own.push(bracket);
        self.index.nodes.push(own);
        self.index.levels.push(Level {
            node,
            is_object: bracket == '{',
            count: 0,
            seen: 0,
            irregular: false,
        });
    }

    /// Closes the object or array that was opened last.
    pub fn close(&mut self) {
        if let Some(level) = self.index.levels.last().copied() {
            self.index.own.push(if level.is_object { '}' } else { ']' });
            self.index.close(level, self.index.own.len());
        }
    }

    /// Writes the key of the next value; no object has a key twice.
    pub fn key(&mut self, key: &str) {
        self.next_in_level();
        let text = &mut self.index.own;
        let start = text.len() + 1;
        write_string(text, key);
        let end = text.len() - 1;
        let tag = KeyTag::of(text.as_bytes().get(start..end).unwrap_or_default());
        text.push(':');
        if let Some(level) = self.index.levels.last_mut() {
            level.irregular |= end - start != key.len();
        }
        self.key = Some(Key {
            start: start as u32,
            end: end as u32,
            tag,
        });
    }

    /// Writes a value with all that is in it.
    pub fn value(&mut self, json: Json<'_>) {
        if json.nodes().is_empty() && matches!(json.kind(), Kind::Object | Kind::Array) {
            let mut index = Index::default();
            // What is too deep to be read stays closed.
            let read = index.read(json.raw()).unwrap_or(json);
            self.copy(read);
        } else {
            self.copy(json);
        }
    }

    fn copy(&mut self, json: Json<'_>) {
        let mut own = self.next_node();
        self.index.own.push_str(json.raw());
        own.end = self.index.own.len() as u32;
        let Some((read, inside)) = json.nodes().split_first() else {
            own.irregular = json.kind() == Kind::String && json.raw().contains('\\');
            self.index.nodes.push(own);
            return;
        };
        own.size = read.size;
        own.count = read.count;
        own.irregular = read.irregular;
        self.index.nodes.push(own);
        let shift = own.start.wrapping_sub(read.start);
        self.index
            .nodes
            .extend(inside.iter().map(|node| node.moved(shift)));
    }

    /// Writes so many of the next members of an object, or all that are left, with their keys and as they were read.
    pub fn members(&mut self, rest: &mut Children<'_>, count: usize) {
        let Some((members, text, count)) = rest.take_members(count) else {
            return;
        };
        self.next_in_level();
        if let Some(level) = self.index.levels.last_mut() {
            level.count += count - 1;
        }
        let Some(first) = members.first() else { return };
        let shift = (self.index.own.len() as u32).wrapping_sub(first.before_key());
        self.index.own.push_str(text);
        self.index
            .nodes
            .extend(members.iter().map(|node| node.moved(shift)));
    }

    /// The node of the next value, which begins at the end of the text.
    fn next_node(&mut self) -> Node {
        let key = self.key.take();
        if key.is_none() {
            self.next_in_level();
        }
        let start = self.index.own.len() as u32;
        let key = key.unwrap_or_else(|| Key::none(start));
        Node {
            start,
            key_start: key.start,
            key_end: key.end,
            tag: key.tag,
            size: 1,
            ..Node::default()
        }
    }

    /// Counts the next member or element of what is open, and separates it from the one before.
    fn next_in_level(&mut self) {
        if let Some(level) = self.index.levels.last_mut() {
            if level.count > 0 {
                self.index.own.push(',');
            }
            level.count += 1;
        }
    }
}
