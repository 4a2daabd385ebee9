//! What is wrong with a settings file, in words that say what to write instead.

use super::{CatalogRule, Settings, TriggerRule};
use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key's full name, such as `braze.instance`; empty if the file is no TOML.
    pub key: String,
    /// What is wrong with it, and the remedy.
    pub message: String,
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

impl Invalid {
    pub(super) fn not_toml(error: toml::de::Error) -> Self {
        Self(vec![Problem {
            key: String::new(),
            message: format!("the settings are no TOML: {error}"),
        }])
    }

    pub(super) fn from_type(path: &str, error: &toml::de::Error) -> Self {
        let key = if path == "." {
            String::new()
        } else {
            path.to_owned()
        };
        Self(vec![Problem {
            key,
            message: format!("cannot be used: {}", error.message()),
        }])
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

    /// Adds one unless the value is within the range.
    pub fn range<T: PartialOrd + fmt::Display>(&mut self, key: &str, value: T, low: T, high: T) {
        if value < low || value > high {
            self.add(key, format!("is {value}; it must be {low} to {high}"));
        }
    }

    pub(super) fn unknown_keys(&mut self, paths: &[String]) {
        let known = known_keys();
        for path in paths {
            // The entries of a list have its keys, whatever their number.
            let general: Vec<&str> = path
                .split('.')
                .filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit()))
                .collect();
            let general = general.join(".");
            let near = known
                .iter()
                .map(|key| (strsim::damerau_levenshtein(&general, key), key))
                .filter(|(distance, key)| *distance <= 1 + key.len() / 4)
                .min();
            match near {
                Some((_, key)) => self.add(path, format!("is no setting; did you mean `{key}`?")),
                None => self.add(
                    path,
                    "is no setting; see infra/settings/switchyard.toml for all there are",
                ),
            }
        }
    }

    pub(super) fn into_result(self) -> Result<(), Invalid> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Invalid(self.0))
        }
    }
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
    keys
}
