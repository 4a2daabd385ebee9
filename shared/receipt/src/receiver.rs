//! One request from its first byte to its answer, in the order of RC-009.

mod fallback;
mod queueing;
mod reingest;

use self::fallback::{DeferredLimit, PENDING};
use crate::answer::{ReceiptResult, answer, methods, parks_faulty_body};
use crate::decision::{Arrival, Decision};
use crate::decode;
use crate::limits::{REFRESH_WAIT_MS, secret_ms, sending_ms};
use crate::proof::{Credentials, Proof, by_token, configured, of_segment};
use crate::refusals::Refusals;
use crate::report::{Frame, emit, emit_refusals};
use crate::request::{Answer, Request};
use crate::send::millis_until;
use crate::split::{Split, Unsplit, split};
use event::ports::Store;
use event::reasons::{ParkReason, RefuseReason};
use event::settings::Settings;
use event::{Clock, Source, Timestamp};
use futures_util::FutureExt;
use futures_util::future::{Either, join, select};
use secrets::{ReceiverSecret, Renewal, SecretCache, SecretReport};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use surroundings::Surroundings;
use telemetry::{Line, LoggedId, Sink};

/// The surroundings of a receiver: it keeps bodies in the fallback bucket.
pub trait ReceiverSurroundings: Surroundings<Store: Store> {}

impl<S: Surroundings<Store: Store>> ReceiverSurroundings for S {}

/// Takes the requests of one source.
pub struct Receiver<S: ReceiverSurroundings> {
    source: Source,
    function: &'static str,
    settings: Settings,
    surroundings: S,
    secret: SecretCache<S::Secrets, S::Clock, S::Random, ReceiverSecret>,
    refusals: Refusals,
    /// What no summary has said of the secret yet: refusals share theirs.
    unpublished: RefCell<SecretReport>,
    deferred: DeferredLimit,
    is_warm: Cell<bool>,
}

impl<S: ReceiverSurroundings> Receiver<S> {
    /// A receiver; `function` is its name in lines, such as `receive-segment`.
    pub fn new(
        source: Source,
        function: &'static str,
        settings: Settings,
        secrets: S::Secrets,
        surroundings: S,
    ) -> Self {
        let secret = SecretCache::new(
            secrets,
            surroundings.clock().clone(),
            surroundings.random().clone(),
        );
        Self {
            source,
            function,
            settings,
            surroundings,
            secret,
            refusals: Refusals::default(),
            unpublished: RefCell::default(),
            deferred: DeferredLimit::default(),
            is_warm: Cell::new(false),
        }
    }

    /// Queues, secrets, bucket, clock and randomness.
    pub const fn surroundings(&self) -> &S {
        &self.surroundings
    }

    /// Fetches the secret ahead of the first request, which will fetch it if this fails, and opens the connection to the
    /// fallback bucket where a request may need it. Takes `within_ms` at most, and longer only for the secret.
    pub async fn warm(&self, within_ms: u64) {
        let bucket = async {
            if self.has_fallback() {
                let listed = self.surroundings.store().list(PENDING, "", 1);
                // A failure shows again at the first put, which reports it.
                self.within(listed, within_ms).await;
            }
        };
        join(self.secret.refresh(), bucket).await;
    }

    /// Answers one request. Its lines are written before the answer.
    pub async fn handle(&self, request: Request) -> Answer {
        let at = self.surroundings.clock().now();
        let wrong = self.settings.receipt.wrong_credential;
        if request.method == "GET" && request.path == "/health" && request.raw_query.is_empty() {
            return answer(self.source, ReceiptResult::Accepted, wrong, &request.request_id);
        }
        let sending_ms = sending_ms(self.source, self.answer_within_ms());
        let send_until = at.plus_millis(i64::try_from(sending_ms).unwrap_or_default());
        let bytes = request.body.len() as u64;
        let mut arrival = self.arrival(request.request_id.clone(), at, bytes, send_until);
        arrival.has_other_currents_version = self.source == Source::Braze
            && request
                .header("braze-currents-version")
                .is_some_and(|given| given != "1");
        let credentials = Credentials::of(self.source, &request);
        let decision = self.decide(&request, &credentials, &arrival).await;
        let decision = self.or_spilled(decision, &request, &credentials, &arrival).await;
        let answer = answer(self.source, decision.result, wrong, &arrival.request_id);
        self.emit(&decision, answer.status, &arrival);
        answer
    }

    fn arrival(&self, request_id: String, at: Timestamp, bytes: u64, send_until: Timestamp) -> Arrival {
        Arrival {
            request_id,
            at,
            bytes,
            has_other_currents_version: false,
            send_until,
            is_reingested: false,
        }
    }

    /// Writes the lines of a decision, and those of refusals that are due.
    fn emit(&self, decision: &Decision, status: u16, arrival: &Arrival) {
        let now = self.surroundings.clock().now();
        let frame = Frame {
            source: self.source,
            arrival,
            answered: now,
            status,
            is_cold: !self.is_warm.replace(true),
            secret: RefCell::new(self.secret_report(arrival)),
        };
        emit(&self.refusals, decision, &frame, self.surroundings.sink());
        let every_ms = i64::try_from(self.settings.telemetry.refusals_every.as_millis()).unwrap_or(i64::MAX);
        for (reason, counted) in self.refusals.take_due(now, every_ms) {
            emit_refusals(reason, &counted, &frame, self.surroundings.sink());
        }
        self.unpublished.replace(frame.secret.take());
    }

    /// What is to be said of the secret, after a line for each fetch that failed.
    fn secret_report(&self, arrival: &Arrival) -> SecretReport {
        let report = self.secret.take_report();
        report.write_lines(&arrival.request_id, self.surroundings.sink());
        report.after(self.unpublished.take())
    }

    /// Every step in its order; what a panic leaves is a queue that cannot be reached (RC-012).
    async fn decide(&self, request: &Request, credentials: &Credentials, arrival: &Arrival) -> Decision {
        let panicked = |proof| {
            self.log_error("panic", "receipt".to_owned(), arrival);
            Decision {
                is_panic: true,
                ..Decision::refused(RefuseReason::QueueUnavailable, 1, proof)
            }
        };
        let admitted = AssertUnwindSafe(self.admit(request, credentials)).catch_unwind();
        let (secret, token_proof) = match admitted.await {
            Ok(Ok(admitted)) => admitted,
            Ok(Err(reason)) => return Decision::refused(reason, 1, None),
            Err(_) => return panicked(None),
        };
        let read = self.read(request, credentials, secret, token_proof, arrival);
        match AssertUnwindSafe(read).catch_unwind().await {
            Ok(read) => read.unwrap_or_else(|reason| Decision::refused(reason, 1, None)),
            Err(_) => panicked(token_proof),
        }
    }

    /// What can be judged without the body: the secret, and the proof by a token where the source has no other.
    async fn admit(
        &self,
        request: &Request,
        credentials: &Credentials,
    ) -> Result<(Rc<ReceiverSecret>, Option<Proof>), RefuseReason> {
        self.check_address_and_method(request)?;
        let mut secret = self.current_secret().await?;
        self.verified(&mut secret, credentials, |secret| configured(self.source, secret))
            .await?;
        let proof = match self.source {
            Source::Segment => None,
            Source::Braze | Source::Branch => {
                let verify = |secret: &ReceiverSecret| by_token(credentials, secret);
                Some(self.verified(&mut secret, credentials, verify).await?)
            }
        };
        Ok((secret, proof))
    }

    /// The body: decoded, split, proved at Segment, and taken. An error is a refusal before the sender is proved.
    async fn read(
        &self,
        request: &Request,
        credentials: &Credentials,
        mut secret: Rc<ReceiverSecret>,
        token_proof: Option<Proof>,
        arrival: &Arrival,
    ) -> Result<Decision, RefuseReason> {
        let received = decode::received(request);
        let max_body_bytes = self.settings.receipt.max_body_bytes;
        let decoded = match &received {
            Ok(bytes) => decode::decoded(bytes, request.header("content-encoding"), max_body_bytes),
            Err(_) => Err(RefuseReason::BodyUndecodable),
        };
        let received = received.as_deref().unwrap_or_else(|text| text);
        let body = self.body(&decoded);
        let proof = match (token_proof, body.signed_part()) {
            (Some(proof), _) => Some(proof),
            (None, Some((signed, events))) => {
                let tail = self.settings.receipt.segment.unsigned_batch_tail;
                let verify = |secret: &ReceiverSecret| of_segment(credentials, secret, signed, events, tail);
                Some(self.verified(&mut secret, credentials, verify).await?)
            }
            // A token needs no body that can be read.
            (None, None) if credentials.tokens.any => {
                let verify = |secret: &ReceiverSecret| by_token(credentials, secret);
                match self.verified(&mut secret, credentials, verify).await {
                    Ok(proof) => Some(proof),
                    // The sender comes again: a newer secret may know its token (RC-036).
                    Err(refusal) if refusal == RefuseReason::SecretUnavailable => return Err(refusal),
                    Err(_) => None,
                }
            }
            (None, None) => None,
        };
        Ok(self.take(&body, received, proof, arrival).await)
    }

    fn check_address_and_method(&self, request: &Request) -> Result<(), RefuseReason> {
        let allowed = self.settings.receipt.ip_allow_list(self.source);
        let is_listed = |ip| allowed.iter().any(|net| net.contains(&ip));
        if !allowed.is_empty() && !request.source_ip.is_some_and(is_listed) {
            return Err(RefuseReason::AddressNotAllowed);
        }
        if !methods(self.source).contains(&request.method.as_str()) {
            return Err(RefuseReason::MethodNotAllowed);
        }
        Ok(())
    }

    fn body<'b>(&self, decoded: &'b Result<Cow<'_, [u8]>, RefuseReason>) -> Body<'b> {
        let bytes = match decoded {
            Ok(bytes) => bytes,
            Err(reason) => return Body::Faulty(*reason),
        };
        match split(self.source, bytes, self.settings.receipt.max_events) {
            Ok(split) => Body::Split(bytes, split),
            Err(Unsplit::Unreadable) => Body::Unreadable(bytes),
            Err(Unsplit::TooMany(first)) => Body::TooMany(first),
        }
    }

    /// What follows authentication. `received` is the body as it came; without a proof only a refusal is possible.
    async fn take(
        &self,
        body: &Body<'_>,
        received: &[u8],
        proof: Option<Proof>,
        arrival: &Arrival,
    ) -> Decision {
        let (taken, events) = match (body, proof) {
            (Body::Split(_, split), Some(proof)) => {
                let events = &split.events;
                (self.queue(events, proof, arrival).await, events.len() as u64)
            }
            (Body::Unreadable(_), Some(proof)) => {
                let parked = self.park_body(received, ParkReason::UnreadableBody, proof, arrival);
                (parked.await, 1)
            }
            (Body::TooMany(_) | Body::Faulty(_), Some(proof))
                if parks_faulty_body(self.source, body.fault()) =>
            {
                let parked = self.park_body(received, parked(body.fault()), proof, arrival);
                (parked.await, 1)
            }
            (body, _) => (Err(body.fault().into()), 1),
        };
        taken.unwrap_or_else(|reason| Decision::refused(reason, events, proof))
    }

    /// The secret at hand, fetched if there is none or it is past its time.
    async fn current_secret(&self) -> Result<Rc<ReceiverSecret>, RefuseReason> {
        let within_ms = secret_ms(self.answer_within_ms());
        let fetched = self.within(self.secret.current(), within_ms).await.flatten();
        fetched
            .or_else(|| self.secret.usable())
            .ok_or(RefuseReason::SecretUnavailable)
    }

    /// What `verify` says of the secret. Before it refuses credentials that have the right form, it has seen a secret whose
    /// fetch began less than 10 s ago (RC-035); if there is none to be had, nothing is refused for being wrong (RC-036).
    async fn verified<T>(
        &self,
        secret: &mut Rc<ReceiverSecret>,
        credentials: &Credentials,
        verify: impl Fn(&ReceiverSecret) -> Result<T, RefuseReason>,
    ) -> Result<T, RefuseReason> {
        let refusal = match verify(secret) {
            Ok(verified) => return Ok(verified),
            Err(reason) => reason,
        };
        if !credentials.have_right_form() || refusal == RefuseReason::TailRejected {
            return Err(refusal);
        }
        match self
            .secret
            .renew_unless_recent(secret_ms(self.answer_within_ms()))
            .await
        {
            Renewal::Fetched { value, .. } => {
                *secret = value;
                verify(secret)
            }
            Renewal::Recent => Err(refusal),
            Renewal::Failed => Err(RefuseReason::SecretUnavailable),
        }
    }

    async fn within<T>(&self, work: impl Future<Output = T>, millis: u64) -> Option<T> {
        match select(pin!(work), pin!(self.surroundings.clock().sleep(millis))).await {
            Either::Left((value, _)) => Some(value),
            Either::Right(_) => None,
        }
    }

    /// Does the work, and beside it fetches a secret that is near its time (RS-011), until `end` at the latest.
    async fn beside_refresh<T>(&self, work: impl Future<Output = T>, end: Timestamp) -> T {
        let within_ms = REFRESH_WAIT_MS.min(millis_until(end, self.surroundings.clock()));
        if within_ms == 0 || !self.secret.wants_refresh() {
            return work.await;
        }
        let refresh = self.within(self.secret.refresh(), within_ms);
        join(work, refresh).await.0
    }

    fn log_error(&self, code: &'static str, place: String, arrival: &Arrival) {
        let request_id = Some(LoggedId::technical(&arrival.request_id));
        self.surroundings
            .sink()
            .line(Line::error(code, place, request_id));
    }

    const fn answer_within_ms(&self) -> u64 {
        self.settings.receipt.answer_within_ms(self.source)
    }
}

/// A body as far as it could be read.
enum Body<'b> {
    /// The body with the transfer undone, and its events.
    Split(&'b [u8], Split<'b>),
    /// Not JSON of a shape that the source has.
    Unreadable(&'b [u8]),
    /// More events than the cap; the first element of a root array.
    TooMany(Option<&'b RawValue>),
    /// It could not even be decoded.
    Faulty(RefuseReason),
}

impl<'b> Body<'b> {
    /// The bytes that Segment signs of it, and how many elements its root array has at least (RC-026); `None` if that cannot
    /// be written.
    fn signed_part(&self) -> Option<(&'b [u8], usize)> {
        match self {
            Self::Split(body, split) => Some(
                split
                    .first_element
                    .map_or((*body, 1), |first| (first.get().as_bytes(), split.events.len())),
            ),
            Self::Unreadable(body) => Some((body, 1)),
            Self::TooMany(first) => first.map(|first| (first.get().as_bytes(), 2)),
            Self::Faulty(_) => None,
        }
    }

    /// Why nothing in it can be queued, where it is not split.
    const fn fault(&self) -> RefuseReason {
        match self {
            Self::TooMany(_) => RefuseReason::TooManyEvents,
            Self::Faulty(reason) => *reason,
            Self::Split(..) | Self::Unreadable(_) => RefuseReason::BodyUndecodable,
        }
    }
}

/// The reason under which a faulty body is parked.
const fn parked(reason: RefuseReason) -> ParkReason {
    match reason {
        RefuseReason::BodyTooLarge => ParkReason::BodyTooLarge,
        RefuseReason::TooManyEvents => ParkReason::TooManyEvents,
        RefuseReason::EncodingUnsupported => ParkReason::EncodingUnsupported,
        _ => ParkReason::BodyUndecodable,
    }
}

#[cfg(test)]
mod tests;
