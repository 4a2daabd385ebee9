//! Tables of new names (SB-311).

use super::Problems;
use std::collections::{BTreeMap, HashMap};

/// Refuses an empty new name, one that stands twice, and one that is itself renamed: which of two events a name means, or
/// how often a name is replaced, must not depend on the order of the table. `remedy` says what to do about a blank one.
pub(super) fn check(table: &str, names: &BTreeMap<String, String>, remedy: &str, problems: &mut Problems) {
    let mut first: HashMap<&str, &str> = HashMap::new();
    for (from, to) in names {
        let key = format!("{table}.\"{from}\"");
        if to.trim().is_empty() {
            problems.add(key, format!("is blank; {remedy}"));
        } else if names.contains_key(to) {
            problems.add(
                key,
                format!(
                    "gives the name \"{to}\", which is a key of the table too; write the last name at once"
                ),
            );
        } else if let Some(other) = first.insert(to, from) {
            problems.add(
                key,
                format!("gives the name \"{to}\", as \"{other}\" does; give each its own name"),
            );
        }
    }
}
