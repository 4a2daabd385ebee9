//! Outages of days, in virtual time: nothing is lost or parked, and how often a message sends itself on (RD-089, RI-045).

use crate::deliverer::Deliverer;
use crate::destination::Destination;
use crate::destinations::conformance::{Conforms, one_call};
use crate::destinations::{Braze, Segment};
use crate::fake_vendor::{FakeSurroundings, FakeVendor, Seen, respond, run, secret};
use crate::record::Record;
use crate::scripted::*;
use event::Timestamp;
use event::envelope::{Envelope, Head};
use event::ports::QueueName;
use futures_util::future::join_all;
use std::collections::BTreeMap;

const README: &str = include_str!("../../../README.md");
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Messages of the time before the outage, and those that come every twelve hours while it lasts.
const AT_FIRST: i64 = 12;
const EVERY_MS: i64 = 12 * HOUR_MS;
/// The template's, for a destination of a minute.
const BATCH_SIZE: usize = 25;
const VISIBILITY_MS: i64 = 365_000;
/// They take what is visible in turn and at once, as Lambda's pollers do.
const CONTAINERS: usize = 3;

/// How often the events of one message were sent to their own queue, and when it was the 16th time: Lambda ends a
/// chain there, unless its recursive loop is allowed.
#[derive(Default)]
struct SelfSends {
    count: u32,
    sixteenth_at: Option<Timestamp>,
}

/// A queue with its function.
struct Stack<D: Conforms> {
    containers: Vec<Deliverer<D, FakeSurroundings>>,
    secrets: FakeSecrets,
    aws: FakeAws,
    vendor: FakeVendor,
    /// When each is visible again.
    messages: Vec<(Record, Timestamp)>,
    sent: usize,
    self_sends: BTreeMap<String, SelfSends>,
}

impl<D: Conforms> Stack<D> {
    fn new(vendor: FakeVendor) -> Self {
        let (aws, secrets) = (FakeAws::default(), FakeSecrets::new(&secret("k-1")));
        let container = |_| deliverer::<D>(D::SETTINGS, one_call::<D>, secrets.clone(), &aws, &vendor);
        Self {
            containers: (0..CONTAINERS).map(container).collect(),
            secrets: secrets.clone(),
            aws: aws.clone(),
            vendor: vendor.clone(),
            messages: Vec::new(),
            sent: 0,
            self_sends: BTreeMap::new(),
        }
    }

    fn send(&mut self, body: String, delay_s: u32) {
        let now = self.vendor.now.get();
        self.sent += 1;
        let mut record = record(&format!("m{}", self.sent), 0, body);
        record.sent_at = Some(now);
        let visible_at = now.plus_millis(i64::from(delay_s) * 1000);
        self.messages.push((record, visible_at));
    }

    /// Three events of users of their own, received now.
    fn receive(&mut self, n: i64) {
        let events = [0, 1, 2].map(|place| format!("\"{n}-{place}\""));
        let body = envelope_between(D::SOURCE, D::NAME, 0, &events);
        let envelope = Envelope::open(&body).unwrap();
        let first_received_at = self.vendor.now.get();
        let head = Head {
            first_received_at,
            ..envelope.head.clone()
        };
        self.send(Envelope::new(head, envelope.events.clone()).to_body(), 0);
    }

    /// Invocations at once, with all that is visible, as far as it fits.
    fn invoke(&mut self, nth: usize) {
        let now = self.vendor.now.get();
        let (mut visible, mut rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|(_, at)| *at <= now);
        rest.extend(visible.split_off(visible.len().min(BATCH_SIZE * CONTAINERS)));
        let mut batches: [Vec<Record>; CONTAINERS] = Default::default();
        for (n, (mut record, _)) in visible.into_iter().enumerate() {
            record.receive_count += 1;
            batches[(nth + n) % CONTAINERS].push(record);
        }
        // Chance is another one in each invocation, and the same in each run.
        self.vendor.unit.set((nth * 7919 % 1000) as f64 / 1000.0);
        let deadline = now.plus_millis(MINUTE_MS);
        let of_containers = self.containers.iter().zip(&batches);
        let busy = of_containers.filter(|(_, batch)| !batch.is_empty());
        let handled = busy.map(|(container, batch)| container.handle(batch, "aws-1", deadline));
        let kept = run(join_all(handled)).concat();
        let mut batch: Vec<Record> = batches.into_iter().flatten().collect();
        let changes: BTreeMap<String, u32> = self.aws.changes.take().into_iter().collect();
        batch.retain(|record| kept.contains(&record.message_id));
        let now = self.vendor.now.get();
        let come_back = batch.into_iter().map(|record| {
            let changed = changes.get(&record.receipt_handle);
            let wait_ms = changed.map_or(VISIBILITY_MS, |seconds| i64::from(*seconds) * 1000);
            (record, now.plus_millis(wait_ms))
        });
        self.messages = rest.into_iter().chain(come_back).collect();
        for message in self.aws.sent.take() {
            let own = QueueName::Destination(D::NAME);
            assert_eq!(message.queue, own, "parked: {}", message.body);
            let envelope = Envelope::open(&message.body).unwrap();
            for event in &envelope.events {
                let sends = self.self_sends.entry(event.get().to_owned()).or_default();
                sends.count += 1;
                if sends.count == 16 {
                    sends.sixteenth_at = Some(self.vendor.now.get());
                }
            }
            self.send(message.body.clone(), message.delay_s);
        }
        // Nobody looks at them here.
        self.aws.lines.borrow_mut().clear();
        self.aws.metrics.borrow_mut().clear();
        self.aws.steps.borrow_mut().clear();
    }
}

/// Runs an outage of so many hours, and returns what is to be written down: the longest chain of self-sends of an event, and
/// the hours until its 16th.
fn outage<D: Conforms>(hours: i64, responds_with: u16) -> String {
    let start = Timestamp::parse(T).unwrap();
    let repaired = start.plus_millis(hours * HOUR_MS);
    let accepts = move |seen: &Seen| match responds_with {
        401 => seen.carries("k-2"),
        _ => seen.at >= repaired,
    };
    let vendor = FakeVendor::new(move |seen, _| match accepts(seen) {
        true => respond(D::ACCEPTS.0, &[], D::ACCEPTS.1),
        false => respond(responds_with, &[], ""),
    });
    let mut stack = Stack::<D>::new(vendor.clone());
    (0..AT_FIRST).for_each(|n| stack.receive(n));
    let mut received = AT_FIRST;
    for nth in 0.. {
        let now = vendor.now.get();
        if now >= repaired {
            stack.secrets.store(&secret("k-2"));
        } else if now.millis_since(start) > (received - AT_FIRST + 1) * EVERY_MS {
            stack.receive(received);
            received += 1;
        }
        let Some(next) = stack.messages.iter().map(|(_, at)| *at).min() else {
            break;
        };
        vendor.now.set(next.max(now));
        stack.invoke(nth);
    }
    let took_ms = vendor.now.get().millis_since(repaired);
    assert!(
        (0..2 * HOUR_MS).contains(&took_ms),
        "{} min after the end",
        took_ms / MINUTE_MS
    );
    let seen = vendor.seen.borrow();
    let accepted = seen.iter().filter(|seen| accepts(seen));
    let mut accepted: Vec<String> = accepted.flat_map(Seen::marks).collect();
    let all = (0..received).flat_map(|n| [0, 1, 2].map(|place| format!("{n}-{place}")));
    let mut all: Vec<String> = all.collect();
    accepted.sort();
    all.sort();
    assert_eq!(accepted, all, "each once, none parked");
    let longest = stack.self_sends.values().max_by_key(|sends| sends.count).unwrap();
    let sixteenth_ms = longest.sixteenth_at.unwrap().millis_since(start);
    let hours = sixteenth_ms as f64 / HOUR_MS as f64;
    format!("{} | {hours:.1} h", longest.count)
}

fn is_written_down(drill: &str, hours: i64, status: u16) {
    let rows = [
        (Braze::NAME, outage::<Braze>(hours, status)),
        (Segment::NAME, outage::<Segment>(hours, status)),
    ];
    let rows = rows.map(|(destination, numbers)| format!("| {drill} | {destination} | {numbers} |"));
    assert!(
        rows.iter().all(|row| README.contains(row)),
        "the README does not say: {rows:#?}"
    );
}

#[test]
fn key_revoked_for_72_h_then_restored() {
    event::rules!["RD-089", "RP-031", "RP-032", "RP-033"];
    is_written_down("key revoked for 72 h", 72, 401);
}

#[test]
fn four_days_of_outage() {
    event::rules!["RD-089", "RP-031", "RP-032", "RP-033"];
    is_written_down("4 days of 503", 96, 503);
}
