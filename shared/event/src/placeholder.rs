//! What programs write where they have no id (FM-003). As ids these words would make one user of many strangers.

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
