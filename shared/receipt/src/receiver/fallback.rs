//! Branch's second chance (4.8): what cannot be queued or proved now is kept in the fallback bucket.

use super::Receiver;
use crate::decision::{Arrival, Decision, Refusal};
use crate::decode;
use crate::limits::{DEFERRED_A_SECOND, fallback_ms};
use crate::proof::Credentials;
use crate::receiver::ReceiverSurroundings;
use crate::request::Request;
use crate::send::millis_until;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::envelope::{Pending, PendingAuth};
use event::ports::{CallFailed, Store};
use event::reasons::RefuseReason;
use event::{Source, Timestamp};
use futures_util::future::select_ok;
use std::cell::Cell;
use std::pin::pin;

/// Where pending requests of Branch lie.
pub(super) const PENDING: &str = "branch/pending/";

/// How many deferred objects the container has written in the second that began last.
#[derive(Default)]
pub(super) struct DeferredLimit {
    second: Cell<i64>,
    written: Cell<u32>,
}

impl DeferredLimit {
    fn allows_one_more(&self, now: Timestamp) -> bool {
        let second = now.millis().div_euclid(1000);
        if self.second.replace(second) != second {
            self.written.set(0);
        }
        let written = self.written.get();
        self.written.set(written.saturating_add(1));
        written < DEFERRED_A_SECOND
    }
}

impl<S: ReceiverSurroundings> Receiver<S> {
    /// The decision, or a better one: a request of Branch that would be lost is kept, if the bucket takes it.
    pub(super) async fn or_spilled(
        &self,
        decision: Decision,
        request: &Request,
        credentials: &Credentials,
        arrival: &Arrival,
    ) -> Decision {
        if !self.has_fallback() {
            return decision;
        }
        let auth = match (decision.refusal(), decision.proof) {
            (Some(RefuseReason::QueueUnavailable), Some(proof)) => PendingAuth::Verified { key: proof.key },
            (Some(RefuseReason::SecretUnavailable), _) => {
                let digests = credentials.tokens.digests();
                if digests.is_empty() {
                    let reason = credentials.tokens.no_match();
                    return Decision::refused(reason, decision.received, None);
                }
                if !self.deferred.allows_one_more(arrival.at) {
                    return decision;
                }
                PendingAuth::Deferred { digests }
            }
            _ => return decision,
        };
        let received = decode::received(request);
        let received = received.as_deref().unwrap_or_else(|text| text);
        let pending = Pending::new(
            arrival.request_id.clone(),
            arrival.at,
            request.header("content-encoding").map(str::to_owned),
            STANDARD.encode(received),
            auth,
        );
        let within_ms = fallback_ms(self.answer_within_ms());
        let end = arrival
            .at
            .plus_millis(i64::try_from(within_ms).unwrap_or_default());
        let key = format!("{PENDING}{}.json", arrival.object_name());
        match self.put(&key, &pending.to_bytes(), end, arrival).await {
            Ok(()) => decision.spilled(),
            Err(_) => decision,
        }
    }

    /// Whether requests that would be lost are kept in the fallback bucket.
    pub(super) fn has_fallback(&self) -> bool {
        self.source == Source::Branch && self.settings.receipt.branch.fallback
    }

    /// Puts an object until `end`, with a second attempt once the first has failed or half of the time is over. The first goes
    /// on beside it: it may only be slow, as a handshake is.
    ///
    /// # Errors
    /// `queue_unavailable` if S3 has not acknowledged it by then.
    pub(super) async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        end: Timestamp,
        arrival: &Arrival,
    ) -> Result<(), Refusal> {
        let left_ms = || millis_until(end, self.surroundings.clock());
        let timed_out = || Err(CallFailed::timeout("PutObject"));
        let put = || self.surroundings.store().put(key, bytes);
        if left_ms() == 0 {
            return Err(RefuseReason::QueueUnavailable.into());
        }
        let mut first = pin!(put());
        let first_ended = self.within(first.as_mut(), left_ms() / 2).await;
        let mut second = pin!(put());
        let both = match first_ended {
            Some(Ok(())) => return Ok(()),
            Some(Err(error)) => {
                self.log_error("aws_call", error.to_string(), arrival);
                vec![second.as_mut()]
            }
            None => vec![first.as_mut(), second.as_mut()],
        };
        let put = self.within(select_ok(both), left_ms()).await;
        match put.map_or_else(timed_out, |put| put.map(|((), _)| ())) {
            Ok(()) => return Ok(()),
            Err(error) => self.log_error("aws_call", error.to_string(), arrival),
        }
        Err(RefuseReason::QueueUnavailable.into())
    }
}
