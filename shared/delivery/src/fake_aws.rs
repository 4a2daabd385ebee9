//! SQS with its faults, Secrets Manager, a log that is checked, and a destination that does as an event says.

use crate::backoff::{LONG_BACKOFF, LONG_HOLD, Table, parse_seconds};
use crate::batch::{Batch, Item};
use crate::deliverer::Deliverer;
use crate::destination::{Ambiguous, Destination, Limits, Plan, Reading, RetryAfter, UserOrderScope};
use crate::fake_vendor::{BASE, Fake, FakeVendor, respond, run, secret};
use crate::http::{Request, Response};
use crate::job::{Job, Owner};
use crate::record::Record;
use event::calls::{Mapped, Method, OwnRules, UserKey, Verdict};
use event::ports::{CallFailed, Entry, Failed, Queue, QueueName, Sent, Visibility, VisibilityChange};
use event::reasons::{HoldKind, IgnoreReason, ParkReason, RetryClass};
use event::settings::{Problem, Settings};
use event::{EventId, Source, Timestamp};
use secrets::{BrazeKey, Secrets};
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use telemetry::{Line, Metrics, Secret, Sink};

pub(crate) const T: &str = "2026-03-01T12:00:00.000Z";

/// What SQS does with a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CallFault {
    Pass,
    Fail,
    /// Names the entry of this place as failed.
    FailEntry(usize),
    /// Names it in neither list.
    Forget(usize),
    Never,
}

/// What becomes of one entry of a call that is answered.
#[derive(PartialEq, Eq)]
enum EntryResult {
    Taken,
    Named,
    Forgotten,
}

impl CallFault {
    async fn of_entry(self, at: usize, operation: &'static str) -> Result<EntryResult, CallFailed> {
        match self {
            Self::Fail => Err(CallFailed::timeout(operation)),
            Self::Never => std::future::pending().await,
            Self::FailEntry(n) if n == at => Ok(EntryResult::Named),
            Self::Forget(n) if n == at => Ok(EntryResult::Forgotten),
            Self::Pass | Self::FailEntry(_) | Self::Forget(_) => Ok(EntryResult::Taken),
        }
    }
}

/// A message as SQS has it.
#[derive(Clone)]
pub(crate) struct SentMessage {
    pub queue: QueueName,
    pub body: String,
    pub delay_s: u32,
    pub group: Option<Source>,
}

/// SQS and the log; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct FakeAws(Rc<State>);

impl Deref for FakeAws {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub sent: RefCell<Vec<SentMessage>>,
    /// Handles and seconds of visibility changes.
    pub changes: RefCell<Vec<(String, u32)>>,
    pub faults: RefCell<Vec<CallFault>>,
    pub lines: RefCell<Vec<String>>,
    pub metrics: RefCell<Vec<Metrics>>,
    /// What happened, in order.
    pub steps: RefCell<Vec<String>>,
    pub calls: Cell<usize>,
}

impl FakeAws {
    pub(crate) fn with(faults: &[CallFault]) -> Self {
        let aws = Self::default();
        aws.faults.borrow_mut().extend_from_slice(faults);
        aws
    }
}

impl State {
    fn fault(&self) -> CallFault {
        self.calls.set(self.calls.get() + 1);
        let mut faults = self.faults.borrow_mut();
        if faults.is_empty() {
            CallFault::Pass
        } else {
            faults.remove(0)
        }
    }

    fn write(&self, text: String) {
        assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
        self.steps.borrow_mut().push("line".to_owned());
        self.lines.borrow_mut().push(text);
    }

    pub(crate) fn bodies(&self, queue: QueueName) -> Vec<String> {
        let sent = self.sent.borrow();
        let of_queue = sent.iter().filter(|message| message.queue == queue);
        of_queue.map(|message| message.body.clone()).collect()
    }

    pub(crate) fn lines_of(&self, kind: &str) -> Vec<String> {
        let kind = format!(r#""kind":"{kind}""#);
        let lines = self.lines.borrow();
        let of_kind = lines.iter().filter(|line| line.contains(&kind));
        of_kind.cloned().collect()
    }

    /// How often something happened.
    pub(crate) fn times(&self, step: &str) -> usize {
        self.steps.borrow().iter().filter(|own| *own == step).count()
    }

    pub(crate) fn count(&self, metric: telemetry::metrics::Metric, dimensions: &[&'static str]) -> f64 {
        let all = self.metrics.borrow();
        all.iter()
            .flat_map(|all| all.values(metric, dimensions).to_vec())
            .sum()
    }
}

impl Queue for FakeAws {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        if entries.is_empty() {
            panic!("SQS refuses an empty batch");
        }
        assert!(entries.len() <= 10 && entries.iter().all(|entry| entry.delay_s <= 900));
        let fault = self.fault();
        let step = if queue == QueueName::Parked {
            "park"
        } else {
            "send"
        };
        self.steps.borrow_mut().push(step.to_owned());
        let mut sent = Sent::default();
        for (at, entry) in entries.iter().enumerate() {
            let id = entry.id.clone();
            match fault.of_entry(at, "SendMessageBatch").await? {
                EntryResult::Named => sent.failed.push(Failed {
                    id,
                    sender_fault: false,
                }),
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
        Ok(sent)
    }
}

impl Visibility for FakeAws {
    async fn change(&self, _: QueueName, changes: &[VisibilityChange]) -> Result<Vec<String>, CallFailed> {
        assert!((1..=10).contains(&changes.len()) && changes.iter().all(|change| change.seconds <= 900));
        let fault = self.fault();
        self.steps.borrow_mut().push("visibility".to_owned());
        let mut changed = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            if fault.of_entry(at, "ChangeMessageVisibilityBatch").await? == EntryResult::Taken {
                changed.push(change.id.clone());
                let handle = change.receipt_handle.clone();
                self.changes.borrow_mut().push((handle, change.seconds));
            }
        }
        Ok(changed)
    }
}

impl Sink for FakeAws {
    fn line(&self, line: Line) {
        self.write(HEAD.line_text(line));
    }

    fn summary(&self, line: Line, metrics: Metrics) {
        for text in HEAD.summary_texts(line, &metrics, telemetry::Container::default()) {
            self.write(text);
        }
        let gap = metrics.values(telemetry::metrics::CONSERVATION_GAP, &[]);
        assert_eq!(
            gap,
            [0.0],
            "opened = delivered + warned + ignored + parked + requeued + waiting"
        );
        self.metrics.borrow_mut().push(metrics);
    }
}

const HEAD: telemetry::Head<'_> = telemetry::Head {
    stack: "test",
    function: "deliver-test",
    millis: 0,
    timestamp: T,
};

/// A secret that is another from its second fetch on, if one was stored; clones are the same.
#[derive(Clone)]
pub(crate) struct FakeSecrets(Rc<Versions>);

struct Versions {
    first: Option<String>,
    stored: RefCell<Option<String>>,
    fetches: Cell<usize>,
}

impl FakeSecrets {
    pub(crate) fn new(text: &str) -> Self {
        Self::of(Some(text))
    }

    /// One that cannot be read.
    pub(crate) fn unreadable() -> Self {
        Self::of(None)
    }

    fn of(first: Option<&str>) -> Self {
        Self(Rc::new(Versions {
            first: first.map(str::to_owned),
            stored: RefCell::default(),
            fetches: Cell::new(0),
        }))
    }

    /// Stores another secret: the next fetch but the first gets it.
    pub(crate) fn store(&self, text: &str) {
        self.0.stored.replace(Some(text.to_owned()));
    }

    pub(crate) fn fetches(&self) -> usize {
        self.0.fetches.get()
    }
}

impl FakeSecrets {
    fn answer(&self) -> Result<Secret, CallFailed> {
        let nth = self.0.fetches.get();
        self.0.fetches.set(nth + 1);
        let stored = self.0.stored.borrow().clone().filter(|_| nth > 0);
        let failed = CallFailed::timeout("GetSecretValue");
        stored
            .or_else(|| self.0.first.clone())
            .map(Secret::new)
            .ok_or(failed)
    }
}

impl Secrets for FakeSecrets {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        tokio::task::yield_now().await;
        self.answer()
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        self.fetch().await
    }
}

/// Does with each event as its text says.
pub(crate) struct ScriptedDestination(Settings);

/// One event's word, such as `retry:40` in `"retry:40#7"`.
fn word(text: &str) -> &str {
    text.trim_matches('"').split('#').next().unwrap_or_default()
}

/// Maps the events that a [`ScriptedDestination`] knows.
pub(crate) fn scripted(_: Source, text: &str, _: Option<Timestamp>, _: &Settings) -> Mapped<String> {
    let verdict = match word(text) {
        "ignore" => Verdict::Ignore(IgnoreReason::Loop),
        "mappark" => Verdict::Park(ParkReason::MalformedEvent),
        "mappanic" => panic!("{text}"),
        "own_rule" => Verdict::Ignore(IgnoreReason::OwnRule),
        "changedpark" => Verdict::Park(ParkReason::NoTime),
        _ => Verdict::Deliver {
            calls: vec![text.to_owned()],
            warnings: Vec::new(),
        },
    };
    Mapped {
        id: EventId::given(text.trim_matches('"')),
        own_rules: match word(text) {
            "own_rule" => OwnRules::DroppedBy("test-accounts".to_owned()),
            "changed" | "changedpark" => OwnRules::Changed,
            _ => OwnRules::Unchanged,
        },
        verdict,
    }
}

/// The word that decides of one item, and the receive count of its record.
pub(crate) struct ScriptedItem(String, u32);

impl Item for ScriptedItem {
    fn users(&self) -> &[UserKey] {
        &[]
    }
}

impl Destination for ScriptedDestination {
    const NAME: event::Destination = event::Destination::Braze;
    const BACKOFF: &'static Table = &LONG_BACKOFF;
    const HOLD_BACKOFF: &'static Table = &LONG_HOLD;
    const USER_ORDER: UserOrderScope = UserOrderScope::Envelope;

    type Call = String;
    type Keys = BrazeKey;
    type Target = String;
    type Item = ScriptedItem;
    type Lane = String;
    type PauseGroup = String;

    fn new(settings: &Settings) -> Result<Self, Problem> {
        Ok(Self(settings.clone()))
    }

    fn base_url(&self) -> &str {
        BASE
    }

    fn limits(&self) -> Limits {
        Limits {
            timeout_ms: 1000,
            concurrency: 1,
            requests_per_second: None,
            horizon: Some(self.0.braze.horizon),
            hold_horizon: Some(self.0.delivery.hold_horizon),
        }
    }

    /// `half` is accepted by half.
    fn item_count(call: &String) -> usize {
        if word(call).starts_with("half") { 2 } else { 1 }
    }

    fn plan(
        &self,
        jobs: Vec<Job<String>>,
        _: Option<&BrazeKey>,
        wanted: impl Fn(Owner) -> bool,
    ) -> Plan<Batch<String, ScriptedItem>> {
        let mut batches = Vec::new();
        for (place, job) in jobs.into_iter().enumerate() {
            let [text] = &job.calls[..] else {
                panic!("one call an event")
            };
            let texts = match word(text).strip_prefix("half") {
                Some(after) => vec!["\"ok\"".to_owned(), format!("\"retry{after}\"")],
                None => vec![text.clone()],
            };
            for (position, text) in texts.into_iter().enumerate() {
                let owner = Owner { job: place, position };
                if wanted(owner) {
                    let item = ScriptedItem(text.clone(), job.receives);
                    batches.push(Batch::of_item(text, item, owner));
                }
            }
        }
        Plan {
            batches,
            unsent: Vec::new(),
        }
    }

    fn lane(&self, target: &String) -> String {
        target.clone()
    }

    fn pause_group(&self, target: &String) -> String {
        target.clone()
    }

    fn key<'k>(&self, _: &String, keys: &'k BrazeKey) -> Option<&'k Secret> {
        keys.rest_api_key.as_ref()
    }

    fn request(&self, batch: &Batch<String, ScriptedItem>, _: &str, _: Option<Timestamp>) -> Request {
        let ScriptedItem(text, receives) = &batch.calls[0].items[0].item;
        Request {
            method: Method::Post,
            url: format!("{BASE}/"),
            authorization: None,
            headers: Vec::new(),
            body: format!("[{text},{receives}]"),
            timeout_ms: 1000,
            max_response_bytes: 100,
        }
    }

    fn read(&self, _: &Batch<String, ScriptedItem>, response: &Response) -> Reading {
        use crate::destination::Classification::{Accepted, Hold, Refused, Retry};
        let classification = match response.status {
            200 => Accepted,
            400 => Refused(ParkReason::Rejected),
            401 => Hold(HoldKind::Credentials),
            429 => Retry(RetryClass::RateLimited),
            500 => Retry(RetryClass::Transient),
            other => panic!("{other}"),
        };
        classification.reading(response)
    }

    fn retry_after(&self, response: &Response, _: Timestamp) -> Option<RetryAfter> {
        Some(RetryAfter {
            seconds: parse_seconds(response.header("retry-after")?)?,
            pauses_group: false,
        })
    }

    fn ambiguous(&self, _: &ScriptedItem) -> Ambiguous {
        Ambiguous::Repeat
    }
}

/// The vendor of a [`ScriptedDestination`]. Chance is always nothing, so that `retry:40` waits 40 seconds.
pub(crate) fn scripted_vendor(aws: &FakeAws) -> FakeVendor {
    let aws = aws.clone();
    let vendor = FakeVendor::new(move |seen, _| {
        aws.steps.borrow_mut().push("response".to_owned());
        let text = seen.body[0].as_str().unwrap();
        let (word, number) = word(text).split_once(':').unwrap_or((word(text), "0"));
        match word {
            "ok" => respond(200, &[], ""),
            "retry" => respond(429, &[("retry-after", number)], ""),
            "fails" => respond(500, &[], ""),
            "rejected" => respond(400, &[], &format!("\"{text}\"")),
            "hold" => respond(401, &[], ""),
            "panic" => respond(600, &[], ""),
            other => panic!("no word of the script: {other}"),
        }
    });
    vendor.unit.set(0.0);
    vendor
}

/// A record with a message id, a receive count and a body.
pub(crate) fn record(id: &str, receives: u32, body: impl Into<String>) -> Record {
    Record {
        message_id: id.to_owned(),
        receipt_handle: format!("handle-{id}"),
        body: body.into(),
        receive_count: receives,
        sent_at: Timestamp::parse(T),
    }
}

/// An envelope from Segment to Braze with these events, received now.
pub(crate) fn envelope(attempt: u32, events: &[&str]) -> String {
    envelope_between(Source::Segment, event::Destination::Braze, attempt, events)
}

/// The same of words for a [`ScriptedDestination`], such as `ok#1 retry:40#2`.
pub(crate) fn envelope_of(words: &str) -> String {
    let events: Vec<String> = words.split(' ').map(|word| format!("\"{word}\"")).collect();
    envelope(0, &events.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The message `m<n>`, received for the first time, with events of these words.
pub(crate) fn message(n: u32, words: &str) -> Record {
    record(&format!("m{n}"), 1, envelope_of(words))
}

/// The message `m1` with these words and more members in its head.
pub(crate) fn message_with(members: &str, words: &str) -> Record {
    let body = envelope_of(words).replace(r#""events""#, &format!(r#"{members},"events""#));
    record("m1", 1, body)
}

/// An envelope of any route.
pub(crate) fn envelope_between(
    source: Source,
    destination: event::Destination,
    attempt: u32,
    events: &[&str],
) -> String {
    let auth = if source == Source::Segment {
        "signature"
    } else {
        "token"
    };
    format!(
        r#"{{"v":1,"source":"{source}","destination":"{destination}","request_id":"r-1","first_received_at":"{T}","attempt":{attempt},"auth":"{auth}","key":"current","events":[{}]}}"#,
        events.join(",")
    )
}

/// What one invocation did.
pub(crate) struct Invoked {
    pub aws: FakeAws,
    /// The ids of the records that are not done.
    pub kept: Vec<String>,
    /// The requests of a script, in order: text and receive count.
    pub seen: Vec<String>,
}

/// A deliverer under test.
pub(crate) fn deliverer<D: Destination>(
    settings: &str,
    map: crate::Map<D>,
    secrets: FakeSecrets,
    aws: &FakeAws,
    vendor: &FakeVendor,
) -> Deliverer<D, Fake> {
    let surroundings = Fake {
        aws: aws.clone(),
        vendor: vendor.clone(),
    };
    let (settings, unusable) = Settings::load_usable(settings);
    Deliverer::new("deliver-test", settings, unusable, map, secrets, surroundings)
}

pub(crate) fn scripted_deliverer(aws: &FakeAws, vendor: &FakeVendor) -> Deliverer<ScriptedDestination, Fake> {
    deliverer("", scripted, FakeSecrets::new(&secret("k-1")), aws, vendor)
}

/// One invocation of a destination with a minute of time.
pub(crate) fn invoke_destination<D: Destination>(
    settings: &str,
    map: crate::Map<D>,
    aws: FakeAws,
    vendor: &FakeVendor,
    records: &[Record],
) -> Invoked {
    let deliverer = deliverer::<D>(settings, map, FakeSecrets::new(&secret("k-1")), &aws, vendor);
    let kept = run(deliverer.handle(records, "aws-1", vendor.now.get().plus_millis(60_000)));
    let text = |seen: &crate::fake_vendor::Seen| format!("{} {}", seen.body[0], seen.body[1]);
    let seen = vendor.seen.borrow().iter().map(text).collect();
    Invoked { aws, kept, seen }
}

/// One invocation of a script with these settings and faults, so many milliseconds after the receipt.
pub(crate) fn invoke_with(
    settings: &str,
    faults: &[CallFault],
    later_ms: i64,
    records: &[Record],
) -> Invoked {
    let aws = FakeAws::with(faults);
    let vendor = scripted_vendor(&aws);
    vendor.advance(later_ms);
    invoke_destination::<ScriptedDestination>(settings, scripted, aws, &vendor, records)
}

pub(crate) fn invoke(records: &[Record]) -> Invoked {
    invoke_with("", &[], 0, records)
}
