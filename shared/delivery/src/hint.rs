//! A destination's request to be left alone for a while; it outlives the invocation that was told of it.

use event::reasons::RetryClass;
use event::{Outcome, Timestamp};
use std::cell::Cell;

/// Until when no request is started.
#[derive(Default)]
pub struct RunningHint(Cell<Option<Timestamp>>);

impl RunningHint {
    /// No request is started before this; a later end that is known already stays.
    pub fn runs_until(&self, until: Timestamp) {
        self.0.set(self.0.get().max(Some(until)));
    }

    /// What becomes of an event that would be sent now; `None` if nothing is in its way.
    pub fn outcome(&self, now: Timestamp) -> Option<Outcome> {
        let rest_ms = self.0.get()?.millis_since(now);
        (rest_ms > 0).then(|| Outcome::Retry {
            after: u32::try_from(rest_ms.saturating_add(999) / 1000).unwrap_or(u32::MAX),
            class: RetryClass::RateLimited,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sr_342_seg_084_of_two_hints_the_later_end_counts_and_the_rest_is_rounded_up() {
        let at = Timestamp::from_millis;
        let hint = RunningHint::default();
        assert_eq!(hint.outcome(at(0)), None);
        hint.runs_until(at(30_000));
        hint.runs_until(at(2_000));
        let rest = |now| match hint.outcome(at(now)) {
            Some(Outcome::Retry {
                after,
                class: RetryClass::RateLimited,
            }) => Some(after),
            None => None,
            Some(other) => panic!("{other:?}"),
        };
        assert_eq!(rest(0), Some(30));
        assert_eq!(rest(28_999), Some(2));
        assert_eq!(rest(29_999), Some(1));
        assert_eq!(rest(30_000), None);
    }
}
