//! The last steps before the answer: messages to destinations, and what is set aside.

use super::Receiver;
use crate::decision::{Arrival, Decision, Refusal};
use crate::limits::{MESSAGE_BYTES, attempt_ms};
use crate::pack::{Unfit, fit, pack};
use crate::proof::Proof;
use crate::receiver::ReceiverSurroundings;
use crate::send::{Outgoing, Sending, send};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::Clock;
use event::envelope::{Content, Head, Parked};
use event::ports::QueueName;
use event::reasons::{ParkReason, RefuseReason};
use serde_json::value::RawValue;
use std::ops::Range;

impl<S: ReceiverSurroundings> Receiver<S> {
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
            match fit(event.get(), self.settings.receipt.max_depth) {
                Ok(()) => fitting.push((position, event.get())),
                Err(unfit) => {
                    let reason = match unfit {
                        Unfit::TooDeep => ParkReason::TooDeep,
                        Unfit::TooLarge => ParkReason::EventTooLarge,
                    };
                    messages.push(self.parking(reason, event, position, proof, arrival).await?);
                    parked.push((reason, 1));
                }
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
                        delay_s: 0,
                        group,
                        events: packed.events,
                        parks: None,
                    }),
            );
        }
        let sending = self.send(messages, arrival).await;
        let is_park_refused = sending.refused.iter().any(|message| message.parks.is_some());
        if !sending.open.is_empty() || is_park_refused {
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

    /// Parks the events of envelopes that SQS will never take, one by one (RC-113); gives their number.
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
        let mut messages = Vec::with_capacity(positions.len());
        for position in positions {
            if let Some(event) = events.get(position) {
                let reason = ParkReason::QueueRefused;
                messages.push(self.parking(reason, event, position, proof, arrival).await?);
            }
        }
        let count = messages.len();
        let sending = self.send(messages, arrival).await;
        if sending.acknowledged != count {
            return Err(unavailable(&sending));
        }
        Ok(count as u64)
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
        let key = self.parked_key(arrival);
        let message = self
            .parking_bytes(reason, bytes, key, 0..1, proof, arrival)
            .await?;
        let sending = self.send(vec![message], arrival).await;
        if sending.acknowledged == 0 {
            return Err(unavailable(&sending));
        }
        Ok(Decision::accepted(1, proof).with_parked(vec![(reason, 1)]))
    }

    pub(super) async fn send(&self, messages: Vec<Outgoing>, arrival: &Arrival) -> Sending {
        let sending = send(
            self.surroundings.queue(),
            self.surroundings.clock(),
            self.surroundings.random(),
            |before| attempt_ms(self.source, before),
            messages,
            arrival.send_until,
        );
        let sending = self.beside_refresh(sending, arrival.send_until).await;
        for error in &sending.errors {
            self.log_error("aws_call", error.to_string(), arrival);
        }
        sending
    }

    /// The message that parks an event.
    async fn parking(
        &self,
        reason: ParkReason,
        event: &RawValue,
        position: usize,
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<Outgoing, Refusal> {
        let bytes = event.get().as_bytes();
        let key = format!("{}-{position}", self.parked_key(arrival));
        let events = position..position + 1;
        self.parking_bytes(reason, bytes, key, events, proof, arrival)
            .await
    }

    /// The message that parks these bytes. What no message takes is put into the fallback bucket under `key` (RC-096, RC-171).
    async fn parking_bytes(
        &self,
        reason: ParkReason,
        bytes: &[u8],
        key: String,
        events: Range<usize>,
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<Outgoing, Refusal> {
        let mut body = self.parked_body(
            reason,
            Content::BodyBase64(STANDARD.encode(bytes)),
            Some(proof),
            arrival,
        );
        if body.len() > MESSAGE_BYTES {
            self.put(&key, bytes, arrival.send_until, arrival).await?;
            body = self.parked_body(reason, Content::Object(key), Some(proof), arrival);
        }
        Ok(Outgoing::parking(reason, body, events))
    }

    /// The body of a message in the parked queue.
    pub(super) fn parked_body(
        &self,
        reason: ParkReason,
        content: Content<'_>,
        proof: Option<Proof>,
        arrival: &Arrival,
    ) -> String {
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
            auth: proof.map(|proof| proof.auth),
            key: proof.map(|proof| proof.key),
            done: None,
            content,
        };
        parked.to_body()
    }

    /// Where the bytes of a request lie that no message takes.
    fn parked_key(&self, arrival: &Arrival) -> String {
        format!("{}/parked/{}", self.source, arrival.object_name())
    }
}

const fn unavailable(sending: &Sending) -> Refusal {
    Refusal {
        reason: RefuseReason::QueueUnavailable,
        maybe_queued: sending.maybe_queued,
    }
}
