//! When an event is tried again, and when it is given up: the tables of 5.4, what destinations ask for, the horizons.

use crate::destination::Limits;
use event::envelope::Head;
use event::reasons::{HoldKind, ParkReason, RetryClass};
use event::settings::Span;
use event::{Outcome, Random, Timestamp};

/// Seconds by receive count; the last one holds for all later ones.
pub type Table = [u32; 9];

/// Waits at Braze and Segment (SB-570, SEG-070).
pub const LONG_BACKOFF: Table = [5, 30, 60, 120, 240, 480, 960, 1920, 3600];
/// Waits at Branch, which counts an event when it arrives.
pub const SHORT_BACKOFF: Table = [2, 5, 15, 30, 60, 120, 240, 300, 300];
/// Waits of held events at Braze and Segment.
pub const LONG_HOLD: Table = [900, 1800, 3600, 3600, 3600, 3600, 3600, 3600, 3600];
/// Waits of held events at Branch.
pub const SHORT_HOLD: Table = [60, 120, 240, 300, 300, 300, 300, 300, 300];

/// The longest visibility that is ever set, and the longest delay that SQS takes, in seconds (RD-066, RD-045).
pub const MAX_VISIBILITY_S: u32 = 900;
/// How often a visibility change is tried (RD-042).
pub const VISIBILITY_ATTEMPTS: usize = 2;
/// A time that lies further ahead counts as now, in milliseconds: SQS keeps no message so long (RD-045).
const MAX_NOT_BEFORE_MS: i64 = 12 * 86_400_000;
/// A record that was received so often goes on in a new message: no wait spends the 500 receives of its queue (RD-028).
pub const MAX_RECEIVES: u32 = 100;
/// The longest wait of what there was no time for, in seconds (RD-067).
const MAX_UNSTARTED_S: u32 = 300;
/// Seconds until a park that was not acknowledged is tried again (RD-023).
pub const PARK_FAILED_S: u32 = 60;
/// How long an envelope of a newer version is waited with, in milliseconds from its message's sending (RD-005).
pub const NEWER_VERSION_MS: i64 = 4 * 86_400_000;

/// The wait of a record received `receives` times: half its base to its base, in whole seconds rounded up (RD-062).
pub fn delay(table: &Table, receives: u32, random: &impl Random) -> u32 {
    let place = usize::try_from(receives.max(1) - 1).unwrap_or(usize::MAX);
    let base = table
        .get(place)
        .or(table.last())
        .copied()
        .unwrap_or(MAX_VISIBILITY_S);
    (f64::from(base) * random.between(0.5, 1.0)).ceil() as u32
}

/// Seconds until an event is tried again that was not sent because of something with an end: as long as that lasts, and up to
/// a fifth longer (RD-062).
pub fn until_over(rest_ms: i64, random: &impl Random) -> u32 {
    lengthened(rest_ms.max(1) as f64 / 1000.0, random)
}

/// A destination's `Retry-After` in whole seconds, lengthened by up to a fifth: never earlier than asked (RD-063).
pub fn lengthened(seconds: f64, random: &impl Random) -> u32 {
    (seconds * random.between(1.0, 1.2)).ceil() as u32
}

/// A message's `not_before`, if that time is still ahead and no further than SQS keeps a message.
pub fn ahead(not_before: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    not_before.filter(|at| (1..=MAX_NOT_BEFORE_MS).contains(&at.millis_since(now)))
}

/// Seconds until a park is tried again, or what cannot be opened is looked at again: no wait spends the 500 receives (RD-028).
pub const fn park_failed(receive_count: u32) -> u32 {
    if receive_count <= 5 {
        PARK_FAILED_S
    } else {
        MAX_VISIBILITY_S
    }
}

/// n of the schedule: the receive count, but no more than the tries that the shortest schedule had time for in this age. What
/// came back unsent was received, and not tried (RD-062).
pub fn tries(table: &Table, receives: u32, age_ms: i64) -> u32 {
    let mut begins_ms = 0;
    let had_time = table.iter().take_while(|base| {
        begins_ms += i64::from(**base) * 500;
        begins_ms <= age_ms
    });
    let most = 1 + u32::try_from(had_time.count()).unwrap_or(u32::MAX);
    receives.min(if most > table.len() as u32 { u32::MAX } else { most })
}

/// The outcome of an event that there was no time for: it comes back at once if the invocation has sent something, else ever
/// later, since a visibility of 0 would spend the receives of its message within minutes (RD-067).
pub(crate) fn unstarted(outcome: Outcome, has_sent: bool, receive_count: u32) -> Outcome {
    let class = RetryClass::Unstarted;
    match outcome {
        Outcome::Retry { class: own, .. } if own == class => {
            let doublings = 2_u32.saturating_pow(receive_count.saturating_sub(1));
            let ever_later = 5_u32.saturating_mul(doublings).min(MAX_UNSTARTED_S);
            let after = if has_sent { 0 } else { ever_later };
            Outcome::Retry { after, class }
        }
        other => other,
    }
}

/// Seconds until a time, rounded up.
pub(crate) fn seconds_until(at: Timestamp, now: Timestamp) -> u32 {
    u32::try_from((at.millis_since(now) + 999) / 1000).unwrap_or(u32::MAX)
}

/// Whether an age in milliseconds is longer than a span.
pub(crate) fn is_over(span: Span, age_ms: i64) -> bool {
    age_ms > i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The outcome of an event: parked, if it has failed or was held for too long (SB-572, SEG-071, RD-088). What was held has not
/// failed meanwhile (RD-068). Unusable settings hold for `hold_horizon` at every destination (RI-048), and leave it without
/// `limits`.
pub(crate) fn expire(
    outcome: Outcome,
    head: &Head<'_>,
    now: Timestamp,
    limits: Option<&Limits>,
    hold_horizon: Span,
) -> Outcome {
    let since = match outcome {
        Outcome::Hold(_) => head.counts_from(),
        _ => head.fails_from(),
    };
    let is_over = |horizon: Option<Span>| horizon.is_some_and(|span| is_over(span, now.millis_since(since)));
    match outcome {
        Outcome::Retry {
            class: RetryClass::Transient | RetryClass::RateLimited | RetryClass::BreakerOpen,
            ..
        } if is_over(limits.and_then(|limits| limits.horizon)) => Outcome::Park(ParkReason::Exhausted),
        Outcome::Hold(HoldKind::Config) if is_over(Some(hold_horizon)) => {
            Outcome::Park(ParkReason::HoldExpired)
        }
        Outcome::Hold(_) if is_over(limits.and_then(|limits| limits.hold_horizon)) => {
            Outcome::Park(ParkReason::HoldExpired)
        }
        other => other,
    }
}

/// The seconds that a `Retry-After` asks for: a number, or an HTTP date. Text that is neither counts as absent; so does a
/// negative number.
pub fn parse_retry_after(value: &str, now: Timestamp) -> Option<f64> {
    let value = value.trim();
    if let Some(seconds) = parse_seconds(value) {
        return Some(seconds);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let at = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
    Some(i64::try_from(at).ok()?.saturating_sub(now.millis()) as f64 / 1000.0)
}

/// A number of seconds, digits with an optional fraction.
pub fn parse_seconds(value: &str) -> Option<f64> {
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
    use crate::scripted::envelope_of;
    use event::envelope::Envelope;
    use proptest::prelude::*;
    use surroundings::fake::Chance;

    proptest! {
        #[test]
        fn a_delay_is_half_its_base_to_its_base(receives in 0_u32..100, unit in 0.0..1.0_f64) {
            event::rules!["RD-062"];
            for table in [LONG_BACKOFF, SHORT_BACKOFF, LONG_HOLD, SHORT_HOLD] {
                let base = table[(receives.clamp(1, 9) - 1) as usize];
                let got = delay(&table, receives, &Chance(unit));
                prop_assert!(got >= base.div_ceil(2) && got <= base);
            }
        }

        #[test]
        fn a_retry_after_is_never_undercut(retry_after in 0.0..100_000.0_f64, unit in 0.0..1.0_f64) {
            event::rules!["RD-063"];
            let got = f64::from(lengthened(retry_after, &Chance(unit)));
            prop_assert!(got >= retry_after && got <= (retry_after * 1.2).ceil());
            let got = f64::from(until_over((retry_after * 1000.0) as i64, &Chance(unit)));
            prop_assert!(got >= retry_after.floor().max(1.0) && got <= (retry_after * 1.2).ceil().max(1.0));
        }

        #[test]
        fn no_text_is_a_negative_number_of_seconds(text in "\\PC{0,20}") {
            prop_assert!(parse_seconds(&text).is_none_or(|seconds| seconds >= 0.0));
            // Only an HTTP date may lie in the past.
            let at = parse_retry_after(&text, Timestamp::from_millis(0));
            prop_assert!(at.is_none_or(|seconds| seconds >= 0.0 || text.contains("GMT")));
        }
    }

    #[test]
    fn a_schedule_counts_no_more_tries_than_it_had_time_for() {
        event::rules!["RD-062"];
        let begins_s = [2.5, 17.5, 47.5, 107.5, 227.5, 467.5, 947.5, 1907.5];
        for (n, begins_s) in (2..).zip(begins_s) {
            let begins_ms = (begins_s * 1000.0) as i64;
            assert_eq!(tries(&LONG_BACKOFF, 40, begins_ms - 1), n - 1);
            assert_eq!(tries(&LONG_BACKOFF, n, begins_ms), n);
            assert_eq!(
                tries(&LONG_BACKOFF, 1, begins_ms),
                1,
                "no more than were received"
            );
        }
    }

    #[test]
    fn what_there_was_no_time_for_comes_back_ever_later() {
        event::rules!["RD-067"];
        let of = |class| Outcome::Retry { after: 7, class };
        for (receives, after) in [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (100, 300)] {
            for (has_sent, after) in [(false, after), (true, 0)] {
                let class = RetryClass::Unstarted;
                assert_eq!(
                    unstarted(of(class), has_sent, receives),
                    Outcome::Retry { after, class }
                );
            }
        }
        assert_eq!(
            unstarted(of(RetryClass::Transient), true, 1),
            of(RetryClass::Transient)
        );
    }

    #[test]
    fn a_failing_group_gives_up_at_the_horizon_and_a_held_one_later() {
        event::rules![
            "RD-068", "RD-070", "RD-088", "SB-572", "SEG-071", "SEG-072", "SR-343"
        ];
        let day_ms = 86_400_000;
        let span = |days: u64| Some(Span::seconds(days * 86_400));
        let of = |horizon, hold_horizon| Limits {
            timeout_ms: 1,
            concurrency: 1,
            requests_per_second: None,
            horizon,
            hold_horizon,
        };
        let (long, branch) = (of(span(4), span(10)), of(None, None));
        let body = envelope_of("fails");
        let envelope = Envelope::open(&body).unwrap();
        let expire_of = |outcome, held_at, age_ms, limits| {
            let head = Head {
                held_at,
                ..envelope.head.clone()
            };
            let now = head.first_received_at.plus_millis(age_ms);
            expire(outcome, &head, now, Some(limits), Span::seconds(10 * 86_400))
        };
        let expire = |outcome, age_ms, limits| expire_of(outcome, None, age_ms, limits);
        let retry = |class| Outcome::Retry { after: 60, class };
        for class in [
            RetryClass::Transient,
            RetryClass::RateLimited,
            RetryClass::BreakerOpen,
        ] {
            let exhausted = Outcome::Park(ParkReason::Exhausted);
            assert_eq!(expire(retry(class), 4 * day_ms, &long), retry(class));
            assert_eq!(expire(retry(class), 4 * day_ms + 1, &long), exhausted);
            assert_eq!(expire(retry(class), 90 * day_ms, &branch), retry(class));
            // What was held until the fifth day may fail for four days from then on.
            let held_at = Some(envelope.head.first_received_at.plus_millis(5 * day_ms));
            let after_hold = |age_ms| expire_of(retry(class), held_at, age_ms, &long);
            assert_eq!(after_hold(9 * day_ms), retry(class));
            assert_eq!(after_hold(9 * day_ms + 1), exhausted);
        }
        let unstarted = retry(RetryClass::Unstarted);
        assert_eq!(expire(unstarted, 90 * day_ms, &long), unstarted);
        let held = Outcome::Hold(event::reasons::HoldKind::Credentials);
        let expired = Outcome::Park(ParkReason::HoldExpired);
        assert_eq!(expire(held, 10 * day_ms, &long), held);
        assert_eq!(expire(held, 10 * day_ms + 1, &long), expired);
        assert_eq!(expire(held, 90 * day_ms, &branch), held);
    }

    #[test]
    fn seconds_and_dates_are_read() {
        event::rules!["RD-063"];
        let now = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
        assert_eq!(parse_retry_after(" 120 ", now), Some(120.0));
        assert_eq!(parse_retry_after("1.5", now), Some(1.5));
        assert_eq!(
            parse_retry_after("Sun, 01 Mar 2026 12:02:00 GMT", now),
            Some(120.0)
        );
        assert_eq!(
            parse_retry_after("Sun, 01 Mar 2026 11:59:00 GMT", now),
            Some(-60.0)
        );
        for bad in ["", "-5", "soon", "1e9", "0x10", "inf", "1.2.3"] {
            assert_eq!(parse_retry_after(bad, now), None, "{bad}");
        }
    }
}
