//! What a request is told of: its line, its events' lines, its metrics.

use crate::proof::Proof;
use event::envelope::{Auth, KeyAge};
use event::reasons::{IgnoreReason, ParkReason, RefuseReason};
use event::{Source, Timestamp};
use telemetry::metrics as m;
use telemetry::{Decision, EventLine, FaultLine, Line, LoggedId, Metrics, RequestLine, Sink};

/// The facts of one request.
#[derive(Default)]
pub struct Report {
    /// Events in the request; a body that cannot be read counts 1.
    pub events: u64,
    /// Events queued for every destination.
    pub queued: u64,
    /// Why and how many events are parked.
    pub parked: Vec<(ParkReason, u64)>,
    /// Events of a source without an enabled route.
    pub ignored: u64,
    /// Why it was refused.
    pub refused: Option<RefuseReason>,
    /// What proved the sender.
    pub proof: Option<Proof>,
    /// Bytes of the body as received.
    pub bytes: u64,
    /// Whether another version of Currents than 1 was named.
    pub other_currents_version: bool,
    /// Panics caught.
    pub panics: u64,
    /// Codes of faults on the way.
    pub faults: Vec<(&'static str, String)>,
}

/// What frames the facts.
pub struct Frame<'r> {
    /// Who sends.
    pub source: Source,
    /// The function's name.
    pub function: &'static str,
    /// The platform's id of the request.
    pub request_id: &'r str,
    /// When it came.
    pub at: Timestamp,
    /// When it was answered.
    pub answered: Timestamp,
    /// The status of the answer.
    pub status: u16,
    /// Whether it was the container's first.
    pub cold: bool,
    /// Seconds since the secret in use was fetched.
    pub secret_age: Option<i64>,
    /// Fetches of the secret that failed.
    pub secret_failures: u64,
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

impl Report {
    /// Events parked.
    pub fn parked_events(&self) -> u64 {
        self.parked.iter().map(|(_, count)| count).sum()
    }

    /// Tells everything.
    pub fn tell(self, frame: &Frame<'_>, sink: &impl Sink) {
        let request_id = || LoggedId::technical(frame.request_id);
        for (code, place) in &self.faults {
            let fault = FaultLine {
                code,
                place: place.clone(),
                request_id: Some(request_id()),
            };
            sink.line(Line::Fault(fault));
        }
        // A sender that keeps nothing loses what is refused for a reason of ours.
        let ours = matches!(
            self.refused,
            Some(
                RefuseReason::QueueUnavailable | RefuseReason::SecretUnavailable | RefuseReason::BodyTooLarge
            )
        );
        let lost = frame.source == Source::Branch && ours;
        let parked = self.parked_events();
        let decision = match self.refused {
            Some(_) => Decision::Refused,
            None if self.queued > 0 => Decision::Queued,
            None if parked > 0 => Decision::Parked,
            None => Decision::Nothing,
        };
        for (reason, count) in &self.parked {
            (0..*count).for_each(|_| sink.line(event_line(frame, "parked", reason.as_str())));
        }
        (0..self.ignored)
            .for_each(|_| sink.line(event_line(frame, "ignored", IgnoreReason::NoRoute.as_str())));
        let ms = u64::try_from(frame.answered.millis_since(frame.at)).unwrap_or_default();
        sink.metrics(self.metrics(frame, ms, lost));
        sink.line(Line::Request(RequestLine {
            source: frame.source.as_str(),
            request_id: request_id(),
            status: frame.status,
            decision,
            reason: self
                .refused
                .map(RefuseReason::as_str)
                .or_else(|| Some(self.parked.first()?.0.as_str())),
            auth: self.proof.map(|proof| auth_word(proof.auth)),
            key: self.proof.map(|proof| {
                if proof.key == KeyAge::Current {
                    "current"
                } else {
                    "older"
                }
            }),
            events: self.events,
            queued: self.queued,
            parked,
            ignored: self.ignored,
            bytes: self.bytes,
            ms,
            cold: frame.cold,
            reingested: None,
            lost_at_sender: lost.then_some(true),
        }));
    }

    fn metrics(&self, frame: &Frame<'_>, ms: u64, lost: bool) -> Metrics {
        let source = frame.source.as_str();
        let mut metrics = Metrics::new();
        metrics.count(m::REQUESTS, &[source, status_word(frame.status)], 1);
        if let Some(reason) = self.refused {
            metrics.count(m::REQUESTS_REFUSED, &[source, reason.as_str()], 1);
        }
        metrics.count(m::EVENTS_RECEIVED, &[source], self.events);
        metrics.count(m::EVENTS_QUEUED, &[source], self.queued);
        for (reason, count) in &self.parked {
            metrics.count(
                m::EVENTS_BY_REASON_AT_RECEIPT,
                &[source, "parked", reason.as_str()],
                *count,
            );
        }
        let no_route = IgnoreReason::NoRoute.as_str();
        metrics.count(
            m::EVENTS_BY_REASON_AT_RECEIPT,
            &[source, "ignored", no_route],
            self.ignored,
        );
        if let Some(proof) = self.proof {
            metrics.count(m::UNSIGNED_TAIL_EVENTS, &[source], proof.unproven as u64);
            metrics.count(
                m::KEY_OLDER_USED,
                &[source],
                u64::from(proof.key == KeyAge::Older),
            );
        }
        metrics.count(
            m::CURRENTS_VERSION_OTHER,
            &[source],
            u64::from(self.other_currents_version),
        );
        metrics.count(m::LOST_AT_SENDER, &[source], u64::from(lost));
        metrics.add(m::RECEIPT_MS, &[source], ms as f64);
        metrics.add(m::BYTES_RECEIVED, &[source], self.bytes as f64);
        if let Some(age) = frame.secret_age {
            metrics.add(m::SECRET_AGE, &[frame.function], age as f64);
        }
        metrics.count(m::PANICS, &[frame.function], self.panics);
        metrics.count(m::SECRET_FETCH_FAILED, &[frame.function], frame.secret_failures);
        let out = self.queued + self.ignored + self.parked_events();
        let refused = if self.refused.is_some() {
            self.events.saturating_sub(out)
        } else {
            0
        };
        metrics.add(
            m::CONSERVATION_GAP,
            &[frame.function],
            self.events as f64 - (out + refused) as f64,
        );
        metrics
    }
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
        request_id: LoggedId::technical(frame.request_id),
        message_id: None,
        maybe_duplicate: None,
    })
}
