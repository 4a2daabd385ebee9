//! What surrounds a function while it is measured: a vendor, SQS and Secrets Manager that accept everything at once, a clock
//! that moves only when somebody sleeps, and a sink that writes each line into memory.

use delivery::http::{Http, NoResponse, Request, Response};
use event::ports::{CallFailed, Entry, Queue, QueueName, Sent, Store, Visibility, VisibilityChange};
use event::{Clock, Destination, Random, Timestamp};
use secrets::Secrets;
use std::cell::Cell;
use std::rc::Rc;
use surroundings::AllInOne;
use telemetry::{Container, Head, Line, Metrics, Secret, Sink};

/// 2026-03-01T12:00:00Z, when the first event came.
pub const START: Timestamp = Timestamp::from_millis(1_772_366_400_000);

/// The token of Braze's and Branch's requests.
pub const TOKEN: &str = "token-of-the-sender";
/// The shared secret of Segment's requests.
pub const SHARED_SECRET: &str = "shared-secret-of-the-sender";

/// All ports in one; clones are the same.
#[derive(Clone)]
pub struct InMemory(Rc<State>);

struct State {
    now: Cell<Timestamp>,
    requests: Cell<u64>,
    parked: Cell<u64>,
    written: Cell<u64>,
    response: (u16, &'static str),
}

impl InMemory {
    /// Surroundings in which this destination takes everything.
    pub fn accepting(destination: Destination) -> Self {
        Self(Rc::new(State {
            now: Cell::new(START),
            requests: Cell::new(0),
            parked: Cell::new(0),
            written: Cell::new(0),
            response: match destination {
                Destination::Braze => (201, r#"{"message":"success"}"#),
                Destination::Branch => (200, "{}"),
                Destination::Segment => (200, r#"{"success":true}"#),
            },
        }))
    }

    /// How many requests and messages it was sent.
    pub fn requests(&self) -> u64 {
        self.0.requests.get()
    }

    /// How many messages were sent to the parked queue.
    pub fn parked(&self) -> u64 {
        self.0.parked.get()
    }

    fn head(&self) -> Head<'static> {
        Head {
            stack: "switchyard",
            function: "measured",
            millis: START.millis(),
            timestamp: "2026-03-01T12:00:00.000Z",
        }
    }

    fn write(&self, text: &str) {
        self.0.written.set(self.0.written.get() + text.len() as u64);
    }

    fn count(&self, requests: usize) {
        self.0.requests.set(self.0.requests.get() + requests as u64);
    }
}

impl Clock for InMemory {
    fn now(&self) -> Timestamp {
        self.0.now.get()
    }

    async fn sleep(&self, millis: u64) {
        self.0.now.set(self.now().plus_millis(millis.cast_signed()));
    }
}

impl Random for InMemory {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Http for InMemory {
    async fn send(&self, request: Request) -> Result<Response, NoResponse> {
        self.count(1);
        self.write(&request.body);
        let (status, body) = self.0.response;
        Ok(Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            cut: false,
        })
    }

    async fn warm(&self, _: &str) {}
}

impl Queue for InMemory {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        if queue == QueueName::Parked {
            self.0.parked.set(self.0.parked.get() + entries.len() as u64);
        }
        self.count(entries.len());
        Ok(Sent {
            successful: entries.iter().map(|entry| entry.id.clone()).collect(),
            failed: Vec::new(),
        })
    }
}

impl Visibility for InMemory {
    async fn change(&self, _: QueueName, changes: &[VisibilityChange]) -> Result<Vec<String>, CallFailed> {
        panic!("{} messages wait", changes.len());
    }
}

impl Store for InMemory {
    async fn put(&self, _: &str, _: &[u8]) -> Result<(), CallFailed> {
        Ok(())
    }

    async fn get(&self, _: &str) -> Result<Vec<u8>, CallFailed> {
        Ok(Vec::new())
    }

    async fn delete(&self, _: &str) -> Result<(), CallFailed> {
        Ok(())
    }

    async fn list(&self, _: &str, _: &str, _: usize) -> Result<Vec<String>, CallFailed> {
        Ok(Vec::new())
    }
}

impl Secrets for InMemory {
    /// The secret of any function.
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        Ok(Secret::new(format!(
            r#"{{"rest_api_key":"k","branch_key":"key_live_k","write_key":"k","tokens":["{TOKEN}"],"shared_secrets":["{SHARED_SECRET}"]}}"#
        )))
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        self.fetch().await
    }
}

impl Sink for InMemory {
    fn line(&self, line: Line) {
        self.write(&self.head().line_text(line));
    }

    fn summary(&self, line: Line, metrics: Metrics) {
        for text in self.head().summary_texts(line, &metrics, Container::default()) {
            self.write(&text);
        }
    }
}

impl AllInOne for InMemory {
    type Secrets = Self;
}
