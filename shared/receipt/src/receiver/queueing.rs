//! The last steps before the answer: messages to destinations, and what is set aside.

use super::Receiver;
use crate::answer::Situation;
use crate::limits::MESSAGE_BYTES;
use crate::pack::{Unfit, fit, pack};
use crate::proof::Proof;
use crate::report::Report;
use crate::request::Request;
use crate::send::{Message, Sending, send};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::envelope::{Content, Head, Parked};
use event::ports::{Queue, QueueName};
use event::reasons::{ParkReason, RefuseReason};
use event::{Clock, Random, Timestamp};
use secrets::Secrets;
use serde_json::value::RawValue;
use std::ops::Range;
use telemetry::Sink;

impl<Q: Queue, S: Secrets, C: Clock + Clone, R: Random + Clone, K: Sink> Receiver<Q, S, C, R, K> {
    /// Queues the events of a request for every destination, and parks those that no queue takes.
    pub(super) async fn queue(
        &self,
        events: &[&RawValue],
        proof: Proof,
        request: &Request,
        at: Timestamp,
        report: &mut Report,
    ) -> Result<Situation, RefuseReason> {
        report.events = events.len() as u64;
        let destinations: Vec<_> = self.settings.routes.destinations(self.source).collect();
        if destinations.is_empty() {
            report.ignored = report.events;
            return Ok(Situation::Done);
        }
        let max_depth = self.settings.receipt.max_depth;
        let mut fitting: Vec<(usize, &str)> = Vec::with_capacity(events.len());
        let mut messages: Vec<Message> = Vec::new();
        let mut holds: Vec<Range<usize>> = Vec::new();
        let mut parked: Vec<ParkReason> = Vec::new();
        for (place, event) in events.iter().enumerate() {
            match fit(event.get(), max_depth) {
                Ok(()) => fitting.push((place, event.get())),
                Err(Unfit::TooDeep) => {
                    let bytes = event.get().as_bytes();
                    messages.push(Message {
                        queue: QueueName::Parked,
                        body: self.parked(ParkReason::TooDeep, bytes, Some(proof), request, at)?,
                        place: messages.len(),
                    });
                    holds.push(place..place + 1);
                    parked.push(ParkReason::TooDeep);
                }
                Err(Unfit::TooLarge) => return Err(RefuseReason::BodyTooLarge),
            }
        }
        let first_envelope = messages.len();
        for destination in destinations {
            let head = Head {
                source: self.source,
                destination,
                request_id: request.request_id.as_str().into(),
                first_received_at: at,
                attempt: 0,
                auth: proof.auth,
                key: proof.key,
                not_before: None,
                replayed_at: None,
            };
            for packed in pack(&head, fitting.iter().copied()) {
                messages.push(Message {
                    queue: QueueName::Destination(destination),
                    body: packed.body,
                    place: messages.len(),
                });
                holds.push(packed.events);
            }
        }
        let sending = self.sent(messages, at, report).await;
        if !sending.open.is_empty() {
            return Err(RefuseReason::QueueUnavailable);
        }
        // Envelopes that SQS will never take are kept event by event (RC-113).
        let mut refused: Vec<usize> = sending
            .refused
            .iter()
            .filter_map(|place| holds.get(*place))
            .cloned()
            .flatten()
            .collect();
        refused.sort_unstable();
        refused.dedup();
        if sending.refused.iter().any(|place| *place < first_envelope) {
            return Err(RefuseReason::QueueUnavailable);
        }
        self.set_aside(&refused, events, proof, request, at, report)
            .await?;
        report.parked.extend(parked.iter().map(|reason| (*reason, 1)));
        if !refused.is_empty() {
            report
                .parked
                .push((ParkReason::QueueRefused, refused.len() as u64));
        }
        report.queued = report.events.saturating_sub(report.parked_events());
        Ok(if report.parked.is_empty() {
            Situation::Done
        } else {
            Situation::Parked
        })
    }

    /// Parks single events that SQS has refused within an envelope. One that is too large for that fails the request once the
    /// others are parked: to send it again would not make it smaller.
    async fn set_aside(
        &self,
        places: &[usize],
        events: &[&RawValue],
        proof: Proof,
        request: &Request,
        at: Timestamp,
        report: &mut Report,
    ) -> Result<(), RefuseReason> {
        let bodies: Vec<Result<String, RefuseReason>> = places
            .iter()
            .filter_map(|place| events.get(*place))
            .map(|event| {
                let bytes = event.get().as_bytes();
                self.parked(ParkReason::QueueRefused, bytes, Some(proof), request, at)
            })
            .collect();
        let too_large = bodies.iter().find_map(|body| body.as_ref().err().copied());
        let messages: Vec<Message> = bodies
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(place, body)| Message {
                queue: QueueName::Parked,
                body,
                place,
            })
            .collect();
        let count = messages.len();
        let sending = self.sent(messages, at, report).await;
        if sending.acknowledged.len() != count {
            return Err(RefuseReason::QueueUnavailable);
        }
        too_large.map_or(Ok(()), Err)
    }

    /// Parks a whole body, bit for bit as received (RC-170).
    pub(super) async fn keep(
        &self,
        bytes: &[u8],
        reason: ParkReason,
        request: &Request,
        at: Timestamp,
        report: &mut Report,
    ) -> Result<Situation, RefuseReason> {
        let body = self.parked(reason, bytes, report.proof, request, at)?;
        let sending = self
            .sent(
                vec![Message {
                    queue: QueueName::Parked,
                    body,
                    place: 0,
                }],
                at,
                report,
            )
            .await;
        if sending.acknowledged.is_empty() {
            return Err(RefuseReason::QueueUnavailable);
        }
        report.parked.push((reason, 1));
        Ok(Situation::Parked)
    }

    async fn sent(&self, messages: Vec<Message>, at: Timestamp, report: &mut Report) -> Sending {
        let end = self.sending_end(at);
        let sending = send(&self.queue, &self.clock, &self.random, self.source, messages, end);
        let sending = self.beside_refresh(sending, end).await;
        report
            .faults
            .extend(sending.faults.iter().map(|place| ("aws_call", place.clone())));
        sending
    }

    /// The message that parks these bytes, or the refusal if no message takes them.
    fn parked(
        &self,
        reason: ParkReason,
        bytes: &[u8],
        proof: Option<Proof>,
        request: &Request,
        at: Timestamp,
    ) -> Result<String, RefuseReason> {
        let parked = Parked {
            reason,
            detail: None,
            by: self.function,
            at: self.clock.now(),
            source: Some(self.source),
            destination: None,
            request_id: Some(request.request_id.as_str().into()),
            first_received_at: Some(at),
            attempt: 0,
            auth: proof.map(|proof| proof.auth),
            key: proof.map(|proof| proof.key),
            done: None,
            content: Content::BodyBase64(STANDARD.encode(bytes)),
        };
        let body = parked.to_body();
        if body.len() > MESSAGE_BYTES {
            return Err(RefuseReason::BodyTooLarge);
        }
        Ok(body)
    }
}
