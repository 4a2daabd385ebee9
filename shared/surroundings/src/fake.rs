//! SQS with its faults, Secrets Manager, and a log that is checked: one fake of AWS for the tests of receipt and delivery.

use crate::Surroundings;
use event::ports::{CallFailed, Entry, Failed, Queue, QueueName, Sent, Visibility, VisibilityChange};
use event::{Clock, Random, Source};
use secrets::Secrets;
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use telemetry::metrics::{CONSERVATION_GAP, Metric};
use telemetry::{Line, Metrics, Secret, Sink};

/// When the virtual time of tests begins.
pub const START: &str = "2026-03-01T12:00:00.000Z";

const HEAD: telemetry::Head<'_> = telemetry::Head {
    stack: "test",
    function: "deliver-test",
    millis: 0,
    timestamp: START,
};

/// What SQS does with a call, or with the entry of one place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// Takes it.
    Pass,
    /// Fails with a time-out.
    Fail,
    /// Names this entry as failed.
    FailEntry(usize),
    /// Names this entry as failed by the sender's fault.
    Blame(usize),
    /// Names this entry in neither list.
    Forget(usize),
    /// Never answers.
    Never,
    /// Ends in a panic, as a fault of ours would.
    Panic,
}

/// What becomes of one entry of a call that is answered.
#[derive(PartialEq, Eq)]
enum EntryResult {
    Taken,
    Named { sender_fault: bool },
    Forgotten,
}

impl CallFault {
    async fn of_entry(self, at: usize, operation: &'static str) -> Result<EntryResult, CallFailed> {
        match self {
            Self::Fail => Err(CallFailed::timeout(operation)),
            Self::Never => std::future::pending().await,
            Self::Panic => panic!("mark-panic"),
            Self::FailEntry(n) if n == at => Ok(EntryResult::Named { sender_fault: false }),
            Self::Blame(n) if n == at => Ok(EntryResult::Named { sender_fault: true }),
            Self::Forget(n) if n == at => Ok(EntryResult::Forgotten),
            Self::Pass | Self::FailEntry(_) | Self::Blame(_) | Self::Forget(_) => Ok(EntryResult::Taken),
        }
    }
}

/// A message as SQS has it.
#[derive(Clone)]
pub struct SentMessage {
    /// Where it waits to be received.
    pub queue: QueueName,
    /// An envelope, or what is parked.
    pub body: String,
    /// Seconds until it can be received.
    pub delay_s: u32,
    /// The tenant of a fair queue.
    pub group: Option<Source>,
}

/// SQS and the log; clones are the same.
#[derive(Clone, Default)]
pub struct FakeAws(Rc<FakeAwsState>);

impl Deref for FakeAws {
    type Target = FakeAwsState;

    fn deref(&self) -> &FakeAwsState {
        &self.0
    }
}

/// What [`FakeAws`] was asked for, and what it does next.
#[derive(Default)]
pub struct FakeAwsState {
    /// The messages that were acknowledged, in order.
    pub sent: RefCell<Vec<SentMessage>>,
    /// The entry ids of each call.
    pub called: RefCell<Vec<Vec<String>>>,
    /// Handles and seconds of visibility changes.
    pub changes: RefCell<Vec<(String, u32)>>,
    /// What it does with the next calls; it takes those that come after.
    pub faults: RefCell<Vec<CallFault>>,
    /// Lines of the log, each checked against the schema.
    pub lines: RefCell<Vec<String>>,
    /// The metrics of each summary.
    pub metrics: RefCell<Vec<Metrics>>,
    /// Calls and lines in their order: `park`, `send`, `visibility`, `line`.
    pub steps: RefCell<Vec<String>>,
    /// How many calls there were.
    pub calls: Cell<usize>,
    /// The most calls in flight at once.
    pub most_in_flight: Cell<usize>,
    /// How often the connections were closed.
    pub dropped_connections: Cell<usize>,
    /// What goes on while a call lasts, such as time.
    pub while_called: RefCell<Option<Box<dyn Fn()>>>,
    in_flight: Cell<usize>,
}

impl FakeAws {
    /// One whose next calls meet these faults.
    pub fn with(faults: &[CallFault]) -> Self {
        let aws = Self::default();
        aws.faults.borrow_mut().extend_from_slice(faults);
        aws
    }
}

impl FakeAwsState {
    /// A call begins; it is in flight until the guard is dropped.
    fn begin(&self, step: &str) -> (CallFault, InFlight<'_>) {
        self.calls.set(self.calls.get() + 1);
        self.steps.borrow_mut().push(step.to_owned());
        self.in_flight.set(self.in_flight.get() + 1);
        let most = self.most_in_flight.get().max(self.in_flight.get());
        self.most_in_flight.set(most);
        self.while_called.borrow().iter().for_each(|goes_on| goes_on());
        let mut faults = self.faults.borrow_mut();
        let fault = if faults.is_empty() {
            CallFault::Pass
        } else {
            faults.remove(0)
        };
        (fault, InFlight(&self.in_flight))
    }

    fn write(&self, text: String) {
        assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
        self.steps.borrow_mut().push("line".to_owned());
        self.lines.borrow_mut().push(text);
    }

    /// The bodies that a queue has got, in order.
    pub fn bodies(&self, queue: QueueName) -> Vec<String> {
        let sent = self.sent.borrow();
        let of_queue = sent.iter().filter(|message| message.queue == queue);
        of_queue.map(|message| message.body.clone()).collect()
    }

    /// The lines of a `kind`.
    pub fn lines_of(&self, kind: &str) -> Vec<String> {
        let kind = format!(r#""kind":"{kind}""#);
        let lines = self.lines.borrow();
        let of_kind = lines.iter().filter(|line| line.contains(&kind));
        of_kind.cloned().collect()
    }

    /// How often a step was taken.
    pub fn times(&self, step: &str) -> usize {
        self.steps.borrow().iter().filter(|own| *own == step).count()
    }

    /// The sum of a metric's values with these dimensions.
    pub fn count(&self, metric: Metric, dimensions: &[&'static str]) -> f64 {
        let all = self.metrics.borrow();
        let values = all.iter().flat_map(|all| all.values(metric, dimensions).to_vec());
        values.sum()
    }
}

struct InFlight<'a>(&'a Cell<usize>);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Queue for FakeAws {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        let bytes: usize = entries.iter().map(|entry| entry.body.len()).sum();
        assert!((1..=10).contains(&entries.len()) && bytes <= 1_048_576);
        assert!(entries.iter().all(|entry| entry.delay_s <= 900));
        let ids: Vec<String> = entries.iter().map(|entry| entry.id.clone()).collect();
        let is_repeated = |(at, id): (usize, &String)| ids.iter().take(at).any(|other| other == id);
        assert!(!ids.iter().enumerate().any(is_repeated), "entry ids are unique");
        self.called.borrow_mut().push(ids);
        let step = if queue == QueueName::Parked {
            "park"
        } else {
            "send"
        };
        let (fault, _in_flight) = self.begin(step);
        let mut sent = Sent::default();
        for (at, entry) in entries.iter().enumerate() {
            let id = entry.id.clone();
            match fault.of_entry(at, "SendMessageBatch").await? {
                EntryResult::Named { sender_fault } => sent.failed.push(Failed { id, sender_fault }),
                EntryResult::Forgotten => {}
                EntryResult::Taken => {
                    sent.successful.push(id);
                    self.sent.borrow_mut().push(SentMessage {
                        queue,
                        body: entry.body.clone(),
                        delay_s: entry.delay_s,
                        group: entry.group,
                    });
                }
            }
        }
        // Others begin meanwhile.
        tokio::task::yield_now().await;
        Ok(sent)
    }

    fn drop_connections(&self) {
        self.dropped_connections.set(self.dropped_connections.get() + 1);
    }
}

impl Visibility for FakeAws {
    async fn change(&self, _: QueueName, changes: &[VisibilityChange]) -> Result<Vec<String>, CallFailed> {
        assert!((1..=10).contains(&changes.len()) && changes.iter().all(|change| change.seconds <= 900));
        let (fault, _in_flight) = self.begin("visibility");
        let mut changed = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            if fault.of_entry(at, "ChangeMessageVisibilityBatch").await? == EntryResult::Taken {
                changed.push(change.id.clone());
                let handle = change.receipt_handle.clone();
                self.changes.borrow_mut().push((handle, change.seconds));
            }
        }
        // Others begin meanwhile.
        tokio::task::yield_now().await;
        Ok(changed)
    }
}

impl Sink for FakeAws {
    fn line(&self, line: Line) {
        self.write(HEAD.line_text(line));
    }

    /// Checks RP-030 and RP-031 too: what came in is what went out.
    fn summary(&self, line: Line, metrics: Metrics) {
        for text in HEAD.summary_texts(line, &metrics, telemetry::Container::default()) {
            let gap = metrics.values(CONSERVATION_GAP, &[]);
            assert!(gap.iter().all(|gap| *gap == 0.0), "{gap:?}: {text}");
            self.write(text);
        }
        self.metrics.borrow_mut().push(metrics);
    }
}

/// Chance that gives the same every time, from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub struct Chance(pub f64);

impl Random for Chance {
    fn unit(&self) -> f64 {
        self.0
    }
}

/// All that surrounds a function: this AWS, and the time, chance, HTTP and bucket of a test.
#[derive(Clone)]
pub struct FakeSurroundings<T, H, B> {
    /// SQS and the log.
    pub aws: FakeAws,
    /// Clock and chance in one.
    pub time: T,
    /// Where requests go; `()` at a receiver.
    pub http: H,
    /// The fallback bucket; `()` at a deliverer.
    pub store: B,
}

impl<T: Clock + Random + Clone, H, B> Surroundings for FakeSurroundings<T, H, B> {
    type Queue = FakeAws;
    type Http = H;
    type Store = B;
    type Clock = T;
    type Random = T;
    type Secrets = FakeSecrets;
    type Sink = FakeAws;

    fn queue(&self) -> &FakeAws {
        &self.aws
    }

    fn http(&self) -> &H {
        &self.http
    }

    fn store(&self) -> &B {
        &self.store
    }

    fn clock(&self) -> &T {
        &self.time
    }

    fn random(&self) -> &T {
        &self.time
    }

    fn sink(&self) -> &FakeAws {
        &self.aws
    }
}

/// One secret in Secrets Manager; clones are the same.
#[derive(Clone, Default)]
pub struct FakeSecrets(Rc<FakeSecret>);

impl Deref for FakeSecrets {
    type Target = FakeSecret;

    fn deref(&self) -> &FakeSecret {
        &self.0
    }
}

/// What [`FakeSecrets`] answers, and how often it was asked.
#[derive(Default)]
pub struct FakeSecret {
    /// Its value; `None` if it cannot be read.
    pub text: RefCell<Option<String>>,
    /// Its value from the second fetch on, if it is another then.
    pub stored: RefCell<Option<String>>,
    /// The code of the error where it cannot be read.
    pub code: RefCell<&'static str>,
    /// Whether Secrets Manager never answers.
    pub is_silent: Cell<bool>,
    /// How often it was fetched.
    pub fetches: Cell<usize>,
}

impl FakeSecrets {
    /// A secret of this value; the default one cannot be read.
    pub fn new(text: &str) -> Self {
        let secrets = Self::default();
        secrets.text.replace(Some(text.to_owned()));
        secrets
    }

    /// Stores another value: every fetch but the very first gets it.
    pub fn store(&self, text: &str) {
        self.stored.replace(Some(text.to_owned()));
    }
}

impl Secrets for FakeSecrets {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        let nth = self.fetches.get();
        self.fetches.set(nth + 1);
        if self.is_silent.get() {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
        let stored = self.stored.borrow().clone().filter(|_| nth > 0);
        let text = stored.or_else(|| self.text.borrow().clone());
        text.map(Secret::new).ok_or_else(|| CallFailed {
            operation: "GetSecretValue",
            code: (*self.code.borrow()).to_owned(),
        })
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        self.fetch().await
    }
}
