//! How many requests are started a second in one container (SR-310).

use event::Timestamp;
use std::cell::Cell;

/// A token, in thousandths.
const TOKEN: i64 = 1000;

/// A token bucket that holds the tokens of one second.
pub(super) struct TokenBucket {
    per_second: i64,
    /// Thousandths of tokens that are saved up, and when they were counted.
    saved: Cell<(i64, Timestamp)>,
}

impl TokenBucket {
    /// A full bucket.
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = i64::from(per_second.max(1));
        Self {
            per_second,
            saved: Cell::new((per_second * TOKEN, Timestamp::from_millis(0))),
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// Milliseconds until there is one, if there is none.
    pub(super) fn take(&self, now: Timestamp) -> Result<(), u64> {
        let (saved, at) = self.saved.get();
        let gained = now.millis_since(at).max(0).saturating_mul(self.per_second);
        let saved = saved.saturating_add(gained).min(self.per_second * TOKEN);
        let left = saved - TOKEN;
        if left >= 0 {
            self.saved.set((left, now));
            return Ok(());
        }
        self.saved.set((saved, now));
        Err((left.unsigned_abs()).div_ceil(self.per_second.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_more_starts_than_the_rate_and_each_wait_ends_in_one(
            per_second in 1_u32..=1000,
            steps in prop::collection::vec(0_i64..400, 1..200),
        ) {
            event::rules!["SR-310"];
            let bucket = TokenBucket::new(per_second);
            let mut now = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
            let mut starts: Vec<Timestamp> = Vec::new();
            for step in steps {
                now = now.plus_millis(step);
                match bucket.take(now) {
                    Ok(()) => starts.push(now),
                    Err(wait) => {
                        prop_assert!(wait >= 1);
                        now = now.plus_millis(wait.cast_signed());
                        prop_assert_eq!(bucket.take(now), Ok(()));
                        starts.push(now);
                    }
                }
            }
            for (first, start) in starts.iter().enumerate() {
                let within = |ms: i64| starts[first..].iter().filter(|other| other.millis_since(*start) <= ms).count() as i64;
                for ms in [0, 100, 1000, 10_000] {
                    // What was saved up, and what the time has brought since.
                    prop_assert!(within(ms) <= i64::from(per_second) + ms * i64::from(per_second) / 1000 + 1);
                }
            }
        }
    }
}
