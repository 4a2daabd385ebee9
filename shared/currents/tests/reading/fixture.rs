//! S3, SQS, a clock and a log in memory.

use currents::{Answer, Bucket, FileReader, Got, Objects, Range, Steps};
use delivery::Record;
use event::ports::{CallFailed, Entry, Failed, Queue, QueueName, Sent, Visibility, VisibilityChange};
use event::settings::Settings;
use event::{Clock, Destination, Random, Timestamp};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use surroundings::AllInOne;
use surroundings::fake::START;
use surroundings::fake::SentMessage;
use telemetry::{Line, Metrics, Sink};

pub(crate) const C: &str = START;
pub(crate) const BUCKET: &str = "acme-currents";
pub(crate) const SEGMENT: QueueName = QueueName::Destination(Destination::Segment);

/// What S3 is to do with one request.
#[derive(Clone)]
pub enum S3 {
    Pass,
    Answer(u16, &'static str),
    /// The object is replaced by these bytes first.
    Overwrite(Vec<u8>),
}

/// What SQS is to do with one send.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sqs {
    Pass,
    Fail,
    /// Fails the entry of this place.
    FailEntry(usize),
    /// Blames the entry of this place itself.
    Refuse(usize),
    /// Takes the messages, and never answers: the function is killed here.
    Kill,
}

pub struct FakeAws {
    pub now: Cell<Timestamp>,
    pub objects: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Ranges asked for, with their `If-Match`.
    pub asked: RefCell<Vec<(Range, Option<String>)>>,
    /// What S3 does with the next requests.
    pub s3: RefCell<Vec<S3>>,
    /// What SQS does with the next sends; with the last one for all that follow.
    pub sqs: RefCell<Vec<Sqs>>,
    pub always: Cell<Sqs>,
    /// A queue that takes nothing.
    pub down: Cell<Option<QueueName>>,
    pub sent: RefCell<Vec<SentMessage>>,
    pub changes: RefCell<Vec<(String, u32)>>,
    /// How many visibility changes fail yet.
    pub failing_changes: Cell<u32>,
    pub dropped_connections: Cell<u32>,
    pub lines: RefCell<Vec<Value>>,
    pub metrics: RefCell<Vec<Metrics>>,
    /// Milliseconds that one send of events and one range take.
    pub send_ms: Cell<i64>,
    pub range_ms: Cell<i64>,
    pub slept_ms: Cell<u64>,
}

impl Default for FakeAws {
    fn default() -> Self {
        Self {
            now: Cell::new(Timestamp::parse(C).unwrap()),
            objects: RefCell::default(),
            asked: RefCell::default(),
            s3: RefCell::default(),
            sqs: RefCell::default(),
            always: Cell::new(Sqs::Pass),
            down: Cell::default(),
            sent: RefCell::default(),
            changes: RefCell::default(),
            failing_changes: Cell::default(),
            dropped_connections: Cell::default(),
            lines: RefCell::default(),
            metrics: RefCell::default(),
            send_ms: Cell::new(20),
            range_ms: Cell::new(100),
            slept_ms: Cell::new(0),
        }
    }
}

pub(crate) fn etag(bytes: &[u8]) -> String {
    format!(
        "\"{:08x}\"",
        // Of so many bytes that each object has its own.
        bytes
            .iter()
            .step_by(1 + bytes.len() / 100_000)
            .fold(7_u32, |sum, byte| sum.wrapping_mul(31) ^ u32::from(*byte))
    )
}

impl FakeAws {
    pub fn put(&self, key: &str, bytes: Vec<u8>) {
        self.objects.borrow_mut().insert(key.to_owned(), bytes);
    }

    fn pass_ms(&self, ms: i64) {
        self.now.set(self.now.get().plus_millis(ms));
    }

    /// Hands one message over and gives whether SQS may delete it.
    pub async fn handle(&self, body: &str, settings: &str) -> bool {
        self.receive(body, 1, settings).await
    }

    pub async fn receive(&self, body: &str, receive_count: u32, settings: &str) -> bool {
        self.receive_by(&self.reader(settings), body, receive_count).await
    }

    /// The same by steps of its own.
    pub async fn handle_by(&self, steps: Steps, body: &str) -> bool {
        self.receive_by(&self.reader("").by(steps), body, 1).await
    }

    /// The same with a reader of its own.
    async fn receive_by(&self, reader: &FileReader<&Self>, body: &str, receive_count: u32) -> bool {
        let record = Record {
            message_id: "m1".to_owned(),
            receipt_handle: "h1".to_owned(),
            body: body.to_owned(),
            receive_count,
            sent_at: Some(Timestamp::parse(C).unwrap()),
        };
        let deadline = self.now.get().plus_millis(120_000);
        let kept = reader.handle(&[record], deadline).await;
        assert!(kept.is_empty() || kept == ["m1"]);
        assert!(self.now.get() < deadline, "Lambda ends the function");
        self.conserves();
        kept.is_empty()
    }

    pub fn reader<'w>(&'w self, settings: &str) -> FileReader<&'w Self> {
        let bucket = Bucket {
            name: BUCKET.to_owned(),
            prefix: "currents/".to_owned(),
        };
        let (settings, unusable) = Settings::load_usable(settings);
        FileReader::new("read-braze-files", settings, unusable, bucket, self)
    }

    /// CF-133: what was read is queued, parked or left, and every line is in order.
    fn conserves(&self) {
        for metrics in self.metrics.borrow().iter() {
            let gap = metrics.values(telemetry::metrics::CONSERVATION_GAP, &[]);
            assert_eq!(gap, [0.0]);
        }
    }

    /// The bodies of a queue's messages, as JSON.
    pub fn bodies(&self, queue: QueueName) -> Vec<Value> {
        let sent = self.sent.borrow();
        let own = sent.iter().filter(|message| message.queue == queue);
        own.map(|message| serde_json::from_str(&message.body).unwrap())
            .collect()
    }

    /// The texts of all events in the queue of Segment; the two characters that SQS refuses as they were.
    pub fn events(&self) -> Vec<String> {
        let sent = self.sent.borrow();
        let own = sent.iter().filter(|message| message.queue == SEGMENT);
        own.flat_map(|message| {
            let envelope = event::envelope::Envelope::open(&message.body).unwrap();
            let plain = |event: &str| {
                event
                    .replace("\\ufffe", "\u{fffe}")
                    .replace("\\uffff", "\u{ffff}")
            };
            envelope
                .events
                .iter()
                .map(|event| plain(event.get()))
                .collect::<Vec<_>>()
        })
        .collect()
    }

    /// The newest line about a file.
    pub fn line(&self) -> Value {
        let lines = self.lines.borrow();
        lines.iter().rfind(|line| line["kind"] == "file").unwrap().clone()
    }
}

impl AllInOne for &FakeAws {
    type Secrets = ();
}

impl Clock for &FakeAws {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    async fn sleep(&self, millis: u64) {
        // Whoever waits beside a send waits for what that takes; who waits alone moves the clock.
        let until = self.now.get().plus_millis(millis.cast_signed());
        let (mut seen, mut idle) = (self.now.get(), 0);
        while self.now.get() < until {
            tokio::task::yield_now().await;
            idle = if self.now.get() == seen { idle + 1 } else { 0 };
            seen = self.now.get();
            if idle > 50 {
                self.slept_ms
                    .set(self.slept_ms.get() + until.millis_since(seen).unsigned_abs());
                self.now.set(until);
            }
        }
    }
}

impl Random for &FakeAws {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Objects for FakeAws {
    async fn get(&self, bucket: &str, key: &str, range: Range, wanted: Option<&str>) -> Got {
        assert_eq!(bucket, BUCKET);
        assert!(
            range.start < range.end && range.end - range.start <= 8 << 20,
            "{range:?}"
        );
        self.pass_ms(self.range_ms.get());
        self.asked
            .borrow_mut()
            .push((range.clone(), wanted.map(str::to_owned)));
        let refused = |status: u16, code: &str| {
            Got::Refused(Answer {
                status,
                code: code.to_owned(),
            })
        };
        let act = {
            let mut acts = self.s3.borrow_mut();
            if acts.is_empty() { S3::Pass } else { acts.remove(0) }
        };
        match act {
            S3::Pass => {}
            S3::Answer(status, code) => return refused(status, code),
            S3::Overwrite(bytes) => self.put(key, bytes),
        }
        let objects = self.objects.borrow();
        let Some(object) = objects.get(key) else {
            return refused(404, "NoSuchKey");
        };
        let own = etag(object);
        if wanted.is_some_and(|wanted| wanted != own) {
            return refused(412, "PreconditionFailed");
        }
        let from = usize::try_from(range.start).unwrap();
        if from >= object.len() {
            return refused(416, "InvalidRange");
        }
        let until = usize::try_from(range.end).unwrap().min(object.len());
        Got::Bytes {
            bytes: object[from..until].to_vec(),
            etag: own,
            size: object.len() as u64,
        }
    }
}

impl Queue for FakeAws {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        assert!((1..=10).contains(&entries.len()));
        assert!(entries.iter().map(|entry| entry.body.len()).sum::<usize>() <= 1_048_576);
        self.pass_ms(if queue == SEGMENT { self.send_ms.get() } else { 20 });
        tokio::task::yield_now().await;
        let act = {
            let mut acts = self.sqs.borrow_mut();
            if acts.is_empty() {
                self.always.get()
            } else {
                acts.remove(0)
            }
        };
        if act == Sqs::Fail || self.down.get() == Some(queue) {
            return Err(CallFailed {
                operation: "SendMessageBatch",
                code: "timeout".to_owned(),
            });
        }
        let mut sent = Sent::default();
        for (place, entry) in entries.iter().enumerate() {
            if act == Sqs::FailEntry(place) || act == Sqs::Refuse(place) {
                sent.failed.push(Failed {
                    id: entry.id.clone(),
                    sender_fault: act == Sqs::Refuse(place),
                });
                continue;
            }
            self.sent.borrow_mut().push(SentMessage {
                queue,
                body: entry.body.clone(),
                delay_s: entry.delay_s,
                group: entry.group,
            });
            sent.successful.push(entry.id.clone());
        }
        if act == Sqs::Kill {
            panic!("killed");
        }
        Ok(sent)
    }

    fn drop_connections(&self) {
        self.dropped_connections.set(self.dropped_connections.get() + 1);
    }
}

impl Visibility for FakeAws {
    async fn change(
        &self,
        queue: QueueName,
        changes: &[VisibilityChange],
    ) -> Result<Vec<String>, CallFailed> {
        assert_eq!(queue, QueueName::BrazeFiles);
        if let Some(left) = self.failing_changes.get().checked_sub(1) {
            self.failing_changes.set(left);
            return Err(CallFailed::timeout("ChangeMessageVisibilityBatch"));
        }
        for change in changes {
            assert!(change.seconds <= 900);
            self.changes
                .borrow_mut()
                .push((change.receipt_handle.clone(), change.seconds));
        }
        Ok(changes.iter().map(|change| change.id.clone()).collect())
    }
}

const HEAD: telemetry::Head<'_> = telemetry::Head {
    stack: "test",
    function: "read-braze-files",
    millis: 0,
    timestamp: C,
};

impl Sink for FakeAws {
    fn line(&self, line: Line) {
        let text = HEAD.line_text(line);
        assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
        self.lines.borrow_mut().push(serde_json::from_str(&text).unwrap());
    }

    fn summary(&self, line: Line, metrics: Metrics) {
        for text in HEAD.summary_texts(line, &metrics, telemetry::Container::default()) {
            assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
            self.lines.borrow_mut().push(serde_json::from_str(&text).unwrap());
        }
        self.metrics.borrow_mut().push(metrics);
    }
}

/// Whether both hold the same events, each as often; calls that are in flight together arrive in any order.
pub(crate) fn same(mut one: Vec<String>, other: &[String]) -> bool {
    let mut other = other.to_vec();
    one.sort_unstable();
    other.sort_unstable();
    one == other
}

/// The notification of a new object.
pub(crate) fn created(key: &str) -> String {
    serde_json::json!({"version": "0", "source": "aws.s3", "detail-type": "Object Created",
        "detail": {"bucket": {"name": BUCKET}, "object": {"key": key, "size": 1, "etag": "old"}}})
    .to_string()
}

/// The key of a file of this type.
pub(crate) fn key(event_type: &str) -> String {
    sandbox::currents_file::key("currents/", event_type, "2026-03-01-11", 42)
}
