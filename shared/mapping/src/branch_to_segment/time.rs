//! When an event happened.

use super::received::Received;
use super::value::is_nothing;
use crate::Trace;
use crate::forms::epoch_millis;
use event::Timestamp;
use event::json::{Decimal, Json, Kind};
use event::reasons::Warning;

/// The last millisecond of the year 9999.
const LAST_MILLIS: i64 = 253_402_300_799_999;

/// Digits of a time given as text.
const MAX_DIGITS: usize = 15;

/// When the event happened, and `timestamp` as received if it says another usable time.
pub(super) fn timestamp<'a>(
    event: &Received<'a>,
    trace: &mut Trace,
) -> (Option<Timestamp>, Option<Json<'a>>) {
    let [received, happened] = event.times;
    let of_receipt = received.and_then(time);
    for (key, given) in [("timestamp", received), ("event_timestamp", happened)] {
        if given.is_some_and(|given| !is_nothing(given) && time(given).is_none()) {
            trace.warn("BS-055", Warning::TimeUnreadable, || key.into());
        }
    }
    if let Some(timestamp) = happened.and_then(time) {
        trace.record("BS-054", || ("event_timestamp".into(), "timestamp".into()));
        let is_other = of_receipt.is_some_and(|other| other != timestamp);
        return (Some(timestamp), received.filter(|_| is_other));
    }
    match of_receipt {
        Some(_) => trace.record("BS-054", || ("timestamp".into(), "timestamp".into())),
        None if received.is_none_or(is_nothing) => {
            trace.warn("BS-055", Warning::TimeUnreadable, || "timestamp".into());
        }
        None => {}
    }
    (of_receipt, None)
}

/// The time of a field: an integer, or a string of digits, in seconds or milliseconds since 1970.
fn time(time: Json<'_>) -> Option<Timestamp> {
    let number = match time.kind() {
        Kind::Number => Decimal::whole(time.raw())?,
        _ => {
            let text = time.as_str()?;
            let is_time = text.len() <= MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_time)?
        }
    };
    let number = Some(number).filter(|number| (1..=LAST_MILLIS).contains(number))?;
    epoch_millis(&number.to_string()).map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_integer_or_digits_within_the_years_1970_to_9999() {
        event::rules!["BS-013", "BS-054"];
        for (given, wanted) in [
            ("1760003605250", Some("2025-10-09T09:53:25.250Z")),
            ("1760003605250.0", Some("2025-10-09T09:53:25.250Z")),
            ("1.76000360525e12", Some("2025-10-09T09:53:25.250Z")),
            ("\"1760003605250\"", Some("2025-10-09T09:53:25.250Z")),
            ("\"001760003605250\"", Some("2025-10-09T09:53:25.250Z")),
            ("1", Some("1970-01-01T00:00:01.000Z")),
            ("1760003605", Some("2025-10-09T09:53:25.000Z")),
            ("\"1760003605\"", Some("2025-10-09T09:53:25.000Z")),
            ("99999999999", Some("5138-11-16T09:46:39.000Z")),
            ("100000000000", Some("1973-03-03T09:46:40.000Z")),
            ("253402300799999", Some("9999-12-31T23:59:59.999Z")),
            ("253402300800000", None),
            ("\"253402300800000\"", None),
            ("\"0001760003605250\"", None),
            ("0", None),
            ("-1", None),
            ("1760003605250.5", None),
            ("1e999999999", None),
            ("\"1760003605250.0\"", None),
            ("\" 1\"", None),
            ("\"+1\"", None),
            ("\"\"", None),
            ("\"2025-10-09T09:53:25Z\"", None),
            ("true", None),
        ] {
            let moment = time(Json::parse(given).unwrap()).map(|moment| moment.to_string());
            assert_eq!(moment.as_deref(), wanted, "{given}");
        }
    }
}
