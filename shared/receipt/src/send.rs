//! Messages go to SQS (4.6): in batches, some at once, what failed again while the time lasts.

use crate::limits::{CALLS_AT_ONCE, WAITS_MS};
use event::ports::{CallFailed, Entry, Queue, QueueName, calls};
use event::reasons::ParkReason;
use event::{Clock, Random, Source, Timestamp};
use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::pin::pin;

/// A message that is to be sent, and what depends on it.
#[derive(Clone)]
pub struct Outgoing {
    /// The queue that it goes to.
    pub queue: QueueName,
    /// An envelope, or what is parked: at most 1048576 bytes.
    pub body: String,
    /// Seconds until it can be received, at most 900.
    pub delay_s: u32,
    /// The tenant for SQS's fair queues (RC-093).
    pub group: Option<Source>,
    /// The events in it, by their positions in the request or the chunk of a file.
    pub events: Range<usize>,
    /// Why it sets them aside, if it does.
    pub parks: Option<ParkReason>,
}

impl Outgoing {
    /// A message to the parked queue, which needs neither delay nor tenant.
    pub const fn parking(reason: ParkReason, body: String, events: Range<usize>) -> Self {
        Self {
            queue: QueueName::Parked,
            body,
            delay_s: 0,
            group: None,
            events,
            parks: Some(reason),
        }
    }
}

/// What SQS said of the messages.
#[derive(Default)]
pub struct Sending {
    /// What it has stored; their bodies are gone.
    pub acknowledged: Vec<Outgoing>,
    /// Refused by SQS, which blames the message itself.
    pub refused: Vec<Outgoing>,
    /// The events of each message that was not acknowledged when the time was up.
    pub open: Vec<Range<usize>>,
    /// Whether SQS may have stored one of these: its answer did not arrive.
    pub maybe_queued: bool,
    /// Calls that failed as a whole.
    pub errors: Vec<CallFailed>,
}

/// A message with its id in the calls, which it keeps from attempt to attempt.
struct Numbered {
    id: String,
    message: Outgoing,
}

/// Sends all messages, until `end` at the latest: earlier, if the next wait would last beyond it. A call may last
/// `attempt_ms`, which is given the number of attempts before it.
pub async fn send(
    queue: &impl Queue,
    clock: &impl Clock,
    random: &impl Random,
    attempt_ms: impl Fn(usize) -> u64,
    messages: Vec<Outgoing>,
    end: Timestamp,
) -> Sending {
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
            let wait = wait_ms(attempt, random);
            if wait >= millis_until(end, clock) {
                break;
            }
            clock.sleep(wait).await;
            if sending.maybe_queued {
                queue.drop_connections();
            }
        }
        let left_ms = millis_until(end, clock);
        if left_ms == 0 {
            break;
        }
        let batches = batches(std::mem::take(&mut waiting));
        // What is in flight when the time is up counts too.
        let mut in_flight: VecDeque<Vec<Range<usize>>> = batches.iter().map(Batch::events).collect();
        let within_ms = attempt_ms(attempt).min(left_ms);
        let calls = batches
            .into_iter()
            .map(|batch| call(queue, clock, batch, within_ms));
        let mut answers = pin!(stream::iter(calls).buffered(CALLS_AT_ONCE));
        let mut time_up = pin!(clock.sleep(left_ms));
        loop {
            match select(answers.next(), time_up.as_mut()).await {
                Either::Left((Some(answer), _)) => {
                    in_flight.pop_front();
                    sending.acknowledged.extend(answer.acknowledged);
                    sending.refused.extend(answer.refused);
                    let unclear = answer.error.as_ref().is_some_and(CallFailed::may_have_happened);
                    sending.maybe_queued |= unclear;
                    sending.errors.extend(answer.error);
                    waiting.extend(answer.again);
                }
                Either::Left((None, _)) => break,
                Either::Right(_) => {
                    sending.maybe_queued = true;
                    sending.open.extend(in_flight.into_iter().flatten());
                    break;
                }
            }
        }
    }
    let waiting = waiting.into_iter().map(|numbered| numbered.message.events);
    sending.open.extend(waiting);
    sending
}

/// How long to wait before the `attempt`-th repetition, counted from 1.
pub(crate) fn wait_ms(attempt: usize, random: &impl Random) -> u64 {
    let most = WAITS_MS.get(attempt - 1).or(WAITS_MS.last());
    random.between(0.0, most.copied().unwrap_or_default()) as u64
}

/// Milliseconds that are left until `end`.
pub(crate) fn millis_until(end: Timestamp, clock: &impl Clock) -> u64 {
    u64::try_from(end.millis_since(clock.now())).unwrap_or_default()
}

/// What one call gave.
#[derive(Default)]
struct Called {
    acknowledged: Vec<Outgoing>,
    refused: Vec<Outgoing>,
    again: Vec<Numbered>,
    error: Option<CallFailed>,
}

async fn call(queue: &impl Queue, clock: &impl Clock, batch: Batch, within_ms: u64) -> Called {
    let mut unnamed = HashMap::with_capacity(batch.messages.len());
    let mut entries = Vec::with_capacity(batch.messages.len());
    for Numbered { id, mut message } in batch.messages {
        entries.push(Entry {
            id: id.clone(),
            body: std::mem::take(&mut message.body),
            delay_s: message.delay_s,
            group: message.group,
        });
        unnamed.insert(id, message);
    }
    let sent = {
        let send = pin!(queue.send(batch.queue, &entries));
        let time_up = pin!(clock.sleep(within_ms));
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
            called.acknowledged = acknowledged.collect();
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
}

impl Batch {
    fn events(&self) -> Vec<Range<usize>> {
        let messages = self.messages.iter();
        messages.map(|numbered| numbered.message.events.clone()).collect()
    }
}

/// Groups messages into calls by their queues, in order, within the limits of one.
fn batches(messages: Vec<Numbered>) -> Vec<Batch> {
    let mut queues: Vec<Batch> = Vec::new();
    for numbered in messages {
        let queue = numbered.message.queue;
        match queues.iter_mut().find(|of_queue| of_queue.queue == queue) {
            Some(of_queue) => of_queue.messages.push(numbered),
            None => queues.push(Batch {
                queue,
                messages: vec![numbered],
            }),
        }
    }
    let in_calls = |Batch { queue, messages }| {
        let calls = calls(messages, |numbered: &Numbered| numbered.message.body.len());
        calls.into_iter().map(move |messages| Batch { queue, messages })
    };
    queues.into_iter().flat_map(in_calls).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Destination;
    use event::ports::{CALL_BYTES, CALL_ENTRIES};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_call_has_at_most_ten_entries_and_1048576_bytes(
            sizes in proptest::collection::vec((0_usize..=CALL_BYTES, 0_usize..3), 0..60),
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
                    delay_s: 0,
                    group: None,
                    events: n..n + 1,
                    parks: None,
                };
                Numbered { id: format!("m{n}"), message }
            });
            let batches = batches(messages.collect());
            let mut numbers: Vec<usize> = Vec::new();
            for Batch { queue, messages } in &batches {
                prop_assert!((1..=CALL_ENTRIES).contains(&messages.len()));
                let bytes = messages.iter().map(|numbered| numbered.message.body.len());
                prop_assert!(bytes.sum::<usize>() <= CALL_BYTES);
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
