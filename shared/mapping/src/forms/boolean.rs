//! Booleans, in every way that an event writes them (FM-002).

use event::json::{Decimal, Json};

/// A boolean; a number equal to 1 or 0; or a string that spells `true`, `false`, `1` or `0`.
pub fn boolean(json: Json<'_>) -> Option<bool> {
    if let Some(value) = json.as_bool() {
        return Some(value);
    }
    if let Some(number) = json.as_number() {
        return match Decimal::parse(number)?.as_whole()? {
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
