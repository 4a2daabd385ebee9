//! What one invocation does with its batches: send each when it may start, read the answer, and say what is next.

use super::Dispatcher;
use super::breaker::Breaker;
use super::invocation_keys::InvocationKeys;
use super::ledgers::Ledgers;
use super::pauses::{Obstacle, RateLimitPause, UNSTARTED};
use super::send::{SendResult, send};
use crate::backoff::{self, delay};
use crate::batch::PlannedCall;
use crate::destination::{BatchOf, Destination};
use crate::exchange::{Ambiguous, Reading};
use crate::http::{NoResponse, Response};
use crate::job::{Context, DelivererSurroundings, DeliveryResult, Owner};
use crate::planner::Planner;
use event::reasons::{HoldKind, ParkReason, RetryClass};
use event::{Clock, Outcome, Timestamp};
use futures_util::FutureExt;
use futures_util::lock::{Mutex, MutexGuard};
use std::hash::BuildHasher;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

type CallOf<D> = PlannedCall<<D as Planner>::Target, <D as Planner>::Item>;

/// What the requests of one invocation share.
pub(super) struct Run<'r, D: Destination, S: DelivererSurroundings> {
    dispatcher: &'r Dispatcher<D, S>,
    context: &'r Context<'r, S>,
    keys: InvocationKeys<'r, D, S>,
    ledgers: Ledgers,
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

impl<'r, D: Destination, S: DelivererSurroundings> Run<'r, D, S> {
    pub(super) fn new(
        dispatcher: &'r Dispatcher<D, S>,
        context: &'r Context<'r, S>,
        keys: Option<Rc<D::Keys>>,
        ledgers: Ledgers,
    ) -> Self {
        Self {
            dispatcher,
            context,
            keys: InvocationKeys::new(&dispatcher.keys, keys),
            ledgers,
            probing: Mutex::new(()),
        }
    }

    /// What was planned not to be sent.
    pub(super) fn not_sent(&self, not_sent: Vec<(Owner, Outcome)>) {
        for (owner, outcome) in not_sent {
            self.ledgers.record_item(&[owner], |ledger, position| {
                ledger.settle(position, outcome, None)
            });
        }
    }

    /// Nothing could be planned: every event is tried again (RD-011).
    pub(super) fn unplanned(&self) {
        self.context.counts.panicked();
        let class = RetryClass::Transient;
        self.ledgers.settle_rest(|job| Outcome::Retry {
            after: self.backoff(job, class, None),
            class,
        });
    }

    /// The one result of each event.
    pub(super) fn results(self) -> Vec<DeliveryResult> {
        let only_warns = self.dispatcher.destination.only_warns_of_refused_items();
        self.ledgers.results(only_warns)
    }

    /// Sends a batch, and all that it is parted into, first part first.
    pub(super) async fn batch(&self, batch: BatchOf<D>) {
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

    /// While a breaker is open, its batches wait for the one that is tried, and then for each other.
    async fn probing(&self, batch: &BatchOf<D>) -> Option<MutexGuard<'_, ()>> {
        let group = self.dispatcher.destination.breaker_group(&batch.target);
        if !self.dispatcher.pauses.is_open(&group) {
            return None;
        }
        let probing = self.probing.lock().await;
        self.dispatcher.pauses.is_open(&group).then_some(probing)
    }

    /// The part of a batch that may be sent now, once it may.
    async fn startable(&self, mut batch: BatchOf<D>) -> Option<BatchOf<D>> {
        let clock = self.context.surroundings.clock();
        if self.keys.current().is_some() && self.wants_another_key(&batch, clock.now()) {
            self.keys.ask_for_others(self.context).await;
        }
        loop {
            let now = clock.now();
            batch.calls.retain(|call| match self.unsendable(call, now) {
                Some(outcome) => {
                    self.ledgers.settle(call, outcome, None);
                    false
                }
                None => true,
            });
            if batch.calls.is_empty() {
                return None;
            }
            let outcome = match self.start(&batch, now) {
                Ok(()) => return Some(batch),
                Err(Obstacle::Ends(outcome)) => outcome,
                Err(Obstacle::Until(then, outcome)) => {
                    if self.context.stop.allows(then, self.dispatcher.limits.timeout_ms) {
                        clock.sleep(then.millis_since(now).max(0).unsigned_abs()).await;
                        continue;
                    }
                    outcome
                }
            };
            self.everything(&batch, outcome, None);
            return None;
        }
    }

    /// Why a call must not be sent, whatever the others of its batch do.
    fn unsendable(&self, call: &CallOf<D>, now: Timestamp) -> Option<Outcome> {
        let waits = self.ledgers.waits_with(call);
        let mut items = call.items.iter();
        let too_late = items.any(|item| self.dispatcher.destination.is_too_late(&item.item, now));
        waits.or(too_late.then_some(Outcome::Park(ParkReason::TooLate)))
    }

    /// Lets a batch start, or says what keeps it.
    fn start(&self, batch: &BatchOf<D>, now: Timestamp) -> Result<(), Obstacle> {
        let Dispatcher {
            destination, pauses, ..
        } = self.dispatcher;
        let Some(key) = self.key_hash(batch) else {
            return Err(Obstacle::Ends(Outcome::Hold(HoldKind::Credentials)));
        };
        let (group, pause_group) = (
            destination.breaker_group(&batch.target),
            destination.pause_group(&batch.target),
        );
        pauses.start(group, &pause_group, key, now, self.context.surroundings.random())
    }

    /// Whether a batch cannot be sent with the key in memory, or there is none.
    fn wants_another_key(&self, batch: &BatchOf<D>, now: Timestamp) -> bool {
        let group = self.dispatcher.destination.breaker_group(&batch.target);
        let is_held = |key| self.dispatcher.pauses.is_held_for_key(&group, key, now);
        self.key_hash(batch).is_none_or(is_held)
    }

    /// The key of a batch, to be compared; `None` if there is none.
    fn key_hash(&self, batch: &BatchOf<D>) -> Option<u64> {
        let keys = self.keys.current()?;
        let key = self.dispatcher.destination.key(&batch.target, &keys)?;
        Some(key.lend(|key| self.dispatcher.hasher.hash_one(key)))
    }

    /// The breaker of a batch learns what came of it.
    fn breaker(&self, batch: &BatchOf<D>, learn: impl FnOnce(&mut Breaker)) {
        let group = self.dispatcher.destination.breaker_group(&batch.target);
        self.dispatcher.pauses.learn(group, learn);
    }

    async fn send(&self, batch: &BatchOf<D>, renewed: bool) -> Next {
        let destination = &self.dispatcher.destination;
        let keys = self.keys.current();
        let key = keys
            .as_ref()
            .and_then(|keys| destination.key(&batch.target, keys));
        let (Some(keys), Some(key)) = (&keys, key) else {
            // The secret was emptied since the batch was let through.
            self.breaker(batch, Breaker::not_sent);
            return self.everything(batch, Outcome::Hold(HoldKind::Credentials), None);
        };
        match send(
            destination,
            batch,
            key,
            self.dispatcher.limits.timeout_ms,
            self.context,
        )
        .await
        {
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
                if refused && !renewed && self.keys.differ_from(keys, self.context).await {
                    self.breaker(batch, Breaker::not_sent);
                    return Next::Again;
                }
                self.read(batch, reading, &response)
            }
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
                    self.ledgers
                        .record_item(&item.owners, |ledger, position| match refused.get(&place) {
                            None => ledger.accept(position, status),
                            Some(detail) => {
                                ledger.refuse(position, ParkReason::Rejected, status, detail.clone());
                            }
                        });
                    if let Some(warning) = warning {
                        self.ledgers
                            .record_item(&item.owners, |ledger, _| ledger.warn(warning));
                    }
                }
                if let Some(until) = destination.spent_until(response, now) {
                    self.pause(batch, until, true);
                }
            }
            Reading::BreaksOff { refused } => {
                for (place, item) in batch.items().enumerate() {
                    if let Some(detail) = refused.get(&place) {
                        self.ledgers.record_item(&item.owners, |ledger, position| {
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
                    self.ledgers.record_item(&item.owners, |ledger, position| {
                        ledger.refuse(position, reason, status, detail.clone());
                    });
                }
            }
            Reading::NothingToDo if batch.calls.len() > 1 => return Next::Halve,
            Reading::NothingToDo => {
                for item in batch.items() {
                    self.ledgers
                        .record_item(&item.owners, |ledger, position| ledger.accept(position, status));
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
        let retry_after =
            response.and_then(|response| self.dispatcher.destination.retry_after(response, now));
        let random = self.context.surroundings.random();
        let mut retry_after_s =
            retry_after.map(|retry_after| backoff::lengthened(retry_after.seconds, random));
        let is_limited = class == RetryClass::RateLimited;
        self.breaker(batch, |breaker| {
            if is_limited {
                let seconds = *retry_after_s.get_or_insert_with(|| breaker.own_seconds(random));
                breaker.open_until(now.plus_millis(i64::from(seconds) * 1000));
            } else {
                breaker.failed(now, random);
            }
        });
        for call in &batch.calls {
            let after = self.backoff(call.job, class, retry_after_s);
            let outcome = Outcome::Retry { after, class };
            self.ledgers
                .settle(call, outcome, response.map(|response| response.status));
        }
        let pauses = is_limited || retry_after.is_some_and(|retry_after| retry_after.pauses_group);
        if let Some(seconds) = retry_after_s.filter(|_| pauses) {
            self.pause(batch, now.plus_millis(i64::from(seconds) * 1000), false);
        }
        Next::Done
    }

    /// Seconds until the event of a job is tried again.
    fn backoff(&self, job: usize, class: RetryClass, retry_after_s: Option<u32>) -> u32 {
        let own = delay(
            D::BACKOFF,
            self.ledgers.tries(job),
            self.context.surroundings.random(),
        );
        match retry_after_s {
            // A 429 says nothing about the event (RD-063).
            Some(retry_after) if class == RetryClass::RateLimited => retry_after,
            Some(retry_after) => own.max(retry_after),
            None => own,
        }
    }

    fn pause(&self, batch: &BatchOf<D>, until: Timestamp, may_be_waited_for: bool) {
        let group = self.dispatcher.destination.pause_group(&batch.target);
        let pause = RateLimitPause {
            until,
            may_be_waited_for,
        };
        self.dispatcher.pauses.pause(group, pause);
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
            self.ledgers
                .record_item(&item.owners, |ledger, _| ledger.no_answer = Some(why));
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
                self.ledgers.record_item(&item.owners, |ledger, position| {
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
                self.ledgers.met(call, met);
            }
        }
    }

    fn everything(&self, batch: &BatchOf<D>, outcome: Outcome, status: Option<u16>) -> Next {
        for call in &batch.calls {
            self.ledgers.settle(call, outcome, status);
        }
        Next::Done
    }
}
