//! Own rules (OR): the rows of a user, and the conditions of triggers and catalog entries.
//!
//! They are read from the text of the file and not from the values that a TOML reader makes of it, because a number must
//! keep its digits and a table its order.

mod condition;
mod path;
mod place;
mod rows;

pub use condition::{Comparison, Condition, Test};
pub use path::{Path, PathError, Step};
pub use rows::{Change, Form, Row, Rows, Work};

use super::{Problems, Settings};
use crate::Route;
use place::Place;
use toml::de::DeTable;

/// The key of a route's section that holds its rows.
const RULES: &str = "rules";
/// The key of a trigger or catalog entry that holds its condition.
const WHEN: &str = "when";
/// The keys of `[segment_to_braze]` whose entries may have a condition.
const CONDITIONED: [&str; 2] = ["triggers", "catalogs"];

/// All that a settings file says of own rules.
#[derive(Default)]
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

/// Takes own rules out of a settings file, and reads them. `table` is what a TOML reader made of `text`.
pub(super) fn take(text: &str, table: &mut toml::Table, problems: &mut Problems) -> OwnRules {
    let mut own = OwnRules::default();
    if !take_keys(table) {
        return own;
    }
    let Ok(file) = DeTable::parse(text) else {
        return own;
    };
    let file = place::members(text, file.get_ref()).unwrap_or_default();
    for route in Route::ALL {
        let Some(section) = member(&file, route.as_str()) else {
            continue;
        };
        let members = section.members().unwrap_or_default();
        if let Some(rules) = member(&members, RULES) {
            own.rows
                .push((route, rows::read(rules, &format!("{route}.{RULES}"), problems)));
        }
        if route != Route::SegmentToBraze {
            continue;
        }
        for (list, into) in CONDITIONED
            .into_iter()
            .zip([&mut own.triggers, &mut own.catalogs])
        {
            let entries = member(&members, list)
                .and_then(Place::elements)
                .unwrap_or_default();
            for (at, entry) in entries.into_iter().enumerate() {
                let entry = entry.members().unwrap_or_default();
                if let Some(when) = member(&entry, WHEN) {
                    let key = format!("{route}.{list}.{at}.{WHEN}");
                    into.push((at, condition::read(when, &key, problems)));
                }
            }
        }
    }
    own
}

fn member<'p>(members: &[(&'p str, Place<'p>)], wanted: &str) -> Option<Place<'p>> {
    members
        .iter()
        .find(|(key, _)| *key == wanted)
        .map(|(_, value)| *value)
}

/// Takes the keys of own rules out, and says whether there were any.
fn take_keys(table: &mut toml::Table) -> bool {
    let mut found = false;
    for route in Route::ALL {
        let Some(section) = table.get_mut(route.as_str()).and_then(toml::Value::as_table_mut) else {
            continue;
        };
        found |= section.remove(RULES).is_some();
        if route != Route::SegmentToBraze {
            continue;
        }
        for list in CONDITIONED {
            let entries = section.get_mut(list).and_then(toml::Value::as_array_mut);
            for entry in entries.into_iter().flatten() {
                let taken = entry.as_table_mut().and_then(|entry| entry.remove(WHEN));
                found |= taken.is_some();
            }
        }
    }
    found
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
