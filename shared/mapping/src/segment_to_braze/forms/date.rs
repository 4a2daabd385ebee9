//! Days, such as a birthday, as they are written (SB-094).

use crate::forms::text::{is_digits, leading_digits};
use crate::forms::time::{calendar_date, leading_compact_date, utc_date};
use event::json::{Decimal, Json};
use event::settings::DobOrder;
use std::ops::RangeInclusive;
use time::Date;

/// The years in which a day may lie.
const YEARS: RangeInclusive<i32> = 1900..=2100;

/// Numbers that are the digits of a date: 1900-01-01 to 2100-12-31.
const COMPACT: RangeInclusive<i64> = 19_000_101..=21_001_231;

/// Digits of a date without separators.
const COMPACT_DIGITS: usize = 8;

/// Up to here a number is a year, an age or nothing.
const LARGEST_YEAR: i64 = 9999;

/// Fewer digits in a string are no count of seconds.
const LEAST_DIGITS: usize = 9;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Letters of a short name of a month or weekday.
const SHORT_NAME: usize = 3;

/// The day as `YYYY-MM-DD`.
pub(super) fn date(json: Json<'_>, order: DobOrder) -> Option<String> {
    let date = match json.as_number() {
        Some(number) => of_number(number),
        None => of_text(json.as_str()?.trim(), order),
    };
    let date = date.filter(is_in_range)?;
    let (year, month, day) = date.to_calendar_date();
    let month = u8::from(month);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

fn is_in_range(date: &Date) -> bool {
    YEARS.contains(&date.year())
}

fn of_number(number: &str) -> Option<Date> {
    let value = Decimal::parse(number)?;
    if value >= Decimal::from(*COMPACT.start()) && value <= Decimal::from(*COMPACT.end()) {
        return compact(&value.as_whole()?.to_string());
    }
    (value.abs() > Decimal::from(LARGEST_YEAR)).then(|| of_epoch(&value))?
}

/// The day in UTC of seconds since 1970, or of milliseconds where these seconds would be of another age.
fn of_epoch(value: &Decimal) -> Option<Date> {
    let seconds = value.times(&Decimal::from(1000)).floor();
    seconds
        .and_then(utc_date)
        .filter(is_in_range)
        .or_else(|| utc_date(value.floor()?))
}

fn of_text(text: &str, order: DobOrder) -> Option<Date> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if is_digits(digits) {
        return match digits.len() {
            COMPACT_DIGITS => compact(text),
            LEAST_DIGITS.. => of_epoch(&Decimal::parse(&unpadded(text))?),
            _ => None,
        };
    }
    year_first(text)
        .or_else(|| year_last(text, order))
        .or_else(|| with_month_name(text))
}

/// A whole number without the zeros that JSON forbids.
fn unpadded(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let significant = digits.trim_start_matches('0');
    format!("{sign}{}", if significant.is_empty() { "0" } else { significant })
}

/// `YYYYMMDD`.
fn compact(text: &str) -> Option<Date> {
    let (date, rest) = leading_compact_date(text)?;
    rest.is_empty().then_some(date)
}

/// `Y-M-D`, `Y/M/D` or `Y.M.D`, alone or with a time of day.
fn year_first(text: &str) -> Option<Date> {
    let (year, rest) = leading_digits(text, 4)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (month, rest) = rest.get(1..)?.split_once(separator)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, rest) = rest.split_at_checked(end)?;
    let is_date = rest.is_empty() || rest.starts_with(['T', 't', ' ']);
    is_date.then(|| calendar_date(year, one_or_two_digits(month)?, one_or_two_digits(day)?))?
}

/// A day and a month, in either order, before the year.
fn year_last(text: &str, order: DobOrder) -> Option<Date> {
    let separator = text.chars().find(|c| !c.is_ascii_digit())?;
    let (first, rest) = text.split_once(separator)?;
    let (second, year) = rest.split_once(separator)?;
    let (first, second) = (one_or_two_digits(first)?, one_or_two_digits(second)?);
    let (year, _) = leading_digits(year, 4).filter(|(_, rest)| rest.is_empty())?;
    let day_first = match (separator, order) {
        _ if first > 12 => true,
        _ if second > 12 => false,
        ('.', DobOrder::None) | ('.' | '/' | '-', DobOrder::DayFirst) => true,
        ('.' | '/' | '-', DobOrder::MonthFirst) => false,
        ('/' | '-', DobOrder::None) if first == second => true,
        _ => return None,
    };
    let is_separator = matches!(separator, '.' | '/' | '-');
    let (day, month) = if day_first {
        (first, second)
    } else {
        (second, first)
    };
    is_separator.then(|| calendar_date(year, month, day))?
}

/// A month by its English name with a day and a year, such as `Sat Mar 09 1985 00:00:00` or `9-Mar-1985`.
fn with_month_name(text: &str) -> Option<Date> {
    let is_separator = |c: char| matches!(c, ' ' | ',' | '-');
    let mut rest = text;
    let mut word = || {
        rest = rest.trim_start_matches(is_separator);
        let end = rest.find(is_separator).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end)?;
        rest = after;
        (!word.is_empty()).then(|| word.to_ascii_lowercase())
    };
    let mut first = word()?;
    if named(&first, &WEEKDAYS).is_some() {
        first = word()?;
    }
    let (second, year) = (word()?, word()?);
    let (month, day) = match (month(&first), month(&second)) {
        (Some(month), None) => (month, second),
        (None, Some(month)) => (month, first),
        _ => return None,
    };
    let ordinal = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|end| day.strip_suffix(end));
    let day = one_or_two_digits(ordinal.unwrap_or(&day))?;
    let (year, after) = leading_digits(&year, 4)?;
    let ends = after.is_empty() && (rest.is_empty() || rest.starts_with(' '));
    ends.then(|| calendar_date(year, month, day))?
}

fn month(word: &str) -> Option<i32> {
    let word = if word == "sept" { "sep" } else { word };
    named(word, &MONTHS).and_then(|at| i32::try_from(at + 1).ok())
}

/// The place of a name, written in full or with its first letters.
fn named(word: &str, names: &[&str]) -> Option<usize> {
    names
        .iter()
        .position(|name| *name == word || name.get(..SHORT_NAME) == Some(word))
}

fn one_or_two_digits(text: &str) -> Option<i32> {
    (text.len() <= 2 && is_digits(text)).then(|| text.parse().ok())?
}
