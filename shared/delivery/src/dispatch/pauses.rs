//! Whether a request may start now, by what earlier ones have learned. It lives as long as the container.

use super::breaker::{Breaker, Gate};
use super::token_bucket::TokenBucket;
use crate::backoff::until_over;
use crate::destination::Destination;
use event::reasons::{HoldKind, RetryClass};
use event::{Outcome, Random, Timestamp};
use std::cell::RefCell;
use std::collections::HashMap;

/// Not started: there was no time left.
pub(super) const UNSTARTED: Outcome = Outcome::Retry {
    after: 0,
    class: RetryClass::Unstarted,
};

/// What keeps a request from being sent now.
pub(super) enum Obstacle {
    /// Nothing before this instant; the invocation may wait for it.
    Until(Timestamp, Outcome),
    /// Nothing in this invocation: it gets this outcome.
    Ends(Outcome),
}

/// Until when the requests of a group must not be sent.
#[derive(Clone, Copy)]
pub(super) struct RateLimitPause {
    pub until: Timestamp,
    /// Whether an invocation that has the time may wait for it: the limit is spent, but nothing was refused.
    pub may_be_waited_for: bool,
}

/// What is known of a destination by what it answered.
pub(super) struct Pauses<D: Destination> {
    breakers: RefCell<HashMap<D::BreakerGroup, Breaker>>,
    pauses: RefCell<HashMap<D::PauseGroup, RateLimitPause>>,
    bucket: Option<TokenBucket>,
}

impl<D: Destination> Pauses<D> {
    /// Nothing is known yet.
    pub(super) fn new(requests_per_second: Option<u32>) -> Self {
        Self {
            breakers: RefCell::default(),
            pauses: RefCell::default(),
            bucket: requests_per_second.map(TokenBucket::new),
        }
    }

    /// Whether any breaker is open.
    pub(super) fn has_open_breaker(&self) -> bool {
        self.breakers.borrow().values().any(Breaker::is_open)
    }

    /// Whether the breaker of this group is open.
    pub(super) fn is_open(&self, group: &D::BreakerGroup) -> bool {
        self.breakers.borrow().get(group).is_some_and(Breaker::is_open)
    }

    /// Whether a group waits for another key than this one.
    pub(super) fn is_held_for_key(&self, group: &D::BreakerGroup, key: u64, now: Timestamp) -> bool {
        let breakers = self.breakers.borrow();
        let gate = breakers.get(group).map(|breaker| breaker.gate(now, key));
        gate == Some(Gate::Held(HoldKind::Credentials))
    }

    /// What keeps a request with this key from starting; with nothing in its way it has started.
    pub(super) fn start(
        &self,
        group: D::BreakerGroup,
        pause_group: &D::PauseGroup,
        key: u64,
        now: Timestamp,
        random: &impl Random,
    ) -> Result<(), Obstacle> {
        let retry = |then: Timestamp, class| Outcome::Retry {
            after: until_over(then.millis_since(now), random),
            class,
        };
        let mut breakers = self.breakers.borrow_mut();
        let breaker = breakers.entry(group).or_default();
        let gate = breaker.gate(now, key);
        if let Gate::Held(kind) = gate {
            return Err(Obstacle::Ends(Outcome::Hold(kind)));
        }
        let pause = self.pauses.borrow().get(pause_group).copied();
        if let Some(pause) = pause.filter(|pause| pause.until > now) {
            let outcome = retry(pause.until, RetryClass::RateLimited);
            return Err(if pause.may_be_waited_for {
                Obstacle::Until(pause.until, outcome)
            } else {
                Obstacle::Ends(outcome)
            });
        }
        match gate {
            Gate::Open(then) => return Err(Obstacle::Ends(retry(then, RetryClass::BreakerOpen))),
            Gate::Ramp(then) => return Err(Obstacle::Until(then, retry(then, RetryClass::BreakerOpen))),
            Gate::Pass | Gate::Held(_) => {}
        }
        if let Some(bucket) = &self.bucket
            && let Err(wait_ms) = bucket.take(now)
        {
            return Err(Obstacle::Until(now.plus_millis(wait_ms.cast_signed()), UNSTARTED));
        }
        breaker.start(now);
        Ok(())
    }

    /// The breaker of a group learns what came of a request.
    pub(super) fn learn(&self, group: D::BreakerGroup, learn: impl FnOnce(&mut Breaker)) {
        learn(self.breakers.borrow_mut().entry(group).or_default());
    }

    /// The rate limit of a group is spent; a longer pause that runs stays (SR-342, SEG-084).
    pub(super) fn pause(&self, group: D::PauseGroup, pause: RateLimitPause) {
        let mut pauses = self.pauses.borrow_mut();
        let kept = pauses.entry(group).or_insert(pause);
        if pause.until >= kept.until {
            *kept = pause;
        }
    }
}
