//! A run over the fallback bucket (4.8): what is pending passes the steps that follow authentication, and is deleted once every
//! message made of it is acknowledged.

use super::Receiver;
use super::fallback::PENDING;
use super::queueing::Park;
use crate::answer::ReceiptResult;
use crate::decision::{Arrival, Decision};
use crate::decode;
use crate::limits::{
    PENDING_KEYS, REINGEST_GROUP, REINGEST_GROUPS, REINGEST_MS, REINGEST_SECRET_MS, REINGEST_SENDING_MS,
};
use crate::proof::Proof;
use crate::receiver::ReceiverSurroundings;
use crate::report::{RunReport, emit_run};
use crate::send::Outgoing;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::envelope::{Auth, Content, KeyAge, OpenError, Pending, PendingAuth};
use event::ports::{CallFailed, Store};
use event::reasons::{ParkReason, RefuseReason};
use event::{Clock, Timestamp, hex};
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use secrets::{ReceiverSecret, Token};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

/// Where objects lie that nothing can be made of.
const PARKED: &str = "branch/parked/";

/// What became of one object.
enum Object {
    /// Every message made of it is acknowledged, or it is refused; it is deleted.
    Finished,
    /// It stays for the next run: SQS, S3 or the secret is away.
    Waits { asked_sqs: bool },
}

impl<S: ReceiverSurroundings> Receiver<S> {
    /// Queues what is pending in the fallback bucket, for at most 50 s. `invocation_id` is Lambda's id of the run.
    pub async fn reingest(&self, invocation_id: &str) {
        let began = self.surroundings.clock().now();
        let end = began.plus_millis(REINGEST_MS);
        let run = self.arrival(invocation_id.to_owned(), began, 0, end);
        let mut report = RunReport::default();
        let (mut fetched, mut after) = (None, String::new());
        loop {
            let keys = match self
                .surroundings
                .store()
                .list(PENDING, &after, PENDING_KEYS)
                .await
            {
                Ok(keys) => keys,
                Err(error) => {
                    report.is_listed = false;
                    self.log_error("aws_call", error.to_string(), &run);
                    break;
                }
            };
            let Some(last) = keys.last() else { break };
            after.clone_from(last);
            // A deferred object is judged by a secret of this run alone (RC-156).
            if fetched.is_none() {
                let secret = self.within(self.secret.fetch_now(), REINGEST_SECRET_MS).await;
                fetched = Some(secret.flatten());
            }
            report.listed += keys.len() as u64;
            let (finished, is_over) = self.groups(&keys, fetched.clone().flatten(), end, &run).await;
            report.finished += finished;
            if keys.len() < PENDING_KEYS {
                break;
            }
            if is_over || self.surroundings.clock().now() >= end {
                report.is_cut = true;
                break;
            }
        }
        report.ms = u64::try_from(self.surroundings.clock().now().millis_since(began)).unwrap_or_default();
        report.is_cold = !self.is_warm.replace(true);
        let secret = self.secret_report(&run);
        emit_run(&report, &secret, invocation_id, self.surroundings.sink());
    }

    /// Works through the groups, some at once, until one of them has met an SQS that acknowledges nothing; gives the number of
    /// finished objects, and whether it has met such an SQS.
    async fn groups(
        &self,
        keys: &[String],
        secret: Option<Rc<ReceiverSecret>>,
        end: Timestamp,
        run: &Arrival,
    ) -> (u64, bool) {
        let is_over = std::cell::Cell::new(false);
        let group = |keys: &'_ [String]| {
            let (keys, secret, is_over) = (keys.to_vec(), secret.clone(), &is_over);
            async move {
                let (mut finished, mut has_asked) = (0_u64, false);
                for key in &keys {
                    if is_over.get() || self.surroundings.clock().now() >= end {
                        break;
                    }
                    match self.object(key, secret.as_deref(), end, run).await {
                        Object::Finished => finished += 1,
                        Object::Waits { asked_sqs } => has_asked |= asked_sqs,
                    }
                }
                if has_asked && finished == 0 {
                    is_over.set(true);
                }
                finished
            }
        };
        let groups = stream::iter(keys.chunks(REINGEST_GROUP).map(group));
        let finished = groups.buffer_unordered(REINGEST_GROUPS);
        let finished = finished.fold(0, async |sum, finished| sum + finished).await;
        (finished, is_over.get())
    }

    async fn object(
        &self,
        name: &str,
        secret: Option<&ReceiverSecret>,
        end: Timestamp,
        run: &Arrival,
    ) -> Object {
        let store = self.surroundings.store();
        let bytes = match store.get(name).await {
            Ok(bytes) => bytes,
            Err(error) => return self.waits(&error, run),
        };
        let pending = match Pending::open(&bytes) {
            Ok(pending) => pending,
            // Newer code has written it: a deploy has begun, or was taken back.
            Err(OpenError::Newer) => return Object::Waits { asked_sqs: false },
            Err(OpenError::Unreadable) => return self.quarantine(name, &bytes, None, end, run).await,
        };
        let Ok(received) = STANDARD.decode(&pending.body_base64) else {
            return self.quarantine(name, &bytes, None, end, run).await;
        };
        let now = self.surroundings.clock().now();
        let send_until = end.min(now.plus_millis(REINGEST_SENDING_MS));
        let arrival = Arrival {
            is_reingested: true,
            ..self.arrival(
                pending.request_id.clone(),
                pending.first_received_at,
                received.len() as u64,
                send_until,
            )
        };
        let key_age = match (&pending.auth, secret) {
            (PendingAuth::Verified { key }, _) => Some(*key),
            (PendingAuth::Deferred { .. }, None) => return Object::Waits { asked_sqs: false },
            // A secret without a token proves nobody a stranger: it is being filled, or was filled wrongly.
            (PendingAuth::Deferred { .. }, Some(secret)) if secret.tokens.is_empty() => {
                return Object::Waits { asked_sqs: false };
            }
            (PendingAuth::Deferred { digests }, Some(secret)) => matching(digests, &secret.tokens),
        };
        let decision = match key_age {
            None => Decision::refused(RefuseReason::WrongCredential, 1, None),
            Some(key) => {
                let proof = Proof {
                    auth: Auth::Token,
                    key,
                    unproven: 0,
                };
                let taken = self.pending(&received, pending.content_encoding.as_deref(), proof, &arrival);
                match AssertUnwindSafe(taken).catch_unwind().await {
                    Ok(decision) => decision,
                    Err(_) => {
                        self.log_error("panic", "receipt".to_owned(), &arrival);
                        let known = Some((&arrival, proof));
                        return self.quarantine(name, &bytes, known, end, run).await;
                    }
                }
            }
        };
        if decision.result == ReceiptResult::Refused(RefuseReason::QueueUnavailable) {
            return Object::Waits { asked_sqs: true };
        }
        self.emit(&decision, 202, &arrival);
        self.delete(name, run).await
    }

    /// The steps that follow authentication.
    async fn pending(
        &self,
        received: &[u8],
        encoding: Option<&str>,
        proof: Proof,
        arrival: &Arrival,
    ) -> Decision {
        let max_body_bytes = self.settings.receipt.max_body_bytes;
        let decoded = decode::decoded(received, encoding, max_body_bytes);
        let body = self.body(&decoded);
        self.take(&body, received, Some(proof), arrival).await
    }

    /// Copies an object that nothing can be made of to where it is kept for a person, parks it by name, and deletes it
    /// (RC-157). What is `known` of its request is what a replay needs.
    async fn quarantine(
        &self,
        key: &str,
        bytes: &[u8],
        known: Option<(&Arrival, Proof)>,
        end: Timestamp,
        run: &Arrival,
    ) -> Object {
        let copy = format!("{PARKED}{}", key.strip_prefix(PENDING).unwrap_or(key));
        if let Err(error) = self.surroundings.store().put(&copy, bytes).await {
            return self.waits(&error, run);
        }
        let arrival = Arrival {
            is_reingested: true,
            ..self.arrival(run.request_id.clone(), run.at, bytes.len() as u64, end)
        };
        let (named, proof) = known.map_or((&arrival, None), |(named, proof)| (named, Some(proof)));
        let park = Park::new(ParkReason::UnreadableBody, None, 0);
        let body = self.parked_body(park, Content::Object(copy), proof, named);
        let message = Outgoing::parking(ParkReason::UnreadableBody, body, 0..1);
        if self.send(vec![message], &arrival).await.acknowledged.is_empty() {
            return Object::Waits { asked_sqs: true };
        }
        let decision = Decision::kept(vec![(ParkReason::UnreadableBody, 1)]);
        self.emit(&decision, 202, &arrival);
        self.delete(key, run).await
    }

    async fn delete(&self, key: &str, run: &Arrival) -> Object {
        // What was queued and is not deleted comes once more: a duplicate, never a loss (RC-159).
        if let Err(error) = self.surroundings.store().delete(key).await {
            return self.waits(&error, run);
        }
        Object::Finished
    }

    fn waits(&self, error: &CallFailed, run: &Arrival) -> Object {
        self.log_error("aws_call", error.to_string(), run);
        Object::Waits { asked_sqs: false }
    }
}

/// Which entry of the secret the digests name, if any.
fn matching(digests: &[String], tokens: &[Token]) -> Option<KeyAge> {
    let names = |token: &Token| digests.contains(&hex(token.digest().iter().copied()).collect());
    let position = tokens.iter().position(names)?;
    Some(if position == 0 {
        KeyAge::Current
    } else {
        KeyAge::Older
    })
}
