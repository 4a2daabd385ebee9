//! Values as they are sent: untouched, or tidied for Braze where attributes need it, or with their texts cut.

use crate::Notes;
use event::json::{ArrayWriter, Json, Kind, Object, ObjectWriter, write_string};
use event::reasons::Warning;
use std::borrow::Cow;
use std::collections::HashSet;

/// How values are rewritten.
#[derive(Clone, Copy)]
pub struct Rewrite {
    /// Characters of a text that are kept; 0 for all.
    pub cut_at: usize,
    /// Whether nulls inside values are left out and keys inside them spelled as Braze takes them.
    pub tidies: bool,
}

/// The operators of nested attributes, as keys of an attribute's value.
const OPERATORS: [&str; 3] = ["$add", "$update", "$remove"];
/// The keys of an element of such an operator.
const OPERATOR_KEYS: [&str; 3] = ["$identifier_key", "$identifier_value", "$new_object"];
/// The one key of an object that is a time.
const TIME: &str = "$time";
/// The operators of all kinds of attributes: such a value does not do the same twice.
const CHANGES: [&str; 6] = ["inc", "add", "remove", "$add", "$update", "$remove"];

/// Where a value lies: some keys mean something in one place alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spot {
    /// The value of an attribute.
    Attribute,
    /// Below an operator.
    Operator,
    /// Anywhere else.
    Inside,
}

/// Whether an attribute's value is an operation that does more when it is sent again.
pub fn is_operation(value: Json<'_>) -> bool {
    value
        .as_object()
        .is_some_and(|members| CHANGES.iter().any(|operator| members.get(operator).is_some()))
}

impl Rewrite {
    /// Writes an attribute's value.
    pub fn attribute(self, out: &mut String, value: Json<'_>, path: &dyn Fn() -> String, notes: &mut Notes) {
        self.write(out, value, Spot::Attribute, path, notes);
    }

    /// Writes any other value.
    pub fn inside(self, out: &mut String, value: Json<'_>, path: &dyn Fn() -> String, notes: &mut Notes) {
        self.write(out, value, Spot::Inside, path, notes);
    }

    fn write(
        self,
        out: &mut String,
        value: Json<'_>,
        spot: Spot,
        path: &dyn Fn() -> String,
        notes: &mut Notes,
    ) {
        let changes = self.cut_at > 0 || self.tidies;
        match value.kind() {
            Kind::String => out.push_str(&self.text(value, path, notes)),
            Kind::Array if changes => self.write_array(ArrayWriter::new(out), value, spot, path, notes),
            Kind::Object if changes => {
                let members = value.as_object().unwrap_or_default();
                self.write_object(ObjectWriter::new(out), &members, spot, path, notes);
            }
            _ => out.push_str(value.raw()),
        }
    }

    fn write_array(
        self,
        mut out: ArrayWriter<'_>,
        value: Json<'_>,
        spot: Spot,
        path: &dyn Fn() -> String,
        notes: &mut Notes,
    ) {
        // The elements of an attribute that is an array are no attribute's value themselves.
        let spot = if spot == Spot::Attribute {
            Spot::Inside
        } else {
            spot
        };
        for (at, element) in value.as_array().unwrap_or_default().into_iter().enumerate() {
            let here = || format!("{}[{at}]", path());
            if self.tidies && element.is_null() {
                notes.warn(Warning::NestedNullRemoved, here);
            } else {
                self.write(out.place(), element, spot, &here, notes);
            }
        }
    }

    fn write_object(
        self,
        mut out: ObjectWriter<'_>,
        members: &Object<'_>,
        spot: Spot,
        path: &dyn Fn() -> String,
        notes: &mut Notes,
    ) {
        let keeps = |key: &str| {
            (spot == Spot::Attribute && OPERATORS.contains(&key))
                || (spot == Spot::Operator && OPERATOR_KEYS.contains(&key))
                || (members.len() == 1 && key == TIME)
        };
        let is_renamed = |key: &str| self.tidies && !keeps(key) && key.contains(is_refused);
        let mut taken: HashSet<Cow<'_, str>> = HashSet::new();
        if members.iter().any(|(key, _)| is_renamed(key)) {
            let stay = members
                .iter()
                .filter(|(key, value)| !is_renamed(key) && !value.is_null());
            taken.extend(stay.map(|(key, _)| Cow::Borrowed(key)));
        }
        for (key, value) in members.iter() {
            let here = || format!("{}.{key}", path());
            if self.tidies && value.is_null() {
                notes.warn(Warning::NestedNullRemoved, here);
                continue;
            }
            let below = if spot == Spot::Attribute && OPERATORS.contains(&key) {
                Spot::Operator
            } else {
                Spot::Inside
            };
            if !is_renamed(key) {
                self.write(out.place(key), value, below, &here, notes);
                continue;
            }
            let renamed = spelled(key);
            if taken.contains(renamed.as_str()) {
                notes.warn(Warning::KeyRemoved, here);
                continue;
            }
            notes.warn(Warning::KeyRenamed, here);
            self.write(out.place(&renamed), value, below, &here, notes);
            taken.insert(Cow::Owned(renamed));
        }
    }

    fn text<'a>(self, value: Json<'a>, path: &dyn Fn() -> String, notes: &mut Notes) -> Cow<'a, str> {
        // A text has at least as many bytes as characters.
        if self.cut_at == 0 || value.raw().len() <= self.cut_at {
            return Cow::Borrowed(value.raw());
        }
        let text = value.as_str().unwrap_or_default();
        let Some((end, _)) = text.char_indices().nth(self.cut_at) else {
            return Cow::Borrowed(value.raw());
        };
        notes.warn(Warning::TextCut, path);
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
fn spelled(key: &str) -> String {
    let mut spelled = String::with_capacity(key.len());
    let mut in_run = false;
    for letter in key.chars() {
        let refused = is_refused(letter);
        if !refused {
            spelled.push(letter);
        } else if !in_run {
            spelled.push('_');
        }
        in_run = refused;
    }
    spelled
}
