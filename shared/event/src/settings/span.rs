//! Durations as users write them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A span of time: an integer and one of `s`, `m`, `h`, `d`, such as `"10s"` or `"4d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(u64);

impl Span {
    /// Of so many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// In seconds.
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// In milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0.saturating_mul(1000)
    }

    fn parse(text: &str) -> Option<Self> {
        let unit = text.chars().next_back()?;
        let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            _ => return None,
        };
        count.checked_mul(seconds).map(Self)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self.0 {
            s if s == 0 || s % 60 != 0 => (s, 's'),
            s if s % 3600 != 0 => (s / 60, 'm'),
            s if s % 86400 != 0 => (s / 3600, 'h'),
            s => (s / 86400, 'd'),
        };
        write!(f, "{count}{unit}")
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "\"{text}\" is no duration; write an integer and one of s, m, h, d, such as \"10s\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_and_written_in_the_largest_unit() {
        for (text, seconds) in [
            ("10s", 10),
            ("90s", 90),
            ("60m", 3600),
            ("4d", 345_600),
            ("0s", 0),
        ] {
            assert_eq!(Span::parse(text), Some(Span(seconds)));
        }
        for text in ["", "10", "s", "1.5h", "-1s", "10 s", "10ms", "1é"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
        assert_eq!(Span(345_600).to_string(), "4d");
        assert_eq!(Span(90).to_string(), "90s");
    }
}
