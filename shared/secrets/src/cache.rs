//! The secret in memory: how long it is fresh, when it is fetched again, how long it serves while Secrets Manager is away.

use crate::{Malformed, SecretContent, SecretReport, Secrets};
use event::ports::CallFailed;
use event::{Clock, Random, Timestamp};
use futures_util::future::{Either, select};
use futures_util::lock::Mutex;
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

/// How long a fetched value is fresh, before its jitter (RS-010).
const FRESH_MS: f64 = 300_000.0;
const JITTER: (f64, f64) = (0.8, 1.2);
/// From which part of that time on a receiver fetches again beside its work (RS-011).
const REFRESH_FROM: f64 = 0.8;
/// How long a value serves while Secrets Manager is away (RS-012).
const STALE_MS: i64 = 24 * 3600 * 1000;
/// How long a failed fetch of a value past its time is not repeated (RS-012).
const RETRY_MS: i64 = 30_000;
/// A value whose fetch began less than this ago may refuse a credential; a forced fetch begins at most once in this time
/// (RC-035, RS-014).
const RECENT_MS: i64 = 10_000;
/// Attempts of a forced fetch, each over a connection of its own: the first one may meet a network that a frozen container
/// has lost (RS-014).
const FORCED_ATTEMPTS: u64 = 2;
/// What Secrets Manager answers for a secret that nobody has stored a value in (RS-015).
const NO_VALUE_CODE: &str = "ResourceNotFoundException";

/// The secret of a function.
pub struct SecretCache<S, C, R, T> {
    source: S,
    clock: C,
    random: R,
    held: RefCell<Option<Held<T>>>,
    /// When the last fetch began, if it has not succeeded.
    failed_at: Cell<Option<Timestamp>>,
    failures: RefCell<Vec<FetchFailure>>,
    /// Whether the value was used since the last report.
    was_used: Cell<bool>,
    /// When the last forced fetch began.
    forced_at: Cell<Option<Timestamp>>,
    /// Held by the forced fetch that is in flight: who asks meanwhile waits for what it gives.
    forced: Mutex<()>,
}

struct Held<T> {
    value: Rc<T>,
    /// `None` for the value of a secret that holds nothing yet.
    text: Option<telemetry::Secret>,
    fetch_began_at: Timestamp,
    fetched_at: Timestamp,
    fresh_for_ms: i64,
}

/// Why a fetch gave no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchFailure {
    /// Secrets Manager did not answer, or refused.
    Call(CallFailed),
    /// The caller's time was up first.
    TimedOut,
    /// The value is not of the documented form: a person has to store it again.
    Malformed(Malformed),
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
    /// The value in memory was fetched less than 10 s ago: what it refuses may be refused.
    Recent,
    /// The value in memory is older, and there is no newer one to be had.
    Failed,
}

impl<S: Secrets, C: Clock, R: Random, T: SecretContent> SecretCache<S, C, R, T> {
    /// A cache without a value.
    pub fn new(source: S, clock: C, random: R) -> Self {
        Self {
            source,
            clock,
            random,
            held: RefCell::new(None),
            failed_at: Cell::new(None),
            failures: RefCell::new(Vec::new()),
            was_used: Cell::new(false),
            forced_at: Cell::new(None),
            forced: Mutex::new(()),
        }
    }

    /// The value to use now: fetched again if it is past its time; the older one, up to 24 hours, if that fails; `None` if
    /// there is none.
    pub async fn current(&self) -> Option<Rc<T>> {
        let now = self.clock.now();
        let is_fresh = |held: &Held<T>| now.millis_since(held.fetched_at) < held.fresh_for_ms;
        let (has_value, fresh) = {
            let held = self.held.borrow();
            (held.is_some(), held.as_ref().is_some_and(is_fresh))
        };
        let has_just_failed = has_value && self.failed_within(RETRY_MS);
        if !fresh && !has_just_failed {
            self.refresh().await;
        }
        self.usable()
    }

    /// The value in memory, up to 24 hours old, without a fetch.
    pub fn usable(&self) -> Option<Rc<T>> {
        self.was_used.set(true);
        let now = self.clock.now();
        let held = self.held.borrow();
        held.as_ref()
            .filter(|held| now.millis_since(held.fetched_at) < STALE_MS)
            .map(|held| Rc::clone(&held.value))
    }

    /// Whether the value is so near its time that it should be fetched beside other work.
    pub fn wants_refresh(&self) -> bool {
        let now = self.clock.now();
        let near = |held: &Held<T>| {
            now.millis_since(held.fetched_at) as f64 >= held.fresh_for_ms as f64 * REFRESH_FROM
        };
        !self.failed_within(RETRY_MS) && self.held.borrow().as_ref().is_some_and(near)
    }

    /// Fetches the value over a pooled connection, which is no use of it. A failure leaves the older one in use.
    pub async fn refresh(&self) {
        let began = self.begin();
        self.end(began, self.source.fetch().await);
    }

    /// The value as it is now; `None` if it cannot be fetched.
    pub async fn fetch_now(&self) -> Option<Rc<T>> {
        let began = self.begin();
        self.end(began, self.source.fetch().await)?;
        self.usable()
    }

    /// Fetches the value because it refuses a credential: not if its own fetch began less than 10 s ago (RC-035), nor if one
    /// that failed did (RC-036).
    pub async fn renew_unless_recent(&self, within_ms: u64) -> Renewal<T> {
        let _alone = self.forced.lock().await;
        if self.is_recent() {
            Renewal::Recent
        } else if self.failed_within(RECENT_MS) {
            Renewal::Failed
        } else {
            self.force(within_ms).await
        }
    }

    /// Fetches the value because a destination refuses it: not if the last such fetch began less than 10 s ago (RS-014).
    pub async fn renew(&self, within_ms: u64) -> Renewal<T> {
        let _alone = self.forced.lock().await;
        match self.clock.now() < self.next_forced_fetch() {
            true if self.is_recent() => Renewal::Recent,
            true => Renewal::Failed,
            false => self.force(within_ms).await,
        }
    }

    /// From when on [`Self::renew`] fetches again.
    pub fn next_forced_fetch(&self) -> Timestamp {
        let last = self.forced_at.get();
        last.map_or(Timestamp::from_millis(0), |at| at.plus_millis(RECENT_MS))
    }

    /// Whether the fetch of the value in memory began less than 10 s ago.
    fn is_recent(&self) -> bool {
        let now = self.clock.now();
        let is_recent = |held: &Held<T>| (0..RECENT_MS).contains(&now.millis_since(held.fetch_began_at));
        self.held.borrow().as_ref().is_some_and(is_recent)
    }

    /// Two attempts over fresh connections, which share `within_ms` (RS-014).
    async fn force(&self, within_ms: u64) -> Renewal<T> {
        let began = self.begin();
        self.forced_at.set(Some(began));
        for attempt in 1..=FORCED_ATTEMPTS {
            let fetch = pin!(self.source.fetch_over_new_connection());
            let time_up = pin!(self.clock.sleep(within_ms / FORCED_ATTEMPTS));
            match select(fetch, time_up).await {
                Either::Left((fetched, _)) if fetched.is_ok() || attempt == FORCED_ATTEMPTS => {
                    let Some(changed) = self.end(began, fetched) else {
                        break;
                    };
                    return self
                        .usable()
                        .map_or(Renewal::Failed, |value| Renewal::Fetched { value, changed });
                }
                _ => {}
            }
        }
        Renewal::Failed
    }

    /// What is to be said since this was last asked: the age of the value if it was used, and why fetches have failed.
    pub fn take_report(&self) -> SecretReport {
        let was_used = self.was_used.take();
        SecretReport {
            age_s: self.age_s().filter(|_| was_used),
            failures: self.failures.take(),
        }
    }

    /// Seconds since the value in memory was fetched.
    fn age_s(&self) -> Option<i64> {
        let now = self.clock.now();
        self.held
            .borrow()
            .as_ref()
            .map(|held| now.millis_since(held.fetched_at) / 1000)
    }

    /// Whether a fetch that began since this time ago has given no value.
    fn failed_within(&self, millis: i64) -> bool {
        let now = self.clock.now();
        self.failed_at
            .get()
            .is_some_and(|at| now.millis_since(at) < millis)
    }

    /// Notes that a fetch has begun. It counts as failed until it ends: a caller that waits no longer drops it.
    fn begin(&self) -> Timestamp {
        let now = self.clock.now();
        self.failed_at.set(Some(now));
        self.failures.borrow_mut().push(FetchFailure::TimedOut);
        now
    }

    /// Takes what a fetch gave: `Some(changed)` if that is a value.
    fn end(&self, began: Timestamp, fetched: Result<telemetry::Secret, CallFailed>) -> Option<bool> {
        let parsed = match fetched {
            Ok(text) => text.lend(T::parse).map(|value| (value, Some(text))),
            Err(failed) if failed.code == NO_VALUE_CODE && self.holds_nothing() => {
                T::parse("").map(|value| (value, None))
            }
            Err(failed) => return self.fail(FetchFailure::Call(failed)),
        };
        let (value, text) = match parsed {
            Ok(parsed) => parsed,
            Err(malformed) => return self.fail(FetchFailure::Malformed(malformed)),
        };
        self.failures.borrow_mut().pop();
        self.failed_at.set(None);
        let held = Held {
            value: Rc::new(value),
            text,
            fetch_began_at: began,
            fetched_at: self.clock.now(),
            fresh_for_ms: (FRESH_MS * self.random.between(JITTER.0, JITTER.1)) as i64,
        };
        let before = self.held.borrow_mut().replace(held);
        let after = self.held.borrow();
        let texts = before.as_ref().zip(after.as_ref());
        Some(!texts.is_some_and(|(before, after)| before.has_text_of(after)))
    }

    fn fail(&self, failure: FetchFailure) -> Option<bool> {
        let mut failures = self.failures.borrow_mut();
        failures.pop();
        failures.push(failure);
        None
    }

    /// Whether no value was ever stored, as far as this container has seen.
    fn holds_nothing(&self) -> bool {
        self.held.borrow().as_ref().is_none_or(|held| held.text.is_none())
    }
}

impl<T> Held<T> {
    fn has_text_of(&self, other: &Self) -> bool {
        match (&self.text, &other.text) {
            (Some(own), Some(other)) => own.lend(|own| other.lend(|other| own == other)),
            (own, other) => own.is_none() && other.is_none(),
        }
    }
}

#[cfg(test)]
mod tests;
