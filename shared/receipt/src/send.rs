//! Messages of a reader of files go to SQS (4.6): in batches, some at once, what failed again while the time lasts.
//! The receiver's own are in `outgoing`.

use crate::limits::{BATCH_BYTES, BATCH_ENTRIES, CALLS_AT_ONCE, WAITS_MS};
use event::ports::{Entry, Queue, QueueName};
use event::{Clock, Random, Source, Timestamp};
use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt};
use std::collections::{HashMap, VecDeque};
use std::pin::pin;

/// One message on its way.
pub struct Message {
    /// Where to.
    pub queue: QueueName,
    /// What.
    pub body: String,
    /// The place of the message in the caller's list.
    pub place: usize,
}

/// What became of the messages, by their places.
#[derive(Debug, Default)]
pub struct Sending {
    /// Acknowledged.
    pub acknowledged: Vec<usize>,
    /// Refused by SQS, which blames the message itself.
    pub refused: Vec<usize>,
    /// Not acknowledged when the time was up.
    pub open: Vec<usize>,
    /// Codes of calls that failed as a whole.
    pub faults: Vec<String>,
}

/// Sends all messages, until `end` at the latest: earlier, if the next wait would last beyond it.
pub async fn send<Q: Queue, C: Clock, R: Random>(
    queue: &Q,
    clock: &C,
    random: &R,
    source: Source,
    messages: Vec<Message>,
    end: Timestamp,
) -> Sending {
    let mut result = Sending::default();
    let mut waiting: Vec<Message> = messages;
    for round in 0.. {
        if waiting.is_empty() {
            break;
        }
        if round > 0 {
            let wait = wait_ms(round, random);
            if wait >= millis_until(end, clock) {
                break;
            }
            clock.sleep(wait).await;
        }
        let left = millis_until(end, clock);
        if left == 0 {
            break;
        }
        let batches = batches(std::mem::take(&mut waiting));
        // What was not answered when the time is up is still here, and open.
        let mut unanswered: VecDeque<Vec<usize>> = batches
            .iter()
            .map(|(_, batch)| batch.iter().map(|message| message.place).collect())
            .collect();
        let calls = batches
            .into_iter()
            .map(|(name, batch)| call(queue, source, name, batch));
        let mut answers = pin!(stream::iter(calls).buffered(CALLS_AT_ONCE));
        let mut time_up = pin!(clock.sleep(left));
        loop {
            match select(answers.next(), time_up.as_mut()).await {
                Either::Left((Some(answer), _)) => {
                    unanswered.pop_front();
                    result.acknowledged.extend(answer.acknowledged);
                    result.refused.extend(answer.refused);
                    result.faults.extend(answer.fault);
                    waiting.extend(answer.again);
                }
                Either::Left((None, _)) => break,
                Either::Right(_) => {
                    result.open.extend(unanswered.into_iter().flatten());
                    result.open.extend(waiting.iter().map(|message| message.place));
                    return result;
                }
            }
        }
    }
    result.open.extend(waiting.iter().map(|message| message.place));
    result
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
struct Called {
    acknowledged: Vec<usize>,
    refused: Vec<usize>,
    again: Vec<Message>,
    fault: Option<String>,
}

async fn call<Q: Queue>(queue: &Q, source: Source, name: QueueName, batch: Vec<Message>) -> Called {
    let (mut entries, mut open) = (
        Vec::with_capacity(batch.len()),
        HashMap::with_capacity(batch.len()),
    );
    for message in batch {
        let id = format!("m{}", message.place);
        open.insert(id.clone(), (message.queue, message.place));
        entries.push(Entry {
            id,
            body: message.body,
            delay_s: 0,
            group: Some(source),
        });
    }
    let mut called = Called {
        acknowledged: Vec::new(),
        refused: Vec::new(),
        again: Vec::new(),
        fault: None,
    };
    match queue.send(name, &entries).await {
        Ok(sent) => {
            for id in &sent.successful {
                called
                    .acknowledged
                    .extend(open.remove(id).map(|(_, place)| place));
            }
            for failed in sent.failed.iter().filter(|failed| failed.sender_fault) {
                called
                    .refused
                    .extend(open.remove(&failed.id).map(|(_, place)| place));
            }
        }
        Err(error) => called.fault = Some(error.to_string()),
    }
    // An id that SQS named in neither list has failed like one that it named.
    for entry in entries {
        if let Some((queue, place)) = open.remove(&entry.id) {
            called.again.push(Message {
                queue,
                body: entry.body,
                place,
            });
        }
    }
    called
}

/// Groups messages into calls, in order, within the limits of one.
fn batches(messages: Vec<Message>) -> Vec<(QueueName, Vec<Message>)> {
    let mut batches: Vec<(QueueName, Vec<Message>)> = Vec::new();
    let mut open: HashMap<QueueName, (usize, usize)> = HashMap::new();
    for message in messages {
        let bytes = message.body.len();
        let fitting = open.get_mut(&message.queue).and_then(|(at, used)| {
            let batch = batches.get_mut(*at).map(|(_, batch)| batch)?;
            (batch.len() < BATCH_ENTRIES && *used + bytes <= BATCH_BYTES).then(|| {
                *used += bytes;
                batch
            })
        });
        match fitting {
            Some(batch) => batch.push(message),
            None => {
                open.insert(message.queue, (batches.len(), bytes));
                batches.push((message.queue, vec![message]));
            }
        }
    }
    batches
}
