//! One request from its first byte to its answer, in the order of RC-009.

mod queueing;

use crate::answer::{Situation, answer, methods, parks_faulty_body};
use crate::decision::{Arrival, Decision};
use crate::decode;
use crate::limits::{REFRESH_WAIT_MS, secret_ms, sending_ms};
use crate::proof::{Credentials, Proof, by_token, configured, of_segment};
use crate::report::{Frame, emit};
use crate::request::{Answer, Request};
use crate::send::millis_until;
use crate::split::{Split, Unsplit, split};
use crate::surroundings::Surroundings;
use event::reasons::{ParkReason, RefuseReason};
use event::settings::Settings;
use event::{Clock, Source, Timestamp};
use futures_util::FutureExt;
use futures_util::future::{Either, join, select};
use secrets::{FetchFailure, ReceiverSecret, Renewal, SecretCache};
use serde_json::value::RawValue;
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use telemetry::{ErrorLine, Line, LoggedId, Sink};

/// Takes the requests of one source.
pub struct Receiver<S: Surroundings> {
    source: Source,
    function: &'static str,
    settings: Settings,
    surroundings: S,
    secret: SecretCache<S::Secrets, S::Clock, S::Random, ReceiverSecret>,
    is_warm: Cell<bool>,
}

impl<S: Surroundings> Receiver<S> {
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
            is_warm: Cell::new(false),
        }
    }

    /// What surrounds it.
    pub const fn surroundings(&self) -> &S {
        &self.surroundings
    }

    /// Fetches the secret ahead of the first request, which will fetch it if this fails.
    pub async fn warm(&self) {
        self.secret.current().await;
    }

    /// Answers one request. Its lines are written before the answer.
    pub async fn handle(&self, mut request: Request) -> Answer {
        let at = self.surroundings.clock().now();
        let wrong = self.settings.receipt.wrong_credential;
        if request.method == "GET" && request.path == "/health" && request.raw_query.is_empty() {
            return answer(self.source, Situation::Done, wrong, &request.request_id);
        }
        let sending_ms = sending_ms(self.source, self.answer_within_ms());
        let arrival = Arrival {
            request_id: request.request_id.clone(),
            at,
            bytes: request.body.len() as u64,
            has_other_currents_version: self.source == Source::Braze
                && request
                    .header("braze-currents-version")
                    .is_some_and(|given| given != "1"),
            send_until: at.plus_millis(i64::try_from(sending_ms).unwrap_or_default()),
        };
        let decided = AssertUnwindSafe(self.decide(&mut request, &arrival)).catch_unwind();
        let decision = decided.await.unwrap_or_else(|_| {
            self.log_error("panic", "receipt".to_owned(), &arrival);
            Decision {
                is_panic: true,
                ..Decision::refused(RefuseReason::QueueUnavailable, 1, None)
            }
        });
        let answer = answer(self.source, decision.situation, wrong, &arrival.request_id);
        let failures = self.secret.take_failures();
        for failure in &failures {
            let (code, place) = match failure {
                FetchFailure::Call(failed) => ("aws_call", failed.to_string()),
                FetchFailure::TimedOut => ("aws_call", "GetSecretValue failed: timeout".to_owned()),
                FetchFailure::Malformed(malformed) => (
                    "secret_malformed",
                    malformed.member.unwrap_or("no_object").to_owned(),
                ),
            };
            self.log_error(code, place, &arrival);
        }
        let frame = Frame {
            source: self.source,
            function: self.function,
            arrival: &arrival,
            answered: self.surroundings.clock().now(),
            status: answer.status,
            is_cold: !self.is_warm.replace(true),
            secret_age_s: self.secret.age_s(),
            secret_failures: failures.len() as u64,
        };
        emit(&decision, &frame, self.surroundings.sink());
        answer
    }

    /// Every step in its order. An error is a refusal before the sender is proved.
    async fn decide(&self, request: &mut Request, arrival: &Arrival) -> Decision {
        let proved = self.steps(request, arrival).await;
        proved.unwrap_or_else(|reason| Decision::refused(reason, 1, None))
    }

    async fn steps(&self, request: &mut Request, arrival: &Arrival) -> Result<Decision, RefuseReason> {
        self.check_address_and_method(request)?;
        let mut secret = self.current_secret().await?;
        let credentials = Credentials::of(self.source, request);
        self.verified(&mut secret, &credentials, |secret| {
            configured(self.source, secret)
        })
        .await?;
        let by_token = |secret: &ReceiverSecret| by_token(&credentials, secret);
        let token_proof = match self.source {
            Source::Segment => None,
            Source::Braze | Source::Branch => Some(self.verified(&mut secret, &credentials, by_token).await?),
        };
        let encoding = request.header("content-encoding").map(str::to_owned);
        let received = decode::received(request);
        let max_body_bytes = self.settings.receipt.max_body_bytes;
        let decoded = received
            .as_ref()
            .map_err(|_| RefuseReason::BodyUndecodable)
            .and_then(|bytes| decode::decoded(bytes, encoding.as_deref(), max_body_bytes));
        let received = received.as_ref().unwrap_or_else(|text| text);
        let body = match &decoded {
            Ok(body) => self.split(body),
            Err(reason) => Body::Faulty(*reason),
        };
        let proof = match (token_proof, body.signed_part()) {
            (Some(proof), _) => Some(proof),
            (None, Some((signed, events))) => {
                let tail = self.settings.receipt.segment.unsigned_batch_tail;
                let verify = |secret: &ReceiverSecret| of_segment(&credentials, secret, signed, events, tail);
                Some(self.verified(&mut secret, &credentials, verify).await?)
            }
            // A token needs no body that can be read.
            (None, None) if credentials.tokens.any => {
                self.verified(&mut secret, &credentials, by_token).await.ok()
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

    fn split<'b>(&self, body: &'b [u8]) -> Body<'b> {
        match split(self.source, body, self.settings.receipt.max_events) {
            Ok(split) => Body::Split(body, split),
            Err(Unsplit::Unreadable) => Body::Unreadable(body),
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
        match self.secret.renew(secret_ms(self.answer_within_ms())).await {
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
        self.surroundings.sink().line(Line::Error(ErrorLine {
            code,
            place,
            request_id: Some(LoggedId::technical(&arrival.request_id)),
        }));
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
