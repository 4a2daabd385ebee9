//! What is logged of a request: its line, its events' lines, its metrics.

use crate::decision::{Arrival, Decision};
use event::envelope::{Auth, KeyAge};
use event::reasons::{IgnoreReason, RefuseReason};
use event::{Source, Timestamp};
use telemetry::metrics as m;
use telemetry::{EventLine, Line, LoggedId, Metrics, RequestLine, Sink};

/// What frames a decision.
pub(crate) struct Frame<'r> {
    pub(crate) source: Source,
    pub(crate) function: &'static str,
    pub(crate) arrival: &'r Arrival,
    pub(crate) answered: Timestamp,
    /// The status of the answer.
    pub(crate) status: u16,
    /// Whether it was the container's first.
    pub(crate) is_cold: bool,
    /// Seconds since the secret in use was fetched.
    pub(crate) secret_age_s: Option<i64>,
    /// Fetches of the secret that failed.
    pub(crate) secret_failures: u64,
}

const fn auth_word(auth: Auth) -> &'static str {
    match auth {
        Auth::Signature => "signature",
        Auth::Token => "token",
        Auth::SignatureAndToken => "signature+token",
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

/// Writes the lines and metrics of a request.
pub(crate) fn emit(decision: &Decision, frame: &Frame<'_>, sink: &impl Sink) {
    for (reason, count) in &decision.parked {
        (0..*count).for_each(|_| sink.line(event_line(frame, "parked", reason.as_str())));
    }
    let no_route = IgnoreReason::NoRoute.as_str();
    (0..decision.ignored).for_each(|_| sink.line(event_line(frame, "ignored", no_route)));
    sink.metrics(metrics(decision, frame));
    sink.line(Line::Request(request_line(decision, frame)));
}

/// Whether the events are lost: Branch keeps nothing, and the refusal is for a reason of ours.
fn is_lost(decision: &Decision, frame: &Frame<'_>) -> bool {
    let ours = matches!(
        decision.refusal(),
        Some(RefuseReason::QueueUnavailable | RefuseReason::SecretUnavailable | RefuseReason::BodyTooLarge)
    );
    frame.source == Source::Branch && ours
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
            None if decision.queued > 0 => telemetry::Decision::Queued,
            None if parked > 0 => telemetry::Decision::Parked,
            None => telemetry::Decision::Nothing,
        },
        reason: decision.refusal().map(RefuseReason::as_str).or(parked_for),
        auth: decision.proof.map(|proof| auth_word(proof.auth)),
        key: decision.proof.map(|proof| match proof.key {
            KeyAge::Current => "current",
            KeyAge::Older => "older",
        }),
        events: decision.received,
        queued: decision.queued,
        parked,
        ignored: decision.ignored,
        bytes: frame.arrival.bytes,
        ms: millis(frame),
        cold: frame.is_cold,
        reingested: None,
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
    metrics.count(m::REQUESTS, &[source[0], status_word(frame.status)], 1);
    if let Some(reason) = decision.refusal() {
        metrics.count(m::REQUESTS_REFUSED, &[source[0], reason.as_str()], 1);
    }
    metrics.count(m::EVENTS_RECEIVED, source, decision.received);
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
    metrics.add(m::RECEIPT_MS, source, millis(frame) as f64);
    metrics.add(m::BYTES_RECEIVED, source, frame.arrival.bytes as f64);
    let function = &[frame.function];
    if let Some(age) = frame.secret_age_s {
        metrics.add(m::SECRET_AGE, function, age as f64);
    }
    metrics.count(m::PANICS, function, u64::from(decision.is_panic));
    metrics.count(m::SECRET_FETCH_FAILED, function, frame.secret_failures);
    metrics.add(m::CONSERVATION_GAP, function, decision.conservation_gap());
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
        status: None,
        attempt: 0,
        age_ms: 0,
        request_id: LoggedId::technical(&frame.arrival.request_id),
        message_id: None,
        maybe_duplicate: None,
    })
}
