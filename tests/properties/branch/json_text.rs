//! Any JSON, as text: values that rules look at, and such that break parsers.

use proptest::prelude::*;
use proptest::sample::select;

/// Texts with an escape are JSON already.
const STRINGS: &[&str] = &[
    "",
    " ",
    "null",
    " NULL ",
    "undefined",
    "true",
    " FALSE",
    "IOS",
    "android",
    "FULL_WEB",
    "BRANCH",
    "EUR",
    "euro",
    "74.90",
    "+.5",
    "1e400",
    "1760003605250",
    "0000-00",
    "pt-BR",
    "home and garden",
    "\\ud83d",
    "\\ud83d\\ude00",
    "\\u0000\\n\\\"",
    "\u{e9}\u{1f600}",
];

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "27.50",
    "1e3",
    "1e400",
    "-1e-400",
    "9007199254740991",
    "9007199254740993",
    "-1193046471193046471",
    "1760003605250.0",
    "253402300800000",
    "1e99999999999999999999",
];

/// A value without members.
pub fn scalar() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        select(NUMBERS).prop_map(str::to_owned),
        select(STRINGS).prop_map(|text| format!("\"{text}\"")),
        (1_usize..2000).prop_map(|length| format!("\"{}\"", "x".repeat(length))),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ]
}

/// Any value; `keys` are those of its objects.
pub fn value(keys: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    scalar().prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|elements| format!("[{}]", elements.join(" , "))),
            members(keys, inner, 5),
        ]
    })
}

/// An object of so many of the keys, which may occur twice.
pub fn members(
    keys: &'static [&'static str],
    value: impl Strategy<Value = String> + Clone + 'static,
    most: usize,
) -> impl Strategy<Value = String> + Clone {
    prop::collection::vec((select(keys), value), 0..most).prop_map(|members| {
        let members: Vec<_> = members
            .iter()
            .map(|(key, value)| format!("\"{key}\": {value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}
