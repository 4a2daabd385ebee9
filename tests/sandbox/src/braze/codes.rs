//! The codes that Braze knows.

use crate::form::lists;
use serde_json::Value;

const COUNTRIES: &str = include_str!("../../data/countries.txt");
const CURRENCIES: &str = include_str!("../../data/currencies.txt");
const LANGUAGES: &str = include_str!("../../data/languages.txt");

fn is_listed(value: &Value, list: &str) -> bool {
    value.as_str().is_some_and(|code| lists(list, code))
}

/// ISO 3166-1 alpha-2, in capitals.
pub(super) fn is_country(value: &Value) -> bool {
    is_listed(value, COUNTRIES)
}

/// ISO 4217, in capitals.
pub(super) fn is_currency(value: &Value) -> bool {
    is_listed(value, CURRENCIES)
}

/// ISO 639-1, in lower case.
pub(super) fn is_language(value: &Value) -> bool {
    is_listed(value, LANGUAGES)
}
