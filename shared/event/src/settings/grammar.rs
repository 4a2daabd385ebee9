//! What is no TOML in one table of a file says nothing of the others.

use super::problem::{Problems, tables};
use toml::de::DeTable;

/// Reads the grammar of a file alone. If it is no TOML, each table is read for itself, from its header to the next one: what
/// is wrong is told of its table, and of the others nothing is lost. `usable` holds what the result borrows then.
///
/// A place in the result is the same place of `text`.
pub(super) fn parse<'f>(text: &'f str, usable: &'f mut String, problems: &mut Problems) -> DeTable<'f> {
    let error = match DeTable::parse(text) {
        Ok(file) => return file.into_inner(),
        Err(error) => error,
    };
    let known = tables();
    let mut owners: Vec<Option<&str>> = Vec::new();
    for line in text.split_inclusive('\n') {
        let before = owners.last().copied().flatten();
        let header = header(line).and_then(|name| known.iter().find(|own| *own == name));
        owners.push(header.map(String::as_str).or(before));
    }
    let of = |is_meant: &dyn Fn(&Option<&str>) -> bool| -> String {
        let lines = text.split_inclusive('\n').zip(&owners);
        lines
            .map(|(line, owner)| {
                if is_meant(owner) {
                    line.to_owned()
                } else {
                    blank(line)
                }
            })
            .collect()
    };
    let names = known.iter().map(|name| Some(name.as_str()));
    let mut unusable: Vec<Option<&str>> = Vec::new();
    for name in std::iter::once(None)
        .chain(names)
        .filter(|name| owners.contains(name))
    {
        if let Err(error) = DeTable::parse(&of(&|owner| *owner == name)) {
            problems.not_toml(name.unwrap_or_default(), &error);
            unusable.push(name);
        }
    }
    *usable = of(&|owner| !unusable.contains(owner));
    if let (false, Ok(file)) = (unusable.is_empty(), DeTable::parse(usable)) {
        return file.into_inner();
    }
    // Each table is TOML, and together they are none, as if two had one name.
    problems.not_toml("", &error);
    DeTable::new()
}

/// The table that a line begins, such as `braze` of `[braze]` and `[[braze.x]]`.
fn header(line: &str) -> Option<&str> {
    let name = line.trim_start().strip_prefix('[')?;
    let name = name.strip_prefix('[').unwrap_or(name).trim_start();
    name.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
        .next()
}

/// A line of as many bytes, of which TOML sees nothing.
fn blank(line: &str) -> String {
    let byte = |byte: u8| {
        if matches!(byte, b'\n' | b'\r') {
            char::from(byte)
        } else {
            ' '
        }
    };
    line.bytes().map(byte).collect()
}
