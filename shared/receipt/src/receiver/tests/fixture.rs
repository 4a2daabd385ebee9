//! All that surrounds a receiver, under a virtual clock.

use super::*;
use event::ports::{CallFailed, Entry, Failed, QueueName, Sent};
use std::cell::RefCell;
use std::rc::Rc;
use telemetry::{Line, Metrics};

pub const V1: &str = r#"{"type":"track","messageId":"m-101","userId":"u-1","event":"Kettle Boiled","properties":{"litres":1.5}}"#;
pub const V1_BY_A: &str = "0a22aed7f281988867e586e84a9884a72e742247";
pub const V1_BY_B: &str = "a0f2b2eb01cbb31f312e65520ca2c5335fdfd696";
pub const M2: &str = r#"{"type":"identify","messageId":"m-102","userId":"u-1","traits":{"plan":"dusk"}}"#;

/// What SQS is to do with a call.
#[derive(Clone, Copy)]
pub enum Act {
    Fail,
    FailEntry(usize),
    Blame(usize),
    Forget(usize),
    Silence,
    Panic,
    Pass,
}

/// All that surrounds a receiver, under a virtual clock.
#[derive(Default)]
pub struct World {
    pub now: Cell<i64>,
    pub sent: RefCell<Vec<(QueueName, String)>>,
    /// The groups of all entries sent.
    pub groups: RefCell<Vec<Option<Source>>>,
    /// The entries of each call, by id.
    pub called: RefCell<Vec<Vec<String>>>,
    pub under_way: Cell<usize>,
    pub most_under_way: Cell<usize>,
    /// The waits that ended, in milliseconds.
    pub waited: RefCell<Vec<u64>>,
    pub calls: Cell<usize>,
    pub acts: RefCell<Vec<Act>>,
    pub secret: RefCell<Option<String>>,
    /// What Secrets Manager says when it has no secret.
    pub code: RefCell<&'static str>,
    pub fetches: Cell<usize>,
    /// Whether Secrets Manager never answers.
    pub secrets_silent: Cell<bool>,
    pub lines: RefCell<Vec<String>>,
    pub metrics: RefCell<Vec<Metrics>>,
    /// The lines of the metrics.
    pub told: RefCell<Vec<String>>,
}

impl World {
    pub fn next_act(&self) -> Option<Act> {
        let mut acts = self.acts.borrow_mut();
        if acts.is_empty() {
            None
        } else {
            Some(acts.remove(0))
        }
    }
}

#[derive(Clone)]
pub struct Port(pub Rc<World>);

impl Clock for Port {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(Timestamp::parse("2026-03-01T12:00:00Z").unwrap().millis() + self.0.now.get())
    }

    /// Time goes on only when everything else waits.
    async fn sleep(&self, millis: u64) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        self.0.now.set(self.0.now.get() + i64::try_from(millis).unwrap());
        self.0.waited.borrow_mut().push(millis);
    }
}

impl Random for Port {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Queue for Port {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        let world = &self.0;
        world.calls.set(world.calls.get() + 1);
        assert!(
            entries.len() <= 10 && entries.iter().map(|entry| entry.body.len()).sum::<usize>() <= 1_048_576
        );
        let mut ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), entries.len(), "entry ids are unique");
        world
            .called
            .borrow_mut()
            .push(entries.iter().map(|entry| entry.id.clone()).collect());
        world.under_way.set(world.under_way.get() + 1);
        world
            .most_under_way
            .set(world.most_under_way.get().max(world.under_way.get()));
        let act = world.next_act();
        let answer = self.act(queue, entries, act).await;
        // The others start meanwhile.
        tokio::task::yield_now().await;
        world.under_way.set(world.under_way.get() - 1);
        answer
    }
}

impl Port {
    async fn act(&self, queue: QueueName, entries: &[Entry], act: Option<Act>) -> Result<Sent, CallFailed> {
        let world = &self.0;
        let mut sent = Sent::default();
        for (at, entry) in entries.iter().enumerate() {
            match act {
                Some(Act::Fail) => {
                    return Err(CallFailed {
                        operation: "SendMessageBatch",
                        code: "timeout".to_owned(),
                    });
                }
                Some(Act::Silence) => std::future::pending().await,
                Some(Act::Panic) => panic!("mark-panic"),
                Some(Act::FailEntry(n)) if n == at => {
                    sent.failed.push(Failed {
                        id: entry.id.clone(),
                        sender_fault: false,
                    });
                }
                Some(Act::Blame(n)) if n == at => {
                    sent.failed.push(Failed {
                        id: entry.id.clone(),
                        sender_fault: true,
                    });
                }
                Some(Act::Forget(n)) if n == at => {}
                _ => {
                    world.sent.borrow_mut().push((queue, entry.body.clone()));
                    world.groups.borrow_mut().push(entry.group);
                    sent.successful.push(entry.id.clone());
                }
            }
        }
        Ok(sent)
    }
}

impl Secrets for Port {
    async fn fetch(&self) -> Result<telemetry::Secret, CallFailed> {
        self.0.fetches.set(self.0.fetches.get() + 1);
        if self.0.secrets_silent.get() {
            std::future::pending::<()>().await;
        }
        let failed = || CallFailed {
            operation: "GetSecretValue",
            code: (*self.0.code.borrow()).to_owned(),
        };
        self.0
            .secret
            .borrow()
            .clone()
            .map(telemetry::Secret::new)
            .ok_or_else(failed)
    }
}

impl Sink for Port {
    fn line(&self, line: Line) {
        let text = telemetry::line_text(T, "receive-test", line);
        assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
        self.0.lines.borrow_mut().push(text);
    }

    fn metrics(&self, metrics: Metrics) {
        let frame = telemetry::metrics::Frame {
            stack: "yard",
            function: "receive-test",
            ts_millis: 0,
            ts: T,
        };
        for text in metrics.lines(&frame) {
            assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
            self.0.told.borrow_mut().push(text);
        }
        self.0.metrics.borrow_mut().push(metrics);
    }
}

pub struct Yard {
    pub world: Rc<World>,
    pub receiver: Receiver<Port, Port, Port, Port, Port>,
}

impl Yard {
    pub fn new(source: Source, secret: Option<&str>, settings: &str) -> Self {
        let world = Rc::new(World {
            secret: RefCell::new(secret.map(str::to_owned)),
            ..World::default()
        });
        let port = || Port(Rc::clone(&world));
        let settings = Settings::load(settings).unwrap();
        let function = match source {
            Source::Segment => "receive-segment",
            Source::Braze => "receive-braze",
            Source::Branch => "receive-branch",
        };
        let receiver = Receiver::new(source, function, settings, port(), port(), port(), port(), port());
        Self { world, receiver }
    }

    pub fn segment(settings: &str) -> Self {
        let secret = r#"{"shared_secrets":["quay-lantern-01","quay-lantern-02"],"tokens":["tail-7Q"]}"#;
        Self::new(Source::Segment, Some(secret), settings)
    }

    pub fn braze() -> Self {
        Self::new(Source::Braze, Some(r#"{"tokens":["0p3n-lamp"]}"#), "")
    }

    pub fn branch() -> Self {
        Self::new(Source::Branch, Some(r#"{"tokens":["tok-branch-9f2c"]}"#), "")
    }

    /// The good token of every source's yard.
    pub const fn token(&self) -> (&'static str, &'static str) {
        match self.receiver.source {
            Source::Segment => ("Authorization", "Bearer tail-7Q"),
            Source::Braze => ("Authorization", "Bearer 0p3n-lamp"),
            Source::Branch => ("X-Branch-Auth", "tok-branch-9f2c"),
        }
    }

    pub fn lines_of(&self, kind: &str) -> Vec<String> {
        let kind = format!(r#""kind":"{kind}""#);
        let lines = self.world.lines.borrow();
        lines
            .iter()
            .filter(|line| line.contains(&kind))
            .cloned()
            .collect()
    }

    pub fn post(&self, query: &str, headers: &[(&str, &str)], body: impl Into<String>) -> (u16, String) {
        self.request(post(query, headers, body))
    }

    pub fn request(&self, request: Request) -> (u16, String) {
        let answer = self.answer(request);
        (answer.status, answer.body)
    }

    pub fn answer(&self, request: Request) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(self.receiver.handle(request));
        let metrics = self.world.metrics.borrow();
        if let Some(metrics) = metrics.last() {
            assert_eq!(
                metrics.values(telemetry::metrics::CONSERVATION_GAP, &[self.receiver.function]),
                [0.0]
            );
        }
        answer
    }

    pub fn sent(&self) -> Vec<(QueueName, String)> {
        self.world.sent.borrow().clone()
    }

    pub fn count(&self, metric: telemetry::metrics::Metric, dimensions: &[&'static str]) -> f64 {
        self.world
            .metrics
            .borrow()
            .iter()
            .flat_map(|all| all.values(metric, dimensions).to_vec())
            .sum()
    }
}

pub const OK: &str = r#"{"status":"ok"}"#;
pub const T: &str = "2026-03-01T12:00:00.000Z";

pub fn envelope(destination: &str, auth: &str, key: &str, events: &str) -> String {
    format!(
        r#"{{"v":1,"source":"segment","destination":"{destination}","request_id":"r-1","first_received_at":"{T}","attempt":0,"auth":"{auth}","key":"{key}","events":[{events}]}}"#
    )
}

pub fn refused(word: &str) -> String {
    format!(r#"{{"status":"{word}"}}"#)
}

/// A POST request of plain text.
pub fn post(query: &str, headers: &[(&str, &str)], body: impl Into<String>) -> Request {
    Request {
        method: "POST".into(),
        path: "/".into(),
        raw_query: query.into(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        source_ip: "192.0.2.7".parse().ok(),
        request_id: "r-1".into(),
        body: body.into(),
        is_base64: false,
    }
}

/// The same with a body of bytes, as the platform hands it over.
pub fn post_bytes(headers: &[(&str, &str)], body: &[u8]) -> Request {
    use base64::Engine;
    Request {
        is_base64: true,
        ..post(
            "",
            headers,
            base64::engine::general_purpose::STANDARD.encode(body),
        )
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
