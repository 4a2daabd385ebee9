//! Values as they are sent: untouched, or tidied for Braze where attributes need it, or with their texts cut.

use crate::Trace;
use crate::forms::time::{is_braze_time, time};
use event::json::{ArrayWriter, Json, Kind, Object, ObjectWriter, write_string};
use event::reasons::Warning;
use std::borrow::Cow;
use std::collections::HashSet;

/// How values are rewritten.
#[derive(Clone, Copy)]
pub(super) struct Rewrite {
    /// Characters of a text that are kept; 0 for all.
    pub cut_at: usize,
    /// Whether nulls inside values are left out and keys inside them spelled as Braze takes them.
    pub sanitize: bool,
}

/// The operators of nested attributes, as keys of an attribute's value.
const OPERATORS: [&str; 3] = ["$add", "$update", "$remove"];
/// The keys of an element of such an operator.
const OPERATOR_KEYS: [&str; 3] = ["$identifier_key", "$identifier_value", "$new_object"];
/// The one key of an object that is a time (SB-116, SB-119).
const TIME: &str = "$time";
/// The operators of all kinds of attributes: such a value does not do the same twice.
const CHANGES: [&str; 6] = ["inc", "add", "remove", "$add", "$update", "$remove"];

/// Where a value lies: some keys mean something in one place alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Attribute,
    /// Below an operator.
    Operator,
    /// Anywhere else.
    Inside,
}

/// Whether an attribute's value is an operation that does more when it is sent again.
pub(super) fn is_operation(value: Json<'_>) -> bool {
    value
        .as_object()
        .is_some_and(|members| CHANGES.iter().any(|operator| members.get(operator).is_some()))
}

/// What becomes of the one value of an object that is a time.
enum NestedTime<'a> {
    /// Braze takes this JSON.
    Sent(Cow<'a, str>),
    /// One bad time makes Braze drop the whole attribute and answer success.
    Refused,
}

/// The time of an object that is one; `None` for every other value.
fn nested_time(value: Json<'_>) -> Option<NestedTime<'_>> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let given = members.get(TIME)?;
    if given.as_str().is_some_and(|text| is_braze_time(&text)) {
        return Some(NestedTime::Sent(Cow::Borrowed(given.raw())));
    }
    Some(time(given).map_or(NestedTime::Refused, |time| {
        let mut json = String::new();
        write_string(&mut json, &time.to_string());
        NestedTime::Sent(Cow::Owned(json))
    }))
}

/// Why a value inside another one is left out, by which rule; `None` if it stays.
fn removal(value: Json<'_>) -> Option<(&'static str, Warning)> {
    if value.is_null() {
        return Some(("SB-114", Warning::NestedNullRemoved));
    }
    matches!(nested_time(value), Some(NestedTime::Refused)).then_some(("SB-119", Warning::NestedTimeRemoved))
}

/// Why an attribute of this value is left out: it is a time that is none, or operators that are left with nothing to do. An
/// empty object would overwrite what is stored.
pub(super) fn without_attribute(value: Json<'_>, path: &dyn Fn() -> String, trace: &mut Trace) -> bool {
    if matches!(nested_time(value), Some(NestedTime::Refused)) {
        trace.warn("SB-119", Warning::NestedTimeRemoved, path);
        return true;
    }
    let members = value.as_object().unwrap_or_default();
    let has_nothing_to_do = !members.is_empty()
        && members
            .iter()
            .all(|(key, value)| CHANGES.contains(&key) && removal(value).is_some());
    if has_nothing_to_do {
        for (key, value) in members.iter() {
            if let Some((rule, warning)) = removal(value) {
                trace.warn(rule, warning, || format!("{}.{key}", path()));
            }
        }
        trace.warn("SB-120", Warning::NestedNullRemoved, path);
    }
    has_nothing_to_do
}

impl Rewrite {
    /// Writes an attribute's value.
    pub(super) fn attribute(
        self,
        out: &mut String,
        value: Json<'_>,
        path: &dyn Fn() -> String,
        trace: &mut Trace,
    ) {
        self.write(out, value, Position::Attribute, path, trace);
    }

    /// Writes any other value.
    pub(super) fn inside(
        self,
        out: &mut String,
        value: Json<'_>,
        path: &dyn Fn() -> String,
        trace: &mut Trace,
    ) {
        self.write(out, value, Position::Inside, path, trace);
    }

    fn write(
        self,
        out: &mut String,
        value: Json<'_>,
        position: Position,
        path: &dyn Fn() -> String,
        trace: &mut Trace,
    ) {
        let changes = self.cut_at > 0 || self.sanitize;
        match value.kind() {
            Kind::String => out.push_str(&self.text(value, path, trace)),
            Kind::Array if changes => self.write_array(ArrayWriter::new(out), value, position, path, trace),
            Kind::Object
                if self.sanitize
                    && let Some(NestedTime::Sent(time)) = nested_time(value) =>
            {
                ObjectWriter::new(out).raw(TIME, &time);
            }
            Kind::Object if changes => {
                let members = value.as_object().unwrap_or_default();
                self.write_object(ObjectWriter::new(out), &members, position, path, trace);
            }
            _ => out.push_str(value.raw()),
        }
    }

    fn write_array(
        self,
        mut out: ArrayWriter<'_>,
        value: Json<'_>,
        position: Position,
        path: &dyn Fn() -> String,
        trace: &mut Trace,
    ) {
        // The elements of an attribute that is an array are no attribute's value themselves.
        let position = if position == Position::Attribute {
            Position::Inside
        } else {
            position
        };
        for (at, element) in value.as_array().unwrap_or_default().into_iter().enumerate() {
            let here = || format!("{}[{at}]", path());
            if let Some((rule, warning)) = removal(element).filter(|_| self.sanitize) {
                trace.warn(rule, warning, here);
            } else {
                self.write(out.place(), element, position, &here, trace);
            }
        }
    }

    fn write_object(
        self,
        mut out: ObjectWriter<'_>,
        members: &Object<'_>,
        position: Position,
        path: &dyn Fn() -> String,
        trace: &mut Trace,
    ) {
        let keeps = |key: &str| {
            (position == Position::Attribute && OPERATORS.contains(&key))
                || (position == Position::Operator && OPERATOR_KEYS.contains(&key))
        };
        let is_renamed = |key: &str| self.sanitize && !keeps(key) && key.contains(is_refused);
        let mut taken: HashSet<Cow<'_, str>> = HashSet::new();
        if members.iter().any(|(key, _)| is_renamed(key)) {
            let stay = members
                .iter()
                .filter(|(key, value)| !is_renamed(key) && removal(*value).is_none());
            taken.extend(stay.map(|(key, _)| Cow::Borrowed(key)));
        }
        for (key, value) in members.iter() {
            let here = || format!("{}.{key}", path());
            if let Some((rule, warning)) = removal(value).filter(|_| self.sanitize) {
                trace.warn(rule, warning, here);
                continue;
            }
            let below = if position == Position::Attribute && OPERATORS.contains(&key) {
                Position::Operator
            } else {
                Position::Inside
            };
            if !is_renamed(key) {
                self.write(out.place(key), value, below, &here, trace);
                continue;
            }
            let renamed = sanitize_key(key);
            if taken.contains(renamed.as_str()) {
                trace.warn("SB-115", Warning::KeyRemoved, here);
                continue;
            }
            trace.warn("SB-115", Warning::KeyRenamed, here);
            self.write(out.place(&renamed), value, below, &here, trace);
            taken.insert(Cow::Owned(renamed));
        }
    }

    fn text<'a>(self, value: Json<'a>, path: &dyn Fn() -> String, trace: &mut Trace) -> Cow<'a, str> {
        // A text has at least as many bytes as characters.
        if self.cut_at == 0 || value.raw().len() <= self.cut_at {
            return Cow::Borrowed(value.raw());
        }
        let text = value.as_str().unwrap_or_default();
        let Some((end, _)) = text.char_indices().nth(self.cut_at) else {
            return Cow::Borrowed(value.raw());
        };
        trace.warn("SB-118", Warning::TextCut, path);
        let mut cut = String::with_capacity(end + 2);
        write_string(&mut cut, text.get(..end).unwrap_or_default());
        Cow::Owned(cut)
    }
}

/// Whether Braze refuses a character in a key inside an object.
const fn is_refused(letter: char) -> bool {
    matches!(letter, ' ' | '.' | '$')
}

/// The spelling that Braze takes of a key inside an object: each run of refused characters is one `_`.
fn sanitize_key(key: &str) -> String {
    let mut sanitized = String::with_capacity(key.len());
    let mut in_run = false;
    for letter in key.chars() {
        let refused = is_refused(letter);
        if !refused {
            sanitized.push(letter);
        } else if !in_run {
            sanitized.push('_');
        }
        in_run = refused;
    }
    sanitized
}
