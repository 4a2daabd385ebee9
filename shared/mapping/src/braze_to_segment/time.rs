//! When an event happened: `time` and `time_ms`, read on their decimal text.

use crate::Trace;
use event::Timestamp;
use event::json::{Json, Kind};
use event::reasons::Warning;
use std::borrow::Cow;

/// Below this a number counts seconds, from here on milliseconds: seconds reach it in the year 5138.
const FIRST_MILLIS: i64 = 100_000_000_000;

/// The first millisecond after the year 9999.
const END_MILLIS: i64 = 253_402_300_800_000;

/// The event's time, if `time` or `time_ms` gives one.
pub(super) fn time(
    time: Option<Json<'_>>,
    time_ms: Option<Json<'_>>,
    trace: &mut Trace,
) -> Option<Timestamp> {
    let time = time.and_then(thousandths).and_then(millis);
    let finer = time_ms
        .and_then(thousandths)
        .map(|thousandths| thousandths.div_euclid(1000))
        .filter(|millis| (FIRST_MILLIS..END_MILLIS).contains(millis))
        .filter(|finer| time.is_none_or(|time| time.div_euclid(1000) == finer.div_euclid(1000)));
    if finer.is_some() {
        trace.record("BZ-132", || ("properties.time_ms".into(), "timestamp".into()));
    } else if time.is_some() {
        trace.record("BZ-130", || ("time".into(), "timestamp".into()));
    } else {
        trace.warn("BZ-133", Warning::TimeUnreadable, || "time".into());
    }
    finer.or(time).map(Timestamp::from_millis)
}

/// Seconds or milliseconds, given in thousandths, as milliseconds.
fn millis(thousandths: i64) -> Option<i64> {
    let whole = thousandths.div_euclid(1000);
    if whole < FIRST_MILLIS {
        Some(thousandths)
    } else {
        Some(whole).filter(|whole| *whole < END_MILLIS)
    }
}

/// The text of a JSON number, or of a string of decimal digits with at most one inner point.
fn number(json: Json<'_>) -> Option<Cow<'_, str>> {
    if json.kind() == Kind::Number {
        return Some(Cow::Borrowed(json.raw()));
    }
    let text = json.as_str()?;
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    let is_number = match text.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(&text),
    };
    is_number.then_some(text)
}

/// The value of a number above 0 in thousandths, the rest cut off; `None` if it is not above 0 or too large for a time.
fn thousandths(json: Json<'_>) -> Option<i64> {
    let number = number(json)?;
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number.as_ref(), "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.starts_with('-') {
        return None;
    }
    let digits = || whole.bytes().chain(fraction.bytes());
    let zeros = digits().take_while(|digit| *digit == b'0').count();
    let significant = whole.len() + fraction.len() - zeros;
    if significant == 0 {
        return None;
    }
    // An exponent that does not fit is as good as the nearest that does.
    let nearest = if exponent.starts_with('-') {
        i64::MIN / 2
    } else {
        i64::MAX / 2
    };
    let exponent: i64 = exponent.parse().unwrap_or(nearest);
    let whole_digits = i64::try_from(whole.len())
        .ok()?
        .checked_sub(i64::try_from(zeros).ok()?)?;
    let wanted = whole_digits.saturating_add(exponent).saturating_add(3);
    if wanted <= 0 {
        return Some(0);
    }
    let wanted = usize::try_from(wanted).ok().filter(|wanted| *wanted <= 18)?;
    let taken = digits().skip(zeros).chain(std::iter::repeat(b'0')).take(wanted);
    Some(taken.fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(time: &str, time_ms: &str) -> Option<String> {
        let read = |text| Some(Json::parse(text).unwrap()).filter(|json| !json.is_null());
        let mut trace = Trace::explaining();
        let found = super::time(read(time), read(time_ms), &mut trace);
        assert_eq!(found.is_none(), !trace.occurrences().is_empty());
        found.map(|found| found.to_string())
    }

    #[test]
    fn a_time_is_read_on_its_decimal_text() {
        event::rules!["BZ-130", "BZ-131", "BZ-411"];
        for (time, wanted) in [
            ("1767254462", Some("2026-01-01T08:01:02.000Z")),
            ("1767254462.418", Some("2026-01-01T08:01:02.418Z")),
            ("1767254462.41899999", Some("2026-01-01T08:01:02.418Z")),
            ("1.767254462e9", Some("2026-01-01T08:01:02.000Z")),
            ("17672544624189e-4", Some("2026-01-01T08:01:02.418Z")),
            ("17672544624189E-4", Some("2026-01-01T08:01:02.418Z")),
            ("0.001767254462418e+12", Some("2026-01-01T08:01:02.418Z")),
            ("1767254462418", Some("2026-01-01T08:01:02.418Z")),
            ("1767254462418.9", Some("2026-01-01T08:01:02.418Z")),
            ("\"1767254462\"", Some("2026-01-01T08:01:02.000Z")),
            ("\"1767254462.4\"", Some("2026-01-01T08:01:02.400Z")),
            ("\"0001767254462\"", Some("2026-01-01T08:01:02.000Z")),
            ("99999999999.9999", Some("5138-11-16T09:46:39.999Z")),
            ("100000000000", Some("1973-03-03T09:46:40.000Z")),
            ("253402300799999", Some("9999-12-31T23:59:59.999Z")),
            ("253402300799999.9", Some("9999-12-31T23:59:59.999Z")),
            ("253402300800000", None),
            ("0.0001", Some("1970-01-01T00:00:00.000Z")),
            ("1e-999999999999999999999", Some("1970-01-01T00:00:00.000Z")),
            ("1e400", None),
            ("1e999999999999999999999", None),
            ("0", None),
            ("0e5", None),
            ("-0", None),
            ("-1767254462", None),
            ("\"soon\"", None),
            ("\".5\"", None),
            ("\"5.\"", None),
            ("\"1.2.3\"", None),
            ("\"1e9\"", None),
            ("\" 1767254462\"", None),
            ("\"\"", None),
            ("true", None),
            ("[1767254462]", None),
            ("null", None),
        ] {
            assert_eq!(given(time, "null").as_deref(), wanted, "{time}");
        }
    }

    #[test]
    fn milliseconds_count_alone_or_if_they_agree_with_the_seconds() {
        event::rules!["BZ-132", "BZ-411"];
        let seconds = Some("2026-01-01T08:01:13.000Z");
        let millis = Some("2026-01-01T08:01:13.418Z");
        for (time, time_ms, wanted) in [
            ("1767254473", "1767254473418", millis),
            ("1767254473.9", "1767254473418", millis),
            ("1767254473000", "\"1767254473418\"", millis),
            ("1767254473", "1767254474418", seconds),
            ("1767254473", "1767254473", seconds),
            ("1767254473", "\"soon\"", seconds),
            ("null", "1767254473418", millis),
            ("\"soon\"", "1767254473418.7", millis),
            ("null", "99999999999.9", None),
            ("null", "253402300800000", None),
        ] {
            assert_eq!(given(time, time_ms).as_deref(), wanted, "{time} {time_ms}");
        }
    }
}
