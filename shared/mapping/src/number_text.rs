//! Numbers that were sent as text, in both routes of Branch (BS-007, SR-004).

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
}
