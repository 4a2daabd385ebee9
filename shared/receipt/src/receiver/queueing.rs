//! The last steps before the answer: messages to destinations, and what is set aside.

use super::Receiver;
use crate::decision::{Arrival, Decision, Refusal};
use crate::limits::attempt_ms;
use crate::pack::{Unfit, fit, pack};
use crate::proof::Proof;
use crate::receiver::ReceiverSurroundings;
use crate::send::{Outgoing, Sending, send};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::envelope::{Content, Head, Parked};
use event::ports::{CALL_BYTES, QueueName};
use event::reasons::{ParkReason, RefuseReason};
use event::{Clock, Destination};
use serde_json::value::RawValue;

/// Why and for whom an event, or a whole body, is parked.
#[derive(Clone, Copy)]
pub(super) struct Park {
    reason: ParkReason,
    /// The one destination that lacks it; `None` if no queue has it.
    destination: Option<Destination>,
    /// Its place in the request.
    position: usize,
}

impl Park {
    pub(super) const fn new(reason: ParkReason, destination: Option<Destination>, position: usize) -> Self {
        Self {
            reason,
            destination,
            position,
        }
    }
}

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
        for (position, event) in events.iter().enumerate() {
            match fit(event.get(), self.settings.receipt.max_depth) {
                Ok(()) => fitting.push((position, event.get())),
                Err(unfit) => {
                    let reason = match unfit {
                        Unfit::TooDeep => ParkReason::TooDeep,
                        Unfit::TooLarge => ParkReason::EventTooLarge,
                    };
                    let park = Park::new(reason, None, position);
                    messages.push(self.parking(park, event, proof, arrival).await?);
                }
            }
        }
        for destination in destinations.iter().copied() {
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
                held_at: None,
            };
            let group = self.settings.routes.group(self.source, destination);
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
        let mut stored = sending.acknowledged;
        stored.extend(
            self.park_refused(&sending.refused, events, proof, arrival)
                .await?,
        );
        Ok(Decision::stored(count, destinations.len(), &stored, proof))
    }

    /// Parks the events of envelopes that SQS will never take, one by one, each for the destination whose queue refused it
    /// (RC-113): a replay sends nothing to the others again. Gives what SQS has stored.
    async fn park_refused(
        &self,
        refused: &[Outgoing],
        events: &[&RawValue],
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<Vec<Outgoing>, Refusal> {
        let mut messages = Vec::new();
        for message in refused {
            let destination = match message.queue {
                QueueName::Destination(destination) => Some(destination),
                QueueName::BrazeFiles | QueueName::Parked => None,
            };
            for position in message.events.clone() {
                if let Some(event) = events.get(position) {
                    let park = Park::new(ParkReason::QueueRefused, destination, position);
                    messages.push(self.parking(park, event, proof, arrival).await?);
                }
            }
        }
        let count = messages.len();
        let sending = self.send(messages, arrival).await;
        if sending.acknowledged.len() != count {
            return Err(unavailable(&sending));
        }
        Ok(sending.acknowledged)
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
        let park = Park::new(reason, None, 0);
        let message = self.parking_bytes(park, bytes, key, proof, arrival).await?;
        let sending = self.send(vec![message], arrival).await;
        if sending.acknowledged.is_empty() {
            return Err(unavailable(&sending));
        }
        Ok(Decision::stored(1, 1, &sending.acknowledged, proof))
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
        park: Park,
        event: &RawValue,
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<Outgoing, Refusal> {
        let bytes = event.get().as_bytes();
        let key = format!("{}-{}", self.parked_key(arrival), park.position);
        self.parking_bytes(park, bytes, key, proof, arrival).await
    }

    /// The message that parks these bytes. What no message takes is put into the fallback bucket under `key` (RC-096, RC-171).
    async fn parking_bytes(
        &self,
        park: Park,
        bytes: &[u8],
        key: String,
        proof: Proof,
        arrival: &Arrival,
    ) -> Result<Outgoing, Refusal> {
        let content = Content::BodyBase64(STANDARD.encode(bytes));
        let mut body = self.parked_body(park, content, Some(proof), arrival);
        if body.len() > CALL_BYTES {
            self.put(&key, bytes, arrival.send_until, arrival).await?;
            body = self.parked_body(park, Content::Object(key), Some(proof), arrival);
        }
        let events = park.position..park.position + 1;
        Ok(Outgoing::parking(park.reason, body, events))
    }

    /// The body of a message in the parked queue.
    pub(super) fn parked_body(
        &self,
        park: Park,
        content: Content<'_>,
        proof: Option<Proof>,
        arrival: &Arrival,
    ) -> String {
        let parked = Parked {
            reason: park.reason,
            detail: None,
            by: self.function,
            at: self.surroundings.clock().now(),
            source: Some(self.source),
            destination: park.destination,
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
