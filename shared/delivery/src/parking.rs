//! The parked queue: what is set aside for a person, and what is done if that fails (RD-023).

use crate::backoff::park_failed;
use crate::deliverer::TrackedEvent;
use crate::destination::Destination;
use crate::job::DelivererSurroundings;
use crate::record::{OpenedRecord, Opening};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::envelope::{Content, Parked};
use event::ports::{CALL_BYTES, Entry, Queue, QueueName, calls};
use event::reasons::{ParkReason, RetryClass};
use event::{Clock, Outcome, Timestamp};
use futures_util::stream::{self, StreamExt};
use std::collections::HashSet;

/// How often a park and a new message are tried (RD-023, RD-042).
const SEND_ATTEMPTS: usize = 3;
/// Calls to SQS in flight at once (RD-024).
pub(crate) const MAX_CALLS: usize = 8;

/// Sends what is parked of the records that it is asked for; what is not acknowledged waits instead: nothing is deleted on the
/// strength of a park that did not happen. Gives the number of those that were acknowledged.
pub(crate) async fn park<D: Destination, S: DelivererSurroundings>(
    surroundings: &S,
    function: &'static str,
    records: &mut [OpenedRecord<'_>],
    events: &mut [TrackedEvent],
    of: impl Fn(usize) -> bool,
    last_start: Timestamp,
) -> u64 {
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
    for (at, event) in events.iter().enumerate().filter(|(_, event)| of(event.record)) {
        if let Some(parked) = parked_event(function, records, event, now) {
            entry(format!("e{at}"), parked.to_body());
        }
    }
    for (at, opened) in records.iter().enumerate().filter(|(at, _)| of(*at)) {
        if let Opening::Unreadable(Outcome::Park(reason)) = opened.opening {
            entry(
                format!("r{at}"),
                parked_body::<D>(function, opened, reason, now).to_body(),
            );
        }
    }
    let count = entries.len();
    let failed = send(surroundings, QueueName::Parked, entries, last_start).await;
    let retry = |opened: &OpenedRecord<'_>| Outcome::Retry {
        after: park_failed(opened.record.receive_count),
        class: RetryClass::ParkFailed,
    };
    for (at, event) in events.iter_mut().enumerate() {
        if failed.contains(&format!("e{at}")) {
            event.result.outcome = records.get(event.record).map_or(event.result.outcome, retry);
        }
    }
    for (at, opened) in records.iter_mut().enumerate() {
        if failed.contains(&format!("r{at}")) {
            opened.opening = Opening::Unreadable(retry(opened));
        }
    }
    (count - failed.len()) as u64
}

fn parked_event<'p>(
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
        // Of a message in a queue that is not its own, the one that it is for.
        destination: Some(head.destination),
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
    let content = Content::BodyBase64(STANDARD.encode(&opened.record.body));
    Parked {
        destination: Some(D::NAME),
        attempt: opened.record.receive_count,
        ..Parked::new(reason, function, now, content)
    }
}

/// Sends entries until they are acknowledged, three times at most; no call starts after `last_start`. Gives the ids of those
/// that were not acknowledged.
pub(crate) async fn send<S: DelivererSurroundings>(
    surroundings: &S,
    queue: QueueName,
    entries: Vec<Entry>,
    last_start: Timestamp,
) -> HashSet<String> {
    let (fitting, too_large): (Vec<Entry>, Vec<Entry>) = entries
        .into_iter()
        .partition(|entry| entry.body.len() <= CALL_BYTES);
    let bytes = |entry: &Entry| entry.body.len();
    let call = async |call: Vec<Entry>| {
        let sent = surroundings.queue().send(queue, &call).await.unwrap_or_default();
        let is_open = |entry: &Entry| !sent.successful.contains(&entry.id);
        call.into_iter().filter(is_open).collect()
    };
    let open = tried(surroundings, SEND_ATTEMPTS, fitting, bytes, last_start, call).await;
    open.into_iter().chain(too_large).map(|entry| entry.id).collect()
}

/// Tries calls with these entries, within SQS's limits and several at once, each time over fresh connections: those in the pool
/// may have died while the container was frozen. Gives what `call` did until the last time.
pub(crate) async fn tried<S: DelivererSurroundings, T>(
    surroundings: &S,
    attempts: usize,
    mut open: Vec<T>,
    bytes: impl Fn(&T) -> usize,
    last_start: Timestamp,
    call: impl AsyncFn(Vec<T>) -> Vec<T>,
) -> Vec<T> {
    for attempt in 0..attempts {
        if open.is_empty() {
            break;
        }
        if attempt > 0 {
            surroundings.queue().drop_connections();
        }
        let called = calls(open, &bytes).into_iter().map(async |entries: Vec<T>| {
            match surroundings.clock().now() <= last_start {
                true => call(entries).await,
                false => entries,
            }
        });
        open = stream::iter(called).buffer_unordered(MAX_CALLS).concat().await;
    }
    open
}
