//! Where somebody or something is reached: phone numbers as E.164, and web addresses.

use super::{Reading, quoted};
use crate::forms::text::{is_digits, text};
use event::json::Json;
use event::reasons::Warning;
use std::ops::RangeInclusive;

/// Digits of an E.164 number, the country's included.
const DIGITS: RangeInclusive<usize> = 7..=15;

/// What the settings say of phone numbers.
#[derive(Clone, Copy)]
pub struct PhoneRules<'s> {
    /// The calling code for national numbers, without `+`; empty: none.
    pub default_calling_code: &'s str,
    /// Whether digits that do not become E.164 are sent as they are.
    pub sends_national: bool,
}

/// The number as E.164, if it can be written so.
pub fn e164(json: Json<'_>, rules: PhoneRules<'_>) -> Option<String> {
    international(&stripped(&text(json)?), rules)
}

/// Reads a value that is not blank.
pub fn phone(json: Json<'_>, rules: PhoneRules<'_>) -> Reading {
    let Some(given) = text(json) else {
        return Reading::Invalid(Warning::InvalidPhone);
    };
    let number = stripped(&given);
    match international(&number, rules) {
        Some(e164) => Reading::Sent(quoted(&e164)),
        None if rules.sends_national && is_digits(&number) => {
            Reading::SentDespite(quoted(given.trim()), Warning::PhoneNotE164)
        }
        None => Reading::Invalid(Warning::InvalidPhone),
    }
}

/// Without what people write between the digits, and with `+` for the `00` of many countries.
fn stripped(text: &str) -> String {
    let is_kept =
        |c: &char| !c.is_whitespace() && !matches!(c, '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}');
    let number: String = text.chars().filter(is_kept).collect();
    match number.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => number,
    }
}

fn international(number: &str, rules: PhoneRules<'_>) -> Option<String> {
    let code = rules.default_calling_code;
    let number = if number.starts_with('+') {
        number.to_owned()
    } else if is_digits(number) && !code.is_empty() {
        format!("+{code}{}", number.strip_prefix('0').unwrap_or(number))
    } else {
        return None;
    };
    Some(number).filter(|number| is_e164(number))
}

fn is_e164(number: &str) -> bool {
    number
        .strip_prefix('+')
        .is_some_and(|digits| is_digits(digits) && !digits.starts_with('0') && DIGITS.contains(&digits.len()))
}

/// The trimmed text, if it begins like an address of the web.
pub fn url(text: &str) -> Option<&str> {
    let text = text.trim();
    let begins_with = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    (begins_with("http://") || begins_with("https://")).then_some(text)
}
