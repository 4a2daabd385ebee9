//! An event as rows change it: what no row looks into stays the text that was received.

use event::json::{Index, IndexWriter, Json, Kind, deeper_than};
use event::settings::Step;
use std::borrow::Cow;

/// A value. It is opened when somebody looks into it, and written again only if something in it was changed.
#[derive(Clone)]
pub(super) struct Node<'a> {
    text: Text<'a>,
    opened: Opened<'a>,
    /// Whether `text` is no longer the value.
    is_outdated: bool,
}

#[derive(Clone)]
enum Text<'a> {
    Received(Json<'a>),
    Made(String),
}

#[derive(Clone)]
enum Opened<'a> {
    No,
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
    Array(Vec<Node<'a>>),
}

impl<'a> Node<'a> {
    /// A value as it was received.
    pub(super) const fn received(json: Json<'a>) -> Self {
        Self {
            text: Text::Received(json),
            opened: Opened::No,
            is_outdated: false,
        }
    }

    /// A value that a row made; `json` is valid JSON.
    pub(super) fn made(json: impl Into<String>) -> Self {
        Self {
            text: Text::Made(json.into()),
            opened: Opened::No,
            is_outdated: false,
        }
    }

    /// An object without members.
    pub(super) fn empty_object() -> Self {
        Self::made("{}")
    }

    /// What kind of value it is.
    pub(super) fn kind(&self) -> Kind {
        match self.opened {
            Opened::Object(_) => Kind::Object,
            Opened::Array(_) => Kind::Array,
            Opened::No => Kind::of(self.raw()),
        }
    }

    /// Whether it is null.
    pub(super) fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// Its text, if nothing in it was changed.
    fn raw(&self) -> &str {
        match &self.text {
            Text::Received(json) => json.raw(),
            Text::Made(text) => text,
        }
    }

    fn json(&self) -> Json<'_> {
        match &self.text {
            Text::Received(json) => *json,
            Text::Made(text) => Json::known(text),
        }
    }

    /// The value as JSON, if nobody has looked into it.
    pub(super) fn unopened(&self) -> Option<Json<'_>> {
        matches!(self.opened, Opened::No).then(|| self.json())
    }

    /// What is below it at a step, if somebody has looked into it.
    pub(super) fn below<'n>(&'n self, step: &Step) -> Box<dyn Iterator<Item = &'n Self> + 'n> {
        match (&self.opened, step) {
            (Opened::Object(members), Step::Key(key)) => {
                let member = members.iter().find(|(own, _)| own == key);
                Box::new(member.into_iter().map(|(_, value)| value))
            }
            (Opened::Array(elements), Step::Each) => Box::new(elements.iter()),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// The value, if it is a string, number, boolean or null.
    pub(super) fn scalar(&self) -> Option<Json<'_>> {
        match self.kind() {
            Kind::Object | Kind::Array => None,
            _ => Some(self.json()),
        }
    }

    /// Its members, if it is an object.
    pub(super) fn members(&mut self) -> Option<&mut Vec<(Cow<'a, str>, Node<'a>)>> {
        if self.kind() != Kind::Object {
            return None;
        }
        if matches!(self.opened, Opened::No) {
            self.opened = Opened::Object(match &self.text {
                Text::Received(json) => {
                    let members = json.as_object()?.into_iter();
                    members.map(|(key, value)| (key, Self::received(value))).collect()
                }
                Text::Made(text) => {
                    let members = Json::known(text).as_object()?.into_iter();
                    members
                        .map(|(key, value)| (Cow::Owned(key.into_owned()), Self::made(value.raw())))
                        .collect()
                }
            });
        }
        match &mut self.opened {
            Opened::Object(members) => Some(members),
            Opened::Array(_) | Opened::No => None,
        }
    }

    /// Its elements, if it is an array.
    pub(super) fn elements(&mut self) -> Option<&mut Vec<Node<'a>>> {
        if self.kind() != Kind::Array {
            return None;
        }
        if matches!(self.opened, Opened::No) {
            self.opened = Opened::Array(match &self.text {
                Text::Received(json) => {
                    let elements = json.as_array()?.into_iter();
                    elements.map(Self::received).collect()
                }
                Text::Made(text) => {
                    let elements = Json::known(text).as_array()?.into_iter();
                    elements.map(|value| Self::made(value.raw())).collect()
                }
            });
        }
        match &mut self.opened {
            Opened::Array(elements) => Some(elements),
            Opened::Object(_) | Opened::No => None,
        }
    }

    /// The member of a key, if it is an object that has one.
    pub(super) fn member(&mut self, key: &str) -> Option<&mut Node<'a>> {
        let members = self.members()?;
        let member = members.iter_mut().find(|(own, _)| own == key)?;
        Some(&mut member.1)
    }

    /// Says that something in it was changed.
    pub(super) const fn outdate(&mut self) {
        self.is_outdated = true;
    }

    /// About how many bytes its text has.
    pub(super) fn length(&self) -> usize {
        match &self.opened {
            Opened::Object(members) if self.is_outdated => {
                let lengths = members.iter().map(|(key, value)| key.len() + value.length() + 4);
                lengths.sum::<usize>() + 2
            }
            Opened::Array(elements) if self.is_outdated => {
                elements.iter().map(|value| value.length() + 1).sum::<usize>() + 2
            }
            _ => self.raw().len(),
        }
    }

    /// Whether it is nested deeper than `limit` levels.
    pub(super) fn is_deeper_than(&self, limit: usize) -> bool {
        let below = |mut values: Box<dyn Iterator<Item = &Self> + '_>| {
            limit == 0 || values.any(|value| value.is_deeper_than(limit - 1))
        };
        match &self.opened {
            Opened::Object(members) if self.is_outdated => {
                below(Box::new(members.iter().map(|(_, value)| value)))
            }
            Opened::Array(elements) if self.is_outdated => below(Box::new(elements.iter())),
            _ => deeper_than(self.raw(), limit),
        }
    }

    /// Writes it with its index.
    pub(super) fn write(&self, out: &mut IndexWriter<'_>) {
        match &self.opened {
            Opened::Object(members) if self.is_outdated => {
                out.open_object();
                for (key, value) in members {
                    out.key(key);
                    value.write(out);
                }
                out.close();
            }
            Opened::Array(elements) if self.is_outdated => {
                out.open_array();
                for value in elements {
                    value.write(out);
                }
                out.close();
            }
            _ => out.value(self.json()),
        }
    }

    /// Its JSON text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        if self.is_outdated {
            let mut index = Index::default();
            self.write(&mut index.write());
            Cow::Owned(index.written().raw().to_owned())
        } else {
            Cow::Borrowed(self.raw())
        }
    }
}
