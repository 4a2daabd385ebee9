//! Own rules (OR): the rows of a user, and the conditions of triggers and catalog entries.
//!
//! They are read from the text of the file and not from the values that a TOML reader makes of it, because a number must
//! keep its digits and a table its order.

mod condition;
mod path;
mod place;
mod rows;

pub use condition::{Comparison, Condition, Test};
pub use path::{Path, PathError, Step, write_key};
pub use rows::{Change, Form, Row, Rows, Work};

use super::{Problems, Settings};
use crate::Route;
use place::Place;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The key of a route's section that holds its rows.
const RULES: &str = "rules";
/// The key of a trigger or catalog entry that holds its condition.
const WHEN: &str = "when";
/// The keys of `[segment_to_braze]` whose entries may have a condition.
const CONDITIONED: [&str; 2] = ["triggers", "catalogs"];

/// All that a settings file says of own rules.
#[derive(Clone, Default)]
pub(super) struct OwnRules {
    rows: Vec<(Route, Rows)>,
    triggers: Vec<(usize, Condition)>,
    catalogs: Vec<(usize, Condition)>,
}

/// The full names of all settings of own rules.
pub(super) fn keys() -> impl Iterator<Item = String> {
    let rows = Route::ALL.iter().map(|route| format!("{route}.{RULES}"));
    let conditions = CONDITIONED
        .iter()
        .map(|list| format!("{}.{list}.{WHEN}", Route::SegmentToBraze));
    rows.chain(conditions)
}

/// Takes own rules out of a settings file, and reads them. `text` is the file.
pub(super) fn take(text: &str, file: &mut DeTable<'_>, problems: &mut Problems) -> OwnRules {
    let mut own = OwnRules::default();
    for route in Route::ALL {
        let Some(DeValue::Table(section)) = file.get_mut(route.as_str()).map(Spanned::get_mut) else {
            continue;
        };
        if let Some(value) = section.remove(RULES) {
            let rules = Place {
                file: text,
                value: &value,
            };
            let rows = rows::read(rules, &format!("{route}.{RULES}"), problems);
            own.rows.push((route, rows));
        }
        if route != Route::SegmentToBraze {
            continue;
        }
        for (list, into) in CONDITIONED
            .into_iter()
            .zip([&mut own.triggers, &mut own.catalogs])
        {
            let Some(DeValue::Array(entries)) = section.get_mut(list).map(Spanned::get_mut) else {
                continue;
            };
            for (at, entry) in entries.iter_mut().enumerate() {
                let DeValue::Table(entry) = entry.get_mut() else {
                    continue;
                };
                if let Some(value) = entry.remove(WHEN) {
                    let when = Place {
                        file: text,
                        value: &value,
                    };
                    let key = format!("{route}.{list}.{at}.{WHEN}");
                    into.push((at, condition::read(when, &key, problems)));
                }
            }
        }
    }
    own
}

impl OwnRules {
    /// Puts them where the mapping looks for them.
    pub(super) fn put_into(self, settings: &mut Settings) {
        for (route, rows) in self.rows {
            *settings.rules_mut(route) = rows;
        }
        for (at, when) in self.triggers {
            if let Some(trigger) = settings.segment_to_braze.triggers.get_mut(at) {
                trigger.when = Some(when);
            }
        }
        for (at, when) in self.catalogs {
            if let Some(catalog) = settings.segment_to_braze.catalogs.get_mut(at) {
                catalog.when = Some(when);
            }
        }
    }
}

#[cfg(test)]
mod tests;
