//! What is wrong with a settings file, in words that say what to write instead.

use super::{CatalogRule, Settings, TriggerRule};
use crate::{Destination, Route};
use std::cmp::Reverse;
use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key's full name, such as `braze.instance`; empty if the file is no TOML.
    pub key: String,
    /// What is wrong with it, and the remedy.
    pub message: String,
}

impl Problem {
    pub(super) fn table(&self) -> &str {
        self.key.split('.').next().unwrap_or_default()
    }

    /// Takes its value out of the tables of a file; all of its table, where its key names no value there.
    pub(super) fn take_out_of(&self, tables: &mut toml::Table) {
        let (sections, name) = self.key.rsplit_once('.').unwrap_or_default();
        let mut sections = sections.split('.');
        let section = sections.try_fold(&mut *tables, |table, own| table.get_mut(own)?.as_table_mut());
        if section.and_then(|section| section.remove(name)).is_none() {
            tables.remove(self.table());
        }
    }

    /// Whether events of a route cannot be delivered because of it: what is in the table of another route or destination, or of
    /// the receivers, does not matter to them (RI-048).
    pub fn concerns(&self, route: Route) -> bool {
        let table = self.table();
        if table == "receipt" {
            return false;
        }
        let mut routes = Route::ALL.into_iter();
        let mut destinations = Destination::ALL.into_iter();
        if routes.any(|own| own.as_str() == table) {
            route.as_str() == table
        } else if destinations.any(|own| own.as_str() == table) {
            route.destination().as_str() == table
        } else {
            true
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "`{}` {}", self.key, self.message)
        }
    }
}

/// The settings cannot be used; the user has to change the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Invalid(pub Vec<Problem>);

/// The name of a key from the path that serde gives. An entry of a list is named as everywhere else: `triggers.0.op`.
fn dotted(path: &str) -> String {
    if path == "." {
        String::new()
    } else {
        path.replace('[', ".").replace(']', "")
    }
}

/// What serde says of a value, for a person who writes TOML.
fn in_plain_words(said: &str) -> String {
    let quoted =
        |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    if let Some((given, valid)) = said
        .strip_prefix("unknown variant ")
        .and_then(|rest| rest.split_once(", expected "))
    {
        let (given, valid) = (quoted(given).concat(), quoted(valid));
        let listed: Vec<String> = valid.iter().map(|word| format!("\"{word}\"")).collect();
        let hint = did_you_mean(&given, valid.iter().map(String::as_str));
        return format!("is \"{given}\"; it must be one of {}{hint}", listed.join(", "));
    }
    let invalid = said
        .strip_prefix("invalid type: ")
        .or_else(|| said.strip_prefix("invalid value: "))
        .and_then(|rest| rest.split_once(", expected "));
    match invalid {
        // Of a word that is no text, serde tells only what it is not.
        Some(("unit variant", wanted)) => {
            format!("cannot be used; it must be {}", kind_in_plain_words(wanted))
        }
        Some((given, wanted)) => {
            let dots = match (given, wanted) {
                ("map", "a string" | "string only") => "; a key that holds a dot stands in quotes",
                _ => "",
            };
            let wanted = kind_in_plain_words(wanted);
            format!("is {}; it must be {wanted}{dots}", given_in_plain_words(given))
        }
        None => format!("cannot be used: {said}"),
    }
}

/// The end of a message that names the nearest of these words; empty if none is near.
pub fn did_you_mean<'w>(given: &str, valid: impl IntoIterator<Item = &'w str>) -> String {
    // Of two that are as near, the longer one has more in common.
    let near = valid
        .into_iter()
        .map(|word| {
            (
                strsim::damerau_levenshtein(given, word),
                Reverse(word.len()),
                word,
            )
        })
        .min()
        // A short word is near to every other one: most of its letters must be right.
        .filter(|(distance, _, word)| *distance <= 1 + word.len() / 3 && distance * 2 < word.len());
    near.map_or_else(String::new, |(_, _, word)| meant(word))
}

/// The same where other tools have other words: each with the one that is meant.
pub(super) fn did_you_mean_or<'w>(
    given: &str,
    valid: impl IntoIterator<Item = &'w str>,
    elsewhere: &[(&str, &str)],
) -> String {
    let known = elsewhere
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(given));
    known.map_or_else(|| did_you_mean(given, valid), |(_, word)| meant(word))
}

fn meant(word: &str) -> String {
    format!("; did you mean \"{word}\"?")
}

/// What serde calls a value, in TOML's words.
fn given_in_plain_words(given: &str) -> String {
    let kinds = [
        ("integer ", "the number "),
        ("floating point ", "the number "),
        ("boolean ", ""),
        ("string ", "the text "),
    ];
    let given = given.replace('`', "");
    let kind = kinds
        .iter()
        .find_map(|(kind, words)| Some((given.strip_prefix(kind)?, words)));
    match (kind, given.as_str()) {
        (Some((value, words)), _) => format!("{words}{value}"),
        (None, "map") => "a table".to_owned(),
        (None, "sequence") => "a list".to_owned(),
        (None, _) => given,
    }
}

/// What serde calls a kind of value, in TOML's words.
fn kind_in_plain_words(kind: &str) -> &str {
    match kind {
        "usize" | "u8" | "u16" | "u32" | "u64" => "a whole number of 0 or more",
        "a boolean" => "true or false",
        "a string" | "string only" | "unit variant" => "a text in quotes",
        "a sequence" => "a list in [ ]",
        "a map" => "a table",
        kind if kind.starts_with("struct ") => "a table",
        kind => kind,
    }
}

/// Collects problems, so that a user sees all of them at once.
#[derive(Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one. `message` follows the key's name in a sentence: `must be 1 to 75`.
    pub fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem {
            key: key.into(),
            message: message.into(),
        });
    }

    /// Adds that a table is no TOML; without its name, that the file is none.
    pub(super) fn not_toml(&mut self, table: &str, error: &toml::de::Error) {
        let what = if table.is_empty() {
            "the settings are"
        } else {
            "is"
        };
        self.add(table, format!("{what} no TOML: {error}"));
    }

    /// Adds that a value is of the wrong type, and gives the name of the table that it is in.
    pub(super) fn of_type(&mut self, path: &str, error: &toml::de::Error) -> &str {
        self.add(dotted(path), in_plain_words(error.message()));
        self.0.last().map_or("", Problem::table)
    }

    /// Keeps those of the tables that are meant.
    pub(super) fn retain(&mut self, is_meant: impl Fn(&str) -> bool) {
        self.0.retain(|problem| is_meant(problem.table()));
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one unless the value is within the range.
    pub fn range<T: PartialOrd + fmt::Display>(&mut self, key: &str, value: T, low: T, high: T) {
        if value < low || value > high {
            self.add(key, format!("is {value}; it must be {low} to {high}"));
        }
    }

    /// Adds that a number is none that a setting can hold; `path` is that of serde below the table.
    pub(super) fn too_large(&mut self, table: &str, path: &str) {
        let below = dotted(path);
        let separator = if below.is_empty() { "" } else { "." };
        let key = format!("{table}{separator}{below}");
        self.add(
            key,
            "is a number that is too large for any setting; write a smaller one",
        );
    }

    pub(super) fn unknown_keys(&mut self, paths: &[String]) {
        let known = known_keys();
        for path in paths {
            // The entries of a list have its keys, however many they are.
            let general: Vec<&str> = path
                .split('.')
                .filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit()))
                .collect();
            let general = general.join(".");
            if let Some(key) = known.iter().find(|key| key.ends_with(&format!(".{general}"))) {
                self.add(path, format!("is no setting here; did you mean `{key}`?"));
                continue;
            }
            let near = known
                .iter()
                .map(|key| (strsim::damerau_levenshtein(&general, key), key))
                .filter(|(distance, key)| *distance <= 1 + key.len() / 4)
                .min();
            match near {
                Some((_, key)) => {
                    // In an entry of a list the last part says it; the number is the user's.
                    let is_listed = general != *path;
                    let key = key.rsplit('.').next().filter(|_| is_listed).unwrap_or(key);
                    self.add(path, format!("is no setting; did you mean `{key}`?"));
                }
                None => self.add(
                    path,
                    "is no setting; see infra/settings/switchyard.toml for all there are",
                ),
            }
        }
    }

    pub(super) fn into_list(self) -> Vec<Problem> {
        self.0
    }

    pub(super) fn into_result(self) -> Result<(), Invalid> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Invalid(self.0))
        }
    }
}

/// The names of all tables.
pub(super) fn tables() -> Vec<String> {
    let mut keys = known_keys();
    keys.retain(|key| !key.contains('.'));
    keys
}

/// The full names of all sections and keys, read off the defaults; of lists of tables those of one entry.
fn known_keys() -> Vec<String> {
    fn collect(prefix: &str, table: &toml::Table, keys: &mut Vec<String>) {
        for (key, value) in table {
            let name = if prefix.is_empty() {
                key.clone()
            } else {
                format!("{prefix}.{key}")
            };
            if let toml::Value::Table(below) = value {
                collect(&name, below, keys);
            }
            keys.push(name);
        }
    }
    let mut keys = Vec::new();
    for (prefix, table) in [
        ("", toml::Table::try_from(Settings::default())),
        (
            "segment_to_braze.triggers",
            toml::Table::try_from(TriggerRule::default()),
        ),
        (
            "segment_to_braze.catalogs",
            toml::Table::try_from(CatalogRule::default()),
        ),
    ] {
        if let Ok(table) = table {
            collect(prefix, &table, &mut keys);
        }
    }
    keys.extend(super::own_rules::keys());
    keys
}
