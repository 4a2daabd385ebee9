//! Days, such as a birthday, as they are written.

use crate::forms::text::{is_digits, leading_digits};
use crate::forms::timestamp::{calendar_date, epoch_millis, leading_date, utc_date};
use event::json::{Decimal, Json};
use std::ops::RangeInclusive;
use time::Date;

/// The years in which a day may lie.
const YEARS: RangeInclusive<i32> = 1900..=2100;

/// Numbers that are the digits of a date: 1900-01-01 to 2100-12-31.
const COMPACT: RangeInclusive<i64> = 19_000_101..=21_001_231;

/// Digits of a date without separators.
const COMPACT_DIGITS: usize = 8;

/// The day as `YYYY-MM-DD`.
pub fn date(json: Json<'_>) -> Option<String> {
    let date = match json.as_number() {
        Some(number) => of_number(number),
        None => of_text(json.as_str()?.trim()),
    }?;
    let (year, month, day) = date.to_calendar_date();
    let month = u8::from(month);
    YEARS
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn of_number(number: &str) -> Option<Date> {
    let value = Decimal::parse(number)?;
    let is_compact = value >= Decimal::from(*COMPACT.start()) && value <= Decimal::from(*COMPACT.end());
    if is_compact {
        compact(&value.as_whole()?.to_string())
    } else {
        utc_date(epoch_millis(number)?)
    }
}

fn of_text(text: &str) -> Option<Date> {
    let year_first = leading_date(text, '-').or_else(|| leading_date(text, '/'));
    match year_first {
        Some((date, rest)) => (rest.is_empty() || rest.starts_with(['T', 't', ' '])).then_some(date),
        None => compact(text).or_else(|| year_last(text)),
    }
}

/// `YYYYMMDD`.
fn compact(text: &str) -> Option<Date> {
    if text.len() != COMPACT_DIGITS {
        return None;
    }
    let (year, rest) = leading_digits(text, 4)?;
    let (month, rest) = leading_digits(rest, 2)?;
    let (day, _) = leading_digits(rest, 2)?;
    calendar_date(year, month, day)
}

/// `D/M/YYYY` or `M/D/YYYY`, where it can be told which.
fn year_last(text: &str) -> Option<Date> {
    let (one, rest) = text.split_once('/')?;
    let (other, year) = rest.split_once('/')?;
    let (one, other) = (one_or_two_digits(one)?, one_or_two_digits(other)?);
    let (year, _) = leading_digits(year, 4).filter(|(_, rest)| rest.is_empty())?;
    let (day, month) = match (one > 12, other > 12) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ if one == other => (one, other),
        _ => return None,
    };
    calendar_date(year, month, day)
}

fn one_or_two_digits(text: &str) -> Option<i32> {
    (text.len() <= 2 && is_digits(text)).then(|| text.parse().ok())?
}
