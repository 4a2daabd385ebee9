//! The lines and metrics of an invocation, and that every event is counted once.

use crate::deliverer::TrackedEvent;
use crate::http::NoResponse;
use crate::job::Counts;
use crate::message_action::{Applied, MessageAction};
use crate::record::OpenedRecord;
use event::calls::OwnRules;
use event::settings::{EventIds, EventLines, Settings};
use event::{Destination, Outcome, Timestamp};
use secrets::SecretReport;
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
    /// What is to be said of the keys.
    pub secret: SecretReport,
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
        let mut metrics = Metrics::new();
        for event in self.events {
            self.event(event, &mut metrics, sink);
        }
        for outcome in self.records.iter().filter_map(OpenedRecord::unreadable) {
            metrics.count(m::EVENTS, &[destination, outcome.as_str()], 1);
            let is_parked = u64::from(!outcome.is_waiting());
            metrics.count(m::RECORDS_UNREADABLE, own, is_parked);
        }
        let tally = Tally::of(self.records, self.events, self.actions, self.applied);
        self.waiting_records(sink);
        self.secret.write_lines(self.aws_request_id, sink);
        self.secret.count(&mut metrics);
        for (class, count) in self.counts.requests.borrow().iter() {
            metrics.count(m::VENDOR_REQUESTS, &[destination, class], *count);
        }
        for ms in self.counts.vendor_ms.borrow().iter() {
            metrics.add(m::VENDOR_MS, own, *ms as f64);
        }
        metrics.count(m::EXTRA_REQUESTS, own, self.counts.extra_requests.get());
        let is_waiting = |event: &&TrackedEvent| event.result.outcome.is_waiting();
        let waiting = self.events.iter().filter(is_waiting);
        let ages_ms = waiting.filter_map(|event| Some(self.age_ms(self.records.get(event.record)?)));
        if let Some(oldest_ms) = ages_ms.max() {
            metrics.add(m::WAITING_AGE, own, (oldest_ms / 1000) as f64);
        }
        let is_held = |event: &TrackedEvent| matches!(event.result.outcome, Outcome::Hold(_));
        let is_held = self.events.iter().any(is_held);
        metrics.add(m::HOLD, own, f64::from(is_held));
        metrics.add(m::BREAKER_OPEN, own, f64::from(self.has_open_breaker));
        metrics.count(m::PANICS, &[], self.counts.panics.get());
        metrics.count(m::REMAINDERS, own, self.applied.replaced.len() as u64);
        metrics.count(m::VISIBILITY_FAILED, own, self.applied.visibility_failed);
        metrics.add(m::CONSERVATION_GAP, &[], tally.gap().abs());
        sink.summary(
            Line::Invocation(InvocationLine {
                destination: Some(destination),
                aws_request_id: LoggedId::technical(self.aws_request_id),
                records: self.records.len() as u64,
                events: tally.opened,
                delivered: tally.delivered,
                warned: tally.warned,
                ignored: tally.ignored,
                parked: tally.parked,
                requeued: tally.requeued,
                waiting: tally.waiting,
                requests: self.counts.requests.borrow().values().sum(),
                breaker: match (is_held, self.has_open_breaker) {
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

    fn event(&self, event: &TrackedEvent, metrics: &mut Metrics, sink: &impl Sink) {
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
        let duplicates = u64::from(result.maybe_duplicate);
        metrics.count(m::MAYBE_DUPLICATE, &[destination], duplicates);
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
                (_, Some((longest, _))) => (*longest, "message"),
                (MessageAction::ChangeVisibility { seconds }, None) => (*seconds, "visibility"),
                (MessageAction::Delete | MessageAction::Replace { .. }, None) => continue,
            };
            let mut of_record = self.events.iter().filter(|event| event.record == record);
            let waiting: Vec<Outcome> = of_record
                .clone()
                .map(|event| event.result.outcome)
                .chain(opened.unreadable())
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

/// How many events came, and how many met which end (RP-031). What is parked, requeued or comes back is counted by what SQS
/// acknowledged and is told, never by what was meant: a step that drops an event shows.
struct Tally {
    opened: u64,
    delivered: u64,
    warned: u64,
    ignored: u64,
    parked: u64,
    requeued: u64,
    waiting: u64,
}

impl Tally {
    fn of(
        records: &[OpenedRecord<'_>],
        events: &[TrackedEvent],
        actions: &[MessageAction],
        applied: &Applied,
    ) -> Self {
        let in_record =
            |opened: &OpenedRecord<'_>| opened.envelope().map_or(1, |own| own.events.len() as u64);
        let of_events = events.iter().map(|event| (event.record, event.result.outcome));
        let of_records = records.iter().enumerate();
        let unreadable = of_records.filter_map(|(record, opened)| Some((record, opened.unreadable()?)));
        let outcomes: Vec<(usize, Outcome)> = of_events.chain(unreadable).collect();
        let all = |is: &dyn Fn(usize, Outcome) -> bool| {
            let fits = |(record, outcome): &&(usize, Outcome)| is(*record, *outcome);
            outcomes.iter().filter(fits).count() as u64
        };
        let named = |word: &str| all(&|_, outcome| outcome.as_str() == word);
        let stays = |own: &MessageAction| *own != MessageAction::Delete;
        let is_kept = |record: usize| actions.get(record).is_some_and(stays);
        Self {
            opened: records.iter().map(in_record).sum(),
            delivered: named("delivered"),
            warned: named("warned"),
            ignored: named("ignored"),
            parked: applied.parked,
            requeued: applied.replaced.values().map(|(_, events)| events).sum(),
            waiting: all(&|record, outcome| outcome.is_waiting() && is_kept(record)),
        }
    }

    /// What came less what it came to: anything but 0 is a fault of ours (RP-032).
    fn gap(&self) -> f64 {
        let ends = [
            self.delivered,
            self.warned,
            self.ignored,
            self.parked,
            self.requeued,
            self.waiting,
        ];
        self.opened as f64 - ends.iter().sum::<u64>() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::{T, message};
    use event::reasons::{ParkReason, RetryClass};
    use event::{EventId, Source};

    #[test]
    fn an_event_that_a_step_drops_is_a_gap() {
        event::rules!["RP-031", "RP-032"];
        let (record, now) = (
            message(1, "ok#1 retry:5#2 rejected#3"),
            Timestamp::parse(T).unwrap(),
        );
        let records = [OpenedRecord::open(
            &record,
            Destination::Braze,
            &Settings::default(),
            now,
        )];
        let class = RetryClass::Transient;
        let outcomes = [
            Outcome::Delivered,
            Outcome::Retry { after: 5, class },
            Outcome::Park(ParkReason::Rejected),
        ];
        let tracked = |(place, outcome): (usize, Outcome)| TrackedEvent {
            record: 0,
            place,
            source: Source::Segment,
            id: EventId::given("1"),
            warnings: Vec::new(),
            own_rules: OwnRules::Unchanged,
            result: outcome.into(),
        };
        let events: Vec<_> = outcomes.into_iter().enumerate().map(tracked).collect();
        let kept = MessageAction::ChangeVisibility { seconds: 5 };
        let rest = |events| vec![(0, (5, events))];
        for (events, action, parked, replaced, gap) in [
            (&events[..], MessageAction::Delete, 1, rest(1), 0.0),
            (&events[..], kept, 1, vec![], 0.0),
            // The mapping forgets an event, a park was not sent, a new message is short, a record is deleted too soon.
            (&events[1..], MessageAction::Delete, 1, rest(1), 1.0),
            (&events[..], MessageAction::Delete, 0, rest(1), 1.0),
            (&events[..], MessageAction::Delete, 1, rest(0), 1.0),
            (&events[..], MessageAction::Delete, 1, vec![], 1.0),
        ] {
            let replaced = replaced.into_iter().collect();
            let applied = Applied {
                parked,
                replaced,
                ..Applied::default()
            };
            assert_eq!(Tally::of(&records, events, &[action], &applied).gap(), gap);
        }
    }
}
