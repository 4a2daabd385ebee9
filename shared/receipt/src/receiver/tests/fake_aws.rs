//! One fake of AWS for all tests of the receiver: SQS, Secrets Manager, the log and a virtual clock.

use super::*;
use event::Random;
use event::ports::{CallFailed, Entry, Failed, Queue, QueueName, Sent, Store};
use secrets::Secrets;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use telemetry::{Line, Metrics};

pub(super) const V1: &str = r#"{"type":"track","messageId":"m-101","userId":"u-1","event":"Kettle Boiled","properties":{"litres":1.5}}"#;
pub(super) const V1_BY_A: &str = "0a22aed7f281988867e586e84a9884a72e742247";
pub(super) const V1_BY_B: &str = "a0f2b2eb01cbb31f312e65520ca2c5335fdfd696";
pub(super) const M2: &str =
    r#"{"type":"identify","messageId":"m-102","userId":"u-1","traits":{"plan":"dusk"}}"#;

/// What SQS answers a call.
#[derive(Clone, Copy)]
pub(super) enum SqsAnswer {
    Fail,
    FailEntry(usize),
    Blame(usize),
    Forget(usize),
    Silence,
    Panic,
    Pass,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum S3 {
    #[default]
    Well,
    Silent,
    /// This operation fails; all of them, if the name is empty.
    Fails(&'static str),
}

/// All that surrounds a receiver, under a virtual clock.
#[derive(Default)]
pub(super) struct FakeAws {
    /// Milliseconds since the start.
    pub now: Cell<i64>,
    /// When each of those that wait wakes.
    sleepers: RefCell<BTreeMap<u64, i64>>,
    pub sent: RefCell<Vec<(QueueName, String)>>,
    /// The groups of all entries sent.
    pub groups: RefCell<Vec<Option<Source>>>,
    /// The entries of each call, by id.
    pub called: RefCell<Vec<Vec<String>>>,
    /// How often the connections to SQS were closed.
    pub dropped_connections: Cell<usize>,
    pub in_flight: Cell<usize>,
    pub most_in_flight: Cell<usize>,
    /// The waits that ended, in milliseconds.
    pub waited: RefCell<Vec<u64>>,
    pub calls: Cell<usize>,
    pub sqs_answers: RefCell<Vec<SqsAnswer>>,
    pub secret: RefCell<Option<String>>,
    /// What Secrets Manager says when it has no secret.
    pub code: RefCell<&'static str>,
    pub fetches: Cell<usize>,
    /// Whether Secrets Manager never answers.
    pub secrets_silent: Cell<bool>,
    pub lines: RefCell<Vec<String>>,
    pub metrics: RefCell<Vec<Metrics>>,
    /// The fallback bucket.
    pub(crate) objects: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) s3: Cell<S3>,
    pub(crate) s3_calls: RefCell<Vec<&'static str>>,
}

impl FakeAws {
    pub(super) fn next_sqs_answer(&self) -> Option<SqsAnswer> {
        let mut sqs_answers = self.sqs_answers.borrow_mut();
        if sqs_answers.is_empty() {
            None
        } else {
            Some(sqs_answers.remove(0))
        }
    }
}

#[derive(Clone)]
pub(super) struct Shared(pub Rc<FakeAws>);

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(Timestamp::parse("2026-03-01T12:00:00Z").unwrap().millis() + self.0.now.get())
    }

    /// Time goes on only when everything else waits, to the moment when the first of the sleepers wakes.
    async fn sleep(&self, millis: u64) {
        let sleeper = Sleeper::new(&self.0, millis);
        loop {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            if sleeper.wakes_first() {
                break;
            }
        }
        self.0.now.set(self.0.now.get().max(sleeper.wakes_at));
        self.0.waited.borrow_mut().push(millis);
    }
}

/// One that waits for a time; it is forgotten when it is dropped.
struct Sleeper<'a> {
    aws: &'a FakeAws,
    number: u64,
    wakes_at: i64,
}

impl<'a> Sleeper<'a> {
    fn new(aws: &'a FakeAws, millis: u64) -> Self {
        let mut sleepers = aws.sleepers.borrow_mut();
        let number = sleepers.last_key_value().map_or(0, |(last, _)| last + 1);
        let wakes_at = aws.now.get() + i64::try_from(millis).unwrap();
        sleepers.insert(number, wakes_at);
        Self {
            aws,
            number,
            wakes_at,
        }
    }

    fn wakes_first(&self) -> bool {
        let sleepers = self.aws.sleepers.borrow();
        sleepers.values().all(|other| *other >= self.wakes_at)
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.aws.sleepers.borrow_mut().remove(&self.number);
    }
}

impl Random for Shared {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Queue for Shared {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        let aws = &self.0;
        aws.calls.set(aws.calls.get() + 1);
        assert!(
            entries.len() <= 10 && entries.iter().map(|entry| entry.body.len()).sum::<usize>() <= 1_048_576
        );
        let mut ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), entries.len(), "entry ids are unique");
        aws.called
            .borrow_mut()
            .push(entries.iter().map(|entry| entry.id.clone()).collect());
        aws.in_flight.set(aws.in_flight.get() + 1);
        aws.most_in_flight
            .set(aws.most_in_flight.get().max(aws.in_flight.get()));
        let sqs_answer = aws.next_sqs_answer();
        let answer = self.sqs_answer(queue, entries, sqs_answer).await;
        // The others start meanwhile.
        tokio::task::yield_now().await;
        aws.in_flight.set(aws.in_flight.get() - 1);
        answer
    }

    fn drop_connections(&self) {
        self.0
            .dropped_connections
            .set(self.0.dropped_connections.get() + 1);
    }
}

impl Shared {
    async fn sqs_answer(
        &self,
        queue: QueueName,
        entries: &[Entry],
        sqs_answer: Option<SqsAnswer>,
    ) -> Result<Sent, CallFailed> {
        let aws = &self.0;
        let mut sent = Sent::default();
        for (at, entry) in entries.iter().enumerate() {
            match sqs_answer {
                Some(SqsAnswer::Fail) => {
                    return Err(CallFailed {
                        operation: "SendMessageBatch",
                        code: "timeout".to_owned(),
                    });
                }
                Some(SqsAnswer::Silence) => std::future::pending().await,
                Some(SqsAnswer::Panic) => panic!("mark-panic"),
                Some(SqsAnswer::FailEntry(n)) if n == at => {
                    sent.failed.push(Failed {
                        id: entry.id.clone(),
                        sender_fault: false,
                    });
                }
                Some(SqsAnswer::Blame(n)) if n == at => {
                    sent.failed.push(Failed {
                        id: entry.id.clone(),
                        sender_fault: true,
                    });
                }
                Some(SqsAnswer::Forget(n)) if n == at => {}
                _ => {
                    aws.sent.borrow_mut().push((queue, entry.body.clone()));
                    aws.groups.borrow_mut().push(entry.group);
                    sent.successful.push(entry.id.clone());
                }
            }
        }
        Ok(sent)
    }
}

impl Secrets for Shared {
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

    async fn fetch_over_new_connection(&self) -> Result<telemetry::Secret, CallFailed> {
        self.fetch().await
    }
}

impl Store for Shared {
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), CallFailed> {
        self.s3("PutObject").await?;
        self.0.objects.borrow_mut().insert(key.to_owned(), bytes.to_vec());
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, CallFailed> {
        self.s3("GetObject").await?;
        let gone = CallFailed {
            operation: "GetObject",
            code: "NoSuchKey".to_owned(),
        };
        self.0.objects.borrow().get(key).cloned().ok_or(gone)
    }

    async fn delete(&self, key: &str) -> Result<(), CallFailed> {
        self.s3("DeleteObject").await?;
        self.0.objects.borrow_mut().remove(key);
        Ok(())
    }

    async fn list(&self, prefix: &str, most: usize) -> Result<Vec<String>, CallFailed> {
        self.s3("ListObjectsV2").await?;
        let objects = self.0.objects.borrow();
        let keys = objects.keys().filter(|key| key.starts_with(prefix));
        Ok(keys.take(most).cloned().collect())
    }
}

impl Shared {
    /// Every call to S3 takes its turn; what the operation does is up to the caller.
    async fn s3(&self, operation: &'static str) -> Result<(), CallFailed> {
        tokio::task::yield_now().await;
        self.0.s3_calls.borrow_mut().push(operation);
        match self.0.s3.get() {
            S3::Well => Ok(()),
            S3::Silent => std::future::pending().await,
            S3::Fails(failing) if failing.is_empty() || failing == operation => Err(CallFailed {
                operation,
                code: "SlowDown".to_owned(),
            }),
            S3::Fails(_) => Ok(()),
        }
    }
}

impl Sink for Shared {
    fn line(&self, line: Line) {
        let text = HEAD.line_text(line);
        assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
        self.0.lines.borrow_mut().push(text);
    }

    fn summary(&self, line: Line, metrics: Metrics) {
        for text in HEAD.summary_texts(line, &metrics, telemetry::Container::default()) {
            assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
            self.0.lines.borrow_mut().push(text);
        }
        self.0.metrics.borrow_mut().push(metrics);
    }
}

const HEAD: telemetry::Head<'_> = telemetry::Head {
    stack: "test",
    function: "receive-test",
    millis: 0,
    timestamp: T,
};

impl Surroundings for Shared {
    type Queue = Self;
    type Http = ();
    type Store = Self;
    type Clock = Self;
    type Random = Self;
    type Secrets = Self;
    type Sink = Self;

    fn queue(&self) -> &Self {
        self
    }

    fn http(&self) -> &() {
        &()
    }

    fn store(&self) -> &Self {
        self
    }

    fn clock(&self) -> &Self {
        self
    }

    fn random(&self) -> &Self {
        self
    }

    fn sink(&self) -> &Self {
        self
    }
}

/// A receiver in its surroundings.
pub(super) struct Fixture {
    pub aws: Rc<FakeAws>,
    pub receiver: Receiver<Shared>,
}

impl Fixture {
    pub(super) fn new(source: Source, secret: Option<&str>, settings: &str) -> Self {
        let aws = Rc::new(FakeAws {
            secret: RefCell::new(secret.map(str::to_owned)),
            ..FakeAws::default()
        });
        let shared = || Shared(Rc::clone(&aws));
        let settings = Settings::load(settings).unwrap();
        let function = match source {
            Source::Segment => "receive-segment",
            Source::Braze => "receive-braze",
            Source::Branch => "receive-branch",
        };
        let receiver = Receiver::new(source, function, settings, shared(), shared());
        Self { aws, receiver }
    }

    pub(super) fn segment(settings: &str) -> Self {
        let secret = r#"{"shared_secrets":["quay-lantern-01","quay-lantern-02"],"tokens":["tail-7Q"]}"#;
        Self::new(Source::Segment, Some(secret), settings)
    }

    pub(super) fn braze() -> Self {
        Self::new(Source::Braze, Some(r#"{"tokens":["0p3n-lamp"]}"#), "")
    }

    pub(super) fn branch() -> Self {
        Self::new(Source::Branch, Some(r#"{"tokens":["tok-branch-9f2c"]}"#), "")
    }

    /// A receiver of Branch that keeps nothing in the fallback bucket.
    pub(super) fn branch_without_fallback() -> Self {
        let settings = "[receipt.branch]\nfallback = false";
        Self::new(
            Source::Branch,
            Some(r#"{"tokens":["tok-branch-9f2c"]}"#),
            settings,
        )
    }

    /// The good token of every source's fixture.
    pub(super) const fn token(&self) -> (&'static str, &'static str) {
        match self.receiver.source {
            Source::Segment => ("Authorization", "Bearer tail-7Q"),
            Source::Braze => ("Authorization", "Bearer 0p3n-lamp"),
            Source::Branch => ("X-Branch-Auth", "tok-branch-9f2c"),
        }
    }

    pub(super) fn lines_of(&self, kind: &str) -> Vec<String> {
        let kind = format!(r#""kind":"{kind}""#);
        let lines = self.aws.lines.borrow();
        lines
            .iter()
            .filter(|line| line.contains(&kind))
            .cloned()
            .collect()
    }

    pub(super) fn post(
        &self,
        query: &str,
        headers: &[(&str, &str)],
        body: impl Into<String>,
    ) -> (u16, String) {
        self.request(post(query, headers, body))
    }

    pub(super) fn request(&self, request: Request) -> (u16, String) {
        let answer = self.answer(request);
        (answer.status, answer.body)
    }

    pub(super) fn answer(&self, request: Request) -> Answer {
        let answer = run(self.receiver.handle(request));
        let metrics = self.aws.metrics.borrow();
        if let Some(metrics) = metrics.last() {
            assert_eq!(metrics.values(telemetry::metrics::CONSERVATION_GAP, &[]), [0.0]);
        }
        answer
    }

    pub(super) fn sent(&self) -> Vec<(QueueName, String)> {
        self.aws.sent.borrow().clone()
    }

    pub(super) fn count(&self, metric: telemetry::metrics::Metric, dimensions: &[&'static str]) -> f64 {
        self.aws
            .metrics
            .borrow()
            .iter()
            .flat_map(|all| all.values(metric, dimensions).to_vec())
            .sum()
    }
}

pub(super) fn run<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

pub(super) const OK: &str = r#"{"status":"ok"}"#;
pub(super) const T: &str = "2026-03-01T12:00:00.000Z";

pub(super) fn envelope(destination: &str, auth: &str, key: &str, events: &str) -> String {
    format!(
        r#"{{"v":1,"source":"segment","destination":"{destination}","request_id":"r-1","first_received_at":"{T}","attempt":0,"auth":"{auth}","key":"{key}","events":[{events}]}}"#
    )
}

pub(super) fn refused(word: &str) -> String {
    format!(r#"{{"status":"{word}"}}"#)
}

/// A POST request of plain text.
pub(super) fn post(query: &str, headers: &[(&str, &str)], body: impl Into<String>) -> Request {
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
pub(super) fn post_bytes(headers: &[(&str, &str)], body: &[u8]) -> Request {
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

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
