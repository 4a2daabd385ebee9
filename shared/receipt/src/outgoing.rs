//! Messages go to SQS (4.6): in batches, some at once, what failed again while the time lasts.

use crate::limits::{BATCH_BYTES, BATCH_ENTRIES, CALLS_AT_ONCE, attempt_ms};
use crate::receiver::ReceiverSurroundings;
use crate::send::{millis_until, wait_ms};
use event::ports::{CallFailed, Entry, Queue, QueueName};
use event::reasons::ParkReason;
use event::{Clock, Source, Timestamp};
use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt};
use std::collections::HashMap;
use std::ops::Range;
use std::pin::pin;

/// A message that is to be sent, and what depends on it.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) queue: QueueName,
    pub(crate) body: String,
    /// The tenant for SQS's fair queues (RC-093).
    pub(crate) group: Option<Source>,
    /// The events in it, by their positions in the request.
    pub(crate) events: Range<usize>,
    /// Why it sets them aside, if it does.
    pub(crate) parks: Option<ParkReason>,
}

/// What SQS said of the messages.
#[derive(Default)]
pub(crate) struct Sending {
    pub(crate) acknowledged: usize,
    /// Refused by SQS, which blames the message itself.
    pub(crate) refused: Vec<Outgoing>,
    /// Not acknowledged when the time was up.
    pub(crate) unacknowledged: usize,
    /// Whether SQS may have stored one of these: its answer did not arrive.
    pub(crate) maybe_queued: bool,
    /// Calls that failed as a whole.
    pub(crate) errors: Vec<CallFailed>,
}

/// A message with its id in the calls, which it keeps from attempt to attempt.
struct Numbered {
    id: String,
    message: Outgoing,
}

/// Sends all messages, until `end` at the latest: earlier, if the next wait would last beyond it.
pub(crate) async fn send<S: ReceiverSurroundings>(
    surroundings: &S,
    source: Source,
    messages: Vec<Outgoing>,
    end: Timestamp,
) -> Sending {
    let total = messages.len();
    let numbered = messages.into_iter().enumerate();
    let mut waiting: Vec<Numbered> = numbered
        .map(|(n, message)| Numbered {
            id: format!("m{n}"),
            message,
        })
        .collect();
    let mut sending = Sending::default();
    for attempt in 0.. {
        if waiting.is_empty() {
            break;
        }
        if attempt > 0 {
            let wait = wait_ms(attempt, surroundings.random());
            if wait >= millis_until(end, surroundings.clock()) {
                break;
            }
            surroundings.clock().sleep(wait).await;
            if sending.maybe_queued {
                surroundings.queue().drop_connections();
            }
        }
        let within_ms = attempt_ms(source, attempt).min(millis_until(end, surroundings.clock()));
        if within_ms == 0 {
            break;
        }
        let calls = batches(std::mem::take(&mut waiting))
            .into_iter()
            .map(|batch| call(surroundings, batch, within_ms));
        let mut answers = pin!(stream::iter(calls).buffered(CALLS_AT_ONCE));
        let mut time_up = pin!(
            surroundings
                .clock()
                .sleep(millis_until(end, surroundings.clock()))
        );
        loop {
            match select(answers.next(), time_up.as_mut()).await {
                Either::Left((Some(answer), _)) => {
                    sending.acknowledged += answer.acknowledged;
                    sending.refused.extend(answer.refused);
                    let unclear = answer.error.as_ref().is_some_and(CallFailed::may_have_happened);
                    sending.maybe_queued |= unclear;
                    sending.errors.extend(answer.error);
                    waiting.extend(answer.again);
                }
                Either::Left((None, _)) => break,
                Either::Right(_) => {
                    sending.maybe_queued = true;
                    break;
                }
            }
        }
    }
    // What was in flight when the time was up counts too.
    sending.unacknowledged = total - sending.acknowledged - sending.refused.len();
    sending
}

/// What one call gave.
#[derive(Default)]
struct Called {
    acknowledged: usize,
    refused: Vec<Outgoing>,
    again: Vec<Numbered>,
    error: Option<CallFailed>,
}

async fn call<S: ReceiverSurroundings>(surroundings: &S, batch: Batch, within_ms: u64) -> Called {
    let mut unnamed = HashMap::with_capacity(batch.messages.len());
    let mut entries = Vec::with_capacity(batch.messages.len());
    for Numbered { id, mut message } in batch.messages {
        entries.push(Entry {
            id: id.clone(),
            body: std::mem::take(&mut message.body),
            delay_s: 0,
            group: message.group,
        });
        unnamed.insert(id, message);
    }
    let sent = {
        let send = pin!(surroundings.queue().send(batch.queue, &entries));
        let time_up = pin!(surroundings.clock().sleep(within_ms));
        match select(send, time_up).await {
            Either::Left((sent, _)) => sent,
            Either::Right(_) => Err(CallFailed::timeout("SendMessageBatch")),
        }
    };
    let mut called = Called::default();
    let mut refused = Vec::new();
    match sent {
        Ok(sent) => {
            let acknowledged = sent.successful.iter().filter_map(|id| unnamed.remove(id));
            called.acknowledged = acknowledged.count();
            refused.extend(sent.failed.into_iter().filter(|failed| failed.sender_fault));
        }
        Err(error) => called.error = Some(error),
    }
    // An id that SQS named in neither list has failed like one that it named.
    for Entry { id, body, .. } in entries {
        let Some(message) = unnamed.remove(&id) else {
            continue;
        };
        let message = Outgoing { body, ..message };
        if refused.iter().any(|failed| failed.id == id) {
            called.refused.push(message);
        } else {
            called.again.push(Numbered { id, message });
        }
    }
    called
}

/// The messages of one call.
struct Batch {
    queue: QueueName,
    messages: Vec<Numbered>,
    bytes: usize,
}

/// Groups messages into calls, in order, within the limits of one.
fn batches(messages: Vec<Numbered>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for numbered in messages {
        let (queue, bytes) = (numbered.message.queue, numbered.message.body.len());
        let last = batches.iter_mut().rev().find(|batch| batch.queue == queue);
        match last {
            Some(open) if open.messages.len() < BATCH_ENTRIES && open.bytes + bytes <= BATCH_BYTES => {
                open.bytes += bytes;
                open.messages.push(numbered);
            }
            _ => batches.push(Batch {
                queue,
                messages: vec![numbered],
                bytes,
            }),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Destination;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_call_has_at_most_ten_entries_and_1048576_bytes(
            sizes in proptest::collection::vec((0_usize..=BATCH_BYTES, 0_usize..3), 0..60),
        ) {
            event::rules!["RC-097"];
            let queues = [
                QueueName::Destination(Destination::Braze),
                QueueName::Destination(Destination::Branch),
                QueueName::Parked,
            ];
            let messages = sizes.iter().enumerate().map(|(n, (size, queue))| {
                // Half of them are small, so that the count is met too.
                let size = if n % 2 == 0 { *size } else { size / 100 };
                let message = Outgoing {
                    queue: queues[*queue],
                    body: "x".repeat(size),
                    group: None,
                    events: n..n + 1,
                    parks: None,
                };
                Numbered { id: format!("m{n}"), message }
            });
            let batches = batches(messages.collect());
            let mut numbers: Vec<usize> = Vec::new();
            for Batch { queue, messages, .. } in &batches {
                prop_assert!((1..=BATCH_ENTRIES).contains(&messages.len()));
                let bytes = messages.iter().map(|numbered| numbered.message.body.len());
                prop_assert!(bytes.sum::<usize>() <= BATCH_BYTES);
                prop_assert!(messages.iter().all(|numbered| numbered.message.queue == *queue));
                let own = messages.iter().map(|numbered| numbered.message.events.start);
                prop_assert!(own.clone().is_sorted(), "in order");
                numbers.extend(own);
            }
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (0..sizes.len()).collect::<Vec<_>>(), "each message once, so each id once");
        }
    }
}
