//! The lines and metrics of an invocation, and that every event is counted once.

use crate::deliverer::TrackedEvent;
use crate::http::NoResponse;
use crate::job::Counts;
use crate::message_action::{Applied, MessageAction};
use crate::record::{OpenedRecord, Opening};
use event::calls::OwnRules;
use event::settings::{EventIds, EventLines, Settings};
use event::{Destination, Outcome, Timestamp};
use telemetry::metrics as m;
use telemetry::{EventLine, InvocationLine, Line, LoggedId, Metrics, RecordLine, Sink};

/// The facts of one invocation.
pub(crate) struct Report<'t> {
    pub destination: Destination,
    pub settings: &'t Settings,
    pub aws_request_id: &'t str,
    pub began: Timestamp,
    pub now: Timestamp,
    /// Whether it is the container's first.
    pub cold: bool,
    /// Milliseconds that it waited before its answer (RD-093).
    pub paused_ms: u64,
    /// Whether a breaker of the destination is open.
    pub has_open_breaker: bool,
    /// What was counted while requests were sent.
    pub counts: &'t Counts,
    pub records: &'t [OpenedRecord<'t>],
    pub events: &'t [TrackedEvent],
    /// By record.
    pub actions: &'t [MessageAction],
    /// What came of that.
    pub applied: &'t Applied,
}

impl Report<'_> {
    pub(crate) fn write(&self, sink: &impl Sink) {
        let destination = self.destination.as_str();
        let own = &[destination];
        let (mut tally, mut metrics) = (Tally::default(), Metrics::new());
        for event in self.events {
            self.event(event, &mut tally, &mut metrics, sink);
        }
        let unreadable = self.records.iter().filter_map(|opened| match opened.opening {
            Opening::Unreadable(outcome) => Some(outcome),
            Opening::Deliver(_) | Opening::AlreadyDecided(..) => None,
        });
        let mut opened = self.events.len() as u64;
        for outcome in unreadable {
            opened += 1;
            tally.add(outcome, false, 0);
            metrics.count(m::EVENTS, &[destination, outcome.as_str()], 1);
            let is_parked = u64::from(!outcome.is_waiting());
            metrics.count(m::RECORDS_UNREADABLE, own, is_parked);
        }
        self.waiting_records(sink);
        for (class, count) in self.counts.requests.borrow().iter() {
            metrics.count(m::VENDOR_REQUESTS, &[destination, class], *count);
        }
        for ms in self.counts.vendor_ms.borrow().iter() {
            metrics.add(m::VENDOR_MS, own, *ms as f64);
        }
        metrics.count(m::EXTRA_REQUESTS, own, self.counts.extra_requests.get());
        if tally.waiting + tally.requeued > 0 {
            metrics.add(m::WAITING_AGE, own, (tally.oldest_waiting_ms / 1000) as f64);
        }
        metrics.add(m::HOLD, own, f64::from(tally.held > 0));
        metrics.add(m::BREAKER_OPEN, own, f64::from(self.has_open_breaker));
        metrics.count(m::PANICS, &[], self.counts.panics.get());
        metrics.count(m::REMAINDERS, own, self.applied.replaced.len() as u64);
        metrics.count(m::VISIBILITY_FAILED, own, self.applied.visibility_failed);
        metrics.add(
            m::CONSERVATION_GAP,
            &[],
            (opened as f64 - tally.sum() as f64).abs(),
        );
        sink.summary(
            Line::Invocation(InvocationLine {
                destination: Some(destination),
                aws_request_id: LoggedId::technical(self.aws_request_id),
                records: self.records.len() as u64,
                events: opened,
                delivered: tally.delivered,
                warned: tally.warned,
                ignored: tally.ignored,
                parked: tally.parked,
                requeued: tally.requeued,
                waiting: tally.waiting,
                requests: self.counts.requests.borrow().values().sum(),
                breaker: match (tally.held > 0, self.has_open_breaker) {
                    (true, _) => "held",
                    (false, true) => "open",
                    (false, false) => "closed",
                },
                rules_changed: self.count(|own_rules| *own_rules == OwnRules::Changed),
                rules_dropped: self.count(|own_rules| matches!(own_rules, OwnRules::DroppedBy(_))),
                paused_ms: self.paused_ms,
                ms: self.now.millis_since(self.began).max(0).unsigned_abs(),
                cold: self.cold,
            }),
            metrics,
        );
    }

    fn event(&self, event: &TrackedEvent, tally: &mut Tally, metrics: &mut Metrics, sink: &impl Sink) {
        let Some(opened) = self.records.get(event.record) else {
            return;
        };
        let Some(head) = opened.envelope().map(|envelope| &envelope.head) else {
            return;
        };
        let result = &event.result;
        let (destination, outcome) = (self.destination.as_str(), result.outcome);
        let age_ms = self.age_ms(opened);
        let attempt = opened.receives();
        tally.add(outcome, self.applied.replaced.contains_key(&event.record), age_ms);
        metrics.count(m::EVENTS, &[destination, outcome.as_str()], 1);
        if let Some(reason) = outcome.reason() {
            metrics.count(m::EVENTS_BY_REASON, &[destination, outcome.as_str(), reason], 1);
        }
        if let Outcome::Warned(named) = outcome {
            // The outcome names one warning; all of them count.
            for other in event.warnings.iter().filter(|other| **other != named) {
                let labels = [destination, outcome.as_str(), other.as_str()];
                metrics.count(m::EVENTS_BY_REASON, &labels, 1);
            }
        }
        if !outcome.is_waiting() {
            metrics.add(m::EVENT_AGE, &[destination], age_ms as f64);
        }
        metrics.count(
            m::MAYBE_DUPLICATE,
            &[destination],
            u64::from(result.maybe_duplicate),
        );
        let quiet =
            self.settings.telemetry.event_lines == EventLines::Exceptions && outcome == Outcome::Delivered;
        // A final outcome has its line; what waits has one when it first does.
        if quiet || outcome.is_waiting() && attempt > 1 {
            return;
        }
        let verbatim = self.settings.telemetry.event_ids == EventIds::Verbatim;
        let retries = matches!(outcome, Outcome::Retry { .. });
        sink.line(Line::Event(EventLine {
            source: event.source.as_str(),
            destination: Some(destination),
            event_id: Some(LoggedId::of(event.source.as_str(), event.id.as_str(), verbatim)),
            outcome: outcome.as_str(),
            reason: outcome.reason().filter(|_| !retries),
            class: outcome.reason().filter(|_| retries),
            own_rule: match &event.own_rules {
                OwnRules::DroppedBy(row) => Some(row.clone()),
                OwnRules::Unchanged | OwnRules::Changed => None,
            },
            status: result.status,
            attempt,
            age_ms,
            request_id: LoggedId::technical(&head.request_id),
            aws_request_id: Some(LoggedId::technical(self.aws_request_id)),
            message_id: Some(LoggedId::technical(&opened.record.message_id)),
            maybe_duplicate: result.maybe_duplicate.then_some(true),
            no_answer: result.no_answer.map(NoResponse::as_str),
        }));
    }

    /// How many events own rules did this with.
    fn count(&self, did: impl Fn(&OwnRules) -> bool) -> u64 {
        self.events.iter().filter(|event| did(&event.own_rules)).count() as u64
    }

    /// One line a record that waits.
    fn waiting_records(&self, sink: &impl Sink) {
        for (record, (opened, action)) in self.records.iter().zip(self.actions).enumerate() {
            let (delay_s, how) = match (action, self.applied.replaced.get(&record)) {
                (_, Some(longest)) => (*longest, "message"),
                (MessageAction::ChangeVisibility { seconds }, None) => (*seconds, "visibility"),
                (MessageAction::Delete | MessageAction::Replace { .. }, None) => continue,
            };
            let mut of_record = self.events.iter().filter(|event| event.record == record);
            let unreadable = match opened.opening {
                Opening::Unreadable(outcome) => Some(outcome),
                Opening::Deliver(_) | Opening::AlreadyDecided(..) => None,
            };
            let waiting: Vec<Outcome> = of_record
                .clone()
                .map(|event| event.result.outcome)
                .chain(unreadable)
                .filter(|outcome| outcome.is_waiting())
                .collect();
            let Some(worst) = waiting.iter().copied().reduce(Outcome::join) else {
                continue;
            };
            let head = opened.envelope().map(|envelope| &envelope.head);
            sink.line(Line::Record(RecordLine {
                destination: self.destination.as_str(),
                message_id: LoggedId::technical(&opened.record.message_id),
                request_id: head.map(|head| LoggedId::technical(&head.request_id)),
                outcome: worst.as_str(),
                class: worst.reason().unwrap_or_default(),
                waiting: waiting.len() as u64,
                delay_s: u64::from(delay_s),
                how,
                receives: opened.receives(),
                age_ms: self.age_ms(opened),
                no_answer: of_record
                    .find_map(|event| event.result.no_answer)
                    .map(NoResponse::as_str),
            }));
        }
    }

    /// How long ago the events of a record were received; 0 if that is not known.
    fn age_ms(&self, opened: &OpenedRecord<'_>) -> u64 {
        opened.envelope().map_or(0, |envelope| {
            let age_ms = self.now.millis_since(envelope.head.first_received_at);
            age_ms.max(0).unsigned_abs()
        })
    }
}

/// How many events met which end (RP-031).
#[derive(Default)]
struct Tally {
    delivered: u64,
    warned: u64,
    ignored: u64,
    parked: u64,
    requeued: u64,
    waiting: u64,
    held: u64,
    oldest_waiting_ms: u64,
}

impl Tally {
    fn add(&mut self, outcome: Outcome, replaced: bool, age_ms: u64) {
        match outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Warned(_) => self.warned += 1,
            Outcome::Ignored(_) => self.ignored += 1,
            Outcome::Park(_) => self.parked += 1,
            Outcome::Retry { .. } | Outcome::Hold(_) => {
                *(if replaced {
                    &mut self.requeued
                } else {
                    &mut self.waiting
                }) += 1;
                self.held += u64::from(matches!(outcome, Outcome::Hold(_)));
                self.oldest_waiting_ms = self.oldest_waiting_ms.max(age_ms);
            }
        }
    }

    const fn sum(&self) -> u64 {
        self.delivered + self.warned + self.ignored + self.parked + self.requeued + self.waiting
    }
}
