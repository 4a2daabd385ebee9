//! What programs write where they have no id (FM-003). As ids these words would make one user of many strangers.

use crate::settings::Problems;

/// In lower case, in the order of the page `forms.md`; a test in `mapping` holds them against it.
pub const WORDS: [&str; 12] = [
    "null",
    "anonymous",
    "-1",
    "undefined",
    "nan",
    "[object object]",
    "(null)",
    "<null>",
    "nil",
    "<nil>",
    "none",
    "bnc_no_value",
];

/// Refuses a blank word, which no id is: a blank id is absent anyway.
pub(crate) fn check(key: &str, words: &[String], problems: &mut Problems) {
    if words.iter().any(|word| word.trim().is_empty()) {
        problems.add(key, "has a blank entry, which no id matches; take it out");
    }
}
