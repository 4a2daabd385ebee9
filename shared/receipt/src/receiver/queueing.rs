//! The last steps before the answer: messages to destinations, and what is set aside.

use super::Receiver;
use crate::decision::{Arrival, Decision, Refusal};
use crate::limits::MESSAGE_BYTES;
use crate::pack::{Unfit, fit, pack};
use crate::proof::Proof;
use crate::send::{Outgoing, Sending, send};
use crate::surroundings::Surroundings;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::Clock;
use event::envelope::{Content, Head, Parked};
use event::ports::QueueName;
use event::reasons::{ParkReason, RefuseReason};
use serde_json::value::RawValue;
use std::ops::Range;

impl<S: Surroundings> Receiver<S> {
    /// Queues the events of a request for every destination, and parks those that no queue takes.
    ///
    /// # Errors
    /// Why none of them counts as taken.
    pub(super) async fn queue(
        &self,
        events: &[&RawValue],
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<Decision, Refusal> {
        let count = events.len() as u64;
        let destinations: Vec<_> = self.settings.routes.destinations(self.source).collect();
        if destinations.is_empty() {
            return Ok(Decision {
                ignored: count,
                ..Decision::accepted(count, proof)
            });
        }
        let mut fitting: Vec<(usize, &str)> = Vec::with_capacity(events.len());
        let mut messages: Vec<Outgoing> = Vec::new();
        let mut parked: Vec<(ParkReason, u64)> = Vec::new();
        for (position, event) in events.iter().enumerate() {
            match fit(event, self.settings.receipt.max_depth) {
                Ok(()) => fitting.push((position, event.get())),
                Err(Unfit::TooDeep) => {
                    let reason = ParkReason::TooDeep;
                    messages.push(self.parking(reason, event, position, proof, arrival)?);
                    parked.push((reason, 1));
                }
                Err(Unfit::TooLarge) => return Err(RefuseReason::BodyTooLarge.into()),
            }
        }
        for destination in destinations {
            let head = Head {
                source: self.source,
                destination,
                request_id: arrival.request_id.as_str().into(),
                first_received_at: arrival.at,
                attempt: 0,
                auth: proof.auth,
                key: proof.key,
                not_before: None,
                replayed_at: None,
            };
            // A flood from one source must not starve the other; a queue that one route fills needs no groups, which cost.
            let is_shared = self.settings.routes.sources(destination).count() > 1;
            let group = is_shared.then_some(self.source);
            messages.extend(
                pack(&head, fitting.iter().copied())
                    .into_iter()
                    .map(|packed| Outgoing {
                        queue: QueueName::Destination(destination),
                        body: packed.body,
                        group,
                        events: packed.events,
                        parks: None,
                    }),
            );
        }
        let sending = self.send(messages, arrival).await;
        let is_park_refused = sending.refused.iter().any(|message| message.parks.is_some());
        if sending.unacknowledged > 0 || is_park_refused {
            return Err(unavailable(&sending));
        }
        let refused = self
            .park_refused(&sending.refused, events, proof, arrival)
            .await?;
        if refused > 0 {
            parked.push((ParkReason::QueueRefused, refused));
        }
        let queued = (fitting.len() as u64).saturating_sub(refused);
        Ok(Decision {
            queued,
            ..Decision::accepted(count, proof)
        }
        .with_parked(parked))
    }

    /// Parks the events of envelopes that SQS will never take, one by one (RC-113); gives their number. One that is too large
    /// for that fails the request once the others are parked: to send it again would not make it smaller.
    async fn park_refused(
        &self,
        refused: &[Outgoing],
        events: &[&RawValue],
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<u64, Refusal> {
        let mut positions: Vec<usize> = refused
            .iter()
            .flat_map(|message| message.events.clone())
            .collect();
        positions.sort_unstable();
        positions.dedup();
        let (mut messages, mut too_large) = (Vec::new(), None);
        for position in &positions {
            let Some(event) = events.get(*position) else {
                continue;
            };
            match self.parking(ParkReason::QueueRefused, event, *position, proof, arrival) {
                Ok(message) => messages.push(message),
                Err(reason) => too_large = Some(reason),
            }
        }
        let count = messages.len();
        let sending = self.send(messages, arrival).await;
        if sending.acknowledged != count {
            return Err(unavailable(&sending));
        }
        too_large.map_or(Ok(count as u64), |reason| Err(reason.into()))
    }

    /// Parks a whole body, bit for bit as received (RC-170).
    ///
    /// # Errors
    /// Why it could not be kept.
    pub(super) async fn park_body(
        &self,
        bytes: &[u8],
        reason: ParkReason,
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<Decision, Refusal> {
        let message = self.parking_bytes(reason, bytes, 0..1, proof, arrival)?;
        let sending = self.send(vec![message], arrival).await;
        if sending.acknowledged == 0 {
            return Err(unavailable(&sending));
        }
        Ok(Decision::accepted(1, proof).with_parked(vec![(reason, 1)]))
    }

    async fn send(&self, messages: Vec<Outgoing>, arrival: &Arrival) -> Sending {
        let sending = send(&self.surroundings, self.source, messages, arrival.send_until);
        let sending = self.beside_refresh(sending, arrival.send_until).await;
        for error in &sending.errors {
            self.log_error("aws_call", error.to_string(), arrival);
        }
        sending
    }

    fn parking(
        &self,
        reason: ParkReason,
        event: &RawValue,
        position: usize,
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<Outgoing, RefuseReason> {
        let bytes = event.get().as_bytes();
        self.parking_bytes(reason, bytes, position..position + 1, proof, arrival)
    }

    /// The message that parks these bytes, or the refusal if no message takes them.
    fn parking_bytes(
        &self,
        reason: ParkReason,
        bytes: &[u8],
        events: Range<usize>,
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<Outgoing, RefuseReason> {
        let parked = Parked {
            reason,
            detail: None,
            by: self.function,
            at: self.surroundings.clock().now(),
            source: Some(self.source),
            destination: None,
            request_id: Some(arrival.request_id.as_str().into()),
            first_received_at: Some(arrival.at),
            attempt: 0,
            auth: Some(proof.auth),
            key: Some(proof.key),
            done: None,
            content: Content::BodyBase64(STANDARD.encode(bytes)),
        };
        let body = parked.to_body();
        if body.len() > MESSAGE_BYTES {
            return Err(RefuseReason::BodyTooLarge);
        }
        Ok(Outgoing {
            queue: QueueName::Parked,
            body,
            group: None,
            events,
            parks: Some(reason),
        })
    }
}

const fn unavailable(sending: &Sending) -> Refusal {
    Refusal {
        reason: RefuseReason::QueueUnavailable,
        maybe_queued: sending.maybe_queued,
    }
}
