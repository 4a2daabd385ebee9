//! What rows change (section 5).

use super::form::{Converted, convert};
use super::node::Node;
use crate::Trace;
use event::json::{Json, Kind};
use event::reasons::Warning;
use event::settings::{Change, Form, Path, Step, write_key};
use std::borrow::Cow;

/// The most bytes that the rows of a route add to one event: what SQS takes as one message. Copies of copies would else
/// fill the memory.
const MAX_ADDED_BYTES: usize = 1024 * 1024;

/// Why a value stays when there is no more of it.
const NO_ROOM: &str = "has no room: the event would be too large";

/// The rows at work on one event.
pub(super) struct Changer<'n> {
    trace: &'n mut Trace,
    /// The name of the row at work.
    row: &'n str,
    /// How many bytes may still be added.
    room: usize,
    /// The way down to the value at work.
    way: Vec<Crumb>,
    /// How long that way is.
    depth: usize,
}

/// A step that was taken down to a value.
enum Crumb {
    Key(String),
    At(usize),
}

impl<'n> Changer<'n> {
    /// Of an event that no row has changed yet.
    pub(super) const fn new(trace: &'n mut Trace) -> Self {
        Self {
            trace,
            row: "",
            room: MAX_ADDED_BYTES,
            way: Vec::new(),
            depth: 0,
        }
    }

    /// Makes a change of the row of this name, and says whether a value differs.
    pub(super) fn apply<'a>(&mut self, row: &'n str, change: &'a Change, event: &mut Node<'a>) -> bool {
        self.row = row;
        self.way.clear();
        let (rule, at) = match change {
            Change::Move { from, .. } => ("OR-031", from),
            Change::Values { at, .. } => ("OR-033", at),
            Change::Convert { at, .. } => ("OR-034", at),
            Change::Default { at, .. } | Change::Set { at, .. } => ("OR-036", at),
            Change::Remove { at } => ("OR-037", at),
        };
        let met = match change {
            Change::Move { from, to, stays } => self.moved(from, to, *stays, event),
            Change::Values { at, entries, other } => self.each(at.steps(), event, &mut |changer, value| {
                changer.replaced(value, entries, other.as_deref())
            }),
            Change::Convert { at, form } => self.each(at.steps(), event, &mut |changer, value| {
                changer.converted(value, *form)
            }),
            Change::Default { at, json } => self.put(at.steps(), event, json, true),
            Change::Set { at, json } => self.put(at.steps(), event, json, false),
            Change::Remove { at } => self.removed(at.steps(), event),
        };
        if met == Met::Nothing {
            self.way.clear();
            self.record_at(rule, || at.to_string(), || "nothing there".to_owned());
        }
        met == Met::Changed
    }

    /// Does something to each value that a path names.
    fn each<'a>(
        &mut self,
        path: &[Step],
        value: &mut Node<'a>,
        act: &mut dyn FnMut(&mut Self, &mut Node<'a>) -> Met,
    ) -> Met {
        let Some((step, rest)) = path.split_first() else {
            return act(self, value);
        };
        let met = match step {
            Step::Key(key) => value.member(key).map_or(Met::Nothing, |member| {
                self.below(
                    || Crumb::Key(key.clone()),
                    |changer| changer.each(rest, member, act),
                )
            }),
            Step::Each => {
                let elements = value.elements().into_iter().flatten().enumerate();
                elements.fold(Met::Nothing, |met, (at, element)| {
                    met.max(self.below(|| Crumb::At(at), |changer| changer.each(rest, element, act)))
                })
            }
            Step::Keys(_) => Met::Nothing,
        };
        if met == Met::Changed {
            value.outdate();
        }
        met
    }

    /// Works one step further down.
    fn below<T>(&mut self, crumb: impl FnOnce() -> Crumb, work: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        // Nobody reads the way but explanations.
        if self.trace.explains() {
            self.way.push(crumb());
        }
        let result = work(self);
        if self.trace.explains() {
            self.way.pop();
        }
        self.depth -= 1;
        result
    }

    fn moved<'a>(&mut self, from: &Path, to: &'a Path, stays: bool, event: &mut Node<'a>) -> Met {
        let (from, to) = (from.steps(), to.steps());
        // As far as both ways are one they are gone once, at least to their last `[*]`.
        let most = from.len().min(to.len()).saturating_sub(1);
        let pairs = from.iter().zip(to).take(most);
        let common = pairs.take_while(|(from, to)| from == to).count();
        let (shared, from) = from.split_at_checked(common).unwrap_or_default();
        let depth = to.len();
        let to = to.get(shared.len()..).unwrap_or_default();
        self.each(shared, event, &mut |changer, value| {
            changer.moved_within(value, from, to, depth, stays)
        })
    }

    fn moved_within<'a>(
        &mut self,
        value: &mut Node<'a>,
        from: &[Step],
        to: &'a [Step],
        depth: usize,
        stays: bool,
    ) -> Met {
        let Some(moving) = at(value, from).cloned() else {
            return Met::Nothing;
        };
        let hindered = match way(value, to) {
            Way::Taken => Some("has a value"),
            Way::Blocked => Some("has no object on its way"),
            Way::Free if moving.is_deeper_than(Json::MAX_DEPTH.saturating_sub(depth)) => {
                Some("would lie too deep")
            }
            Way::Free if stays && !self.takes(moving.length()) => Some(NO_ROOM),
            Way::Free => None,
        };
        let (source, target) = (
            |changer: &Self| changer.path(from),
            |changer: &Self| changer.path(to),
        );
        if let Some(why) = hindered {
            if self.trace.explains() {
                let (path, result) = (source(self), format!("stays: {} {why}", target(self)));
                self.record_at("OR-031", || path, || result);
            }
            return Met::Unchanged;
        }
        if self.trace.explains() {
            let (path, result) = (source(self), target(self));
            self.record_at("OR-031", || path, || result);
        }
        if !stays {
            take(value, from);
        }
        insert(value, to, moving);
        Met::Changed
    }

    fn replaced<'a>(
        &mut self,
        value: &mut Node<'a>,
        entries: &'a [(String, String)],
        other: Option<&'a str>,
    ) -> Met {
        let entry = value.scalar().filter(|json| !json.is_null()).and_then(|json| {
            let text = json.as_str().unwrap_or(Cow::Borrowed(json.raw()));
            let entry = entries.iter().find(|(own, _)| *own == text);
            entry.map(|(_, json)| json.as_str()).or(other)
        });
        match entry {
            Some(json) => self.replace("OR-033", value, Cow::Borrowed(json)),
            None => self.stays("OR-033", "no entry for it"),
        }
    }

    fn converted(&mut self, value: &mut Node<'_>, form: Form) -> Met {
        let converted = match value.scalar() {
            Some(json) => convert(json, form),
            None if form == Form::Json => Converted::Already,
            None => Converted::Cannot,
        };
        let room = Json::MAX_DEPTH.saturating_sub(self.depth);
        match converted {
            Converted::To(json) if !event::json::deeper_than(&json, room) => {
                self.replace("OR-034", value, Cow::Owned(json))
            }
            Converted::Already => self.stays("OR-034", &format!("{} already, or null", form.as_str())),
            Converted::To(_) => self.not_converted("would lie too deep"),
            Converted::Cannot => self.not_converted(&format!("not convertible to {}", form.as_str())),
        }
    }

    fn not_converted(&mut self, why: &str) -> Met {
        let path = self.explained_path(&[]);
        self.trace.warn("OR-034", Warning::NotConverted, || path);
        self.stays("OR-034", why)
    }

    /// Replaces a value by another one, unless they are the same text.
    fn replace<'a>(&mut self, rule: &'static str, value: &mut Node<'a>, json: Cow<'a, str>) -> Met {
        if value.text() == json {
            return self.stays(rule, "the same value");
        }
        if !self.takes(json.len()) {
            return self.stays(rule, NO_ROOM);
        }
        self.record(rule, || json.clone().into_owned());
        *value = Node::made(json);
        Met::Changed
    }

    /// Sets what a path names, making the objects that are absent on the way.
    fn put<'a>(&mut self, path: &'a [Step], value: &mut Node<'a>, json: &'a str, only_missing: bool) -> Met {
        let Some((step, rest)) = path.split_first() else {
            return if only_missing && !value.is_null() {
                self.stays("OR-036", "there is a value")
            } else {
                self.replace("OR-036", value, Cow::Borrowed(json))
            };
        };
        let met = match step {
            Step::Key(key) => {
                let makes = !rest.contains(&Step::Each);
                // Without room for the value nothing is made that would hold it.
                if makes && value.is_null() && self.room >= json.len() {
                    *value = Node::empty_object();
                }
                if value.kind() != Kind::Object {
                    return self.not_set(path, "has no object on its way");
                }
                match value.member(key) {
                    Some(member) => self.below(
                        || Crumb::Key(key.clone()),
                        |changer| changer.put(rest, member, json, only_missing),
                    ),
                    None if makes && self.takes(json.len()) => {
                        value.add(key, nested(rest, Node::made(Cow::Borrowed(json))));
                        let path = self.explained_path(path);
                        self.record_at("OR-036", || path, || json.to_owned());
                        Met::Changed
                    }
                    None if makes => return self.not_set(path, NO_ROOM),
                    None => Met::Nothing,
                }
            }
            Step::Each => {
                let elements = value.elements().into_iter().flatten().enumerate();
                elements.fold(Met::Nothing, |met, (at, element)| {
                    let put = self.below(
                        || Crumb::At(at),
                        |changer| changer.put(rest, element, json, only_missing),
                    );
                    met.max(put)
                })
            }
            Step::Keys(_) => Met::Nothing,
        };
        if met == Met::Changed {
            value.outdate();
        }
        met
    }

    /// Tells why nothing is set so far below the value at work.
    fn not_set(&mut self, path: &[Step], why: &str) -> Met {
        let path = self.explained_path(path);
        self.record_at("OR-036", || path, || format!("not set: {why}"));
        Met::Unchanged
    }

    fn removed(&mut self, path: &[Step], value: &mut Node<'_>) -> Met {
        let Some((step, rest)) = path.split_first() else {
            return Met::Nothing;
        };
        let met = match step {
            Step::Each => {
                let Some(elements) = value.elements() else {
                    return Met::Nothing;
                };
                let mut met = Met::Nothing;
                for (at, element) in elements.iter_mut().enumerate().rev() {
                    met = met
                        .max(self.below(|| Crumb::At(at), |changer| changer.removed_or_told(rest, element)));
                }
                if rest.is_empty() {
                    elements.clear();
                }
                met
            }
            Step::Key(key) => {
                let Some(member) = value.member(key) else {
                    return Met::Nothing;
                };
                let met = self.below(
                    || Crumb::Key(key.clone()),
                    |changer| changer.removed_or_told(rest, member),
                );
                if rest.is_empty() {
                    value.take(key);
                }
                met
            }
            Step::Keys(pattern) => {
                let mut met = Met::Nothing;
                value.each_member(
                    |key| pattern.matches(key),
                    |key, member| {
                        let Some(own) = member else { return };
                        let crumb = || Crumb::Key(key.to_owned());
                        met = met.max(self.below(crumb, |changer| changer.removed_or_told(rest, own)));
                        if rest.is_empty() {
                            *member = None;
                        }
                    },
                );
                met
            }
        };
        if met == Met::Changed {
            value.outdate();
        }
        met
    }

    /// Tells that a value is removed, if it is the one that a path names, else goes on down.
    fn removed_or_told(&mut self, rest: &[Step], value: &mut Node<'_>) -> Met {
        if rest.is_empty() {
            self.record("OR-037", || "removed".to_owned());
            return Met::Changed;
        }
        self.removed(rest, value)
    }

    /// Takes room for so many bytes, if there is as much.
    const fn takes(&mut self, bytes: usize) -> bool {
        match self.room.checked_sub(bytes) {
            Some(room) => {
                self.room = room;
                true
            }
            None => false,
        }
    }

    fn stays(&mut self, rule: &'static str, why: &str) -> Met {
        self.record(rule, || format!("stays: {why}"));
        Met::Unchanged
    }

    /// Tells what became of the value at work.
    fn record(&mut self, rule: &'static str, result: impl FnOnce() -> String) {
        if self.trace.explains() {
            let path = self.path(&[]);
            self.record_at(rule, || path, result);
        }
    }

    fn record_at(
        &mut self,
        rule: &'static str,
        path: impl FnOnce() -> String,
        result: impl FnOnce() -> String,
    ) {
        let row = self.row;
        self.trace
            .record(rule, || (path(), format!("{} ({row})", result())));
    }

    /// The same if somebody wants to know it, else nothing.
    fn explained_path(&self, below: &[Step]) -> String {
        if self.trace.explains() {
            self.path(below)
        } else {
            String::new()
        }
    }

    /// The path of what lies so many steps below the value at work.
    fn path(&self, below: &[Step]) -> String {
        let mut path = String::new();
        let key = |path: &mut String, key: &str| {
            if !path.is_empty() {
                path.push('.');
            }
            // A String takes whatever is written.
            let _ = write_key(path, key);
        };
        for crumb in &self.way {
            match crumb {
                Crumb::Key(own) => key(&mut path, own),
                Crumb::At(at) => path.push_str(&format!("[{at}]")),
            }
        }
        for step in below {
            match step {
                Step::Key(own) => key(&mut path, own),
                Step::Each => path.push_str("[*]"),
                Step::Keys(_) => {}
            }
        }
        path
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Met {
    /// No value that its path names.
    Nothing,
    /// Values that stay as they are.
    Unchanged,
    /// A value that differs now.
    Changed,
}

/// How the way to a value that is to be set looks.
enum Way {
    /// There is nothing but null, and objects can be made up to it.
    Free,
    /// There is a value already.
    Taken,
    /// A part on the way is no object.
    Blocked,
}

/// The value at a path of keys.
fn at<'v, 'a>(value: &'v mut Node<'a>, path: &[Step]) -> Option<&'v mut Node<'a>> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.member(key),
        Step::Each | Step::Keys(_) => None,
    })
}

fn way(mut value: &mut Node<'_>, path: &[Step]) -> Way {
    for step in path {
        let Step::Key(key) = step else {
            return Way::Blocked;
        };
        if value.is_null() {
            return Way::Free;
        }
        if value.kind() != Kind::Object {
            return Way::Blocked;
        }
        match value.member(key) {
            Some(member) => value = member,
            None => return Way::Free,
        }
    }
    if value.is_null() { Way::Free } else { Way::Taken }
}

/// Takes the value at a path of keys out.
fn take(value: &mut Node<'_>, path: &[Step]) {
    let Some((Step::Key(key), rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        value.take(key);
    } else {
        value.outdate();
        if let Some(member) = value.member(key) {
            take(member, rest);
        }
    }
}

/// Puts a value at a path of keys whose way is free.
fn insert<'a>(value: &mut Node<'a>, path: &'a [Step], new: Node<'a>) {
    let Some((Step::Key(key), rest)) = path.split_first() else {
        *value = new;
        return;
    };
    if value.is_null() {
        *value = Node::empty_object();
    }
    value.outdate();
    match value.member(key) {
        Some(member) => insert(member, rest, new),
        None => value.add(key, nested(rest, new)),
    }
}

/// A value in as many new objects as the path has keys.
fn nested<'a>(path: &'a [Step], value: Node<'a>) -> Node<'a> {
    path.iter().rev().fold(value, |value, step| {
        let Step::Key(key) = step else {
            return value;
        };
        let mut object = Node::empty_object();
        object.add(key, value);
        object
    })
}
