//! SQS, with its limits, its second deliveries and its partial answers.
//!
//! Sources: AWS docs "SQS quotas", "SendMessageBatch", "ChangeMessageVisibility", "Dead-letter queues".

use crate::container::{Function, Outside};
use crate::events::{Mark, marks_in};
use crate::faults::Fault;
use crate::time::Signal;
use crate::world::{DAY_MS, HOUR_MS, SECOND_MS, World, place_of};
use event::Destination;
use event::envelope::Envelope;
use event::ports::{CallFailed, Entry, Failed, Queue, QueueName, Sent, Visibility, VisibilityChange};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Entries of one batch call.
const ENTRIES: usize = 10;
/// Bytes of a message, and of all bodies of one call.
const BYTES: usize = 1_048_576;
/// The longest delay of a message, in seconds.
const MAX_DELAY_S: u32 = 900;
/// Messages of a queue that are received and not yet deleted; beyond, nothing is received.
const IN_FLIGHT: usize = 120_000;
/// Messages stay invisible at most so long after they were received, whatever is asked.
const MAX_VISIBILITY_MS: i64 = 12 * HOUR_MS;
/// Our template: how long queues keep a message, and after how many receives the dead-letter queue takes it.
const RETENTION_MS: i64 = 12 * DAY_MS;
const MAX_RECEIVES: u32 = 500;
/// A call to SQS ends after this at a deliverer; a receiver sets its own limit.
const ATTEMPT_MS: i64 = 500;

#[derive(Clone)]
pub struct Message {
    pub body: Rc<str>,
    pub sent_at: i64,
    visible_at: i64,
    received_at: i64,
    pub receives: u32,
    /// Of the last receive: deletes and changes by an older one do nothing.
    pub handle: u64,
    /// How many messages its events were in before, each sent by the function that got the one before.
    pub chain: u32,
}

/// A message as it is received.
pub struct Received {
    pub id: u64,
    pub message: Message,
}

#[derive(Default)]
pub struct Sqs {
    queues: RefCell<BTreeMap<QueueName, BTreeMap<u64, Message>>>,
    numbers: Cell<u64>,
    /// Notified when something is sent or comes back.
    pub changed: Signal,
    /// Messages that reached an end which a person has to look at.
    pub dead: RefCell<Vec<Rc<str>>>,
    pub calls: Cell<u64>,
}

impl Sqs {
    fn number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// Stores a message.
    pub fn put(&self, queue: QueueName, body: &str, now: i64, delay_s: u32, chain: u32) {
        let message = Message {
            body: body.into(),
            sent_at: now,
            visible_at: now + i64::from(delay_s) * SECOND_MS,
            received_at: now,
            receives: 0,
            handle: 0,
            chain,
        };
        let number = self.number();
        self.queues
            .borrow_mut()
            .entry(queue)
            .or_default()
            .insert(number, message);
        self.changed.notify();
    }

    /// When the first message of a queue can be received.
    pub fn next_visible(&self, queue: QueueName) -> Option<i64> {
        let queues = self.queues.borrow();
        queues
            .get(&queue)?
            .values()
            .map(|message| message.visible_at)
            .min()
    }

    /// The bodies in a queue, the oldest first.
    pub fn bodies(&self, queue: QueueName) -> Vec<String> {
        let queues = self.queues.borrow();
        let messages = queues.get(&queue).into_iter().flatten();
        messages.map(|(_, message)| message.body.to_string()).collect()
    }

    fn in_flight(messages: &BTreeMap<u64, Message>, now: i64) -> usize {
        let sleeps = |message: &&Message| message.receives > 0 && message.visible_at > now;
        messages.values().filter(sleeps).count()
    }

    /// Receives up to `most` messages in any order; each is then invisible for so long.
    pub fn receive(
        &self,
        queue: QueueName,
        now: i64,
        most: usize,
        visibility_ms: i64,
        place: impl Fn(usize) -> usize,
    ) -> Vec<Received> {
        let mut queues = self.queues.borrow_mut();
        let messages = queues.entry(queue).or_default();
        messages.retain(|_, message| now - message.sent_at <= RETENTION_MS);
        let room = IN_FLIGHT.saturating_sub(Self::in_flight(messages, now));
        let visible = messages.iter().filter(|(_, message)| message.visible_at <= now);
        let mut visible: Vec<u64> = visible.map(|(number, _)| *number).collect();
        let mut received = Vec::new();
        while received.len() < most.min(room) && !visible.is_empty() {
            let id = visible.swap_remove(place(visible.len()));
            let Some(message) = messages.get_mut(&id) else {
                continue;
            };
            if message.receives >= MAX_RECEIVES {
                let message = messages.remove(&id);
                self.dead.borrow_mut().extend(message.map(|message| message.body));
                continue;
            }
            message.receives += 1;
            message.received_at = now;
            message.visible_at = now + visibility_ms;
            message.handle = self.number();
            let message = message.clone();
            received.push(Received { id, message });
        }
        received
    }

    /// Deletes a message, if this was its last receive.
    pub fn delete(&self, queue: QueueName, id: u64, handle: u64) {
        let mut queues = self.queues.borrow_mut();
        let messages = queues.entry(queue).or_default();
        if messages.get(&id).is_some_and(|message| message.handle == handle) {
            messages.remove(&id);
        }
    }

    /// Makes a message visible after so long, if this was its last receive. Says whether it did.
    pub fn change_visibility(&self, queue: QueueName, handle: u64, now: i64, visible_ms: i64) -> bool {
        let mut queues = self.queues.borrow_mut();
        let mut messages = queues.entry(queue).or_default().values_mut();
        let Some(message) = messages.find(|message| message.handle == handle) else {
            return false;
        };
        message.visible_at = (now + visible_ms).min(message.received_at + MAX_VISIBILITY_MS);
        self.changed.notify();
        true
    }
}

/// The destination of a queue.
pub const fn destination_of(queue: QueueName) -> Option<Destination> {
    match queue {
        QueueName::Destination(destination) => Some(destination),
        QueueName::Parked | QueueName::BrazeFiles => None,
    }
}

impl World {
    /// Allows one more copy of the events of a message in this queue, or takes that back.
    pub fn excuse_message(&self, queue: QueueName, marks: &[Mark], change: i32) {
        if let Some(destination) = destination_of(queue) {
            self.ledger.excuse(destination, marks, change);
        }
    }

    fn is_queue_away(&self, queue: QueueName) -> bool {
        match queue {
            _ if self.is_within_any(Fault::F43) || self.is_within_any(Fault::F44) => true,
            QueueName::Destination(destination) => self.is_within(Fault::F42, place_of(destination)),
            QueueName::Parked | QueueName::BrazeFiles => self.is_within_any(Fault::F60),
        }
    }

    /// Checks what AWS would refuse, and what must not be sent.
    fn check_entries(&self, entries: &[Entry]) {
        let bytes: usize = entries.iter().map(|entry| entry.body.len()).sum();
        let ids: std::collections::BTreeSet<&String> = entries.iter().map(|entry| &entry.id).collect();
        let is_allowed =
            (1..=ENTRIES).contains(&entries.len()) && bytes <= BYTES && ids.len() == entries.len();
        self.ledger.check(is_allowed, || {
            format!("a call of {} entries, {bytes} bytes", entries.len())
        });
        for entry in entries {
            let is_sendable = !entry.body.is_empty() && !entry.body.contains(['\u{fffe}', '\u{ffff}']);
            self.ledger
                .check(is_sendable && entry.delay_s <= MAX_DELAY_S, || {
                    format!("SQS refuses a body or {} s", entry.delay_s)
                });
            let forged = self.ledger.forged.borrow();
            let stranger = marks_in(&entry.body)
                .into_iter()
                .find(|mark| forged.contains(mark));
            self.ledger.check(stranger.is_none(), || {
                format!("{stranger:?} is queued, and nobody proved it")
            });
        }
    }
}

impl Outside {
    /// Every call takes its way over the network, or gets lost on it.
    async fn call_sqs(&self, queue: QueueName, operation: &'static str) -> Result<(), CallFailed> {
        let world = &self.world;
        world.sqs.calls.set(world.sqs.calls.get() + 1);
        world.travel().await;
        if world.chance.strikes(Fault::F27) {
            world.time.sleep(world.chance.between(100, 1500)).await;
        }
        if self.hangs_on_dead_connection() || world.is_queue_away(queue) && world.chance.one_in(2) {
            std::future::pending::<()>().await;
        }
        if world.is_queue_away(queue) {
            return Err(CallFailed {
                operation,
                code: world
                    .chance
                    .pick(&["InternalError", "connect", "ThrottlingException"])
                    .to_owned(),
            });
        }
        Ok(())
    }

    async fn limited<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, CallFailed>>,
    ) -> Result<T, CallFailed> {
        let most = match self.function {
            Function::Receive(_) => i64::try_from(receipt::limits::LONGEST_ATTEMPT_MS).unwrap(),
            Function::Deliver(_) => ATTEMPT_MS,
        };
        let done = self.world.within(most, call).await;
        done.unwrap_or_else(|| Err(CallFailed::timeout(operation)))
    }

    async fn send_batch(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        const OPERATION: &str = "SendMessageBatch";
        let world = &self.world;
        world.check_entries(entries);
        self.call_sqs(queue, OPERATION).await?;
        if matches!(self.function, Function::Receive(_)) && world.chance.strikes(Fault::F31) {
            world.ledger.has_panicked.set(true);
            panic!("a simulated panic");
        }
        let mut sent = Sent::default();
        let mut stored = Vec::new();
        let own = Function::Deliver(destination_of(queue).unwrap_or(Destination::Braze)) == self.function;
        for entry in entries {
            let id = entry.id.clone();
            let marks = marks_in(&entry.body);
            if world.chance.strikes(Fault::F36) {
                sent.failed.push(Failed {
                    id,
                    sender_fault: false,
                });
                continue;
            }
            // What sends itself on was taken before: SQS has no cause to blame it.
            if !own && queue != QueueName::Parked && world.chance.strikes(Fault::F37) {
                world.ledger.blamed.borrow_mut().extend(marks);
                sent.failed.push(Failed {
                    id,
                    sender_fault: true,
                });
                continue;
            }
            let chain = if own { self.chain.get() + 1 } else { 0 };
            world
                .sqs
                .put(queue, &entry.body, world.time.now(), entry.delay_s, chain);
            // Until the answer is there, the sender may have to send it again.
            world.excuse_message(queue, &marks, 1);
            if world.chance.strikes(Fault::F38) {
                continue;
            }
            sent.successful.push(id);
            stored.push(marks);
        }
        world.trace(|| trace_of(self.function, queue, entries, &sent));
        world.travel().await;
        if world.chance.strikes(Fault::F69) {
            std::future::pending::<()>().await;
        }
        for marks in stored {
            world.excuse_message(queue, &marks, -1);
        }
        Ok(sent)
    }
}

fn trace_of(function: Function, queue: QueueName, entries: &[Entry], sent: &Sent) -> String {
    let marks: Vec<String> = entries
        .iter()
        .map(|entry| {
            let attempt = Envelope::open(&entry.body).map_or(0, |envelope| envelope.head.attempt);
            let marks: Vec<String> = marks_in(&entry.body).iter().map(ToString::to_string).collect();
            format!("[{} attempt {attempt}, +{} s]", marks.join(" "), entry.delay_s)
        })
        .collect();
    let (taken, all) = (sent.successful.len(), entries.len());
    format!(
        "{} sends to {queue:?}: {}; {taken} of {all} acknowledged",
        function.name(),
        marks.join(" ")
    )
}

impl Queue for Outside {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        let sent = self
            .limited("SendMessageBatch", self.send_batch(queue, entries))
            .await;
        let is_taken = sent
            .as_ref()
            .is_ok_and(|sent| sent.successful.len() == entries.len());
        self.has_failed_to_send
            .set(self.has_failed_to_send.get() || !is_taken);
        sent
    }

    fn drop_connections(&self) {
        self.is_connection_dead.set(false);
    }
}

impl Visibility for Outside {
    async fn change(
        &self,
        queue: QueueName,
        changes: &[VisibilityChange],
    ) -> Result<Vec<String>, CallFailed> {
        const OPERATION: &str = "ChangeMessageVisibilityBatch";
        let world = &self.world;
        let is_allowed = (1..=ENTRIES).contains(&changes.len());
        world
            .ledger
            .check(is_allowed, || format!("a call of {} entries", changes.len()));
        let change = async {
            self.call_sqs(queue, OPERATION).await?;
            let mut changed = Vec::new();
            for change in changes {
                world.ledger.check(change.seconds <= MAX_DELAY_S, || {
                    format!("a visibility of {} s (RD-066)", change.seconds)
                });
                if world.chance.strikes(Fault::F59) {
                    continue;
                }
                let handle = change.receipt_handle.parse().unwrap_or_default();
                let visible_ms = i64::from(change.seconds) * SECOND_MS;
                if world
                    .sqs
                    .change_visibility(queue, handle, world.time.now(), visible_ms)
                {
                    changed.push(change.id.clone());
                }
            }
            world.travel().await;
            Ok(changed)
        };
        self.limited(OPERATION, change).await
    }
}
