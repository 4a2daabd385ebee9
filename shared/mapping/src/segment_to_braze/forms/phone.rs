//! Phone numbers as E.164.

use super::{Reading, quoted};
use crate::forms::text::{is_digits, text};
use event::json::Json;
use event::reasons::Warning;
use event::settings::{InvalidPhone, SegmentToBraze};
use std::ops::RangeInclusive;

/// Digits of an E.164 number, the country's included.
const DIGITS: RangeInclusive<usize> = 7..=15;

/// The most digits of a calling code.
const LONGEST_CALLING_CODE: usize = 3;

/// What the settings say of phone numbers.
#[derive(Clone, Copy)]
pub(crate) struct PhoneRules<'s> {
    /// The calling code for national numbers, without `+`; empty: none.
    pub default_calling_code: &'s str,
    /// Whether digits that do not become E.164 are sent as they are.
    pub sends_national: bool,
}

impl<'s> PhoneRules<'s> {
    /// Those of the settings.
    pub(crate) fn of(settings: &'s SegmentToBraze) -> Self {
        Self {
            default_calling_code: &settings.default_calling_code,
            sends_national: settings.invalid_phone == InvalidPhone::Send,
        }
    }
}

/// The number as E.164, if it can be written so.
pub(crate) fn e164(json: Json<'_>, rules: PhoneRules<'_>) -> Option<String> {
    international(Written::of(&text(json)?), rules)
}

/// Reads a value that is not blank.
pub(super) fn read(json: Json<'_>, rules: PhoneRules<'_>) -> Reading {
    let Some(given) = text(json) else {
        return Reading::Invalid(Warning::InvalidPhone);
    };
    let written = Written::of(&given);
    let is_bare = !written.is_international && is_digits(&written.digits);
    match international(written, rules) {
        Some(e164) => Reading::Sent(quoted(&e164)),
        None if rules.sends_national && is_bare => {
            Reading::SentDespite(quoted(given.trim()), Warning::PhoneNotE164)
        }
        None => Reading::Invalid(Warning::InvalidPhone),
    }
}

/// A number as people write it.
struct Written {
    /// Whether it begins with `+`, or with the `00` of many countries.
    is_international: bool,
    /// What is left of it without that and without separators: digits, if it is a number at all.
    digits: String,
    /// How many of these stand before the first separator, in an international number.
    first_group: Option<usize>,
}

impl Written {
    fn of(given: &str) -> Self {
        let is_separator =
            |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}');
        let given = given.trim_start_matches(is_separator);
        let after_zeros = || {
            let after_one = given.strip_prefix('0')?.trim_start_matches(is_separator);
            after_one.strip_prefix('0')
        };
        let after_plus = given.strip_prefix('+').or_else(after_zeros);
        let number = after_plus.unwrap_or(given);
        let number = number
            .trim_start_matches(is_separator)
            .trim_end_matches(is_separator);
        Self {
            is_international: after_plus.is_some(),
            digits: number.chars().filter(|c| !is_separator(*c)).collect(),
            first_group: after_plus.and(number.find(is_separator)),
        }
    }
}

fn international(written: Written, rules: PhoneRules<'_>) -> Option<String> {
    let code = rules.default_calling_code;
    let number = match written.first_group {
        Some(end) if end <= LONGEST_CALLING_CODE => {
            let (code, national) = written.digits.split_at_checked(end)?;
            format!("+{code}{}", without_trunk_prefix(code, national))
        }
        _ if written.is_international => format!("+{}", written.digits),
        _ if code.is_empty() => return None,
        _ => format!("+{code}{}", without_trunk_prefix(code, &written.digits)),
    };
    Some(number).filter(|number| is_e164(number))
}

fn is_e164(number: &str) -> bool {
    number
        .strip_prefix('+')
        .is_some_and(|digits| is_digits(digits) && !digits.starts_with('0') && DIGITS.contains(&digits.len()))
}

/// The number within the country without what is dialled before it there. The first prefix that fits is taken off, once.
fn without_trunk_prefix<'n>(code: &str, national: &'n str) -> &'n str {
    let row = TRUNK_PREFIXES.iter().find(|(codes, _)| codes.contains(&code));
    let prefixes = row.map_or(USUAL_PREFIX, |(_, prefixes)| *prefixes);
    let mut fitting = prefixes
        .iter()
        .filter(|(_, lengths)| lengths.is_empty() || lengths.contains(&national.len()))
        .filter_map(|(prefix, _)| national.strip_prefix(prefix));
    fitting.next().unwrap_or(national)
}

/// A trunk prefix, and how many digits a national number has that begins with it; none listed: any number of digits.
type TrunkPrefix = (&'static str, &'static [usize]);

/// That of all calling codes without a row of their own.
const USUAL_PREFIX: &[TrunkPrefix] = &[("0", &[])];

/// The trunk prefixes of calling codes, from the metadata of libphonenumber.
const TRUNK_PREFIXES: [(&[&str], &[TrunkPrefix]); 10] = [
    // Here a leading 0 belongs to the number.
    (&["39", "225", "226", "229", "242", "378", "379", "992"], &[]),
    (&["1"], &[("1", &[11])]),
    (&["7"], &[("8", &[11])]),
    (&["36"], &[("06", &[])]),
    (&["241"], &[("0", &[9])]),
    (&["250"], &[("0", &[9, 10])]),
    (&["370"], &[("0", &[9]), ("8", &[9])]),
    (&["375"], &[("80", &[11]), ("8", &[10]), ("0", &[10])]),
    (&["692"], &[("1", &[8])]),
    (&["993"], &[("8", &[9])]),
];
