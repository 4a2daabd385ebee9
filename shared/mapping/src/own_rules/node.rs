//! An event as rows change it: what no row looks into stays the text that was received.

use event::json::{Children, Index, IndexWriter, Json, Kind, deeper_than};
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
    Object(Members<'a>),
    Array(Vec<Node<'a>>),
}

/// The members of an object.
#[derive(Clone)]
struct Members<'a> {
    /// Those of the text, if the text will do for what nobody looks into.
    received: Children<'a>,
    /// Those of them that somebody looked into, by their numbers, and behind them those that the text does not have.
    opened: Vec<Member<'a>>,
}

#[derive(Clone)]
struct Member<'a> {
    /// Its number in the text, or [`ADDED`].
    number: usize,
    key: Cow<'a, str>,
    /// How many bytes of the object's text it stands for, and no more.
    replaces: usize,
    /// `None` if it was taken out.
    value: Option<Node<'a>>,
}

/// The number of members that the text does not have.
const ADDED: usize = usize::MAX;

/// A member of an object that was opened.
pub(super) enum Below<'n, 'a> {
    /// Nobody has looked into it.
    Received(Json<'a>),
    /// Somebody has.
    Opened(&'n Node<'a>),
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
    pub(super) fn made(json: Cow<'a, str>) -> Self {
        match json {
            Cow::Borrowed(json) => Self::received(Json::known(json)),
            Cow::Owned(json) => Self {
                text: Text::Made(json),
                opened: Opened::No,
                is_outdated: false,
            },
        }
    }

    /// A part of a value that a row made.
    fn of_made(part: Json<'_>) -> Self {
        Self::made(Cow::Owned(part.raw().to_owned()))
    }

    /// An object without members.
    pub(super) const fn empty_object() -> Self {
        Self {
            text: Text::Received(Json::known("{}")),
            opened: Opened::Object(Members {
                received: Children::none(),
                opened: Vec::new(),
            }),
            is_outdated: false,
        }
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

    /// The value, if it is a string, number, boolean or null.
    pub(super) fn scalar(&self) -> Option<Json<'_>> {
        match self.kind() {
            Kind::Object | Kind::Array => None,
            _ => Some(self.json()),
        }
    }

    /// The member of a key, if it is an object that was opened and has one.
    pub(super) fn get(&self, key: &str) -> Option<Below<'_, 'a>> {
        match &self.opened {
            Opened::Object(members) => members.get(key),
            Opened::Array(_) | Opened::No => None,
        }
    }

    /// Its elements, if it is an array that was opened.
    pub(super) fn opened_elements(&self) -> &[Self] {
        match &self.opened {
            Opened::Array(elements) => elements,
            Opened::Object(_) | Opened::No => &[],
        }
    }

    fn members(&mut self) -> Option<&mut Members<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        if matches!(self.opened, Opened::No) {
            self.opened = Opened::Object(match &self.text {
                Text::Received(json) => match json.members() {
                    Some(received) => Members {
                        received,
                        opened: Vec::new(),
                    },
                    None => Members::listed(
                        json.as_object()?
                            .into_iter()
                            .map(|(key, value)| (key, Self::received(value))),
                    ),
                },
                Text::Made(text) => Members::listed(
                    Json::known(text)
                        .as_object()?
                        .into_iter()
                        .map(|(key, value)| (Cow::Owned(key.into_owned()), Self::of_made(value))),
                ),
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
                    elements.map(Self::of_made).collect()
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
        let at = self.members()?.open(key)?;
        self.members()?.opened.get_mut(at)?.value.as_mut()
    }

    /// Adds a member behind the others, of a key that the object does not have.
    pub(super) fn add(&mut self, key: &'a str, value: Self) {
        self.outdate();
        if let Some(members) = self.members() {
            members.opened.push(Member {
                number: ADDED,
                key: Cow::Borrowed(key),
                replaces: 0,
                value: Some(value),
            });
        }
    }

    /// Takes the member of a key out.
    pub(super) fn take(&mut self, key: &str) {
        let Some(members) = self.members() else { return };
        if let Some(at) = members.open(key)
            && let Some(member) = members.opened.get_mut(at)
        {
            member.value = None;
            self.outdate();
        }
    }

    /// Does something to each member whose key is meant; what is taken is out.
    pub(super) fn each_member(
        &mut self,
        is_meant: impl Fn(&str) -> bool,
        mut act: impl FnMut(&str, &mut Option<Node<'a>>),
    ) {
        let Some(members) = self.members() else { return };
        members.open_all(&is_meant);
        for member in &mut members.opened {
            if member.value.is_some() && is_meant(&member.key) {
                act(&member.key, &mut member.value);
            }
        }
    }

    /// Says that something in it was changed.
    pub(super) const fn outdate(&mut self) {
        self.is_outdated = true;
    }

    /// About how many bytes its text has, and no less.
    pub(super) fn length(&self) -> usize {
        match &self.opened {
            Opened::Object(members) if self.is_outdated => {
                let opened = &members.opened;
                let replaced: usize = opened.iter().map(|member| member.replaces).sum();
                let written = opened.iter().filter_map(Member::length).sum::<usize>();
                self.raw().len().saturating_sub(replaced) + written
            }
            Opened::Array(elements) if self.is_outdated => {
                elements.iter().map(|value| value.length() + 1).sum::<usize>() + 2
            }
            _ => self.raw().len(),
        }
    }

    /// Whether it is nested deeper than `limit` levels.
    pub(super) fn is_deeper_than(&self, limit: usize) -> bool {
        let Some(below) = limit.checked_sub(1) else {
            return self.is_outdated || deeper_than(self.raw(), limit);
        };
        match &self.opened {
            Opened::Object(members) if self.is_outdated => {
                let mut opened = members.opened.iter().filter_map(|member| member.value.as_ref());
                opened.any(|value| value.is_deeper_than(below))
                    || members.untouched().any(|value| deeper_than(value.raw(), below))
            }
            Opened::Array(elements) if self.is_outdated => {
                elements.iter().any(|value| value.is_deeper_than(below))
            }
            _ => deeper_than(self.raw(), limit),
        }
    }

    /// Writes it with its index.
    pub(super) fn write(&self, out: &mut IndexWriter<'_>) {
        match &self.opened {
            Opened::Object(members) if self.is_outdated => members.write(out),
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

impl<'a> Members<'a> {
    /// Those of an object whose text will not do, all of them opened.
    fn listed(members: impl Iterator<Item = (Cow<'a, str>, Node<'a>)>) -> Self {
        let opened = members.map(|(key, value)| Member {
            number: ADDED,
            replaces: Member::text_length(&key, value.raw().len()),
            key,
            value: Some(value),
        });
        Self {
            received: Children::none(),
            opened: opened.collect(),
        }
    }

    fn place_of(&self, number: usize) -> Result<usize, usize> {
        self.opened.binary_search_by_key(&number, |member| member.number)
    }

    /// Where an opened member of this key is that was added.
    fn added(&self, key: &str) -> Option<usize> {
        let mut opened = self.opened.iter();
        opened.position(|member| member.number == ADDED && member.value.is_some() && member.key == key)
    }

    fn get(&self, key: &str) -> Option<Below<'_, 'a>> {
        let at = match self.received.find(key) {
            None => self.added(key),
            Some((number, _, json)) => match self.place_of(number) {
                Err(_) => return Some(Below::Received(json)),
                Ok(at) if self.is_there(at) => Some(at),
                Ok(_) => self.added(key),
            },
        };
        self.opened.get(at?)?.value.as_ref().map(Below::Opened)
    }

    fn is_there(&self, at: usize) -> bool {
        self.opened.get(at).is_some_and(|member| member.value.is_some())
    }

    /// Opens the member of a key, and says where it is then.
    fn open(&mut self, key: &str) -> Option<usize> {
        let Some((number, key, json)) = self.received.find(key) else {
            return self.added(key);
        };
        match self.place_of(number) {
            Ok(at) if self.is_there(at) => Some(at),
            Ok(_) => self.added(key),
            Err(at) => {
                self.opened.insert(at, Member::received(number, key, json));
                Some(at)
            }
        }
    }

    /// Opens all members whose key is meant.
    fn open_all(&mut self, is_meant: impl Fn(&str) -> bool) {
        let mut at = 0;
        for (number, (key, json)) in self.received.clone().enumerate() {
            if self.opened.get(at).is_some_and(|member| member.number == number) {
                at += 1;
            } else if is_meant(key) {
                self.opened.insert(at, Member::received(number, key, json));
                at += 1;
            }
        }
    }

    /// The values that nobody has looked into.
    fn untouched(&self) -> impl Iterator<Item = Json<'a>> {
        let numbered = self.received.clone().enumerate();
        numbered.filter_map(|(number, (_, value))| self.place_of(number).is_err().then_some(value))
    }

    fn write(&self, out: &mut IndexWriter<'_>) {
        out.open_object();
        let (mut rest, mut number) = (self.received.clone(), 0);
        for member in &self.opened {
            out.members(&mut rest, member.number.saturating_sub(number));
            // The text of this one no longer counts.
            rest.next();
            number = member.number.saturating_add(1);
            if let Some(value) = &member.value {
                out.key(&member.key);
                value.write(out);
            }
        }
        out.members(&mut rest, ADDED);
        out.close();
    }
}

impl<'a> Member<'a> {
    /// The least bytes that a member has in the text of an object: two quotes and a colon beside its key and value.
    const fn text_length(key: &str, value: usize) -> usize {
        key.len() + value + 3
    }

    /// The same with a comma, of the value as it is now; `None` if it was taken out.
    fn length(&self) -> Option<usize> {
        Some(Self::text_length(&self.key, self.value.as_ref()?.length()) + 1)
    }

    const fn received(number: usize, key: &'a str, json: Json<'a>) -> Self {
        Self {
            number,
            key: Cow::Borrowed(key),
            replaces: Self::text_length(key, json.raw().len()),
            value: Some(Node::received(json)),
        }
    }
}
