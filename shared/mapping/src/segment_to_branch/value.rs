//! What the specification's words for single values mean: blank, text, number, boolean.

use crate::forms::text::trim;
use crate::forms::{self, Currency};
use event::json::{Decimal, Json, Kind, write_string};
use std::borrow::Cow;

/// The codes that Branch's SDKs know.
const BRANCH_CURRENCIES: &str = include_str!("../../data/branch_currencies.txt");

/// Whether there is nothing in a value.
pub(super) fn is_blank(json: Json<'_>) -> bool {
    match json.kind() {
        Kind::Null => true,
        Kind::Bool | Kind::Number => false,
        Kind::String => json.as_str().is_none_or(|text| trim(&text).is_empty()),
        Kind::Array | Kind::Object => {
            let mut inner = json.raw().chars();
            inner.next();
            inner.next_back();
            trim(inner.as_str()).is_empty()
        }
    }
}

/// A string that says something.
pub(super) fn string(json: Option<Json<'_>>) -> Option<Cow<'_, str>> {
    json?.as_str().filter(|text| !trim(text).is_empty())
}

/// A string, number or boolean as text (SR-011); `None` for a blank and for what has no text.
pub(super) fn text(json: Json<'_>) -> Option<Cow<'_, str>> {
    match json.kind() {
        Kind::String => string(Some(json)),
        Kind::Number | Kind::Bool => Some(Cow::Borrowed(json.raw())),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

/// Any value as text (SR-003).
pub(super) fn any_text(json: Json<'_>) -> Cow<'_, str> {
    match json.kind() {
        Kind::String => json.as_str().unwrap_or_default(),
        Kind::Null | Kind::Bool | Kind::Number => Cow::Borrowed(json.raw()),
        Kind::Array | Kind::Object => {
            let mut text = String::with_capacity(json.raw().len());
            write_compact(&mut text, json);
            Cow::Owned(text)
        }
    }
}

/// Writes a value as compact JSON: no spaces, members in byte order of their keys, no escapes without need, numbers with
/// their text.
pub(super) fn write_compact(out: &mut String, json: Json<'_>) {
    match json.kind() {
        Kind::Null | Kind::Bool | Kind::Number => out.push_str(json.raw()),
        Kind::String => write_string(out, &json.as_str().unwrap_or_default()),
        Kind::Array => {
            out.push('[');
            for (at, element) in json.as_array().unwrap_or_default().into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_compact(out, element);
            }
            out.push(']');
        }
        Kind::Object => {
            out.push('{');
            let members = json.as_object().unwrap_or_default();
            for (at, (key, value)) in members.in_key_order().into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_string(out, key);
                out.push(':');
                write_compact(out, value);
            }
            out.push('}');
        }
    }
}

/// A number, or a string that spells one, as the text of a JSON number.
pub(super) fn number(json: Json<'_>) -> Option<String> {
    forms::number(json).map(Cow::into_owned)
}

/// A number of integral value as its digits.
pub(super) fn whole(json: Json<'_>) -> Option<String> {
    Decimal::whole(&number(json)?).map(|whole| whole.to_string())
}

/// A number rounded half up, times `factor`, if the result is above 0.
pub(super) fn rounded(json: Json<'_>, factor: impl Fn(&Decimal) -> i64) -> Option<i64> {
    let number = Decimal::parse(&number(json)?)?;
    let half = Decimal::parse("0.5")?;
    let scaled = number.times(&Decimal::from(factor(&number)));
    scaled.plus(&half).floor().filter(|rounded| *rounded > 0)
}

/// The code of a currency: of ISO 4217 by its code, name or sign, or one that Branch's SDKs know. `default` is the
/// `default_currency` of the settings, for signs that several currencies share.
pub(super) fn currency(json: Json<'_>, default: &str) -> Option<String> {
    match forms::currency(Some(json), default) {
        Currency::Code(code) => Some(code.to_owned()),
        Currency::Unnamed => None,
        Currency::Unknown => {
            let code = json.as_str()?.trim().to_ascii_uppercase();
            is_known_to_branch(&code).then_some(code)
        }
    }
}

/// Whether Branch's SDKs know the code of a currency.
pub(super) fn is_known_to_branch(code: &str) -> bool {
    BRANCH_CURRENCIES
        .split_ascii_whitespace()
        .any(|known| known == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text).unwrap()
    }

    #[test]
    fn blank_is_what_says_nothing() {
        event::rules!["SR-002"];
        for given in ["null", "\"\"", "\" \\t\"", "[ ]", "{ }"] {
            assert!(is_blank(json(given)), "{given}");
        }
        for given in ["0", "false", "\"null\"", "[null]", "{\"a\":null}"] {
            assert!(!is_blank(json(given)), "{given}");
        }
    }

    #[test]
    fn text_keeps_numbers_and_orders_members() {
        event::rules!["SR-003", "SR-008"];
        for (given, wanted) in [
            ("27.50", "27.50"),
            ("1.0", "1.0"),
            ("true", "true"),
            ("\" a \"", " a "),
            ("[1, \"x\", null ]", "[1,\"x\",null]"),
            (
                r#"{"z":1.50, "\u00e9":"\u00e9\/", "a":{"c":[], "b":""}, "z":2}"#,
                r#"{"a":{"b":"","c":[]},"z":2,"é":"é/"}"#,
            ),
        ] {
            assert_eq!(any_text(json(given)), wanted, "{given}");
        }
    }

    #[test]
    fn a_currency_is_one_of_iso_or_of_branchs_sdks() {
        event::rules!["SR-201", "SR-211"];
        for code in BRANCH_CURRENCIES.split_ascii_whitespace() {
            let given = format!("\" {} \"", code.to_lowercase());
            assert_eq!(currency(json(&given), "").as_deref(), Some(code));
        }
        for (given, wanted) in [
            ("\"euro\"", Some("EUR")),
            ("\"$\"", Some("CAD")),
            ("\"xcg\"", Some("XCG")),
            ("\"XYZ\"", None),
            ("\"GBX\"", None),
            ("\"points\"", None),
            ("978", None),
            ("[\"EUR\"]", None),
        ] {
            assert_eq!(currency(json(given), "CAD").as_deref(), wanted, "{given}");
        }
    }

    #[test]
    fn numbers_are_rounded_half_up() {
        event::rules!["SR-182"];
        for (given, wanted) in [
            ("411.4", Some(411)),
            ("\"411.5\"", Some(412)),
            ("0.5", Some(1)),
            ("0.49999999999999999999", None),
            ("0", None),
            ("-3", None),
            ("1e400", None),
            ("\"wide\"", None),
        ] {
            assert_eq!(rounded(json(given), |_| 1), wanted, "{given}");
        }
    }
}
