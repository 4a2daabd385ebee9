//! The secret in memory: how long it is fresh, when it is fetched anew, how long it serves while nobody can be asked.

use crate::{SecretContent, Secrets};
use event::{Clock, Random, Timestamp};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How long a fetched value is fresh, before its jitter (RS-010).
const FRESH_MS: f64 = 300_000.0;
/// The jitter on it.
const JITTER: (f64, f64) = (0.8, 1.2);
/// From which part of that time on a receiver fetches anew beside its work (RS-011).
const AHEAD: f64 = 0.8;
/// How long a value serves while Secrets Manager is away (RS-012).
const STALE_MS: i64 = 24 * 3600 * 1000;
/// How long a failed fetch of a value past its time is not repeated (RS-012).
const RETRY_MS: i64 = 30_000;
/// Milliseconds until one more forced fetch is allowed (RS-014).
const FORCED_EVERY_MS: i64 = 30_000;
/// How many of these are saved up at most: two fetches.
const FORCED_MOST_MS: i64 = 2 * FORCED_EVERY_MS;

/// The secret of a function.
pub struct SecretCache<S, C, R, T> {
    source: S,
    clock: C,
    random: R,
    held: RefCell<Option<Held<T>>>,
    last_try: Cell<Option<Timestamp>>,
    forced: Cell<(i64, Timestamp)>,
    failures: Cell<u64>,
}

struct Held<T> {
    value: Rc<T>,
    text: telemetry::Secret,
    fetched_at: Timestamp,
    fresh_for_ms: i64,
}

/// What a forced fetch gave.
pub enum Renewal<T> {
    /// The value, and whether it differs from the one before.
    Fetched {
        /// The value now.
        value: Rc<T>,
        /// Whether it differs from the one before.
        changed: bool,
    },
    /// Too many forced fetches of late; the value before still counts.
    Limited,
    /// Secrets Manager cannot be asked.
    Failed,
}

impl<S: Secrets, C: Clock, R: Random, T: SecretContent> SecretCache<S, C, R, T> {
    /// A cache without a value.
    pub fn new(source: S, clock: C, random: R) -> Self {
        let now = clock.now();
        Self {
            source,
            clock,
            random,
            held: RefCell::new(None),
            last_try: Cell::new(None),
            forced: Cell::new((FORCED_MOST_MS, now)),
            failures: Cell::new(0),
        }
    }

    /// The value to use now: fetched anew if it is past its time; the older one, up to 24 hours, if that fails; `None` if
    /// there is none.
    pub async fn current(&self) -> Option<Rc<T>> {
        let now = self.clock.now();
        let past_time = match self.held.borrow().as_ref() {
            Some(held) => now.millis_since(held.fetched_at) >= held.fresh_for_ms,
            None => true,
        };
        let has_value = self.held.borrow().is_some();
        let tried = self
            .last_try
            .get()
            .is_some_and(|at| now.millis_since(at) < RETRY_MS);
        if past_time && !(has_value && tried) {
            self.fetch().await;
        }
        self.usable()
    }

    /// The value in memory, however old it is up to 24 hours, without asking anybody.
    pub fn usable(&self) -> Option<Rc<T>> {
        let now = self.clock.now();
        let held = self.held.borrow();
        held.as_ref()
            .filter(|held| now.millis_since(held.fetched_at) < STALE_MS)
            .map(|held| Rc::clone(&held.value))
    }

    /// Whether the value is so near its time that it should be fetched beside other work.
    pub fn wants_refresh(&self) -> bool {
        let now = self.clock.now();
        let tried = self
            .last_try
            .get()
            .is_some_and(|at| now.millis_since(at) < RETRY_MS);
        let near =
            |held: &Held<T>| now.millis_since(held.fetched_at) as f64 >= held.fresh_for_ms as f64 * AHEAD;
        !tried && self.held.borrow().as_ref().is_some_and(near)
    }

    /// Fetches the value beside other work. A failure leaves the older one in use.
    pub async fn refresh(&self) {
        self.fetch().await;
    }

    /// Fetches the value because it does not match what is seen, at most twice and then once every 30 seconds.
    pub async fn renew(&self) -> Renewal<T> {
        if !self.take_forced() {
            return Renewal::Limited;
        }
        match self.fetch().await {
            Some(changed) => match self.usable() {
                Some(value) => Renewal::Fetched { value, changed },
                None => Renewal::Failed,
            },
            None => Renewal::Failed,
        }
    }

    /// Seconds since the value in use was fetched.
    pub fn age_s(&self) -> Option<i64> {
        let now = self.clock.now();
        self.held
            .borrow()
            .as_ref()
            .map(|held| now.millis_since(held.fetched_at) / 1000)
    }

    /// How many fetches have failed since this was last asked.
    pub fn take_failures(&self) -> u64 {
        self.failures.take()
    }

    fn take_forced(&self) -> bool {
        let now = self.clock.now();
        let (saved, at) = self.forced.get();
        let saved = (saved + now.millis_since(at).max(0)).min(FORCED_MOST_MS);
        let allowed = saved >= FORCED_EVERY_MS;
        self.forced
            .set((if allowed { saved - FORCED_EVERY_MS } else { saved }, now));
        allowed
    }

    /// `Some(changed)` if a value was fetched.
    async fn fetch(&self) -> Option<bool> {
        self.last_try.set(Some(self.clock.now()));
        // Counted ahead: who waits no longer drops the fetch here, and that has failed too.
        let failures = self.failures.get();
        self.failures.set(failures + 1);
        let text = self.source.fetch().await.ok()?;
        let value = text.lend(T::parse).ok()?;
        self.failures.set(failures);
        let fresh_for_ms = (FRESH_MS * self.random.between(JITTER.0, JITTER.1)) as i64;
        let fetched_at = self.clock.now();
        self.last_try.set(None);
        let held = Held {
            value: Rc::new(value),
            text,
            fetched_at,
            fresh_for_ms,
        };
        let before = self.held.borrow_mut().replace(held);
        let after = self.held.borrow();
        let same = |before: &Held<T>, after: &Held<T>| before.text.lend(|a| after.text.lend(|b| a == b));
        Some(
            !before
                .zip(after.as_ref())
                .is_some_and(|(before, after)| same(&before, after)),
        )
    }
}

#[cfg(test)]
mod tests;
