//! The reader of `read-braze-files` between a bucket of one long file and an SQS that takes everything and keeps nothing.

use currents::message::Work;
use currents::{Bucket, FileReader, Got, Objects, Range};
use delivery::Record;
use event::ports::{CallFailed, Entry, Queue, QueueName, Sent, Visibility, VisibilityChange};
use event::settings::Settings;
use event::{Clock, Random, Timestamp};
use sandbox::currents_file::{Codec, CurrentsFile, Plan, key};
use std::cell::{Cell, RefCell};
use surroundings::AllInOne;
use telemetry::{Line, Metrics, Sink};

const BUCKET: &str = "acme-currents";
/// A type with some 25 fields; an event of it has about 500 bytes of Avro.
const CLICK: &str = "users.messages.email.Click";
/// Bytes of a block as Braze writes it.
const BLOCK_BYTES: usize = 64_000;
/// What one send and one range take, in milliseconds of the reader's clock.
const SEND_MS: i64 = 20;
const RANGE_MS: i64 = 100;
/// The function's time-out (CF-123).
const TIMEOUT_MS: i64 = 120_000;

/// A file of one block that comes again and again, so that its length costs no memory.
pub struct LongFile {
    header: Vec<u8>,
    block: Vec<u8>,
    blocks: u64,
    events_a_block: u64,
}

impl LongFile {
    /// A file with this many events at least.
    pub fn of_events(codec: Codec, events: u64) -> Self {
        Self::new(codec, |_, events_a_block| events.div_ceil(events_a_block))
    }

    /// A file of this many bytes at least.
    pub fn of_bytes(codec: Codec, bytes: u64) -> Self {
        Self::new(codec, |block_bytes, _| bytes.div_ceil(block_bytes))
    }

    fn new(codec: Codec, blocks: impl Fn(u64, u64) -> u64) -> Self {
        let write = |events| {
            CurrentsFile::write(&Plan {
                events,
                events_a_block: events,
                codec,
                ..Plan::of(CLICK)
            })
        };
        let sample = write(100).container.bytes.len() / 100;
        let events = BLOCK_BYTES / sample;
        let container = write(events).container;
        let [block] = container.blocks.as_slice() else {
            panic!("one block");
        };
        let (header, block) = (
            container.bytes[..block.start].to_vec(),
            container.bytes[block.clone()].to_vec(),
        );
        let events_a_block = events as u64;
        Self {
            blocks: blocks(block.len() as u64, events_a_block),
            header,
            block,
            events_a_block,
        }
    }

    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.header.len() as u64 + self.blocks * self.block.len() as u64
    }

    pub fn events(&self) -> u64 {
        self.blocks * self.events_a_block
    }

    fn bytes(&self, range: Range) -> Vec<u8> {
        let until = range.end.min(self.size());
        let mut bytes = Vec::with_capacity((until - range.start) as usize);
        let mut at = range.start;
        while at < until {
            let header = self.header.len() as u64;
            let (part, from) = match at.checked_sub(header) {
                None => (&self.header, at),
                Some(behind) => (&self.block, behind % self.block.len() as u64),
            };
            let part = &part[from as usize..];
            let part = &part[..part.len().min((until - at) as usize)];
            bytes.extend_from_slice(part);
            at += part.len() as u64;
        }
        bytes
    }
}

/// What a file came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Messages to Segment's queue.
    pub messages: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// How often the function was called.
    pub invocations: u64,
}

/// AWS around the reader.
pub struct LongFileBucket {
    file: LongFile,
    invocation_ms: i64,
    now: Cell<Timestamp>,
    messages: Cell<u64>,
    bytes: Cell<u64>,
    /// The rest of the file, when an invocation handed one on.
    rest: RefCell<Option<String>>,
}

impl LongFileBucket {
    /// AWS with this file in the bucket.
    pub fn of(file: LongFile) -> Self {
        Self {
            file,
            invocation_ms: TIMEOUT_MS,
            now: Cell::new(Timestamp::from_millis(1_772_366_400_000)),
            messages: Cell::new(0),
            bytes: Cell::new(0),
            rest: RefCell::default(),
        }
    }

    /// The same with invocations that may last only so long.
    #[must_use]
    pub const fn in_invocations_of(mut self, millis: i64) -> Self {
        self.invocation_ms = millis;
        self
    }

    pub const fn file(&self) -> &LongFile {
        &self.file
    }

    /// Reads the file to its end, in as many invocations as it takes.
    ///
    /// # Panics
    /// If any part of it is not queued.
    pub async fn read(&self) -> Read {
        self.messages.set(0);
        self.bytes.set(0);
        let bucket = Bucket {
            name: BUCKET.to_owned(),
            prefix: "currents/".to_owned(),
        };
        let reader = FileReader::new("read-braze-files", Settings::default(), Vec::new(), bucket, self);
        let whole = Work::whole(BUCKET.to_owned(), key("currents/", CLICK, "2026-03-01-11", 42));
        let mut body = Some(whole.to_body());
        let mut invocations = 0;
        while let Some(message) = body {
            let record = Record {
                message_id: "m1".to_owned(),
                receipt_handle: "h1".to_owned(),
                body: message,
                receive_count: 1,
                sent_at: Some(self.now.get()),
            };
            let deadline = self.now.get().plus_millis(self.invocation_ms);
            let kept = reader.handle(&[record], deadline).await;
            assert!(kept.is_empty(), "each message is finished");
            invocations += 1;
            body = self.rest.take();
        }
        Read {
            messages: self.messages.get(),
            bytes: self.bytes.get(),
            invocations,
        }
    }

    fn pass_ms(&self, ms: i64) {
        self.now.set(self.now.get().plus_millis(ms));
    }
}

impl Objects for LongFileBucket {
    async fn get(&self, _: &str, _: &str, range: Range, _: Option<&str>) -> Got {
        self.pass_ms(RANGE_MS);
        Got::Bytes {
            bytes: self.file.bytes(range),
            etag: "\"9b2c\"".to_owned(),
            size: self.file.size(),
        }
    }
}

impl Queue for &LongFileBucket {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        self.pass_ms(SEND_MS);
        for entry in entries {
            match queue {
                QueueName::Destination(_) => {
                    self.messages.set(self.messages.get() + 1);
                    self.bytes.set(self.bytes.get() + entry.body.len() as u64);
                }
                QueueName::BrazeFiles => drop(self.rest.replace(Some(entry.body.clone()))),
                QueueName::Parked => panic!("parked: {}", entry.body),
            }
        }
        Ok(Sent {
            successful: entries.iter().map(|entry| entry.id.clone()).collect(),
            failed: Vec::new(),
        })
    }
}

impl Visibility for &LongFileBucket {
    async fn change(&self, _: QueueName, changes: &[VisibilityChange]) -> Result<Vec<String>, CallFailed> {
        panic!("{} messages wait", changes.len());
    }
}

impl AllInOne for &LongFileBucket {
    type Secrets = ();
}

impl Clock for &LongFileBucket {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// Only time limits sleep here, and none is reached.
    async fn sleep(&self, _: u64) {
        std::future::pending().await
    }
}

impl Random for &LongFileBucket {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Sink for LongFileBucket {
    fn line(&self, _: Line) {}

    /// Checks that nothing was lost on the way.
    fn summary(&self, _: Line, metrics: Metrics) {
        assert_eq!(metrics.values(telemetry::metrics::CONSERVATION_GAP, &[]), [0.0]);
    }
}
