//! The one loop of every delivery: plan the batches, send each, read the response, and note what became of every item.

mod breaker;
mod ledger;
mod pauses;
mod send;
mod token_bucket;
mod user_order;

use crate::backoff::{self, delay};
use crate::batch::PlannedCall;
use crate::destination::{Ambiguous, BatchOf, Destination, Plan, Reading};
use crate::http::{NoResponse, Response};
use crate::job::{Context, DelivererSurroundings, DeliveryResult, Job, Owner};
use breaker::{Breaker, Gate};
use event::reasons::{HoldKind, ParkReason, RetryClass};
use event::{Clock, Outcome, Timestamp};
use futures_util::FutureExt;
use futures_util::lock::{Mutex, MutexGuard};
use ledger::Ledger;
use pauses::{Pauses, RateLimitPause};
use secrets::{Renewal, SecretCache};
use send::{SendResult, send};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use surroundings::Surroundings;
use token_bucket::TokenBucket;
use user_order::{WaitingUsers, in_flight};

pub(crate) use send::detail;

/// Milliseconds that a forced fetch of the keys may take, both attempts together (RS-014).
const FORCED_FETCH_MS: u64 = 4000;

/// The keys of a destination, in memory.
pub(crate) type Keys<D, S> = SecretCache<
    <S as Surroundings>::Secrets,
    <S as Surroundings>::Clock,
    <S as Surroundings>::Random,
    <D as Destination>::Keys,
>;

/// Not started: there was no time left.
const UNSTARTED: Outcome = Outcome::Retry {
    after: 0,
    class: RetryClass::Unstarted,
};

type CallOf<D> = PlannedCall<<D as Destination>::Target, <D as Destination>::Item>;

/// Sends to one destination. It lives as long as the container, so that what it learns holds for later invocations too.
pub(crate) struct Dispatcher<D: Destination, S: DelivererSurroundings> {
    pub(crate) destination: D,
    pub(crate) keys: Keys<D, S>,
    pauses: Pauses<D::PauseGroup>,
    breakers: RefCell<HashMap<D::Lane, Breaker>>,
    /// Tells keys apart without keeping them.
    hasher: RandomState,
    bucket: Option<TokenBucket>,
}

impl<D: Destination, S: DelivererSurroundings> Dispatcher<D, S> {
    /// A dispatcher that has learned nothing yet.
    pub(crate) fn new(destination: D, keys: Keys<D, S>) -> Self {
        Self {
            bucket: destination.limits().requests_per_second.map(TokenBucket::new),
            destination,
            keys,
            pauses: Pauses::default(),
            breakers: RefCell::default(),
            hasher: RandomState::new(),
        }
    }

    /// Whether a lane is left alone.
    pub(crate) fn has_open_breaker(&self) -> bool {
        self.breakers.borrow().values().any(Breaker::is_open)
    }

    /// Delivers all jobs of one invocation and gives each exactly one result, in the order of the jobs.
    pub(crate) async fn deliver(
        &self,
        jobs: Vec<Job<D::Call>>,
        context: &Context<'_, S>,
    ) -> Vec<DeliveryResult> {
        let keys = self.keys.current().await;
        let ledgers: Vec<Ledger> = jobs.iter().map(Ledger::new::<D>).collect();
        let facts = jobs.iter().map(|job| (job.record, job.tries)).collect();
        let is_open = |owner: Owner| {
            let ledger = ledgers.get(owner.job);
            ledger.is_some_and(|ledger| !ledger.is_accepted(owner.position))
        };
        let planned = catch_unwind(AssertUnwindSafe(|| {
            self.destination.plan(jobs, keys.as_deref(), is_open)
        }));
        let run = Run {
            dispatcher: self,
            context,
            keys: RefCell::new(keys),
            facts,
            ledgers: RefCell::new(ledgers),
            has_asked: Cell::new(false),
            waiting: RefCell::new(WaitingUsers::new(D::USER_ORDER)),
            renewing: Mutex::new(()),
            probing: Mutex::new(()),
        };
        match planned {
            Ok(plan) => run.all(plan).await,
            Err(_) => run.unplanned(),
        }
        let only_warns = self.destination.only_warns_of_refused_items();
        let ledgers = run.ledgers.into_inner().into_iter();
        ledgers.map(|ledger| ledger.result(only_warns)).collect()
    }
}

/// What the requests of one invocation share.
struct Run<'r, D: Destination, S: DelivererSurroundings> {
    dispatcher: &'r Dispatcher<D, S>,
    context: &'r Context<'r, S>,
    /// `None` if the secret cannot be read.
    keys: RefCell<Option<Rc<D::Keys>>>,
    /// By job: its record, and n of the schedule.
    facts: Vec<(usize, u32)>,
    ledgers: RefCell<Vec<Ledger>>,
    /// Whether it has been asked for other keys because of a held lane.
    has_asked: Cell<bool>,
    waiting: RefCell<WaitingUsers>,
    renewing: Mutex<()>,
    probing: Mutex<()>,
}

/// What is to be done with a batch that was sent.
enum Next {
    /// Every item has its outcome.
    Done,
    /// It is sent once more: with other keys, or planned again.
    Again,
    /// Its halves are sent.
    Halve,
}

/// What keeps a batch from being sent now.
enum Obstacle {
    /// Nothing before this instant; waiting for it is allowed.
    Until(Timestamp, Outcome),
    /// It gets this outcome.
    Unsent(Outcome),
}

impl<D: Destination, S: DelivererSurroundings> Run<'_, D, S> {
    async fn all(&self, plan: Plan<BatchOf<D>>) {
        for (owner, outcome) in plan.unsent {
            self.note(&[owner], |ledger, position| {
                ledger.settle(position, outcome, None)
            });
        }
        let with_users = |batch: BatchOf<D>| {
            let users = batch.calls.iter().flat_map(PlannedCall::users);
            (users.cloned().collect(), batch)
        };
        let batches = plan.batches.into_iter().map(with_users).collect();
        let concurrency = self.dispatcher.destination.limits().concurrency;
        in_flight(batches, concurrency, |batch| self.batch(batch)).await;
    }

    /// Nothing could be planned: every event is tried again (RD-011).
    fn unplanned(&self) {
        self.context.counts.panicked();
        for (job, ledger) in self.ledgers.borrow_mut().iter_mut().enumerate() {
            let class = RetryClass::Transient;
            let after = self.backoff(job, class, None);
            ledger.settle_rest(Outcome::Retry { after, class });
        }
    }

    /// Sends a batch, and all that it is parted into, first part first.
    async fn batch(&self, batch: BatchOf<D>) {
        let mut parts = vec![(batch, false)];
        while let Some((part, renewed)) = parts.pop() {
            let planned = self.dispatcher.destination.replan(part);
            parts.extend(planned.into_iter().rev().map(|part| (part, renewed)));
            let Some((part, _)) = parts.pop() else { return };
            let _probing = self.probing(&part).await;
            let Some(part) = self.startable(part).await else {
                continue;
            };
            // A panic harms the events of this request alone (RD-011).
            let sent = AssertUnwindSafe(self.send(&part, renewed)).catch_unwind().await;
            match sent {
                Ok(Next::Done) => {}
                Ok(Next::Again) => parts.push((part, true)),
                Ok(Next::Halve) => {
                    let extra = &self.context.counts.extra_requests;
                    extra.set(extra.get() + 2);
                    parts.extend(part.halves().into_iter().rev().map(|half| (half, false)));
                }
                Err(_) => {
                    self.context.counts.panicked();
                    self.retry(&part, RetryClass::Transient, None);
                }
            }
        }
    }

    /// While a lane is open, its batches wait for the one that is tried, and then for each other.
    async fn probing(&self, batch: &BatchOf<D>) -> Option<MutexGuard<'_, ()>> {
        let lane = self.dispatcher.destination.lane(&batch.target);
        let is_open = || {
            let breakers = self.dispatcher.breakers.borrow();
            breakers.get(&lane).is_some_and(Breaker::is_open)
        };
        if !is_open() {
            return None;
        }
        let probing = self.probing.lock().await;
        is_open().then_some(probing)
    }

    /// The part of a batch that may be sent now, once it may.
    async fn startable(&self, mut batch: BatchOf<D>) -> Option<BatchOf<D>> {
        let clock = self.context.surroundings.clock();
        self.ask_for_other_keys(&batch).await;
        loop {
            let now = clock.now();
            batch.calls.retain(|call| match self.unsendable(call, now) {
                Some(outcome) => {
                    self.settle(call, outcome, None);
                    false
                }
                None => true,
            });
            if batch.calls.is_empty() {
                return None;
            }
            let outcome = match self.obstacle(&batch, now) {
                None => return Some(batch),
                Some(Obstacle::Unsent(outcome)) => outcome,
                Some(Obstacle::Until(then, outcome)) => {
                    let timeout_ms = self.dispatcher.destination.limits().timeout_ms;
                    if self.context.stop.allows(then, timeout_ms) {
                        clock.sleep(then.millis_since(now).max(0).unsigned_abs()).await;
                        continue;
                    }
                    outcome
                }
            };
            for call in &batch.calls {
                self.settle(call, outcome, None);
            }
            return None;
        }
    }

    /// Why a call must not be sent, whatever the others of its batch do.
    fn unsendable(&self, call: &CallOf<D>, now: Timestamp) -> Option<Outcome> {
        let waits = self.waiting.borrow().outcome(self.record(call.job), call.users());
        let mut items = call.items.iter();
        let too_late = items.any(|item| self.dispatcher.destination.is_too_late(&item.item, now));
        waits.or(too_late.then_some(Outcome::Park(ParkReason::TooLate)))
    }

    fn obstacle(&self, batch: &BatchOf<D>, now: Timestamp) -> Option<Obstacle> {
        let destination = &self.dispatcher.destination;
        let Some(key) = self.key_hash(batch) else {
            return Some(Obstacle::Unsent(Outcome::Hold(HoldKind::Credentials)));
        };
        let mut breakers = self.dispatcher.breakers.borrow_mut();
        let breaker = breakers.entry(destination.lane(&batch.target)).or_default();
        let gate = breaker.gate(now, key);
        if let Gate::Held(kind) = gate {
            return Some(Obstacle::Unsent(Outcome::Hold(kind)));
        }
        let group = destination.pause_group(&batch.target);
        if let Some(pause) = self.dispatcher.pauses.running(&group, now) {
            let rest_ms = pause.until.millis_since(now);
            let random = self.context.surroundings.random();
            let outcome = Outcome::Retry {
                after: backoff::unsent(rest_ms, random),
                class: RetryClass::RateLimited,
            };
            return Some(if pause.may_be_waited_for {
                Obstacle::Until(pause.until, outcome)
            } else {
                Obstacle::Unsent(outcome)
            });
        }
        let breaker_open = |then: Timestamp| Outcome::Retry {
            after: backoff::unsent(then.millis_since(now), self.context.surroundings.random()),
            class: RetryClass::BreakerOpen,
        };
        match gate {
            Gate::Open(then) => return Some(Obstacle::Unsent(breaker_open(then))),
            Gate::Ramp(then) => return Some(Obstacle::Until(then, breaker_open(then))),
            Gate::Pass | Gate::Held(_) => {}
        }
        if let Some(bucket) = &self.dispatcher.bucket
            && let Err(wait_ms) = bucket.take(now)
        {
            return Some(Obstacle::Until(now.plus_millis(wait_ms.cast_signed()), UNSTARTED));
        }
        breaker.start(now);
        None
    }

    /// A lane that waits for a key is tried at once with another one: the fetch that tells comes as soon as it is allowed, which
    /// is waited for (RD-086, RS-014).
    async fn ask_for_other_keys(&self, batch: &BatchOf<D>) {
        let clock = self.context.surroundings.clock();
        if self.keys.borrow().is_none() || !self.wants_another_key(batch, clock.now()) {
            return;
        }
        let _asking = self.renewing.lock().await;
        let now = clock.now();
        let may_ask = self.dispatcher.keys.next_forced_fetch().max(now);
        if self.has_asked.get() || !self.context.stop.allows(may_ask, FORCED_FETCH_MS) {
            return;
        }
        clock.sleep(may_ask.millis_since(now).unsigned_abs()).await;
        self.renew_keys().await;
    }

    /// Whether a batch cannot be sent with the key in memory, or there is none.
    fn wants_another_key(&self, batch: &BatchOf<D>, now: Timestamp) -> bool {
        let lane = self.dispatcher.destination.lane(&batch.target);
        let breakers = self.dispatcher.breakers.borrow();
        let is_held = |key| {
            let gate = breakers.get(&lane).map(|breaker| breaker.gate(now, key));
            gate == Some(Gate::Held(HoldKind::Credentials))
        };
        self.key_hash(batch).is_none_or(is_held)
    }

    /// The key of a batch, to be compared; `None` if there is none.
    fn key_hash(&self, batch: &BatchOf<D>) -> Option<u64> {
        let keys = self.keys.borrow();
        let key = self.dispatcher.destination.key(&batch.target, keys.as_ref()?)?;
        Some(key.lend(|key| self.dispatcher.hasher.hash_one(key)))
    }

    /// The breaker of a batch learns what came of it.
    fn breaker(&self, batch: &BatchOf<D>, learn: impl FnOnce(&mut Breaker)) {
        let lane = self.dispatcher.destination.lane(&batch.target);
        learn(self.dispatcher.breakers.borrow_mut().entry(lane).or_default());
    }

    async fn send(&self, batch: &BatchOf<D>, renewed: bool) -> Next {
        let destination = &self.dispatcher.destination;
        let keys = self.keys.borrow().clone();
        let key = keys
            .as_ref()
            .and_then(|keys| destination.key(&batch.target, keys));
        let (Some(keys), Some(key)) = (&keys, key) else {
            // The secret was emptied since the batch was let through.
            self.breaker(batch, Breaker::not_sent);
            return self.everything(batch, Outcome::Hold(HoldKind::Credentials), None);
        };
        match send(destination, batch, key, self.context).await {
            SendResult::OutOfTime => {
                self.breaker(batch, Breaker::not_sent);
                self.everything(batch, UNSTARTED, None)
            }
            SendResult::NoResponse(why) if why.was_sent() => self.ambiguous(batch, why),
            SendResult::NoResponse(why) => {
                self.lacks_answer(batch, why);
                self.retry(batch, RetryClass::Transient, None)
            }
            SendResult::Response(response) => {
                let reading = destination.read(batch, &response);
                let refused = matches!(reading, Reading::Hold(HoldKind::Credentials));
                if refused && !renewed && self.keys_differ_from(keys).await {
                    self.breaker(batch, Breaker::not_sent);
                    return Next::Again;
                }
                self.read(batch, reading, &response)
            }
        }
    }

    /// Whether there are other keys than those that the destination has just refused, asking for them if need be (RD-084).
    /// Requests that were in flight together are refused together, and only the first of them sees the secret change.
    async fn keys_differ_from(&self, refused: &Rc<D::Keys>) -> bool {
        let are_others = || {
            let keys = self.keys.borrow();
            keys.as_ref().is_none_or(|keys| !Rc::ptr_eq(refused, keys))
        };
        // One asks for all: the fetches that are allowed are few (RS-014).
        let _asking = self.renewing.lock().await;
        if !are_others() {
            self.renew_keys().await;
        }
        are_others()
    }

    async fn renew_keys(&self) {
        self.has_asked.set(true);
        if let Renewal::Fetched { value, changed: true } = self.dispatcher.keys.renew(FORCED_FETCH_MS).await {
            self.keys.replace(Some(value));
        }
    }

    fn read(&self, batch: &BatchOf<D>, reading: Reading, response: &Response) -> Next {
        let destination = &self.dispatcher.destination;
        let status = response.status;
        let now = self.context.surroundings.clock().now();
        if !matches!(reading, Reading::Hold(_) | Reading::Retry(_)) {
            self.breaker(batch, |breaker| breaker.succeeded(now));
        }
        match reading {
            Reading::Accepted { refused, warning } => {
                for (place, item) in batch.items().enumerate() {
                    self.note(&item.owners, |ledger, position| match refused.get(&place) {
                        None => ledger.accept(position, status),
                        Some(detail) => {
                            ledger.refuse(position, ParkReason::Rejected, status, detail.clone());
                        }
                    });
                    if let Some(warning) = warning {
                        self.note(&item.owners, |ledger, _| ledger.warn(warning));
                    }
                }
                if let Some(until) = destination.spent_until(response, now) {
                    self.pause(batch, until, true);
                }
            }
            Reading::BreaksOff { refused } => {
                for (place, item) in batch.items().enumerate() {
                    if let Some(detail) = refused.get(&place) {
                        self.note(&item.owners, |ledger, position| {
                            ledger.refuse(position, ParkReason::Rejected, status, detail.clone());
                        });
                    }
                }
                self.unknown(batch, |place| !refused.contains_key(&place));
            }
            Reading::Refused { is_of_all: false, .. }
                if batch.calls.len() > 1 && !batch.is_of_one_event() =>
            {
                return Next::Halve;
            }
            Reading::Refused { reason, detail, .. } => {
                for item in batch.items() {
                    self.note(&item.owners, |ledger, position| {
                        ledger.refuse(position, reason, status, detail.clone());
                    });
                }
            }
            Reading::NothingToDo if batch.calls.len() > 1 => return Next::Halve,
            Reading::NothingToDo => {
                for item in batch.items() {
                    self.note(&item.owners, |ledger, position| ledger.accept(position, status));
                }
            }
            Reading::TooManyItems => return Next::Again,
            Reading::Hold(kind) => {
                // Asked again as often as held events come back at first (RD-086).
                let [probe_s, ..] = *D::HOLD_BACKOFF;
                let until = now.plus_millis(i64::from(probe_s) * 1000);
                let key = self.key_hash(batch).unwrap_or_default();
                self.breaker(batch, |breaker| breaker.hold(kind, key, until));
                return self.everything(batch, Outcome::Hold(kind), Some(status));
            }
            Reading::Retry(class) => return self.retry(batch, class, Some(response)),
        }
        Next::Done
    }

    /// Every event of a batch is tried again; a 429 makes others of its group wait as long.
    fn retry(&self, batch: &BatchOf<D>, class: RetryClass, response: Option<&Response>) -> Next {
        let now = self.context.surroundings.clock().now();
        let hint = response.and_then(|response| self.dispatcher.destination.retry_after(response, now));
        let random = self.context.surroundings.random();
        let mut hint_s = hint.map(|hint| backoff::lengthened(hint.seconds, random));
        let is_limited = class == RetryClass::RateLimited;
        self.breaker(batch, |breaker| {
            if is_limited {
                let seconds = *hint_s.get_or_insert_with(|| breaker.own_seconds(random));
                breaker.open_until(now.plus_millis(i64::from(seconds) * 1000));
            } else {
                breaker.failed(now, random);
            }
        });
        for call in &batch.calls {
            let after = self.backoff(call.job, class, hint_s);
            let outcome = Outcome::Retry { after, class };
            self.settle(call, outcome, response.map(|response| response.status));
        }
        let pauses = is_limited || hint.is_some_and(|hint| hint.pauses_group);
        if let Some(seconds) = hint_s.filter(|_| pauses) {
            self.pause(batch, now.plus_millis(i64::from(seconds) * 1000), false);
        }
        Next::Done
    }

    /// Seconds until the event of a job is tried again.
    fn backoff(&self, job: usize, class: RetryClass, hint_s: Option<u32>) -> u32 {
        let tries = self.facts.get(job).map_or(1, |(_, tries)| *tries);
        let own = delay(D::BACKOFF, tries, self.context.surroundings.random());
        match hint_s {
            // A 429 says nothing about the event (RD-063).
            Some(hint) if class == RetryClass::RateLimited => hint,
            Some(hint) => own.max(hint),
            None => own,
        }
    }

    fn pause(&self, batch: &BatchOf<D>, until: Timestamp, may_be_waited_for: bool) {
        let group = self.dispatcher.destination.pause_group(&batch.target);
        let pause = RateLimitPause {
            until,
            may_be_waited_for,
        };
        self.dispatcher.pauses.set(group, pause);
    }

    /// The request was sent, and nobody knows whether it was accepted.
    fn ambiguous(&self, batch: &BatchOf<D>, why: NoResponse) -> Next {
        let now = self.context.surroundings.clock().now();
        let random = self.context.surroundings.random();
        self.breaker(batch, |breaker| breaker.failed(now, random));
        self.lacks_answer(batch, why);
        self.unknown(batch, |_| true);
        Next::Done
    }

    /// Lines say why there is no answer (RD-130).
    fn lacks_answer(&self, batch: &BatchOf<D>, why: NoResponse) {
        for item in batch.items() {
            self.note(&item.owners, |ledger, _| ledger.no_answer = Some(why));
        }
    }

    /// Nobody knows whether the items of these places were accepted.
    fn unknown(&self, batch: &BatchOf<D>, is_unknown: impl Fn(usize) -> bool) {
        let mut place = 0;
        let park = Outcome::Park(ParkReason::Ambiguous);
        for call in &batch.calls {
            let class = RetryClass::Transient;
            let after = self.backoff(call.job, class, None);
            let again = Outcome::Retry { after, class };
            let mut met = None;
            for item in &call.items {
                place += 1;
                if !is_unknown(place - 1) {
                    continue;
                }
                let what = self.dispatcher.destination.ambiguous(&item.item);
                let outcome = if what == Ambiguous::Park { park } else { again };
                self.note(&item.owners, |ledger, position| {
                    ledger.settle(position, outcome, None);
                    ledger.maybe_duplicate |= what == Ambiguous::RepeatMayCountTwice;
                });
                met = if outcome.is_waiting() {
                    Some(outcome)
                } else {
                    met.or(Some(outcome))
                };
            }
            if let Some(met) = met {
                let record = self.record(call.job);
                self.waiting.borrow_mut().met(record, call.users(), met);
            }
        }
    }

    fn everything(&self, batch: &BatchOf<D>, outcome: Outcome, status: Option<u16>) -> Next {
        batch
            .calls
            .iter()
            .for_each(|call| self.settle(call, outcome, status));
        Next::Done
    }

    /// The items of a call get one outcome; if it waits, its users' later calls wait with it.
    fn settle(&self, call: &CallOf<D>, outcome: Outcome, status: Option<u16>) {
        for item in &call.items {
            self.note(&item.owners, |ledger, position| {
                ledger.settle(position, outcome, status);
            });
        }
        let record = self.record(call.job);
        self.waiting.borrow_mut().met(record, call.users(), outcome);
    }

    /// Notes something of an item for every event that it stands for.
    fn note(&self, owners: &[Owner], mut note: impl FnMut(&mut Ledger, usize)) {
        let mut ledgers = self.ledgers.borrow_mut();
        for owner in owners {
            if let Some(ledger) = ledgers.get_mut(owner.job) {
                note(ledger, owner.position);
            }
        }
    }

    fn record(&self, job: usize) -> usize {
        self.facts.get(job).map_or(0, |(record, _)| *record)
    }
}
