//! Points in time, and where they come from.

use std::fmt;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// A point in time: milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// From the RFC 3339 form (`2026-03-01T12:00:00.000Z`, any offset); finer digits than milliseconds are cut off.
    pub fn parse(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000))
            .ok()
            .map(Self)
    }

    /// This time and some milliseconds more.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this time, negative if it is not earlier.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    /// `YYYY-MM-DDTHH:MM:SS.mmmZ`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = OffsetDateTime::UNIX_EPOCH.checked_add(Duration::milliseconds(self.0));
        let time = time.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second, milli) = time.to_hms_milli();
        let month = u8::from(month);
        let Some(year) = u16::try_from(year).ok().filter(|year| *year < 10_000) else {
            return write!(
                f,
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
            );
        };
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (end, number) in [
            (4, year),
            (7, month.into()),
            (10, day.into()),
            (13, hour.into()),
            (16, minute.into()),
            (19, second.into()),
            (23, milli),
        ] {
            write_digits(text.get_mut(..end).unwrap_or_default(), number);
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Writes a number at the end of a text, over the zeros there.
fn write_digits(text: &mut [u8], mut number: u16) {
    for place in text.iter_mut().rev() {
        if number == 0 {
            return;
        }
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

/// Where the time comes from. The only real one is in `aws`; a monotonic timer would be stale after a container's
/// freeze, so all time is wall-clock time.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Comes back after `millis` milliseconds.
    fn sleep(&self, millis: u64) -> impl Future<Output = ()>;
}

/// Where chance comes from.
pub trait Random {
    /// An even draw from `0.0..1.0`.
    fn unit(&self) -> f64;

    /// An even draw from `low..=high`.
    fn between(&self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

impl<C: Clock> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn sleep(&self, millis: u64) -> impl Future<Output = ()> {
        (**self).sleep(millis)
    }
}

impl<R: Random> Random for &R {
    fn unit(&self) -> f64 {
        (**self).unit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_three_digits_in_utc_and_read_back() {
        let text = "2026-03-01T12:00:00.000Z";
        assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        assert_eq!(
            Timestamp::parse("2026-03-01T13:00:00.1239+01:00")
                .unwrap()
                .to_string(),
            "2026-03-01T12:00:00.123Z"
        );
        assert_eq!(Timestamp::parse("2026-02-30T12:00:00Z"), None);
        assert_eq!(Timestamp::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }
}
