//! When again: the tables of 5.4, and the hints that destinations give.

use event::{Random, Timestamp};

/// Seconds by receive count; the last one holds for all later ones.
pub type Table = [u32; 9];

/// Waits at Braze and Segment (SB-570, SEG-070).
pub const PATIENT: Table = [5, 30, 60, 120, 240, 480, 960, 1920, 3600];
/// Waits at Branch, which counts an event when it arrives.
pub const HASTY: Table = [2, 5, 15, 30, 60, 120, 240, 300, 300];
/// Waits of held events at Braze and Segment.
pub const PATIENT_HOLD: Table = [900, 1800, 3600, 3600, 3600, 3600, 3600, 3600, 3600];
/// Waits of held events at Branch.
pub const HASTY_HOLD: Table = [60, 120, 240, 300, 300, 300, 300, 300, 300];

/// The longest visibility that is ever set, and the longest delay that SQS takes, in seconds (RD-066, RD-045).
pub const MOST_SECONDS: u32 = 900;
/// Seconds until a park that was not acknowledged is tried again (RD-023).
pub const PARK_FAILED_SECONDS: u32 = 60;
/// How long an envelope of a newer version is waited with, in milliseconds from its message's sending (RD-005).
pub const NEWER_VERSION_MS: i64 = 4 * 86_400_000;

/// The wait of a record received `receives` times: half its base to its base, in whole seconds rounded up (RD-062).
pub fn delay(table: &Table, receives: u32, random: &impl Random) -> u32 {
    let place = usize::try_from(receives.max(1) - 1).unwrap_or(usize::MAX);
    let base = table.get(place).or(table.last()).copied().unwrap_or(MOST_SECONDS);
    (f64::from(base) * random.between(0.5, 1.0)).ceil() as u32
}

/// The wait with a hint: never earlier than asked (RD-063).
pub fn delay_with_hint(table: &Table, receives: u32, hint_s: Option<f64>, random: &impl Random) -> u32 {
    let own = delay(table, receives, random);
    hint_s.map_or(own, |hint| {
        own.max((hint * random.between(1.0, 1.2)).ceil() as u32)
    })
}

/// The seconds that a `Retry-After` asks for: a number, or an HTTP date. Text that is neither counts as absent; so does a
/// negative number.
pub fn retry_after(value: &str, now: Timestamp) -> Option<f64> {
    let value = value.trim();
    if let Some(seconds) = seconds(value) {
        return Some(seconds);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let at = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
    Some(i64::try_from(at).ok()?.saturating_sub(now.millis()) as f64 / 1000.0)
}

/// A number of seconds, digits with an optional fraction.
pub fn seconds(value: &str) -> Option<f64> {
    let value = value.trim();
    let plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain
        .then(|| value.parse::<f64>().ok())
        .flatten()
        .filter(|seconds| seconds.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct At(f64);

    impl Random for At {
        fn unit(&self) -> f64 {
            self.0
        }
    }

    proptest! {
        #[test]
        fn rd_062_a_delay_is_half_its_base_to_its_base(receives in 0_u32..100, unit in 0.0..1.0_f64) {
            for table in [PATIENT, HASTY, PATIENT_HOLD, HASTY_HOLD] {
                let base = table[(receives.clamp(1, 9) - 1) as usize];
                let got = delay(&table, receives, &At(unit));
                prop_assert!(got >= base.div_ceil(2) && got <= base);
            }
        }

        #[test]
        fn rd_063_a_hint_is_never_undercut(receives in 0_u32..12, hint in 0.0..100_000.0_f64, unit in 0.0..1.0_f64) {
            let got = delay_with_hint(&PATIENT, receives, Some(hint), &At(unit));
            prop_assert!(f64::from(got) >= hint);
            prop_assert!(f64::from(got) <= (hint * 1.2).ceil().max(3600.0));
        }

        #[test]
        fn rd_063_garbage_is_no_hint(text in "\\PC{0,20}") {
            let _ = retry_after(&text, Timestamp::from_millis(0));
        }
    }

    #[test]
    fn rd_063_seconds_and_dates_are_read() {
        let now = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(120.0));
        assert_eq!(retry_after("1.5", now), Some(1.5));
        assert_eq!(retry_after("Sun, 01 Mar 2026 12:02:00 GMT", now), Some(120.0));
        assert_eq!(retry_after("Sun, 01 Mar 2026 11:59:00 GMT", now), Some(-60.0));
        for bad in ["", "-5", "soon", "1e9", "0x10", "inf", "1.2.3"] {
            assert_eq!(retry_after(bad, now), None, "{bad}");
        }
    }
}
