//! Numbers and booleans, in every way that an event writes them (FM-001, FM-002).

use event::json::{Decimal, Json};
use std::borrow::Cow;

/// The most digits of an exponent in a string: larger ones are no 64-bit float.
const MAX_EXPONENT_DIGITS: usize = 3;

/// The text of a JSON number: the number itself as received, or that of a string which spells one.
pub fn number(json: Json<'_>) -> Option<Cow<'_, str>> {
    match json.as_number() {
        Some(number) => Some(Cow::Borrowed(number)),
        None => number_of_text(&json.as_str()?).map(Cow::Owned),
    }
}

/// The JSON number that a string spells, with its digits: `" +.50 "` spells `0.50`. `None` if it spells none that is
/// finite as a 64-bit float.
pub fn number_of_text(text: &str) -> Option<String> {
    let number = any_number_of_text(text)?;
    let exponent = number.split_once('e').map_or("", |(_, exponent)| exponent);
    let is_short = exponent.trim_start_matches(['+', '-']).len() <= MAX_EXPONENT_DIGITS;
    (is_short && number.parse::<f64>().is_ok_and(f64::is_finite)).then_some(number)
}

/// The same, however large the number is (OR-034).
pub fn any_number_of_text(text: &str) -> Option<String> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = are_digits(whole)
        && are_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|part| {
            let digits = part.strip_prefix(['+', '-']).unwrap_or(part);
            !digits.is_empty() && are_digits(digits)
        });
    is_number.then(|| json_number(text.starts_with('-'), whole, fraction, exponent))
}

/// Writes a number as JSON allows it: no leading zeros, at least one digit before the point and behind it.
fn json_number(is_negative: bool, whole: &str, fraction: &str, exponent: Option<&str>) -> String {
    let mut number = String::with_capacity(whole.len() + fraction.len() + exponent.map_or(0, str::len) + 4);
    if is_negative {
        number.push('-');
    }
    let significant = whole.trim_start_matches('0');
    number.push_str(if significant.is_empty() { "0" } else { significant });
    if !fraction.is_empty() {
        number.push('.');
        number.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        number.push('e');
        number.push_str(exponent);
    }
    number
}

/// A boolean; a number equal to 1 or 0; or a string that spells `true`, `false`, `1` or `0`.
pub fn boolean(json: Json<'_>) -> Option<bool> {
    if let Some(value) = json.as_bool() {
        return Some(value);
    }
    if let Some(number) = json.as_number() {
        return match Decimal::whole(number)? {
            1 => Some(true),
            0 => Some(false),
            _ => None,
        };
    }
    let text = json.as_str()?;
    let text = text.trim();
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") || is("1") {
        Some(true)
    } else {
        (is("false") || is("0")).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_of_json_or_a_string_that_spells_one() {
        event::rules!["FM-001"];
        for (given, wanted) in [
            ("1.0", Some("1.0")),
            ("-0.50", Some("-0.50")),
            ("1E-2", Some("1E-2")),
            ("9007199254740993", Some("9007199254740993")),
            ("\"74.90\"", Some("74.90")),
            ("\" \\t+5\\u00a0\"", Some("5")),
            ("\".99\"", Some("0.99")),
            ("\"-.5\"", Some("-0.5")),
            ("\"5.\"", Some("5")),
            ("\"5.e1\"", Some("5e1")),
            ("\"007\"", Some("7")),
            ("\"000\"", Some("0")),
            ("\"-0\"", Some("-0")),
            ("\"00.10\"", Some("0.10")),
            ("\"1e3\"", Some("1e3")),
            ("\"1E+05\"", Some("1e+05")),
            ("\"1e-999\"", Some("1e-999")),
            ("\"1e308\"", Some("1e308")),
            ("\"9007199254740993\"", Some("9007199254740993")),
            ("\"1e309\"", None),
            ("\"1e0005\"", None),
            ("\".\"", None),
            ("\"+\"", None),
            ("\"\"", None),
            ("\" \"", None),
            ("\"12,50\"", None),
            ("\"1,299.00\"", None),
            ("\"$5\"", None),
            ("\"7 EUR\"", None),
            ("\"0x10\"", None),
            ("\"1e\"", None),
            ("\"1e+\"", None),
            ("\"e5\"", None),
            ("\"+-1\"", None),
            ("\"+ 1\"", None),
            ("\"1 2\"", None),
            ("\"1.2.3\"", None),
            ("\"1_000\"", None),
            ("\"NaN\"", None),
            ("\"Infinity\"", None),
            ("\"\u{663}\"", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
            ("{}", None),
        ] {
            let number = number(Json::parse(given).unwrap());
            assert_eq!(number.as_deref(), wanted, "{given}");
            let is_json = |text: &str| Json::parse(text).is_ok_and(|json| json.as_number().is_some());
            assert!(number.is_none_or(|number| is_json(&number)), "{given}");
        }
        let (fits, too_long) = ("9".repeat(308), "9".repeat(400));
        assert_eq!(number_of_text(&fits), Some(fits));
        assert_eq!(number_of_text(&too_long), None);
    }

    #[test]
    fn a_boolean_is_one_of_json_or_one_or_zero_or_spelled() {
        event::rules!["FM-002", "BS-006", "SR-005"];
        for given in [
            "true",
            "1",
            "1.0",
            "1e0",
            "10E-1",
            "\"true\"",
            "\" TRUE\\n\"",
            "\"tRuE\"",
            "\"1\"",
            "\"\\u00a01 \"",
        ] {
            assert_eq!(boolean(Json::parse(given).unwrap()), Some(true), "{given}");
        }
        for given in [
            "false",
            "0",
            "-0",
            "0.00",
            "0e9",
            "\"False\"",
            "\" false \"",
            "\"0\"",
            "\" 0\"",
        ] {
            assert_eq!(boolean(Json::parse(given).unwrap()), Some(false), "{given}");
        }
        for given in [
            "null",
            "2",
            "-1",
            "0.5",
            "1.0000000000000000000000001",
            "1e999999999",
            "\"\"",
            "\" \"",
            "\"yes\"",
            "\"no\"",
            "\"on\"",
            "\"1.0\"",
            "\"00\"",
            "\"+1\"",
            "\"t\"",
            "\"true.\"",
            "[true]",
            "{}",
        ] {
            assert_eq!(boolean(Json::parse(given).unwrap()), None, "{given}");
        }
    }
}
