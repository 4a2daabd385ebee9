//! One invocation from its records to the answer for Lambda: open, map, dispatch, park, act, report (RD-024).

use crate::backoff::{expire, tries, unstarted};
use crate::destination::Destination;
use crate::dispatch::{Dispatcher, Keys};
use crate::http::Http;
use crate::job::{Context, Counts, DelivererSurroundings, DeliveryResult, Job, StopLine};
use crate::message_action::{Applied, MessageAction, apply, decide};
use crate::parking::{self, MAX_CALLS};
use crate::planner::Planner;
use crate::record::{OpenedRecord, Opening, Record};
use crate::report::Report;
use crate::startup_warnings::{settings_unusable, startup_warnings};
use event::calls::{Mapped, OwnRules, Verdict};
use event::ports::CALL_ENTRIES;
use event::reasons::{HoldKind, ParkReason, RetryClass, Warning};
use event::settings::{Problem, Settings};
use event::{Clock, EventId, Outcome, Route, Source, Timestamp};
use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Requests stop this long before the invocation's deadline, in milliseconds (RD-100).
const STOP_BEFORE_DEADLINE_MS: i64 = 3500;

/// The settings have to be changed.
const CONFIG: Outcome = Outcome::Hold(HoldKind::Config);
/// No call to SQS starts later than this before the deadline, in milliseconds (RD-024): it may last 500, the answer is due 500
/// before the deadline (RD-102), and the lines are written between.
const LAST_CALL_BEFORE_DEADLINE_MS: i64 = 1250;

/// Parks that one round of calls to SQS takes.
const PARKS_AT_ONCE: usize = MAX_CALLS * CALL_ENTRIES;

/// Makes the calls of one event of a source.
pub type Map<D> = fn(Source, &str, Option<Timestamp>, &Settings) -> Mapped<<D as Planner>::Call>;

/// What is to be delivered, by the place of its event.
type PlacedJobs<D> = Vec<(usize, Job<<D as Planner>::Call>)>;

/// Delivers to one destination.
pub struct Deliverer<D: Destination, S: DelivererSurroundings> {
    function: &'static str,
    settings: Settings,
    map: Map<D>,
    /// `None` if the settings of the destination cannot be used.
    dispatcher: Option<Dispatcher<D, S>>,
    /// What else of the settings cannot be used.
    unusable: Vec<Problem>,
    surroundings: S,
    warm: Cell<bool>,
}

/// One event of an invocation, on its way to its result.
pub(crate) struct TrackedEvent {
    /// The place of its record in the invocation.
    pub record: usize,
    /// Its place in the envelope.
    pub place: usize,
    pub source: Source,
    pub id: EventId,
    /// What the mapping repaired, each once.
    pub warnings: Vec<Warning>,
    /// What the user's own rules did with it.
    pub own_rules: OwnRules,
    /// What it has come to.
    pub result: DeliveryResult,
}

impl<D: Destination, S: DelivererSurroundings> Deliverer<D, S> {
    /// A deliverer; `function` is its name in lines. It starts with any settings: what is `unusable` makes it hold the events
    /// concerned (RI-048).
    pub fn new(
        function: &'static str,
        settings: Settings,
        mut unusable: Vec<Problem>,
        map: Map<D>,
        secrets: S::Secrets,
        surroundings: S,
    ) -> Self {
        let (clock, random) = (surroundings.clock().clone(), surroundings.random().clone());
        let keys = Keys::<D, S>::new(secrets, clock, random);
        startup_warnings(D::NAME, &settings, surroundings.sink());
        let concerns = |problem: &Problem| {
            let mut routes = Route::ALL.into_iter();
            routes.any(|route| route.destination() == D::NAME && problem.concerns(route))
        };
        unusable.retain(concerns);
        let destination = D::new(&settings).map_err(|problem| unusable.push(problem)).ok();
        settings_unusable(&unusable, surroundings.sink());
        Self {
            function,
            dispatcher: destination.map(|destination| Dispatcher::new(destination, keys)),
            unusable,
            settings,
            map,
            surroundings,
            warm: Cell::new(false),
        }
    }

    /// Reads the secret and opens a connection to the destination, so that the first record need not wait for either.
    pub async fn warm(&self) {
        if let Some(dispatcher) = &self.dispatcher {
            let connection = self.surroundings.http().warm(dispatcher.destination.base_url());
            futures_util::future::join(dispatcher.keys.refresh(), connection).await;
        }
    }

    /// Queues, secrets, HTTP, clock and randomness.
    pub const fn surroundings(&self) -> &S {
        &self.surroundings
    }

    /// Delivers the records of one invocation. Gives the ids of those that are not done: Lambda keeps them.
    pub async fn handle(&self, records: &[Record], aws_request_id: &str, deadline: Timestamp) -> Vec<String> {
        let began = self.surroundings.clock().now();
        let counts = Counts::default();
        let mut records = self.open(records, began);
        let (mut events, jobs) = self.map(&records, began, &counts);
        self.dispatch(jobs, &mut events, deadline, &counts).await;
        self.finish(&records, &mut events, &counts);
        let last_start = deadline.plus_millis(-LAST_CALL_BEFORE_DEADLINE_MS);
        let (actions, applied) = self.settle(&mut records, &mut events, last_start).await;
        let paused_ms = self.pause(&events, &records, deadline).await;
        let cold = !self.warm.replace(true);
        let keys = self.dispatcher.as_ref().map(|dispatcher| &dispatcher.keys);
        let report = Report {
            destination: D::NAME,
            settings: &self.settings,
            aws_request_id,
            began,
            now: self.surroundings.clock().now(),
            cold,
            paused_ms,
            has_open_breaker: self.dispatcher.as_ref().is_some_and(Dispatcher::has_open_breaker),
            secret: keys.map(Keys::<D, S>::take_report).unwrap_or_default(),
            counts: &counts,
            records: &records,
            events: &events,
            actions: &actions,
            applied: &applied,
        };
        report.write(self.surroundings.sink());
        let kept = records
            .iter()
            .zip(&actions)
            .filter(|(_, action)| **action != MessageAction::Delete);
        kept.map(|(opened, _)| opened.record.message_id.clone()).collect()
    }

    /// Opens the records, the oldest first (RD-010).
    fn open<'r>(&self, records: &'r [Record], now: Timestamp) -> Vec<OpenedRecord<'r>> {
        let mut opened: Vec<_> = records
            .iter()
            .map(|record| OpenedRecord::open(record, D::NAME, &self.settings, now))
            .collect();
        opened.sort_by_key(|opened| {
            let envelope = opened.envelope();
            envelope.map_or(Timestamp::from_millis(i64::MIN), |envelope| {
                envelope.head.first_received_at
            })
        });
        opened
    }

    /// Whether a mistake in the settings keeps the events of a source (RI-048).
    fn is_held(&self, source: Source) -> bool {
        let route = Route::between(source, D::NAME);
        self.dispatcher.is_none()
            || route.is_some_and(|route| self.unusable.iter().any(|problem| problem.concerns(route)))
    }

    /// Maps the events; those to deliver come with their jobs.
    fn map(
        &self,
        records: &[OpenedRecord<'_>],
        began: Timestamp,
        counts: &Counts,
    ) -> (Vec<TrackedEvent>, PlacedJobs<D>) {
        let (mut events, mut jobs) = (Vec::new(), Vec::new());
        for (record, opened) in records.iter().enumerate() {
            let (envelope, decided) = match &opened.opening {
                Opening::Deliver(envelope) => {
                    (envelope, self.is_held(envelope.head.source).then_some(CONFIG))
                }
                Opening::AlreadyDecided(envelope, outcome) => (envelope, Some(*outcome)),
                Opening::Unreadable(_) => continue,
            };
            let source = envelope.head.source;
            let age_ms = began.millis_since(envelope.head.counts_from());
            let received_at = envelope.head.first_received_at;
            for (place, event) in envelope.events.iter().enumerate() {
                // A panic is that event's alone (RD-008).
                let map =
                    AssertUnwindSafe(|| (self.map)(source, event.get(), Some(received_at), &self.settings));
                let mapped = decided.is_none().then(|| catch_unwind(map));
                let mut tracked = TrackedEvent {
                    record,
                    place,
                    source,
                    id: match &mapped {
                        Some(Ok(mapped)) => mapped.id.clone(),
                        // What is not mapped goes by the id that its bytes give.
                        None | Some(Err(_)) => EventId::derived(source, event.get()),
                    },
                    warnings: Vec::new(),
                    own_rules: OwnRules::Unchanged,
                    result: decided.unwrap_or(Outcome::Park(ParkReason::InternalPanic)).into(),
                };
                match mapped {
                    None => {}
                    Some(Err(_)) => counts.panicked(),
                    Some(Ok(Mapped {
                        id,
                        verdict,
                        own_rules,
                    })) => {
                        tracked.own_rules = own_rules;
                        match verdict {
                            Verdict::Ignore(reason) => tracked.result = Outcome::Ignored(reason).into(),
                            Verdict::Park(reason) => tracked.result = Outcome::Park(reason).into(),
                            Verdict::Deliver { calls, warnings } => {
                                tracked.warnings.clone_from(&warnings);
                                let job = Job {
                                    id,
                                    calls,
                                    warnings,
                                    done: envelope.done.get(place).cloned().flatten(),
                                    record,
                                    receives: opened.receives(),
                                    tries: tries(D::BACKOFF, opened.receives(), age_ms),
                                    received_at,
                                };
                                jobs.push((events.len(), job));
                            }
                        }
                    }
                }
                events.push(tracked);
            }
        }
        (events, jobs)
    }

    async fn dispatch(
        &self,
        jobs: PlacedJobs<D>,
        events: &mut [TrackedEvent],
        deadline: Timestamp,
        counts: &Counts,
    ) {
        let Some(dispatcher) = self.dispatcher.as_ref().filter(|_| !jobs.is_empty()) else {
            return;
        };
        let context = Context {
            surroundings: &self.surroundings,
            stop: StopLine(deadline.plus_millis(-STOP_BEFORE_DEADLINE_MS)),
            counts,
        };
        let (places, jobs): (Vec<usize>, Vec<_>) = jobs.into_iter().unzip();
        let results = dispatcher.deliver(jobs, &context).await;
        for (place, result) in places.into_iter().zip(results) {
            if let Some(event) = events.get_mut(place) {
                event.result = result;
            }
        }
    }

    /// Parks what has failed or was held for too long, and says when that comes back for which there was no time.
    fn finish(&self, records: &[OpenedRecord<'_>], events: &mut [TrackedEvent], counts: &Counts) {
        let now = self.surroundings.clock().now();
        let limits = self.dispatcher.as_ref().map(|dispatcher| &dispatcher.limits);
        let has_sent = !counts.requests.borrow().is_empty();
        let hold_horizon = self.settings.delivery.hold_horizon;
        for event in events {
            let Some(opened) = records.get(event.record) else {
                continue;
            };
            let Some(envelope) = opened.envelope() else {
                continue;
            };
            let outcome = expire(event.result.outcome, &envelope.head, now, limits, hold_horizon);
            event.result.outcome = unstarted(outcome, has_sent, opened.record.receive_count);
        }
    }

    /// Parks, and acts on the records, some at a time: first on those of which the destination has accepted something, so that
    /// it is not sent again if the time is over (RD-024).
    async fn settle(
        &self,
        records: &mut [OpenedRecord<'_>],
        events: &mut [TrackedEvent],
        last_start: Timestamp,
    ) -> (Vec<MessageAction>, Applied) {
        let mut actions: Vec<_> = records.iter().map(|_| MessageAction::Delete).collect();
        let mut applied = Applied::default();
        let surroundings = &self.surroundings;
        for together in settled_together(records, events) {
            let of = |record: usize| together.contains(&record);
            applied.parked +=
                parking::park::<D, S>(surroundings, self.function, records, events, of, last_start).await;
            let now = surroundings.clock().now();
            let mut decided = decide::<D>(records, events, surroundings.random(), now, of);
            let (routes, decisions) = (&self.settings.routes, &mut decided);
            apply::<D, S>(surroundings, routes, records, decisions, &mut applied, last_start).await;
            for (record, action) in decided {
                if let Some(of_record) = actions.get_mut(record) {
                    *of_record = action;
                }
            }
        }
        (actions, applied)
    }

    /// Waits before the answer if the destination has accepted nothing and events wait for it: Lambda does not slow its polling
    /// when records fail, this does (RD-093). Gives the milliseconds.
    async fn pause(&self, events: &[TrackedEvent], records: &[OpenedRecord<'_>], deadline: Timestamp) -> u64 {
        if events.iter().any(|event| is_accepted(event, records)) {
            return 0;
        }
        let waits = events.iter().filter_map(|event| match event.result.outcome {
            Outcome::Retry {
                after,
                class: RetryClass::BreakerOpen | RetryClass::RateLimited | RetryClass::NotBefore,
            } => Some(i64::from(after) * 1000),
            Outcome::Hold(_) => Some(i64::MAX),
            Outcome::Retry { .. } => None,
            Outcome::Delivered | Outcome::Warned(_) | Outcome::Ignored(_) | Outcome::Park(_) => None,
        });
        let Some(shortest_ms) = waits.min() else { return 0 };
        let clock = self.surroundings.clock();
        let left_ms = deadline.millis_since(clock.now()) - STOP_BEFORE_DEADLINE_MS;
        let most_ms = i64::try_from(self.settings.delivery.pause_s)
            .unwrap_or(i64::MAX)
            .saturating_mul(1000);
        let pause_ms = shortest_ms.min(most_ms).min(left_ms).max(0).unsigned_abs();
        clock.sleep(pause_ms).await;
        pause_ms
    }
}

/// The records in the order in which they are settled: as many at a time as one round of calls can park for, so that what is
/// settled when the time is over is settled whole.
fn settled_together(records: &[OpenedRecord<'_>], events: &[TrackedEvent]) -> Vec<HashSet<usize>> {
    let mut of_records: Vec<(bool, usize)> = records.iter().map(|_| (false, 0)).collect();
    for event in events {
        if let Some((accepted, parks)) = of_records.get_mut(event.record) {
            *accepted |= is_accepted(event, records);
            *parks += usize::from(matches!(event.result.outcome, Outcome::Park(_)));
        }
    }
    let mut groups: Vec<HashSet<usize>> = Vec::new();
    for first in [true, false] {
        let mut room = 0;
        let own = of_records
            .iter()
            .enumerate()
            .filter(|(_, (accepted, _))| *accepted == first);
        for (record, (_, parks)) in own {
            match groups.last_mut().filter(|_| *parks < room) {
                Some(group) => {
                    group.insert(record);
                    room -= parks;
                }
                None => {
                    groups.push(HashSet::from([record]));
                    room = (PARKS_AT_ONCE + 1).saturating_sub(*parks).max(1);
                }
            }
        }
    }
    groups
}

/// Whether the destination has accepted something of an event now: an earlier delivery's marks do not count.
fn is_accepted(event: &TrackedEvent, records: &[OpenedRecord<'_>]) -> bool {
    let envelope = records.get(event.record).and_then(OpenedRecord::envelope);
    let before = envelope.and_then(|envelope| envelope.done.get(event.place)?.as_ref());
    let is_whole = matches!(event.result.outcome, Outcome::Delivered | Outcome::Warned(_));
    is_whole || (event.result.done.is_some() && event.result.done.as_ref() != before)
}

#[cfg(test)]
mod tests;
