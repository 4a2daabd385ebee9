//! Lambda: containers that start, freeze, crash and are throttled; pollers that bring messages to deliverers; the schedule of
//! the re-ingest.

use crate::container::{Function, Outside};
use crate::events::{Mark, marks_in};
use crate::faults::Fault;
use crate::sqs::Received;
use crate::time::Crashing;
use crate::world::{HOUR_MS, MINUTE_MS, SECOND_MS, World};
use delivery::destinations::{Branch, Braze, Segment};
use delivery::{Deliverer, Map, Record};
use event::ports::QueueName;
use event::settings::Settings;
use event::{Destination, Source, Timestamp};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, select};
use receipt::{Answer, Receiver, Request};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::rc::Rc;

/// How long a receiver's start waits for S3, in milliseconds: as in `shared/aws`.
const WARM_MS: u64 = 2000;

/// Numbers of the template: batch size, window, concurrency, time-out, visibility of the queue.
pub struct Numbers {
    pub batch_size: usize,
    window_ms: i64,
    pub concurrency: usize,
    timeout_ms: i64,
    visibility_ms: i64,
}

pub const fn numbers(destination: Destination) -> Numbers {
    match destination {
        Destination::Branch => Numbers {
            batch_size: 10,
            window_ms: 0,
            concurrency: 5,
            timeout_ms: 30 * SECOND_MS,
            visibility_ms: 185 * SECOND_MS,
        },
        Destination::Braze | Destination::Segment => Numbers {
            batch_size: 25,
            window_ms: SECOND_MS,
            concurrency: 10,
            timeout_ms: MINUTE_MS,
            visibility_ms: 365 * SECOND_MS,
        },
    }
}

/// Lambda ends a chain of so many messages that a function sends itself, unless its `RecursiveLoop` is `Allow` (RI-045).
const LOOP_DETECTED_AT: u32 = 16;
/// The adapter answers so long before the deadline, whatever hangs (RD-102).
const ANSWER_BEFORE_DEADLINE_MS: i64 = 500;

/// A function's code in one container.
pub struct Container {
    outside: Outside,
    code: Code,
    idle_since: Cell<i64>,
}

enum Code {
    Receiver(Box<Receiver<Outside>>),
    Deliverer(Box<dyn Delivers>),
}

trait Delivers {
    fn handle<'a>(
        &'a self,
        records: &'a [Record],
        id: &'a str,
        deadline: Timestamp,
    ) -> LocalBoxFuture<'a, Vec<String>>;
    fn warm(&self) -> LocalBoxFuture<'_, ()>;
}

impl<D: delivery::Destination> Delivers for Deliverer<D, Outside> {
    fn handle<'a>(
        &'a self,
        records: &'a [Record],
        id: &'a str,
        deadline: Timestamp,
    ) -> LocalBoxFuture<'a, Vec<String>> {
        self.handle(records, id, deadline).boxed_local()
    }

    fn warm(&self) -> LocalBoxFuture<'_, ()> {
        self.warm().boxed_local()
    }
}

#[derive(Default)]
pub struct Lambda {
    idle: RefCell<BTreeMap<Function, Vec<Container>>>,
    busy: RefCell<BTreeMap<Function, usize>>,
    invocations: Cell<u64>,
    /// The longest chain of messages that a function sent itself.
    pub longest_chain: Cell<u32>,
    /// Whether `RecursiveLoop` is not `Allow`.
    pub ends_loops: Cell<bool>,
    /// The poll after which the n-th invocation of a function crashes, for tests that try them all.
    pub crash: Cell<Option<(Function, u64, u32)>>,
    pub crashes: Cell<u64>,
    /// Whether Lambda ends no idle container.
    pub keeps_containers: Cell<bool>,
    counts: RefCell<BTreeMap<Function, u64>>,
}

/// The mapping, but for an event whose mapping panics.
macro_rules! map {
    ($map:path) => {
        |source, text, received_at, settings| {
            assert!(!text.contains("panics"), "a simulated panic");
            $map(source, text, received_at, settings)
        }
    };
}

impl World {
    /// A container for one invocation: one that is idle, or a new one, which is warmed first.
    async fn container(self: &Rc<Self>, function: Function) -> Container {
        let found = (self.lambda.idle.borrow_mut())
            .get_mut(&function)
            .and_then(Vec::pop);
        let frozen_ms = found
            .as_ref()
            .map_or(0, |container| self.time.now() - container.idle_since.get());
        // Lambda keeps an idle container for minutes, or for hours.
        let kept_ms = self.chance.pick(&[5 * MINUTE_MS, 45 * MINUTE_MS, 8 * HOUR_MS]);
        match found.filter(|_| frozen_ms < kept_ms || self.lambda.keeps_containers.get()) {
            Some(container) => {
                if frozen_ms > MINUTE_MS {
                    self.chance.note(Fault::F30);
                }
                if frozen_ms > 5 * HOUR_MS {
                    self.chance.note(Fault::F86);
                }
                container
            }
            None => {
                self.chance.note(Fault::F28);
                let container = self.start(function);
                match &container.code {
                    Code::Receiver(receiver) => receiver.warm(WARM_MS).await,
                    Code::Deliverer(deliverer) => deliverer.warm().await,
                }
                container
            }
        }
    }

    fn start(self: &Rc<Self>, function: Function) -> Container {
        let outside = Outside::new(self, function);
        let (settings, name) = (self.settings.clone(), function.name());
        let code = match function {
            Function::Receive(source) => Code::Receiver(Box::new(Receiver::new(
                source,
                name,
                settings,
                outside.clone(),
                outside.clone(),
            ))),
            Function::Deliver(Destination::Braze) => {
                deliverer::<Braze>(map!(mapping::to_braze), settings, &outside)
            }
            Function::Deliver(Destination::Branch) => {
                deliverer::<Branch>(map!(mapping::to_branch), settings, &outside)
            }
            Function::Deliver(Destination::Segment) => {
                deliverer::<Segment>(map!(mapping::to_segment), settings, &outside)
            }
        };
        let idle_since = Cell::new(self.time.now());
        Container {
            outside,
            code,
            idle_since,
        }
    }

    fn freeze(&self, container: Container) {
        container.idle_since.set(self.time.now());
        let mut idle = self.lambda.idle.borrow_mut();
        idle.entry(container.outside.function)
            .or_default()
            .push(container);
    }

    /// The poll after which this invocation crashes, if it does.
    fn crash_of(&self, function: Function, fault: Fault) -> Option<u32> {
        let mut counts = self.lambda.counts.borrow_mut();
        let count = counts.entry(function).or_default();
        *count += 1;
        match self.lambda.crash.get() {
            Some((crashing, nth, poll)) if (crashing, nth) == (function, *count) => Some(poll),
            Some(_) => None,
            None => self
                .chance
                .strikes(fault)
                .then(|| self.chance.between(0, 40) as u32),
        }
    }

    fn begin(&self, container: &Container) -> String {
        let number = self.lambda.invocations.get() + 1;
        self.lambda.invocations.set(number);
        container.outside.invocation.set(number);
        container.outside.accepted.borrow_mut().clear();
        container.outside.has_failed_to_send.set(false);
        format!("aws-{number}")
    }

    fn crashed(&self, function: Function) {
        self.lambda.crashes.set(self.lambda.crashes.get() + 1);
        self.trace(|| format!("{} crashes", function.name()));
    }

    /// One request to a receiver; `None` if its container crashes.
    pub async fn receive(self: &Rc<Self>, source: Source, request: Request) -> Option<Answer> {
        let function = Function::Receive(source);
        let container = self.container(function).await;
        self.begin(&container);
        let Code::Receiver(receiver) = &container.code else {
            return None;
        };
        let began = self.time.now();
        let at_poll = self.crash_of(function, Fault::F45);
        let work = Some(Box::pin(receiver.handle(request)));
        let answer = Crashing { work, at_poll }.await;
        let Some(answer) = answer else {
            self.crashed(function);
            return None;
        };
        let most_ms = self.settings.receipt.answer_within_ms(source);
        let took_ms = self.time.now() - began;
        self.ledger.check(took_ms <= i64::try_from(most_ms).unwrap(), || {
            format!("{} answers after {took_ms} ms (RC-118)", function.name())
        });
        self.freeze(container);
        Some(answer)
    }

    /// The schedule: a run every minute, while something lies in the fallback bucket.
    pub async fn reingest(self: Rc<Self>) {
        let function = Function::Receive(Source::Branch);
        loop {
            let changed = self.changed.changed();
            if self.bucket.pending().is_empty() {
                changed.await;
                continue;
            }
            self.time
                .until((self.time.now() / MINUTE_MS + 1) * MINUTE_MS)
                .await;
            let world = Rc::clone(&self);
            // A run that lasts longer than a minute meets the next one.
            self.time.spawn(async move {
                let container = world.container(function).await;
                let id = world.begin(&container);
                let Code::Receiver(receiver) = &container.code else {
                    return;
                };
                let at_poll = world.crash_of(function, Fault::F45);
                let work = Some(Box::pin(receiver.reingest(&id)));
                match (Crashing { work, at_poll }).await {
                    None => world.crashed(function),
                    Some(()) => world.freeze(container),
                }
            });
        }
    }

    /// The event source of a destination: brings what is visible to its function, so many at once.
    pub async fn poll_queue(self: Rc<Self>, destination: Destination) {
        let (queue, numbers) = (QueueName::Destination(destination), numbers(destination));
        let function = Function::Deliver(destination);
        loop {
            let changed = self.sqs.changed.changed();
            let busy = self
                .lambda
                .busy
                .borrow()
                .get(&function)
                .copied()
                .unwrap_or_default();
            match self.sqs.next_visible(queue) {
                _ if busy >= numbers.concurrency => changed.await,
                None => changed.await,
                Some(at) if at > self.time.now() => {
                    select(pin!(changed), pin!(self.time.until(at))).await;
                }
                Some(_) => {
                    self.time
                        .sleep(numbers.window_ms + self.chance.between(1, 50))
                        .await;
                    let place = |count| self.chance.place(count);
                    let (most, now) = (numbers.batch_size, self.time.now());
                    let batch = self.sqs.receive(queue, now, most, numbers.visibility_ms, place);
                    let batch = self.after_loop_detection(batch, queue);
                    if batch.is_empty() || self.chance.strikes(Fault::F55) {
                        continue;
                    }
                    *self.lambda.busy.borrow_mut().entry(function).or_default() += 1;
                    let world = Rc::clone(&self);
                    self.time.spawn(async move {
                        world.deliver(destination, batch).await;
                        *world.lambda.busy.borrow_mut().entry(function).or_default() -= 1;
                        world.sqs.changed.notify();
                    });
                }
            }
        }
    }

    /// Lambda drops what has come round too often, and gives it to the dead-letter queue.
    fn after_loop_detection(&self, batch: Vec<Received>, queue: QueueName) -> Vec<Received> {
        let longest = batch
            .iter()
            .map(|received| received.message.chain)
            .max()
            .unwrap_or_default();
        self.lambda
            .longest_chain
            .set(longest.max(self.lambda.longest_chain.get()));
        if !self.lambda.ends_loops.get() {
            return batch;
        }
        let is_ended = |received: &Received| received.message.chain >= LOOP_DETECTED_AT;
        let (ended, batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(is_ended);
        for Received { id, message } in ended {
            self.sqs.delete(queue, id, message.handle);
            self.sqs.dead.borrow_mut().push(message.body);
        }
        batch
    }

    /// One invocation of a deliverer.
    async fn deliver(self: &Rc<Self>, destination: Destination, batch: Vec<Received>) {
        let (queue, numbers) = (QueueName::Destination(destination), numbers(destination));
        let function = Function::Deliver(destination);
        let marks: Vec<_> = batch
            .iter()
            .map(|received| marks_in(&received.message.body))
            .collect();
        for (received, marks) in batch.iter().zip(&marks) {
            // The other copy may be on its way already: it is visible at once.
            if self.chance.strikes(Fault::F49) {
                self.excuse_message(queue, marks, 1);
                let message = &received.message;
                self.sqs
                    .put(queue, &message.body, message.sent_at, 0, message.chain);
            }
        }
        let container = self.container(function).await;
        let id = self.begin(&container);
        let longest = batch.iter().map(|received| received.message.chain).max();
        container.outside.chain.set(longest.unwrap_or_default());
        container.outside.records.replace(by_mark(&marks));
        let records: Vec<Record> = batch.iter().map(record).collect();
        let Code::Deliverer(deliverer) = &container.code else {
            return;
        };
        self.trace(|| {
            let marks: Vec<String> = marks.iter().flatten().map(ToString::to_string).collect();
            format!("{} {id} gets {}", function.name(), marks.join(" "))
        });
        let deadline = self.timestamp().plus_millis(numbers.timeout_ms);
        let at_poll = self.crash_of(function, Fault::F68);
        let work = Some(deliverer.handle(&records, &id, deadline).boxed_local());
        let work = Crashing {
            work: work.map(Box::pin),
            at_poll,
        };
        let done = self
            .within(numbers.timeout_ms - ANSWER_BEFORE_DEADLINE_MS, work)
            .await;
        let kept = match done {
            Some(Some(kept)) => kept,
            Some(None) => {
                self.crashed(function);
                for marks in &marks {
                    self.excuse_message(queue, marks, 1);
                }
                return;
            }
            None => {
                self.ledger.violation(format!(
                    "{} has not ended 500 ms before its deadline",
                    function.name()
                ));
                return;
            }
        };
        self.delete_all_but(queue, &batch, &kept);
        // A remainder that SQS did not take: the record comes back as it was (RD-150).
        for (received, marks) in batch.iter().zip(&marks) {
            let is_kept = kept.contains(&format!("m{}", received.id));
            let mut again = marks.clone();
            again.retain(|mark| container.outside.accepted.borrow().contains(mark));
            if is_kept && container.outside.has_failed_to_send.get() {
                self.excuse_message(queue, &again, 1);
            }
        }
        self.freeze(container);
    }

    /// Lambda deletes what the answer does not name. Each record is named once or not at all (RD-009).
    fn delete_all_but(&self, queue: QueueName, batch: &[Received], kept: &[String]) {
        let ids: BTreeSet<String> = batch.iter().map(|received| format!("m{}", received.id)).collect();
        let named: BTreeSet<String> = kept.iter().cloned().collect();
        let is_of_batch = named.len() == kept.len() && named.is_subset(&ids);
        self.ledger.check(is_of_batch, || {
            format!("the answer {kept:?} is not of the batch {ids:?}")
        });
        for received in batch {
            if !named.contains(&format!("m{}", received.id)) {
                self.sqs.delete(queue, received.id, received.message.handle);
            }
        }
    }

    /// Ends all containers: they hold the world, which holds them.
    pub fn end_containers(&self) {
        self.lambda.idle.borrow_mut().clear();
    }
}

/// The record that each event is in, if it is in one alone.
fn by_mark(marks: &[Vec<Mark>]) -> BTreeMap<Mark, Option<usize>> {
    let mut records = BTreeMap::new();
    for (record, marks) in marks.iter().enumerate() {
        for mark in marks {
            let is_repeated = records.contains_key(mark);
            records.insert(*mark, (!is_repeated).then_some(record));
        }
    }
    records
}

fn record(received: &Received) -> Record {
    Record {
        message_id: format!("m{}", received.id),
        receipt_handle: received.message.handle.to_string(),
        body: received.message.body.to_string(),
        receive_count: received.message.receives,
        sent_at: Some(Timestamp::from_millis(crate::START_MS + received.message.sent_at)),
    }
}

fn deliverer<D: delivery::Destination + 'static>(map: Map<D>, settings: Settings, outside: &Outside) -> Code {
    let name = outside.function.name();
    let (secrets, outside) = (outside.clone(), outside.clone());
    Code::Deliverer(Box::new(Deliverer::<D, _>::new(
        name,
        settings,
        Vec::new(),
        map,
        secrets,
        outside,
    )))
}
