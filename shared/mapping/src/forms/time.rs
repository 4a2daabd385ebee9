//! When something happened: the times and dates that an event may write.

use crate::forms::text::{is_digits, leading_digits};
use event::Timestamp;
use event::json::{Decimal, Json};
use std::ops::RangeInclusive;
use time::{Date, Month};

/// The years in which an event may lie, in UTC.
const YEARS: RangeInclusive<i32> = 1970..=2199;

/// From here on, a number is of milliseconds.
const FIRST_MILLIS: i64 = 100_000_000_000;

/// Fewer digits in a string are no time: they may be a date, a year, a count.
const LEAST_DIGITS: usize = 9;

/// A time: a calendar date with or without a time of day, or seconds or milliseconds since 1970.
pub fn time(json: Json<'_>) -> Option<Timestamp> {
    let millis = match json.as_number() {
        Some(number) => epoch_millis(number)?,
        None => {
            let text = json.as_str()?;
            let text = text.trim();
            if text.len() >= LEAST_DIGITS && is_digits(text) {
                epoch_millis(text)?
            } else {
                written_millis(text)?
            }
        }
    };
    YEARS
        .contains(&utc_date(millis)?.year())
        .then(|| Timestamp::from_millis(millis))
}

/// Milliseconds since 1970 of a number of seconds or of milliseconds, told apart by its size; finer digits are cut off.
pub fn epoch_millis(number: &str) -> Option<i64> {
    if let Ok(whole) = number.parse::<i64>() {
        return if whole.unsigned_abs() < FIRST_MILLIS.unsigned_abs() {
            whole.checked_mul(1000)
        } else {
            Some(whole)
        };
    }
    let number = Decimal::parse(number)?;
    if number.abs() < Decimal::from(FIRST_MILLIS) {
        number.times(&Decimal::from(1000)).floor()
    } else {
        number.floor()
    }
}

/// The day in UTC; `None` far beyond the years that are accepted anywhere.
pub fn utc_date(millis: i64) -> Option<Date> {
    let days = i32::try_from(millis.div_euclid(MILLIS_A_DAY)).ok()?;
    Date::from_julian_day(EPOCH.to_julian_day().checked_add(days)?).ok()
}

/// The date `YYYY-MM-DD` with this separator that a text begins with, if it is a real one, and what follows it.
pub fn leading_date(text: &str, separator: char) -> Option<(Date, &str)> {
    let (year, rest) = leading_digits(text, 4)?;
    let (month, rest) = leading_digits(rest.strip_prefix(separator)?, 2)?;
    let (day, rest) = leading_digits(rest.strip_prefix(separator)?, 2)?;
    Some((calendar_date(year, month, day)?, rest))
}

/// The date `YYYYMMDD` that a text begins with, if it is a real one, and what follows it.
pub fn leading_compact_date(text: &str) -> Option<(Date, &str)> {
    let (year, rest) = leading_digits(text, 4)?;
    let (month, rest) = leading_digits(rest, 2)?;
    let (day, rest) = leading_digits(rest, 2)?;
    Some((calendar_date(year, month, day)?, rest))
}

/// A real date of the calendar.
pub fn calendar_date(year: i32, month: i32, day: i32) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
}

/// The years of a time inside an attribute.
const NESTED_YEARS: RangeInclusive<i32> = 0..=3000;

/// Whether a text is a time as Braze takes it inside an attribute: `YYYY-MM-DD`, alone or with a time of day to the second,
/// or `MM/DD/YYYY`.
pub fn is_braze_time(text: &str) -> bool {
    let american = || {
        let (month, rest) = leading_digits(text, 2)?;
        let (day, rest) = leading_digits(rest.strip_prefix('/')?, 2)?;
        let (year, rest) = leading_digits(rest.strip_prefix('/')?, 4)?;
        rest.is_empty().then(|| calendar_date(year, month, day))?
    };
    let date = leading_date(text, '-')
        .filter(|(_, rest)| rest.is_empty() || is_braze_time_of_day(rest))
        .map(|(date, _)| date)
        .or_else(american);
    date.is_some_and(|date| NESTED_YEARS.contains(&date.year()))
}

/// `T` or a space, `HH:MM:SS`, a fraction or none, and `Z`, `+HH:MM`, `+HHMM` or nothing.
fn is_braze_time_of_day(text: &str) -> bool {
    let zone = || {
        let text = text.strip_prefix(['T', ' '])?;
        let has_seconds = text.bytes().enumerate().take(8).all(|(at, byte)| match at {
            2 | 5 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
        let (_, rest) = time_of_day(text).filter(|_| has_seconds && text.len() >= 8)?;
        let is_dotted = text.get(8..)?.strip_prefix([',', ':']).is_none();
        is_dotted.then_some(rest)
    };
    zone().is_some_and(|zone| {
        matches!(zone, "" | "Z")
            || (zone.starts_with(['+', '-']) && zone.len() >= 5 && offset(zone).is_some())
    })
}

const MILLIS_A_DAY: i64 = 86_400_000;

const EPOCH: Date = time::OffsetDateTime::UNIX_EPOCH.date();

/// A date that is written, alone or with a time of day and an offset; none is UTC.
fn written_millis(text: &str) -> Option<i64> {
    let (date, rest) = leading_date(text, '-').or_else(|| leading_compact_date(text))?;
    let days = i64::from(date.to_julian_day()) - i64::from(EPOCH.to_julian_day());
    let midnight = days * MILLIS_A_DAY;
    if rest.is_empty() {
        // Eight digits alone are a date of the calendar, a number, an id.
        return text.contains('-').then_some(midnight);
    }
    let (of_day, rest) = time_of_day(rest.strip_prefix(['T', 't', ' '])?)?;
    Some(midnight + of_day - offset(rest.trim_start())?)
}

/// `HH:MM` or `HHMM`, either with seconds and a fraction of these, in milliseconds, and what follows it.
fn time_of_day(text: &str) -> Option<(i64, &str)> {
    let (hours, rest) = leading_digits(text, 2)?;
    let after_colon = rest.strip_prefix(':');
    let (minutes, rest) = leading_digits(after_colon.unwrap_or(rest), 2)?;
    let minutes = clock_minutes(hours, minutes)?;
    let seconds = match after_colon {
        Some(_) => rest.strip_prefix(':'),
        None => Some(rest).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())),
    };
    let Some(seconds) = seconds else {
        return Some((minutes * 60_000, rest));
    };
    let (seconds, rest) = leading_digits(seconds, 2)?;
    let seconds = Some(seconds).filter(|seconds| *seconds < 60)?;
    let (millis, rest) = fraction(rest)?;
    Some((minutes * 60_000 + i64::from(seconds) * 1000 + millis, rest))
}

/// The milliseconds of `.` or `,` with digits, or of `:` with three; 0 if none of these follows.
fn fraction(text: &str) -> Option<(i64, &str)> {
    if let Some(after) = text.strip_prefix(':') {
        let (millis, rest) = leading_digits(after, 3)?;
        let is_longer = rest.starts_with(|c: char| c.is_ascii_digit());
        return (!is_longer).then(|| (i64::from(millis), rest));
    }
    let Some(after) = text.strip_prefix(['.', ',']) else {
        return Some((0, text));
    };
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let (fraction, rest) = after.split_at_checked(end).filter(|_| end > 0)?;
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let millis = digits.fold(0, |millis, digit| millis * 10 + i64::from(digit - b'0'));
    Some((millis, rest))
}

/// The words for UTC.
const UTC: [&str; 3] = ["Z", "UTC", "GMT"];

/// What a word for UTC, `+HH:MM`, `+HHMM`, `+HH` or nothing adds to UTC, in milliseconds.
fn offset(text: &str) -> Option<i64> {
    if text.is_empty() || UTC.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, rest) = leading_digits(rest, 2)?;
    let minutes = match rest {
        "" => 0,
        _ => {
            let (minutes, rest) = leading_digits(rest.strip_prefix(':').unwrap_or(rest), 2)?;
            Some(minutes).filter(|_| rest.is_empty())?
        }
    };
    Some(sign * clock_minutes(hours, minutes)? * 60_000)
}

/// Hours and minutes as a clock shows them, in minutes.
fn clock_minutes(hours: i32, minutes: i32) -> Option<i64> {
    (hours < 24 && minutes < 60).then(|| i64::from(hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_number_is_of_seconds_a_large_one_of_milliseconds() {
        event::rules!["FM-007"];
        for (given, wanted) in [
            ("0", Some(0)),
            ("1", Some(1000)),
            ("1760003605", Some(1_760_003_605_000)),
            ("1760003605.25", Some(1_760_003_605_250)),
            ("1760003605.2509", Some(1_760_003_605_250)),
            ("1.760003605e9", Some(1_760_003_605_000)),
            ("99999999999", Some(99_999_999_999_000)),
            ("99999999999.9", Some(99_999_999_999_900)),
            ("100000000000", Some(100_000_000_000)),
            ("1e11", Some(100_000_000_000)),
            ("1760003605250", Some(1_760_003_605_250)),
            ("1760003605250.9", Some(1_760_003_605_250)),
            ("0001760003605", Some(1_760_003_605_000)),
            ("-99999999999", Some(-99_999_999_999_000)),
            ("-100000000000", Some(-100_000_000_000)),
            ("9223372036854775808", None),
            ("1e400", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(epoch_millis(given), wanted, "{given}");
        }
    }

    fn read(given: &str) -> Option<String> {
        time(Json::parse(given).unwrap()).map(|time| time.to_string())
    }

    #[test]
    fn a_written_time_is_read_word_by_word() {
        event::rules!["SB-062", "SB-063", "SB-701"];
        for (given, wanted) in [
            ("2026-02-03", Some("2026-02-03T00:00:00.000Z")),
            (" 2026-02-03\u{a0}", Some("2026-02-03T00:00:00.000Z")),
            ("2026-02-03T10:15", Some("2026-02-03T10:15:00.000Z")),
            ("2026-02-03 10:15", Some("2026-02-03T10:15:00.000Z")),
            ("2026-02-03t10:15:30z", Some("2026-02-03T10:15:30.000Z")),
            ("2026-02-03T10:15Z", Some("2026-02-03T10:15:00.000Z")),
            ("2026-02-03T10:15:30", Some("2026-02-03T10:15:30.000Z")),
            ("2026-02-03T10:15:30.2Z", Some("2026-02-03T10:15:30.200Z")),
            ("2026-02-03T10:15:30.25", Some("2026-02-03T10:15:30.250Z")),
            (
                "2026-02-03T10:15:30.2509999999999Z",
                Some("2026-02-03T10:15:30.250Z"),
            ),
            (
                "2026-02-03T10:15:30.999999+00:00",
                Some("2026-02-03T10:15:30.999Z"),
            ),
            ("2026-02-03T00:15:30+01:00", Some("2026-02-02T23:15:30.000Z")),
            ("2026-02-03T00:15:30-0530", Some("2026-02-03T05:45:30.000Z")),
            ("2026-02-03T00:15+02", Some("2026-02-02T22:15:00.000Z")),
            ("2026-02-03T00:15:30.5-00:00", Some("2026-02-03T00:15:30.500Z")),
            ("2026-02-03T23:59:59.999+23:59", Some("2026-02-03T00:00:59.999Z")),
            ("2024-02-29T00:00Z", Some("2024-02-29T00:00:00.000Z")),
            ("1970-01-01", Some("1970-01-01T00:00:00.000Z")),
            ("1969-12-31T23:30:00-01:00", Some("1970-01-01T00:30:00.000Z")),
            ("2199-12-31T23:59:59.999Z", Some("2199-12-31T23:59:59.999Z")),
            ("2200-01-01T00:30:00+01:00", Some("2199-12-31T23:30:00.000Z")),
            ("1969-12-31", None),
            ("1970-01-01T00:30:00+01:00", None),
            ("2200-01-01", None),
            ("2199-12-31T23:30:00-01:00", None),
            ("2026-02-30", None),
            ("2025-02-29", None),
            ("2026-13-01", None),
            ("2026-00-10", None),
            ("2026-02-00", None),
            ("2026-02-03T24:00:00Z", None),
            ("2026-02-03T10:60:00Z", None),
            ("2026-02-03T10:15:60Z", None),
            ("2026-02-03T10:15:30+24:00", None),
            ("2026-02-03T10:15:30+01:60", None),
            ("2026-02-03T10:15:30+1", None),
            ("2026-02-03T10:15:30+01:", None),
            ("2026-02-03T10:15:30+010", None),
            ("2026-02-03T10:15:30+01:000", None),
            ("2026-02-03T10:15:30 +01:00", Some("2026-02-03T09:15:30.000Z")),
            ("2026-02-03 10:15:30 +0100", Some("2026-02-03T09:15:30.000Z")),
            ("2026-02-03 10:15:30 UTC", Some("2026-02-03T10:15:30.000Z")),
            ("2026-02-03T10:15:30gmt", Some("2026-02-03T10:15:30.000Z")),
            ("2026-02-03T10:15  Z", Some("2026-02-03T10:15:00.000Z")),
            ("2026-02-03T10:15:30:250Z", Some("2026-02-03T10:15:30.250Z")),
            ("2026-02-03T10:15:30:250+01", Some("2026-02-03T09:15:30.250Z")),
            ("2026-02-03T10:15:30:25Z", None),
            ("2026-02-03T10:15:30:2500Z", None),
            ("20260203T101530", Some("2026-02-03T10:15:30.000Z")),
            ("20260203 1015+0100", Some("2026-02-03T09:15:00.000Z")),
            ("20260203t10:15", Some("2026-02-03T10:15:00.000Z")),
            ("2026-02-03T101530.5Z", Some("2026-02-03T10:15:30.500Z")),
            ("20260203T10153", None),
            ("20260203T101530123Z", None),
            ("20260203", None),
            ("2026-02-03T10:15 UTCZ", None),
            ("2026-02-03 UTC", None),
            ("2026-02-03T10:15:30ZZ", None),
            ("2026-02-03T10:15:30.Z", None),
            ("2026-02-03T10:15:30,5Z", Some("2026-02-03T10:15:30.500Z")),
            ("2026-02-03T10:15:30,Z", None),
            ("2026-02-03T10:15.5Z", None),
            ("2026-02-03T10:15:3Z", None),
            ("2026-02-03T10", None),
            ("2026-02-03T", None),
            ("2026-02-03Z", None),
            ("2026-02-03  10:15", None),
            ("2026-02-03X10:15", None),
            ("2026-2-3", None),
            ("2026/02/03", None),
            ("20260203T101530Z", Some("2026-02-03T10:15:30.000Z")),
            ("+2026-02-03", None),
            ("2026-02-\u{663}", None),
            ("Tue, 03 Feb 2026 10:15:30 GMT", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(read(&format!("\"{given}\"")).as_deref(), wanted, "{given}");
        }
    }

    #[test]
    fn a_number_is_seconds_or_milliseconds_by_its_size() {
        event::rules!["SB-062", "SB-063", "SB-701"];
        for (given, wanted) in [
            ("1700000000", Some("2023-11-14T22:13:20.000Z")),
            ("\"1700000000\"", Some("2023-11-14T22:13:20.000Z")),
            ("\" 1700000000 \"", Some("2023-11-14T22:13:20.000Z")),
            ("1700000000250", Some("2023-11-14T22:13:20.250Z")),
            ("\"1700000000250\"", Some("2023-11-14T22:13:20.250Z")),
            ("1700000000.2509", Some("2023-11-14T22:13:20.250Z")),
            ("1700000000250.9", Some("2023-11-14T22:13:20.250Z")),
            ("1.7e9", Some("2023-11-14T22:13:20.000Z")),
            ("1700000000000000e-6", Some("2023-11-14T22:13:20.000Z")),
            ("100000000000", Some("1973-03-03T09:46:40.000Z")),
            ("7258118399", Some("2199-12-31T23:59:59.000Z")),
            ("7258118399999.9", Some("2199-12-31T23:59:59.999Z")),
            ("20260203", Some("1970-08-23T11:50:03.000Z")),
            ("0", Some("1970-01-01T00:00:00.000Z")),
            ("-0.0", Some("1970-01-01T00:00:00.000Z")),
            ("\"000000000\"", Some("1970-01-01T00:00:00.000Z")),
            ("\"00000000001700000000\"", Some("2023-11-14T22:13:20.000Z")),
            ("\"100000000\"", Some("1973-03-03T09:46:40.000Z")),
            ("\"20260203\"", None),
            ("\"99999999\"", None),
            ("99999999999", None),
            ("7258118400", None),
            ("7258118400000", None),
            ("-1", None),
            ("-0.0001", None),
            ("\"-1700000000\"", None),
            ("\"+1700000000\"", None),
            ("\"1700000000.5\"", None),
            ("\"1.7e9\"", None),
            ("9223372036854775808", None),
            ("1e400", None),
            ("1e999999999999", None),
            ("true", None),
            ("null", None),
            ("[1700000000]", None),
            ("{\"$date\":1700000000}", None),
        ] {
            assert_eq!(read(given).as_deref(), wanted, "{given}");
        }
    }
}
