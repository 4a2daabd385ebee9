//! What is logged of a message about a file: its line, lines of parked events, metrics.

use crate::reader::{ReaderSurroundings, Run};
use crate::settle::Settled;
use event::reasons::ParkReason;
use event::{Clock, Destination, Source};
use telemetry::metrics as m;
use telemetry::{EventLine, FileLine, Line, LoggedId, Metrics, Sink};

/// Writes the line of a file, those of its parked events, and the metrics.
pub(crate) fn emit<S: ReaderSurroundings>(run: &Run<'_, S>, settled: &Settled, is_cold: bool) {
    let sink = run.surroundings.sink();
    let request_id = || LoggedId::technical(&format!("file-{}", run.file_id));
    for place in &run.faults {
        sink.line(Line::error("aws_call", place, Some(request_id())));
    }
    for reason in &run.parked_events {
        sink.line(Line::Event(EventLine {
            source: Source::Braze.as_str(),
            destination: None,
            event_id: None,
            outcome: "parked",
            reason: Some(reason.as_str()),
            class: None,
            status: None,
            attempt: 0,
            age_ms: 0,
            request_id: request_id(),
            aws_request_id: None,
            message_id: None,
            maybe_duplicate: None,
            no_answer: None,
            own_rule: None,
        }));
    }
    let now = run.surroundings.clock().now();
    let positive = |ms: i64| u64::try_from(ms).unwrap_or_default();
    let line = Line::File(FileLine {
        file_id: LoggedId::technical(&run.file_id),
        object: LoggedId::object_key(&run.work.key),
        outcome: settled.outcome,
        reason: settled.reason,
        class: settled.class,
        event_type: run.event_type,
        cause: run.work.cause.map(crate::message::Cause::as_str),
        events: run.events,
        queued: run.queued,
        parked: (run.parked_events.len() + run.parked_parts.len()) as u64,
        ignored: u64::from(settled.outcome == "ignored"),
        bytes: run.bytes,
        from: run.begun.offset,
        to: run.position.offset,
        receives: run.receives(),
        age_ms: positive(run.age_ms()),
        ms: positive(now.millis_since(run.at)),
        cold: is_cold,
    });
    sink.summary(line, metrics(run, settled));
}

fn metrics<S: ReaderSurroundings>(run: &Run<'_, S>, settled: &Settled) -> Metrics {
    let mut metrics = Metrics::new();
    let source = Source::Braze.as_str();
    metrics.count(m::FILES, &[settled.outcome], 1);
    if let Some(reason) = settled.reason.or(settled.class) {
        metrics.count(m::FILES_BY_REASON, &[settled.outcome, reason], 1);
    }
    if settled.outcome == "done" {
        metrics.add(m::FILE_AGE, &[], run.age_ms() as f64);
    }
    if run.bytes > 0 {
        metrics.add(m::FILE_BYTES, &[], run.bytes as f64);
    }
    metrics.count(
        m::EVENTS_RECEIVED,
        &[source],
        run.events.saturating_sub(run.handed_on),
    );
    metrics.count(m::EVENTS_QUEUED, &[source], run.queued);
    let by_reason = |metrics: &mut Metrics, reason: &ParkReason| {
        metrics.count(
            m::EVENTS_BY_REASON_AT_RECEIPT,
            &[source, "parked", reason.as_str()],
            1,
        );
    };
    for reason in &run.parked_events {
        by_reason(&mut metrics, reason);
    }
    if settled.outcome == "hold" {
        metrics.add(m::HOLD, &[Destination::Segment.as_str()], 1.0);
    }
    metrics.count(m::PANICS, &[], run.panics);
    let out = run.queued + run.parked_events.len() as u64 + run.handed_on;
    metrics.add(m::CONSERVATION_GAP, &[], (run.events as f64 - out as f64).abs());
    metrics
}
