//! A receiver in fake surroundings: AWS, the fallback bucket, and a virtual clock.

use super::*;
use event::Random;
use event::ports::{CallFailed, QueueName, Store};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

pub(super) use surroundings::fake::{CallFault, FakeAws, FakeSecrets, FakeSurroundings, START as T};

pub(super) const V1: &str = r#"{"type":"track","messageId":"m-101","userId":"u-1","event":"Kettle Boiled","properties":{"litres":1.5}}"#;
pub(super) const V1_BY_A: &str = "0a22aed7f281988867e586e84a9884a72e742247";
pub(super) const V1_BY_B: &str = "a0f2b2eb01cbb31f312e65520ca2c5335fdfd696";
pub(super) const M2: &str =
    r#"{"type":"identify","messageId":"m-102","userId":"u-1","traits":{"plan":"dusk"}}"#;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum S3 {
    #[default]
    Well,
    Silent,
    /// Each call takes so many milliseconds.
    Takes(u64),
    /// This operation fails; all of them, if the name is empty.
    Fails(&'static str),
}

/// All that surrounds a receiver, under a virtual clock.
#[derive(Default)]
pub(super) struct State {
    /// Milliseconds since the start.
    pub now: Cell<i64>,
    /// When each of those that wait wakes.
    sleepers: RefCell<BTreeMap<u64, i64>>,
    /// The waits that ended, in milliseconds.
    pub waited: RefCell<Vec<u64>>,
    pub aws: FakeAws,
    pub secrets: FakeSecrets,
    /// The fallback bucket.
    pub(crate) objects: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) s3: Cell<S3>,
    pub(crate) s3_calls: RefCell<Vec<&'static str>>,
}

impl Deref for State {
    type Target = FakeAws;

    fn deref(&self) -> &FakeAws {
        &self.aws
    }
}

/// Clock, chance and bucket.
#[derive(Clone)]
pub(super) struct Outside(pub Rc<State>);

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(Timestamp::parse("2026-03-01T12:00:00Z").unwrap().millis() + self.0.now.get())
    }

    /// Time goes on only when everything else waits, to the moment when the first of the sleepers wakes.
    async fn sleep(&self, millis: u64) {
        let sleeper = Sleeper::new(&self.0, millis);
        loop {
            let now = self.0.now.get();
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            // After another one woke, what that began has its turns first.
            if sleeper.wakes_first() && self.0.now.get() == now {
                break;
            }
        }
        self.0.now.set(self.0.now.get().max(sleeper.wakes_at));
        self.0.waited.borrow_mut().push(millis);
    }
}

/// One that waits for a time; it is forgotten when it is dropped.
struct Sleeper<'a> {
    aws: &'a State,
    number: u64,
    wakes_at: i64,
}

impl<'a> Sleeper<'a> {
    fn new(aws: &'a State, millis: u64) -> Self {
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

impl Random for Outside {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Store for Outside {
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

    async fn list(&self, prefix: &str, after: &str, most: usize) -> Result<Vec<String>, CallFailed> {
        self.s3("ListObjectsV2").await?;
        let objects = self.0.objects.borrow();
        let keys = objects
            .keys()
            .filter(|key| key.starts_with(prefix) && key.as_str() > after);
        Ok(keys.take(most).cloned().collect())
    }
}

impl Outside {
    /// Every call to S3 takes its turn; what the operation does is up to the caller.
    async fn s3(&self, operation: &'static str) -> Result<(), CallFailed> {
        tokio::task::yield_now().await;
        self.0.s3_calls.borrow_mut().push(operation);
        match self.0.s3.get() {
            S3::Well => Ok(()),
            S3::Silent => std::future::pending().await,
            S3::Takes(millis) => {
                self.sleep(millis).await;
                Ok(())
            }
            S3::Fails(failing) if failing.is_empty() || failing == operation => Err(CallFailed {
                operation,
                code: "SlowDown".to_owned(),
            }),
            S3::Fails(_) => Ok(()),
        }
    }
}

/// A receiver in its surroundings.
pub(super) struct Fixture {
    pub aws: Rc<State>,
    pub receiver: Receiver<FakeSurroundings<Outside, (), Outside>>,
}

impl Fixture {
    pub(super) fn new(source: Source, secret: Option<&str>, settings: &str) -> Self {
        let aws = State {
            secrets: secret.map(FakeSecrets::new).unwrap_or_default(),
            ..State::default()
        };
        Self::container(source, Settings::load(settings).unwrap(), Rc::new(aws))
    }

    /// Three containers of one function: this one and two more, with the same AWS.
    pub(super) fn and_two_more(self) -> [Self; 3] {
        let Receiver { source, settings, .. } = &self.receiver;
        let other = || Self::container(*source, settings.clone(), Rc::clone(&self.aws));
        let (second, third) = (other(), other());
        [self, second, third]
    }

    fn container(source: Source, settings: Settings, aws: Rc<State>) -> Self {
        let function = match source {
            Source::Segment => "receive-segment",
            Source::Braze => "receive-braze",
            Source::Branch => "receive-branch",
        };
        let outside = Outside(Rc::clone(&aws));
        let surroundings = FakeSurroundings {
            aws: aws.aws.clone(),
            time: outside.clone(),
            http: (),
            store: outside,
        };
        let receiver = Receiver::new(source, function, settings, aws.secrets.clone(), surroundings);
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
        self.aws.lines_of(kind)
    }

    /// The next calls to SQS meet these faults.
    pub(super) fn faults(&self, faults: impl IntoIterator<Item = CallFault>) {
        self.aws.faults.borrow_mut().extend(faults);
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
        run(self.receiver.handle(request))
    }

    /// Queue and body of each message.
    pub(super) fn sent(&self) -> Vec<(QueueName, String)> {
        let sent = self.aws.sent.borrow();
        sent.iter()
            .map(|message| (message.queue, message.body.clone()))
            .collect()
    }

    pub(super) fn count(&self, metric: telemetry::metrics::Metric, dimensions: &[&'static str]) -> f64 {
        self.aws.count(metric, dimensions)
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
