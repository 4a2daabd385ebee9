//! `[[<route>.rules]]`: the rows, read once at start into paths and conditions.

use super::condition::{self, Condition, PATH_IN_QUOTES};
use super::path::{Path, Step};
use super::place::Place;
use crate::settings::Problems;
use crate::settings::problem::did_you_mean_or;
use std::collections::BTreeSet;
use toml::de::DeValue;

/// The most rows of a route.
const MAX_ROWS: usize = 100;
/// The most characters of a row's name.
const MAX_NAME_CHARS: usize = 40;

/// The rows of a route, in the order in which they run.
pub type Rows = Vec<Row>;

/// What a user's own rule does, and of which events.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name in log lines and explanations: given, or `rules.<number>`.
    pub name: String,
    /// The events that it is for.
    pub when: Condition,
    /// What it does with them.
    pub work: Work,
}

/// What a row does with an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// The event is dropped.
    Drop,
    /// It is changed, by these in their order.
    Change(Vec<Change>),
}

/// One change. Values are JSON texts.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Moves a value, or copies it. Both paths are equal up to their last `[*]`.
    Move {
        /// Where it is.
        from: Path,
        /// Where it goes.
        to: Path,
        /// Whether the old one stays.
        stays: bool,
    },
    /// Replaces a value by the entry of its text.
    Values {
        /// Where it is.
        at: Path,
        /// The table's names with what each becomes.
        entries: Vec<(String, String)>,
        /// What replaces any other text.
        other: Option<String>,
    },
    /// Brings a value into a form.
    Convert {
        /// Where it is.
        at: Path,
        /// The form that the values get.
        form: Form,
    },
    /// Sets a value where there is none or null.
    Default {
        /// Where.
        at: Path,
        /// To what.
        json: String,
    },
    /// Sets a value.
    Set {
        /// Where.
        at: Path,
        /// To what.
        json: String,
    },
    /// Removes values.
    Remove {
        /// Which.
        at: Path,
    },
}

macro_rules! forms {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// A form into which `convert` brings a value.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Form {
            $($(#[$doc])* $variant,)*
        }

        impl Form {
            /// Every form.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its word in the settings.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

forms! {
    /// The JSON text of a number or boolean.
    Text = "text",
    /// The number that a string spells.
    Number = "number",
    /// The boolean that a word or number means.
    Boolean = "boolean",
    /// A string in Unicode lower case.
    Lower = "lower",
    /// A string in Unicode upper case.
    Upper = "upper",
    /// A string without white space around it.
    Trim = "trim",
    /// Day, month and year as `YYYY-MM-DD`.
    DateDmy = "date_dmy",
    /// Month, day and year as `YYYY-MM-DD`.
    DateMdy = "date_mdy",
    /// An IP address without its last bits.
    MaskIp = "mask_ip",
    /// The SHA-256 of a string.
    Sha256 = "sha256",
    /// The object or array that a string holds.
    Json = "json",
}

const KEYS: [&str; 10] = [
    "name", "when", "drop", "rename", "copy", "values", "convert", "default", "set", "remove",
];

/// The words of other tools for keys of a row.
const KEYS_ELSEWHERE: [(&str, &str); 8] = [
    ("if", "when"),
    ("filter", "when"),
    ("condition", "when"),
    ("move", "rename"),
    ("map", "values"),
    ("add", "set"),
    ("delete", "remove"),
    ("ignore", "drop"),
];

/// The words of other tools for forms.
const FORMS_ELSEWHERE: [(&str, &str); 12] = [
    ("integer", "number"),
    ("int", "number"),
    ("float", "number"),
    ("double", "number"),
    ("decimal", "number"),
    ("bool", "boolean"),
    ("string", "text"),
    ("date", "date_dmy"),
    ("lowercase", "lower"),
    ("uppercase", "upper"),
    ("hash", "sha256"),
    ("ip", "mask_ip"),
];

/// The keys that change an event, in the order in which a row does so.
const CHANGES: [&str; 7] = ["rename", "copy", "values", "convert", "default", "set", "remove"];

/// Reads the rows of a route; `key` is the full name of the setting.
pub(super) fn read(place: Place<'_>, key: &str, problems: &mut Problems) -> Rows {
    let Some(tables) = place.elements() else {
        let is = place.described();
        problems.add(key, format!("is {is}; write each row as a table: [[{key}]]"));
        return Rows::new();
    };
    if tables.len() > MAX_ROWS {
        problems.add(
            key,
            format!("has {} rows; it may have at most {MAX_ROWS}", tables.len()),
        );
    }
    let mut names = BTreeSet::new();
    let mut rows = Rows::new();
    for (at, table) in tables.into_iter().enumerate() {
        let key = format!("{key}.{at}");
        let reader = RowReader { key: &key, problems };
        let Some(row) = reader.row(table, at) else {
            continue;
        };
        if !names.insert(row.name.clone()) {
            problems.add(
                format!("{key}.name"),
                format!("is \"{}\", which another row has; names must differ", row.name),
            );
        }
        rows.push(row);
    }
    rows
}

struct RowReader<'r> {
    /// The full name of the row.
    key: &'r str,
    problems: &'r mut Problems,
}

impl RowReader<'_> {
    fn row(mut self, table: Place<'_>, at: usize) -> Option<Row> {
        let Some(members) = table.members() else {
            let message = format!("is {}; it must be a table", table.described());
            self.problems.add(self.key, message);
            return None;
        };
        for (key, _) in members.iter().filter(|(key, _)| !KEYS.contains(key)) {
            let hint = did_you_mean_or(key, KEYS, &KEYS_ELSEWHERE);
            let message = format!("is no key of a row; there are {}{hint}", KEYS.join(", "));
            self.problems.add(format!("{}.{key}", self.key), message);
        }
        let of = |wanted: &str| {
            members
                .iter()
                .find(|(key, _)| *key == wanted)
                .map(|(_, value)| *value)
        };
        let name = of("name").and_then(|value| self.name(value));
        let when =
            of("when").map(|value| condition::read(value, &format!("{}.when", self.key), self.problems));
        let mut changes = Vec::new();
        for key in CHANGES {
            if let Some(value) = of(key) {
                self.changes(key, value, &mut changes);
            }
        }
        let has_change = CHANGES.iter().any(|key| of(key).is_some());
        let drop = of("drop");
        if let Some(value) = drop {
            let key = format!("{}.drop", self.key);
            if value.get().as_bool() != Some(true) {
                let is = value.described();
                let message = format!("is {is}; it must be true, or take it out");
                self.problems.add(key, message);
            } else if has_change {
                let message = "stands beside what changes the event, which would be dropped all the same; write two rows";
                self.problems.add(key, message);
            }
        } else if !has_change && members.iter().all(|(key, _)| KEYS.contains(key)) {
            let message = format!("does nothing; write `drop` or one of {}", CHANGES.join(", "));
            self.problems.add(self.key, message);
        }
        Some(Row {
            name: name.unwrap_or_else(|| format!("rules.{at}")),
            when: when.unwrap_or_default(),
            work: if drop.is_some() {
                Work::Drop
            } else {
                Work::Change(changes)
            },
        })
    }

    fn name(&mut self, value: Place<'_>) -> Option<String> {
        let fits = |name: &&str| {
            (1..=MAX_NAME_CHARS).contains(&name.len())
                && name.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
                })
        };
        let name = value.get().as_str().filter(fits);
        if name.is_none() {
            let is = value.described();
            let message =
                format!("is {is}; it must be a text of 1 to {MAX_NAME_CHARS} characters of a-z 0-9 _ -");
            self.problems.add(format!("{}.name", self.key), message);
        }
        name.map(str::to_owned)
    }

    /// Reads one key of a row that changes the event.
    fn changes(&mut self, key: &str, value: Place<'_>, into: &mut Vec<Change>) {
        let full = format!("{}.{key}", self.key);
        if key == "remove" {
            return self.removals(&full, value, into);
        }
        let Some(members) = value.members().filter(|members| !members.is_empty()) else {
            let wanted = match key {
                "rename" | "copy" => "{ \"traits.phoneNumber\" = \"traits.phone\" }",
                "values" => "{ \"traits.plan\" = { \"1\" = \"Basic\" } }",
                "convert" => "{ \"traits.age\" = \"number\" }",
                _ => "{ \"traits.plan\" = \"free\" }",
            };
            self.refuse(&full, value, "a table of paths", wanted);
            return;
        };
        for (path, value) in members {
            if value.is_of_dotted_key() {
                let message = format!("has the table `{path}`; {PATH_IN_QUOTES}");
                self.problems.add(&full, message);
                continue;
            }
            let place = format!("{full}.{path}");
            let change = match key {
                "rename" => self.moved(&place, path, value, false),
                "copy" => self.moved(&place, path, value, true),
                "values" => self.values(&place, path, value),
                "convert" => self.converted(&place, path, value),
                "default" => self.made(&place, path, value, |at, json| Change::Default { at, json }),
                _ => self.made(&place, path, value, |at, json| Change::Set { at, json }),
            };
            into.extend(change);
        }
    }

    /// Says that a value is not what it must be, or that it is empty.
    fn refuse(&mut self, key: &str, value: Place<'_>, wanted: &str, example: &str) {
        let is = value.described();
        let message = if value.is_empty() {
            format!("is {is}, which does nothing; write {wanted}, such as {example}, or take it out")
        } else {
            format!("is {is}; it must be {wanted}, such as {example}")
        };
        self.problems.add(key, message);
    }

    fn path(&mut self, key: &str, text: &str) -> Option<Path> {
        let path = Path::parse(text);
        path.map_err(|error| {
            self.problems
                .add(key, format!("has the path \"{text}\", which {error}"))
        })
        .ok()
    }

    fn moved(&mut self, key: &str, from: &str, value: Place<'_>, stays: bool) -> Option<Change> {
        let Some(to) = value.get().as_str() else {
            self.problems.add(
                key,
                format!("is {}; it must be a path in quotes", value.described()),
            );
            return None;
        };
        let (old, new) = (self.path(key, from)?, self.path(key, to)?);
        let wrong = if old == new {
            Some("are the same")
        } else if old.split_at_last_each().0 != new.split_at_last_each().0 {
            Some("differ up to their last `[*]`; a value moves within its own element alone")
        } else if old.steps().last() == Some(&Step::Each) || new.steps().last() == Some(&Step::Each) {
            Some("must not end with `[*]`; an element has no key of its own")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            let message = format!("has the paths \"{from}\" and \"{to}\", which {wrong}");
            self.problems.add(key, message);
            return None;
        }
        Some(Change::Move {
            from: old,
            to: new,
            stays,
        })
    }

    fn values(&mut self, key: &str, path: &str, value: Place<'_>) -> Option<Change> {
        let at = self.path(key, path)?;
        let Some(members) = value.members().filter(|members| !members.is_empty()) else {
            let example = "{ \"1\" = \"Basic\", \"*\" = \"Other\" }";
            self.refuse(key, value, "a table of texts", example);
            return None;
        };
        let (mut entries, mut other) = (Vec::new(), None);
        for (text, value) in members {
            if value.is_of_dotted_key() {
                let message =
                    format!("has the table `{text}`; write a text with a dot in quotes, such as \"1.0\"");
                self.problems.add(key, message);
                continue;
            }
            let json = value.json(&format!("{key}.{text}"), self.problems)?;
            if text == "*" {
                other = Some(json);
            } else {
                entries.push((text.to_owned(), json));
            }
        }
        Some(Change::Values { at, entries, other })
    }

    fn converted(&mut self, key: &str, path: &str, value: Place<'_>) -> Option<Change> {
        let at = self.path(key, path)?;
        let word = value.get().as_str();
        let form = Form::ALL.iter().find(|form| word == Some(form.as_str()));
        if form.is_none() {
            let words: Vec<&str> = Form::ALL.iter().map(|form| form.as_str()).collect();
            let hint = word.map_or_else(String::new, |word| {
                did_you_mean_or(word, words.iter().copied(), &FORMS_ELSEWHERE)
            });
            let message = format!(
                "is {}, which is no form; there are {}{hint}",
                value.described(),
                words.join(", ")
            );
            self.problems.add(key, message);
        }
        form.map(|form| Change::Convert { at, form: *form })
    }

    fn made(
        &mut self,
        key: &str,
        path: &str,
        value: Place<'_>,
        change: impl FnOnce(Path, String) -> Change,
    ) -> Option<Change> {
        let at = self.path(key, path)?;
        Some(change(at, value.json(key, self.problems)?))
    }

    fn removals(&mut self, key: &str, value: Place<'_>, into: &mut Vec<Change>) {
        let Some(paths) = value.elements().filter(|paths| !paths.is_empty()) else {
            let example = "[\"traits.ssn\", \"properties.card_*\"]";
            self.refuse(key, value, "a list of paths", example);
            return;
        };
        for (at, path) in paths.into_iter().enumerate() {
            let key = format!("{key}.{at}");
            let DeValue::String(text) = path.get() else {
                let message = format!("is {}; it must be a path in quotes", path.described());
                self.problems.add(key, message);
                continue;
            };
            match Path::parse_of_removal(text) {
                Ok(at) => into.push(Change::Remove { at }),
                Err(error) => self.problems.add(key, format!("is no path: \"{text}\" {error}")),
            }
        }
    }
}
