//! The parked queue: what is set aside for a person, and what is done if that fails (RD-023).

use crate::backoff::PARK_FAILED_S;
use crate::deliverer::TrackedEvent;
use crate::destination::Destination;
use crate::job::Surroundings;
use crate::record::{OpenedRecord, Opening};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::envelope::{Content, Parked};
use event::ports::{Entry, Queue, QueueName};
use event::reasons::{ParkReason, RetryClass};
use event::{Clock, Outcome, Timestamp};
use std::collections::HashSet;

/// How often a park is tried (RD-023).
const PARK_ATTEMPTS: usize = 3;
/// Entries of one call to SQS.
pub const MAX_ENTRIES: usize = 10;
/// Bytes of the bodies of one call to SQS.
const MAX_CALL_BYTES: usize = 1_048_576;

/// Sends what is parked; what is not acknowledged waits instead: nothing is deleted on the strength of a park that did not
/// happen.
pub async fn park<D: Destination, S: Surroundings>(
    surroundings: &S,
    function: &'static str,
    records: &mut [OpenedRecord<'_>],
    events: &mut [TrackedEvent],
) {
    let now = surroundings.clock().now();
    let mut entries = Vec::new();
    let mut entry = |id: String, body: String| {
        entries.push(Entry {
            id,
            body,
            delay_s: 0,
            group: None,
        });
    };
    for (at, event) in events.iter().enumerate() {
        if let Some(parked) = parked_event::<D>(function, records, event, now) {
            entry(format!("e{at}"), parked.to_body());
        }
    }
    for (at, opened) in records.iter().enumerate() {
        if let Opening::Unreadable(Outcome::Park(reason)) = opened.opening {
            entry(
                format!("r{at}"),
                parked_body::<D>(function, opened, reason, now).to_body(),
            );
        }
    }
    for _ in 0..PARK_ATTEMPTS {
        if entries.is_empty() {
            return;
        }
        entries = send(surroundings.queue(), QueueName::Parked, entries).await;
    }
    let failed: HashSet<String> = entries.into_iter().map(|entry| entry.id).collect();
    let again = Outcome::Retry {
        after: PARK_FAILED_S,
        class: RetryClass::ParkFailed,
    };
    for (at, event) in events.iter_mut().enumerate() {
        if failed.contains(&format!("e{at}")) {
            event.result.outcome = again;
        }
    }
    for (at, opened) in records.iter_mut().enumerate() {
        if failed.contains(&format!("r{at}")) {
            opened.opening = Opening::Unreadable(again);
        }
    }
}

fn parked_event<'p, D: Destination>(
    function: &'static str,
    records: &'p [OpenedRecord<'_>],
    event: &'p TrackedEvent,
    now: Timestamp,
) -> Option<Parked<'p>> {
    let reason = match event.result.outcome {
        Outcome::Park(reason) => reason,
        Outcome::Delivered | Outcome::Warned(_) | Outcome::Ignored(_) => return None,
        Outcome::Retry { .. } | Outcome::Hold(_) => return None,
    };
    let opened = records.get(event.record)?;
    let envelope = opened.envelope()?;
    let head = &envelope.head;
    let before = envelope.done.get(event.place).cloned().flatten();
    Some(Parked {
        reason,
        detail: event.result.detail.as_deref().map(Into::into),
        by: function,
        at: now,
        source: Some(head.source),
        destination: Some(D::NAME),
        request_id: Some(head.request_id.clone()),
        first_received_at: Some(head.first_received_at),
        attempt: opened.receives(),
        auth: Some(head.auth),
        key: Some(head.key),
        done: event.result.done.clone().or(before),
        content: Content::Event(envelope.events.get(event.place).copied()?),
    })
}

fn parked_body<D: Destination>(
    function: &'static str,
    opened: &OpenedRecord<'_>,
    reason: ParkReason,
    now: Timestamp,
) -> Parked<'static> {
    Parked {
        reason,
        detail: None,
        by: function,
        at: now,
        source: None,
        destination: Some(D::NAME),
        request_id: None,
        first_received_at: None,
        attempt: opened.record.receive_count,
        auth: None,
        key: None,
        done: None,
        content: Content::BodyBase64(STANDARD.encode(&opened.record.body)),
    }
}

/// Sends entries once, in calls within SQS's limits; gives back those that were not acknowledged.
pub async fn send(queue: &impl Queue, name: QueueName, entries: Vec<Entry>) -> Vec<Entry> {
    let mut failed = Vec::new();
    let (mut call, mut bytes) = (Vec::new(), 0);
    let mut entries = entries.into_iter().peekable();
    while let Some(entry) = entries.next() {
        bytes += entry.body.len();
        call.push(entry);
        let is_full = |next: &Entry| call.len() == MAX_ENTRIES || bytes + next.body.len() > MAX_CALL_BYTES;
        if entries.peek().is_none_or(is_full) {
            let sent = queue.send(name, &call).await.unwrap_or_default();
            let acknowledged: HashSet<&str> = sent.successful.iter().map(String::as_str).collect();
            failed.extend(
                call.drain(..)
                    .filter(|entry| !acknowledged.contains(entry.id.as_str())),
            );
            bytes = 0;
        }
    }
    failed
}
