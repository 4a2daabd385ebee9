//! A value of the settings file with the key that stands for it in errors, and its JSON text.

use crate::json::{ArrayWriter, ObjectWriter, write_string};
use crate::settings::Problems;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the settings file as its author wrote it: numbers with their digits, tables in their order.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// The whole file.
    pub file: &'p str,
    pub value: &'p Spanned<DeValue<'p>>,
}

impl<'p> Place<'p> {
    /// The value, whatever its type.
    pub(super) fn get(self) -> &'p DeValue<'p> {
        self.value.get_ref()
    }

    /// Its members in the order of the file, if it is a table.
    pub(super) fn members(self) -> Option<Vec<(&'p str, Place<'p>)>> {
        members(self.file, self.get().as_table()?)
    }

    /// Its elements, if it is a list.
    pub(super) fn elements(self) -> Option<Vec<Place<'p>>> {
        let elements = self.get().as_array()?.iter();
        let file = self.file;
        Some(elements.map(|value| Place { file, value }).collect())
    }

    /// Whether it is a list or a table without anything in it.
    pub(super) fn is_empty(self) -> bool {
        match self.get() {
            DeValue::Array(list) => list.is_empty(),
            DeValue::Table(table) => table.is_empty(),
            _ => false,
        }
    }

    /// Whether it is a table that nobody wrote, such as `traits` of `traits.plan = "pro"` without quotes.
    pub(super) fn is_of_dotted_key(self) -> bool {
        let text = self.file.get(self.value.span().start..).unwrap_or_default();
        let is_written = text.starts_with(['{', '[']);
        self.get().is_table() && !is_written && behind_key(text) == Some('=')
    }

    /// What its author wrote, such as `1.50`.
    pub(super) fn written(self) -> &'p str {
        self.file.get(self.value.span()).unwrap_or_default()
    }

    /// What kind of value it is, with its value where that is short.
    pub(super) fn described(self) -> String {
        match self.get() {
            DeValue::String(text) => format!("the text \"{text}\""),
            DeValue::Integer(number) => format!("the number {number}"),
            DeValue::Float(number) => format!("the number {number}"),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(list) if list.is_empty() => "an empty list".to_owned(),
            DeValue::Table(table) if table.is_empty() => "an empty table".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        }
    }

    /// The value as JSON, numbers with their digits; a problem if JSON has no such value.
    pub(super) fn json(self, key: &str, problems: &mut Problems) -> Option<String> {
        let mut out = String::new();
        match write(self, &mut out) {
            Ok(()) => Some(out),
            Err(message) => {
                problems.add(key, message);
                None
            }
        }
    }
}

/// What ends the key with dots at the beginning of a text: `=`, or `]` in a header.
fn behind_key(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (None, '=' | ']') => return Some(c),
            (None, _) => {}
            (Some('"'), '\\') => _ = chars.next(),
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
        }
    }
    None
}

/// The members of a table in the order of the file.
pub(super) fn members<'p>(file: &'p str, table: &'p DeTable<'p>) -> Option<Vec<(&'p str, Place<'p>)>> {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(key, _)| key.span().start);
    let placed = |(key, value): (&'p Spanned<_>, &'p Spanned<DeValue<'p>>)| {
        let key: &std::borrow::Cow<'p, str> = key.get_ref();
        (key.as_ref(), Place { file, value })
    };
    Some(members.into_iter().map(placed).collect())
}

fn write(place: Place<'_>, out: &mut String) -> Result<(), &'static str> {
    match place.get() {
        DeValue::String(text) => write_string(out, text),
        DeValue::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        DeValue::Integer(_) | DeValue::Float(_) => out.push_str(&number(place.get()).ok_or(
            "has a number that JSON does not have; write a finite number in decimal digits, or a text in quotes",
        )?),
        DeValue::Datetime(_) => return Err("has a date; write it as a text in quotes"),
        DeValue::Array(_) => {
            let mut list = ArrayWriter::new(out);
            for element in place.elements().unwrap_or_default() {
                write(element, list.place())?;
            }
        }
        DeValue::Table(_) => {
            let mut object = ObjectWriter::new(out);
            for (key, value) in place.members().unwrap_or_default() {
                write(value, object.place(key))?;
            }
        }
    }
    Ok(())
}

/// The text of a number as it stands in the file, without `_` and `+`; `None` for `inf`, `nan` and other values.
pub(super) fn number(value: &DeValue<'_>) -> Option<String> {
    let plain = |text: &str| -> String {
        let text = text.strip_prefix('+').unwrap_or(text);
        text.chars().filter(|c| *c != '_').collect()
    };
    match value {
        DeValue::Integer(number) if number.radix() == 10 => Some(plain(number.as_str())),
        DeValue::Integer(number) => i64::from_str_radix(&plain(number.as_str()), number.radix())
            .ok()
            .map(|number| number.to_string()),
        DeValue::Float(number) => Some(plain(number.as_str())).filter(|text| !text.contains('n')),
        _ => None,
    }
}
