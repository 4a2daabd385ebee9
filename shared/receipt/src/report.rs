//! What is logged of a request: its line, its events' lines, its metrics.

use crate::decision::{Arrival, Decision};
use crate::limits::PENDING_KEYS;
use crate::refusals::{Counted, Refusals};
use event::envelope::{Auth, KeyAge};
use event::reasons::{IgnoreReason, RefuseReason};
use event::{Source, Timestamp};
use secrets::SecretReport;
use std::cell::RefCell;
use telemetry::metrics as m;
use telemetry::{EventLine, InvocationLine, Line, LoggedId, Metrics, RequestLine, Sink};

/// What frames a decision.
pub(crate) struct Frame<'r> {
    pub(crate) source: Source,
    pub(crate) arrival: &'r Arrival,
    pub(crate) answered: Timestamp,
    /// The status of the answer.
    pub(crate) status: u16,
    /// Whether it was the container's first.
    pub(crate) is_cold: bool,
    /// What is to be said of the secret; the first summary that is written takes it.
    pub(crate) secret: RefCell<SecretReport>,
}

/// A run over the fallback bucket.
pub(crate) struct RunReport {
    /// Whether the bucket could be listed.
    pub(crate) is_listed: bool,
    pub(crate) listed: u64,
    pub(crate) finished: u64,
    /// Whether it ended before the last page of keys.
    pub(crate) is_cut: bool,
    pub(crate) ms: u64,
    pub(crate) is_cold: bool,
}

impl Default for RunReport {
    fn default() -> Self {
        Self {
            is_listed: true,
            listed: 0,
            finished: 0,
            is_cut: false,
            ms: 0,
            is_cold: false,
        }
    }
}

const fn auth_word(auth: Auth) -> &'static str {
    match auth {
        Auth::Signature => "signature",
        Auth::Token => "token",
        Auth::SignatureAndToken => "signature+token",
        Auth::Bucket => "bucket",
    }
}

/// The statuses that are ever answered, as dimension values.
const fn status_word(status: u16) -> &'static str {
    match status {
        200 => "200",
        202 => "202",
        400 => "400",
        401 => "401",
        403 => "403",
        405 => "405",
        413 => "413",
        415 => "415",
        _ => "503",
    }
}

/// Writes the lines and metrics of a request. A refusal that nothing of ours caused is counted instead, for a line of its reason
/// (RP-014); that of a kept request is written at once, since its object is deleted next, and with it all that is known.
pub(crate) fn emit(refusals: &Refusals, decision: &Decision, frame: &Frame<'_>, sink: &impl Sink) {
    if let Some(reason) = decision
        .refusal()
        .filter(|reason| *reason != RefuseReason::QueueUnavailable && !frame.arrival.is_reingested)
    {
        let one = Counted {
            count: 1,
            events: decision.received,
            bytes: frame.arrival.bytes,
            ms: millis(frame),
            request_id: frame.arrival.request_id.clone(),
            status: frame.status,
            ..Counted::default()
        };
        return refusals.add(reason, one);
    }
    for (reason, count) in &decision.parked {
        (0..*count).for_each(|_| sink.line(event_line(frame, "parked", reason.as_str())));
    }
    let no_route = IgnoreReason::NoRoute.as_str();
    (0..decision.ignored).for_each(|_| sink.line(event_line(frame, "ignored", no_route)));
    let line = Line::Request(request_line(decision, frame));
    sink.summary(line, metrics(decision, frame));
}

/// Writes the line that stands for all refusals of a reason since the last one.
pub(crate) fn emit_refusals(reason: RefuseReason, counted: &Counted, frame: &Frame<'_>, sink: &impl Sink) {
    let source = frame.source.as_str();
    let is_lost = is_lost_for(frame.source, reason);
    let line = RequestLine {
        source,
        request_id: LoggedId::technical(&counted.request_id),
        status: counted.status,
        decision: telemetry::Decision::Refused,
        reason: Some(reason.as_str()),
        count: Some(counted.count),
        auth: None,
        key: None,
        events: counted.events,
        queued: 0,
        parked: 0,
        ignored: 0,
        spilled: 0,
        bytes: counted.bytes,
        ms: counted.ms,
        cold: frame.is_cold,
        reingested: None,
        lost_at_sender: is_lost.then_some(true),
        maybe_queued: None,
    };
    let mut metrics = Metrics::new();
    metrics.count(m::REQUESTS, &[source, status_word(counted.status)], counted.count);
    metrics.count(m::REQUESTS_REFUSED, &[source], counted.count);
    metrics.count(m::EVENTS_RECEIVED, &[source], counted.events);
    metrics.count(
        m::LOST_AT_SENDER,
        &[source],
        if is_lost { counted.count } else { 0 },
    );
    metrics.add(m::RECEIPT_MS, &[source], counted.ms as f64);
    metrics.add(m::BYTES_RECEIVED, &[source], counted.bytes as f64);
    frame.secret.take().count(&mut metrics);
    metrics.add(m::CONSERVATION_GAP, &[], 0.0);
    sink.summary(Line::Request(line), metrics);
}

/// Writes the line of a run over the fallback bucket. Its `records` are the objects that it has found.
pub(crate) fn emit_run(report: &RunReport, secret: &SecretReport, invocation_id: &str, sink: &impl Sink) {
    let seen = report.listed.saturating_sub(report.finished);
    // More wait behind the page at which it ended, how many nobody has counted.
    let least = if report.is_cut { PENDING_KEYS as u64 } else { 0 };
    let left = seen.max(least);
    let line = InvocationLine {
        destination: None,
        aws_request_id: LoggedId::technical(invocation_id),
        records: report.listed,
        events: 0,
        delivered: 0,
        warned: 0,
        ignored: 0,
        parked: 0,
        requeued: report.finished,
        waiting: left,
        requests: 0,
        breaker: "closed",
        rules_changed: 0,
        rules_dropped: 0,
        paused_ms: 0,
        ms: report.ms,
        cold: report.is_cold,
    };
    let mut metrics = Metrics::new();
    if report.is_listed {
        metrics.add(m::FALLBACK_PENDING, &[Source::Branch.as_str()], left as f64);
    }
    secret.count(&mut metrics);
    sink.summary(Line::Invocation(line), metrics);
}

/// Whether a refusal loses events: Branch sends nothing again, and the reason is ours.
fn is_lost_for(source: Source, reason: RefuseReason) -> bool {
    let is_ours = matches!(
        reason,
        RefuseReason::QueueUnavailable | RefuseReason::SecretUnavailable
    );
    source == Source::Branch && is_ours
}

fn is_lost(decision: &Decision, frame: &Frame<'_>) -> bool {
    decision
        .refusal()
        .is_some_and(|reason| is_lost_for(frame.source, reason))
}

fn request_line(decision: &Decision, frame: &Frame<'_>) -> RequestLine {
    let parked = decision.parked_events();
    let parked_for = decision.parked.first().map(|(reason, _)| reason.as_str());
    RequestLine {
        source: frame.source.as_str(),
        request_id: LoggedId::technical(&frame.arrival.request_id),
        status: frame.status,
        decision: match decision.refusal() {
            Some(_) => telemetry::Decision::Refused,
            None if decision.spilled > 0 => telemetry::Decision::Spilled,
            None if decision.queued > 0 => telemetry::Decision::Queued,
            None if parked > 0 => telemetry::Decision::Parked,
            None => telemetry::Decision::Nothing,
        },
        reason: decision.refusal().map(RefuseReason::as_str).or(parked_for),
        count: None,
        auth: decision.proof.map(|proof| auth_word(proof.auth)),
        key: decision.proof.map(|proof| match proof.key {
            KeyAge::Current => "current",
            KeyAge::Older => "older",
        }),
        events: decision.received,
        queued: decision.queued,
        parked,
        ignored: decision.ignored,
        spilled: decision.spilled,
        bytes: frame.arrival.bytes,
        ms: millis(frame),
        cold: frame.is_cold,
        reingested: frame.arrival.is_reingested.then_some(true),
        lost_at_sender: is_lost(decision, frame).then_some(true),
        maybe_queued: (is_lost(decision, frame) && decision.maybe_queued).then_some(true),
    }
}

/// Milliseconds from the request to its answer.
fn millis(frame: &Frame<'_>) -> u64 {
    u64::try_from(frame.answered.millis_since(frame.arrival.at)).unwrap_or_default()
}

fn metrics(decision: &Decision, frame: &Frame<'_>) -> Metrics {
    let source = &[frame.source.as_str()];
    let mut metrics = Metrics::new();
    if frame.arrival.is_reingested {
        // Its events were received, and its request was answered, when it was kept.
        metrics.count(m::FALLBACK_REINGESTED, source, 1);
    } else {
        metrics.count(m::REQUESTS, &[source[0], status_word(frame.status)], 1);
        metrics.count(m::EVENTS_RECEIVED, source, decision.received);
        metrics.add(m::RECEIPT_MS, source, millis(frame) as f64);
        metrics.add(m::BYTES_RECEIVED, source, frame.arrival.bytes as f64);
    }
    let is_refused = u64::from(decision.refusal().is_some());
    metrics.count(m::REQUESTS_REFUSED, source, is_refused);
    metrics.count(m::FALLBACK_WRITTEN, source, u64::from(decision.spilled > 0));
    metrics.count(m::EVENTS_QUEUED, source, decision.queued);
    let parked = decision
        .parked
        .iter()
        .map(|(reason, count)| ("parked", reason.as_str(), *count));
    let ignored = ("ignored", IgnoreReason::NoRoute.as_str(), decision.ignored);
    for (outcome, reason, count) in parked.chain([ignored]) {
        let dimensions = [source[0], outcome, reason];
        metrics.count(m::EVENTS_BY_REASON_AT_RECEIPT, &dimensions, count);
    }
    if let Some(proof) = decision.proof {
        let is_older = proof.key == KeyAge::Older;
        metrics.count(m::UNSIGNED_TAIL_EVENTS, source, proof.unproven as u64);
        metrics.count(m::KEY_OLDER_USED, source, u64::from(is_older));
    }
    let has_other_version = frame.arrival.has_other_currents_version;
    metrics.count(m::CURRENTS_VERSION_OTHER, source, u64::from(has_other_version));
    metrics.count(m::LOST_AT_SENDER, source, u64::from(is_lost(decision, frame)));
    frame.secret.take().count(&mut metrics);
    metrics.count(m::PANICS, &[], u64::from(decision.is_panic));
    metrics.add(m::CONSERVATION_GAP, &[], decision.conservation_gap().abs());
    metrics
}

fn event_line(frame: &Frame<'_>, outcome: &'static str, reason: &'static str) -> Line {
    Line::Event(EventLine {
        source: frame.source.as_str(),
        destination: None,
        event_id: None,
        outcome,
        reason: Some(reason),
        class: None,
        own_rule: None,
        status: None,
        attempt: 0,
        age_ms: 0,
        request_id: LoggedId::technical(&frame.arrival.request_id),
        aws_request_id: None,
        message_id: None,
        maybe_duplicate: None,
        no_answer: None,
    })
}
