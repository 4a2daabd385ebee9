//! Rate limits that a destination has announced; they outlive the invocation that was told of them.

use event::Timestamp;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

/// Until when a group of requests must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateLimitPause {
    /// Its end.
    pub until: Timestamp,
    /// Whether an invocation that has the time may wait for it: the limit is spent, but nothing was refused.
    pub may_be_waited_for: bool,
}

/// The pauses that run, by group.
pub(super) struct Pauses<G>(RefCell<HashMap<G, RateLimitPause>>);

impl<G> Default for Pauses<G> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<G: Eq + Hash> Pauses<G> {
    /// The pause of a group, if one runs.
    pub(super) fn running(&self, group: &G, now: Timestamp) -> Option<RateLimitPause> {
        let pauses = self.0.borrow();
        pauses.get(group).copied().filter(|pause| pause.until > now)
    }

    /// Pauses a group; a longer pause that runs stays.
    pub(super) fn set(&self, group: G, pause: RateLimitPause) {
        let mut pauses = self.0.borrow_mut();
        let kept = pauses.entry(group).or_insert(pause);
        if pause.until >= kept.until {
            *kept = pause;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_pauses_the_later_end_counts() {
        event::rules!["SR-342", "SEG-084"];
        let at = Timestamp::from_millis;
        let pauses = Pauses::default();
        assert_eq!(pauses.running(&"a", at(0)), None);
        for until in [30_000, 2_000] {
            let pause = RateLimitPause {
                until: at(until),
                may_be_waited_for: false,
            };
            pauses.set("a", pause);
        }
        assert_eq!(pauses.running(&"a", at(29_999)).unwrap().until, at(30_000));
        assert_eq!(pauses.running(&"a", at(30_000)), None);
        assert_eq!(pauses.running(&"b", at(0)), None);
    }
}
