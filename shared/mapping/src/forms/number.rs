//! Numbers, and numbers that were sent as text (BS-007, SR-004).

use super::text::is_digits;
use event::json::Json;

/// The text of a JSON number: the number itself as received, or that of a string which spells one.
pub fn number_text(json: Json<'_>) -> Option<String> {
    match json.as_number() {
        Some(number) => Some(number.to_owned()),
        None => spelled_number(&json.as_str()?),
    }
}

/// The JSON number that a string spells, with its digits: `" +.50 "` spells `0.50`. `None` if it spells none that is
/// finite.
pub fn spelled_number(text: &str) -> Option<String> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = is_digits(whole)
        && fraction.map_or(!whole.is_empty(), |part| !part.is_empty() && is_digits(part))
        && exponent.is_none_or(|part| {
            let digits = part.strip_prefix(['+', '-']).unwrap_or(part);
            !digits.is_empty() && is_digits(digits)
        });
    if !is_number {
        return None;
    }
    let mut number = plain_number(text.starts_with('-'), whole, fraction);
    if let Some(exponent) = exponent {
        number.push('e');
        number.push_str(exponent);
    }
    number.parse::<f64>().is_ok_and(f64::is_finite).then_some(number)
}

/// A JSON number as received, or the number that a string of digits with sign and fraction spells, as the text of a JSON
/// number. Every digit is kept; what a JSON number may not have, such as a leading `+`, is not.
pub fn numeric(json: Json<'_>) -> Option<String> {
    if let Some(number) = json.as_number() {
        return Some(number.to_owned());
    }
    let text = json.as_str()?;
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    (is_digits(whole) && fraction.is_none_or(is_digits))
        .then(|| plain_number(text.starts_with('-'), whole, fraction))
}

/// Writes a number without exponent as JSON: its digits of both parts, without zeros that JSON forbids.
pub fn plain_number(is_negative: bool, whole: &str, fraction: Option<&str>) -> String {
    let fraction_length = fraction.map_or(0, str::len);
    let mut number = String::with_capacity(whole.len() + fraction_length + 3);
    if is_negative {
        number.push('-');
    }
    let significant = whole.trim_start_matches('0');
    number.push_str(if significant.is_empty() { "0" } else { significant });
    if let Some(fraction) = fraction {
        number.push('.');
        number.push_str(fraction);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bs_007_sr_004_a_string_that_spells_a_number_keeps_its_digits() {
        for (given, wanted) in [
            ("\"74.90\"", Some("74.90")),
            ("\" +5 \"", Some("5")),
            ("\"-.5\"", Some("-0.5")),
            ("\"007\"", Some("7")),
            ("\"000\"", Some("0")),
            ("\"00.10\"", Some("0.10")),
            ("\"1E+05\"", Some("1e+05")),
            ("\"9007199254740993\"", Some("9007199254740993")),
            ("\"5.\"", None),
            ("\".\"", None),
            ("\"\"", None),
            ("\"12,50\"", None),
            ("\"$5\"", None),
            ("\"1e\"", None),
            ("\"e5\"", None),
            ("\"+-1\"", None),
            ("\"1 2\"", None),
            ("\"1.2.3\"", None),
            ("\"1e999\"", None),
            ("\"NaN\"", None),
            ("\"Infinity\"", None),
            ("true", None),
            ("[1]", None),
            ("1.0", Some("1.0")),
            ("1e999", Some("1e999")),
        ] {
            let number = number_text(Json::parse(given).unwrap());
            assert_eq!(number.as_deref(), wanted, "{given}");
            if let Some(number) = number {
                assert!(Json::parse(&number).is_ok(), "{given} gives no JSON");
            }
        }
    }

    #[test]
    fn sb_174_sb_176_sb_178_numeric_is_a_number_or_a_string_of_digits_with_every_digit_kept() {
        for (given, wanted) in [
            ("19.90", Some("19.90")),
            ("9007199254740993", Some("9007199254740993")),
            ("-0.0", Some("-0.0")),
            ("1e400", Some("1e400")),
            ("1E-2", Some("1E-2")),
            ("\"19.90\"", Some("19.90")),
            ("\" \\t19.90\\u00a0\"", Some("19.90")),
            ("\"+5\"", Some("5")),
            ("\"-5\"", Some("-5")),
            ("\"007\"", Some("7")),
            ("\"-007.50\"", Some("-7.50")),
            ("\"0\"", Some("0")),
            ("\"000\"", Some("0")),
            ("\"-0\"", Some("-0")),
            ("\"00.10\"", Some("0.10")),
            (
                "\"9007199254740993.000000000000000001\"",
                Some("9007199254740993.000000000000000001"),
            ),
            ("\"\"", None),
            ("\" \"", None),
            ("\"+\"", None),
            ("\"5.\"", None),
            ("\".5\"", None),
            ("\"1e3\"", None),
            ("\"1,5\"", None),
            ("\"1.2.3\"", None),
            ("\"+-1\"", None),
            ("\"+ 1\"", None),
            ("\"$5\"", None),
            ("\"\u{663}\"", None),
            ("\"x\"", None),
            ("\"NaN\"", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
            ("{}", None),
        ] {
            let number = numeric(Json::parse(given).unwrap());
            assert_eq!(number.as_deref(), wanted, "{given}");
            assert!(
                number.is_none_or(|number| Json::parse(&number).unwrap().as_number().is_some()),
                "{given}"
            );
        }
        let long = "9".repeat(400);
        assert_eq!(numeric(Json::parse(&format!("\"{long}\"")).unwrap()), Some(long));
    }
}
