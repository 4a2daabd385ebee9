//! What an invocation is told of: lines, metrics, and that nothing was lost count of.

use super::Handled;
use crate::deed::Deed;
use crate::job::Counts;
use event::reasons::Warning;
use event::settings::{EventIds, EventLines, Settings};
use event::{Destination, EventId, Outcome, Source, Timestamp};
use std::collections::BTreeMap;
use telemetry::metrics as m;
use telemetry::{EventLine, InvocationLine, Line, LoggedId, Metrics, RecordLine, Sink};

/// The facts of one invocation.
pub(super) struct Told<'t> {
    destination: Destination,
    began: Timestamp,
    aws_request_id: &'t str,
    counts: Counts,
    cold: bool,
    /// Every event of an opened record.
    pub(super) events: Vec<ToldEvent>,
    /// Records that could not be opened.
    pub(super) sealed: Vec<(usize, Outcome)>,
    /// Records whose rest went on in a new message, and for how many seconds.
    pub(super) replaced: BTreeMap<usize, u32>,
    /// Visibility changes that SQS did not take.
    pub(super) visibility_failed: u64,
}

/// The facts of one event.
pub(super) struct ToldEvent {
    pub(super) record: usize,
    pub(super) source: Source,
    pub(super) id: EventId,
    pub(super) outcome: Outcome,
    /// What the mapping repaired, each once.
    pub(super) warnings: Vec<Warning>,
    pub(super) status: Option<u16>,
    pub(super) maybe_duplicate: bool,
}

impl<'t> Told<'t> {
    pub(super) fn new(
        destination: Destination,
        began: Timestamp,
        aws_request_id: &'t str,
        counts: Counts,
        cold: bool,
    ) -> Self {
        Self {
            destination,
            began,
            aws_request_id,
            counts,
            cold,
            events: Vec::new(),
            sealed: Vec::new(),
            replaced: BTreeMap::new(),
            visibility_failed: 0,
        }
    }

    pub(super) fn tell(
        &self,
        handled: &[Handled<'_>],
        deeds: &[Deed],
        settings: &Settings,
        function: &'static str,
        now: Timestamp,
        sink: &impl Sink,
    ) {
        let destination = self.destination.as_str();
        let (mut tally, mut metrics) = (Tally::default(), Metrics::new());
        for event in &self.events {
            if let Some(handled) = handled.get(event.record) {
                self.event(event, handled, settings, now, &mut tally, &mut metrics, sink);
            }
        }
        for (_, outcome) in &self.sealed {
            tally.add(*outcome, false, 0);
            metrics.count(m::EVENTS, &[destination, outcome.as_str()], 1);
            metrics.count(
                m::RECORDS_UNREADABLE,
                &[destination],
                u64::from(!outcome.is_waiting()),
            );
        }
        self.records(handled, deeds, now, sink);
        for (class, count) in self.counts.requests.borrow().iter() {
            metrics.count(m::VENDOR_REQUESTS, &[destination, class], *count);
        }
        for ms in self.counts.vendor_ms.borrow().iter() {
            metrics.add(m::VENDOR_MS, &[destination], *ms as f64);
        }
        metrics.count(
            m::EXTRA_REQUESTS,
            &[destination],
            self.counts.extra_requests.get(),
        );
        if tally.waiting + tally.requeued > 0 {
            metrics.add(
                m::WAITING_AGE,
                &[destination],
                (tally.oldest_waiting_ms / 1000) as f64,
            );
        }
        metrics.add(m::HOLD, &[destination], f64::from(u8::from(tally.held > 0)));
        metrics.count(m::PANICS, &[function], self.counts.panics.get());
        metrics.count(m::REMAINDERS, &[destination], self.replaced.len() as u64);
        metrics.count(m::VISIBILITY_FAILED, &[destination], self.visibility_failed);
        let opened = self.events.len() as u64 + self.sealed.len() as u64;
        metrics.add(
            m::CONSERVATION_GAP,
            &[function],
            opened as f64 - tally.sum() as f64,
        );
        sink.line(Line::Invocation(InvocationLine {
            destination: Some(destination),
            aws_request_id: LoggedId::technical(self.aws_request_id),
            records: handled.len() as u64,
            events: opened,
            delivered: tally.delivered,
            warned: tally.warned,
            ignored: tally.ignored,
            parked: tally.parked,
            requeued: tally.requeued,
            waiting: tally.waiting,
            requests: self.counts.requests.borrow().values().sum(),
            breaker: if tally.held > 0 { "held" } else { "closed" },
            paused_ms: 0,
            ms: now.millis_since(self.began).max(0).unsigned_abs(),
            cold: self.cold,
        }));
        sink.metrics(metrics);
    }

    #[allow(clippy::too_many_arguments, reason = "one event, and all that is told into")]
    fn event(
        &self,
        event: &ToldEvent,
        handled: &Handled<'_>,
        settings: &Settings,
        now: Timestamp,
        tally: &mut Tally,
        metrics: &mut Metrics,
        sink: &impl Sink,
    ) {
        let Some(head) = handled.envelope().map(|envelope| &envelope.head) else {
            return;
        };
        let (destination, outcome) = (self.destination.as_str(), event.outcome);
        let age_ms = now.millis_since(head.first_received_at).max(0).unsigned_abs();
        let attempt = head.attempt.saturating_add(handled.record.receive_count);
        tally.add(outcome, self.replaced.contains_key(&event.record), age_ms);
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
            u64::from(event.maybe_duplicate),
        );
        let quiet = settings.telemetry.event_lines == EventLines::Exceptions && outcome == Outcome::Delivered;
        // A final outcome has its line; what waits has one when it first does.
        if quiet || outcome.is_waiting() && attempt > 1 {
            return;
        }
        let verbatim = settings.telemetry.event_ids == EventIds::Verbatim;
        let retries = matches!(outcome, Outcome::Retry { .. });
        sink.line(Line::Event(EventLine {
            source: event.source.as_str(),
            destination: Some(destination),
            event_id: Some(LoggedId::of(event.source.as_str(), event.id.as_str(), verbatim)),
            outcome: outcome.as_str(),
            reason: outcome.reason().filter(|_| !retries),
            class: outcome.reason().filter(|_| retries),
            status: event.status,
            attempt,
            age_ms,
            request_id: LoggedId::technical(&head.request_id),
            message_id: Some(LoggedId::technical(&handled.record.message_id)),
            maybe_duplicate: event.maybe_duplicate.then_some(true),
        }));
    }

    /// One line a record that waits.
    fn records(&self, handled: &[Handled<'_>], deeds: &[Deed], now: Timestamp, sink: &impl Sink) {
        for (record, (handled, deed)) in handled.iter().zip(deeds).enumerate() {
            let (delay_s, how) = match (deed, self.replaced.get(&record)) {
                (_, Some(longest)) => (*longest, "message"),
                (Deed::Return { seconds }, None) => (*seconds, "visibility"),
                (Deed::Delete | Deed::Replace { .. }, None) => continue,
            };
            let events = self
                .events
                .iter()
                .filter(|event| event.record == record)
                .map(|event| event.outcome);
            let sealed = self
                .sealed
                .iter()
                .filter(|(at, _)| *at == record)
                .map(|(_, outcome)| *outcome);
            let waiting: Vec<Outcome> = events
                .chain(sealed)
                .filter(|outcome| outcome.is_waiting())
                .collect();
            let Some(worst) = waiting.iter().copied().reduce(Outcome::join) else {
                continue;
            };
            let head = handled.envelope().map(|envelope| &envelope.head);
            sink.line(Line::Record(RecordLine {
                destination: self.destination.as_str(),
                message_id: LoggedId::technical(&handled.record.message_id),
                request_id: head.map(|head| LoggedId::technical(&head.request_id)),
                outcome: worst.as_str(),
                class: worst.reason().unwrap_or_default(),
                waiting: waiting.len() as u64,
                delay_s: u64::from(delay_s),
                how,
                receives: head
                    .map_or(0, |head| head.attempt)
                    .saturating_add(handled.record.receive_count),
                age_ms: head.map_or(0, |head| {
                    now.millis_since(head.first_received_at).max(0).unsigned_abs()
                }),
            }));
        }
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
