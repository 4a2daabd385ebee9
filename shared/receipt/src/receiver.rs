//! One request from its first byte to its answer, in the order of RC-009.

mod queueing;

use crate::answer::{Situation, Standing, answer, methods, parks_faulty_body};
use crate::credential::{Presented, signature};
use crate::decode;
use crate::limits::{REFRESH_WAIT_MS, secret_ms, sending_ms};
use crate::proof::{Presentation, Proof, by_token, is_configured, may_be_stale, of_segment};
use crate::report::{Frame, Report};
use crate::request::{Answer, Request};
use crate::send::millis_until;
use crate::split::{Split, Unsplit, split};
use event::ports::Queue;
use event::reasons::{ParkReason, RefuseReason};
use event::settings::Settings;
use event::{Clock, Random, Source, Timestamp};
use futures_util::FutureExt;
use futures_util::future::{Either, join, select};
use secrets::{ReceiverSecret, Renewal, SecretCache, Secrets};
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use telemetry::Sink;

/// The secret of a receiver.
pub type Secret<S, C, R> = SecretCache<S, C, R, ReceiverSecret>;

/// Takes the requests of one source.
pub struct Receiver<Q, S, C, R, K> {
    source: Source,
    function: &'static str,
    settings: Settings,
    queue: Q,
    secret: Secret<S, C, R>,
    clock: C,
    random: R,
    sink: K,
    warm: Cell<bool>,
}

impl<Q: Queue, S: Secrets, C: Clock + Clone, R: Random + Clone, K: Sink> Receiver<Q, S, C, R, K> {
    /// A receiver; `function` is its name in lines, such as `receive-segment`.
    #[allow(clippy::too_many_arguments, reason = "each is one port")]
    pub fn new(
        source: Source,
        function: &'static str,
        settings: Settings,
        queue: Q,
        secrets: S,
        clock: C,
        random: R,
        sink: K,
    ) -> Self {
        let secret = SecretCache::new(secrets, clock.clone(), random.clone());
        Self {
            source,
            function,
            settings,
            queue,
            secret,
            clock,
            random,
            sink,
            warm: Cell::new(false),
        }
    }

    /// Fetches the secret ahead of the first request. A failure does not matter yet.
    pub async fn warm(&self) {
        self.secret.current().await;
    }

    /// Answers one request, and tells of it before the answer.
    pub async fn handle(&self, mut request: Request) -> Answer {
        let at = self.clock.now();
        let wrong = self.settings.receipt.wrong_credential;
        if request.method == "GET" && request.path == "/health" && request.raw_query.is_empty() {
            return answer(self.source, Situation::Done, wrong, &request.request_id);
        }
        let mut report = Report {
            bytes: request.body.len() as u64,
            events: 1,
            ..Report::default()
        };
        let decided = AssertUnwindSafe(self.decide(&mut request, at, &mut report))
            .catch_unwind()
            .await;
        let situation = match decided {
            Ok(Ok(situation)) => situation,
            Ok(Err(reason)) => Situation::Refused(reason),
            Err(_) => {
                report = Report {
                    bytes: report.bytes,
                    events: 1,
                    ..Report::default()
                };
                report.panics = 1;
                report.faults.push(("panic", "receipt".to_owned()));
                Situation::Refused(RefuseReason::QueueUnavailable)
            }
        };
        if let Situation::Refused(reason) = situation {
            report.refused = Some(reason);
        }
        let answer = answer(self.source, situation, wrong, &request.request_id);
        let frame = Frame {
            source: self.source,
            function: self.function,
            request_id: &request.request_id,
            at,
            answered: self.clock.now(),
            status: answer.status,
            cold: !self.warm.replace(true),
            secret_age: self.secret.age_s(),
            secret_failures: self.secret.take_failures(),
        };
        report.tell(&frame, &self.sink);
        answer
    }

    async fn decide(
        &self,
        request: &mut Request,
        at: Timestamp,
        report: &mut Report,
    ) -> Result<Situation, RefuseReason> {
        let receipt = &self.settings.receipt;
        let allowed = self.allow_list();
        if !allowed.is_empty()
            && !request
                .source_ip
                .is_some_and(|ip| allowed.iter().any(|net| net.contains(&ip)))
        {
            return Err(RefuseReason::AddressNotAllowed);
        }
        if !methods(self.source).contains(&request.method.as_str()) {
            return Err(RefuseReason::MethodNotAllowed);
        }
        let budget = self.answer_within_ms();
        let mut secret = self
            .fetched(self.secret.current(), secret_ms(budget))
            .await
            .flatten();
        secret = secret.or_else(|| self.secret.usable());
        let secret = secret.ok_or(RefuseReason::SecretUnavailable)?;
        let secret = if is_configured(self.source, &secret) {
            secret
        } else {
            self.renewed(RefuseReason::Unconfigured).await?
        };
        if self.source == Source::Braze {
            report.other_currents_version = request
                .header("braze-currents-version")
                .is_some_and(|given| given != "1");
        }
        let signature_header = request.header("x-signature");
        let presentation = Presentation {
            tokens: Presented::of(self.source, request),
            signature: signature_header.and_then(signature),
            signature_given: signature_header.is_some(),
        };
        let encoding = request.header("content-encoding").map(str::to_owned);
        let by_token = |secret: &ReceiverSecret| by_token(&presentation, secret);
        if self.source != Source::Segment {
            report.proof = Some(self.proved(&secret, by_token).await?);
        }
        let bytes = match decode::received(request) {
            Ok(bytes) => bytes,
            Err(text) => {
                let reason = RefuseReason::BodyUndecodable;
                self.stands(reason, &presentation, &secret, report).await?;
                return self.keep(&text, parked(reason), request, at, report).await;
            }
        };
        let body = match decode::decoded(&bytes, encoding.as_deref(), receipt.max_body_bytes) {
            Ok(body) => body,
            Err(reason) => {
                self.stands(reason, &presentation, &secret, report).await?;
                return self.keep(&bytes, parked(reason), request, at, report).await;
            }
        };
        let whole = split(self.source, &body, receipt.max_events);
        let proof = match report.proof {
            Some(proof) => proof,
            None => {
                let (signed, events) = signed_part(&body, &whole);
                let tail = receipt.segment.unsigned_batch_tail;
                self.proved(&secret, |secret| {
                    of_segment(&presentation, secret, signed, events, tail)
                })
                .await?
            }
        };
        report.proof = Some(proof);
        match whole {
            Ok(split) if split.events.is_empty() => {
                report.events = 0;
                Ok(Situation::Done)
            }
            Ok(split) => self.queue(&split.events, proof, request, at, report).await,
            Err(Unsplit::Unreadable) => {
                self.keep(&bytes, ParkReason::UnreadableBody, request, at, report)
                    .await
            }
            Err(Unsplit::TooMany) => {
                let reason = RefuseReason::TooManyEvents;
                self.stands(reason, &presentation, &secret, report).await?;
                self.keep(&bytes, parked(reason), request, at, report).await
            }
        }
    }

    /// Asks for the proof, and before a refusal once more with the secret fetched anew (RC-035, RC-036).
    async fn proved(
        &self,
        secret: &ReceiverSecret,
        ask: impl Fn(&ReceiverSecret) -> Result<Proof, RefuseReason>,
    ) -> Result<Proof, RefuseReason> {
        match ask(secret) {
            Err(reason) if may_be_stale(reason) => ask(&*self.renewed(reason).await?),
            settled => settled,
        }
    }

    /// The secret fetched anew, because the one at hand would refuse a request for `reason`. Is that refusal, if it was
    /// fetched anew often enough of late.
    async fn renewed(&self, reason: RefuseReason) -> Result<Rc<ReceiverSecret>, RefuseReason> {
        let within_ms = secret_ms(self.answer_within_ms());
        match self.fetched(self.secret.renew(), within_ms).await {
            Some(Renewal::Fetched { value, .. }) if is_configured(self.source, &value) => Ok(value),
            Some(Renewal::Fetched { .. }) => Err(RefuseReason::Unconfigured),
            Some(Renewal::Limited) => Err(reason),
            Some(Renewal::Failed) | None => Err(RefuseReason::SecretUnavailable),
        }
    }

    /// Whether a body with this fault is kept; if not, the fault is the refusal. A token of Segment's, which needs no body,
    /// decides here.
    async fn stands(
        &self,
        fault: RefuseReason,
        presentation: &Presentation,
        secret: &ReceiverSecret,
        report: &mut Report,
    ) -> Result<(), RefuseReason> {
        let may_stand = parks_faulty_body(self.source, fault, Standing::Proved);
        if may_stand && report.proof.is_none() && presentation.tokens.any {
            let proof = self.proved(secret, |secret| by_token(presentation, secret)).await;
            report.proof = proof.ok();
        }
        let standing = if report.proof.is_some() {
            Standing::Proved
        } else {
            Standing::Unproved
        };
        if parks_faulty_body(self.source, fault, standing) {
            Ok(())
        } else {
            Err(fault)
        }
    }

    /// What a fetch gives within its share of the budget.
    async fn fetched<T>(&self, fetch: impl Future<Output = T>, within_ms: u64) -> Option<T> {
        match select(pin!(fetch), pin!(self.clock.sleep(within_ms))).await {
            Either::Left((value, _)) => Some(value),
            Either::Right(_) => None,
        }
    }

    /// Does the work, and beside it fetches a secret that is near its time (RS-011), until `end` at the latest.
    async fn beside_refresh<T>(&self, work: impl Future<Output = T>, end: Timestamp) -> T {
        let within_ms = REFRESH_WAIT_MS.min(millis_until(end, &self.clock));
        if within_ms == 0 || !self.secret.wants_refresh() {
            return work.await;
        }
        let refresh = self.fetched(self.secret.refresh(), within_ms);
        join(work, refresh).await.0
    }

    fn sending_end(&self, at: Timestamp) -> Timestamp {
        at.plus_millis(i64::try_from(sending_ms(self.source, self.answer_within_ms())).unwrap_or_default())
    }

    const fn answer_within_ms(&self) -> u64 {
        self.settings.receipt.answer_within_ms(self.source)
    }

    fn allow_list(&self) -> &[ipnet::IpNet] {
        let receipt = &self.settings.receipt;
        match self.source {
            Source::Segment => &receipt.segment.ip_allow_list,
            Source::Braze => &receipt.braze.ip_allow_list,
            Source::Branch => &receipt.branch.ip_allow_list,
        }
    }
}

/// The bytes that Segment signs of a body, and how many elements its root array has (RC-026).
fn signed_part<'b>(body: &'b [u8], split: &Result<Split<'b>, Unsplit>) -> (&'b [u8], usize) {
    match split {
        Ok(Split {
            first_element: Some(first),
            events,
        }) => (first.get().as_bytes(), events.len()),
        _ => (body, 1),
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
