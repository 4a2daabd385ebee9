//! A vendor under a virtual clock, and what a dispatcher needs beside it.

use crate::destination::Destination;
use crate::dispatch::{Dispatcher, Keys};
use crate::http::{Http, NoResponse, Request, Response};
use crate::job::{Context, Counts, DeliveryResult, Job, StopLine};
use crate::scripted::{FakeAws, FakeSecrets};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::envelope::Done;
use event::settings::Settings;
use event::{Clock, EventId, Outcome, Random, Timestamp};
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

/// What the vendor was sent.
pub(crate) struct Seen {
    pub method: &'static str,
    pub path: String,
    pub authorization: Option<String>,
    pub headers: Vec<(&'static str, String)>,
    pub body: serde_json::Value,
    pub at: Timestamp,
    pub timeout_ms: u64,
    pub max_response_bytes: usize,
}

type Responds = Box<dyn Fn(&Seen, usize) -> Result<Response, NoResponse>>;

/// A vendor, a clock and chance in one; clones are the same one.
#[derive(Clone)]
pub(crate) struct FakeVendor(Rc<State>);

pub(crate) struct State {
    pub now: Cell<Timestamp>,
    /// What chance gives each time.
    pub unit: Cell<f64>,
    pub seen: RefCell<Vec<Seen>>,
    responds: Responds,
    in_flight: Cell<usize>,
    pub most_in_flight: Cell<usize>,
    pub took_ms: Cell<i64>,
}

impl Deref for FakeVendor {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

pub(crate) const BASE: &str = "https://rest.us-10.braze.com";

impl FakeVendor {
    pub(crate) fn new(responds: impl Fn(&Seen, usize) -> Result<Response, NoResponse> + 'static) -> Self {
        Self(Rc::new(State {
            now: Cell::new(Timestamp::parse("2026-03-01T12:00:00Z").unwrap()),
            unit: Cell::new(0.5),
            seen: RefCell::default(),
            responds: Box::new(responds),
            in_flight: Cell::new(0),
            most_in_flight: Cell::new(0),
            took_ms: Cell::new(0),
        }))
    }

    /// One that responds always so.
    pub(crate) fn always(status: u16, body: &'static str) -> Self {
        Self::new(move |_, _| respond(status, &[], body))
    }

    /// One that is never asked.
    pub(crate) fn silent() -> Self {
        Self::new(|_, _| panic!("no request is sent"))
    }
}

impl Seen {
    /// The values of all members `mark` of the body, in order.
    pub(crate) fn marks(&self) -> Vec<String> {
        let mut marks = Vec::new();
        collect_marks(&self.body, &mut marks);
        marks
    }

    /// Whether it is sent with this key.
    pub(crate) fn carries(&self, key: &str) -> bool {
        let basic = format!("Basic {}", STANDARD.encode(format!("{key}:")));
        let header = self.authorization.as_deref().unwrap_or_default();
        header == basic || header == format!("Bearer {key}") || self.body["branch_key"] == key
    }
}

fn collect_marks(value: &serde_json::Value, marks: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect_marks(value, marks)),
        serde_json::Value::Object(members) => {
            marks.extend(
                members
                    .get("mark")
                    .and_then(|mark| Some(mark.as_str()?.to_owned())),
            );
            members.values().for_each(|value| collect_marks(value, marks));
        }
        _ => {}
    }
}

impl State {
    /// How many requests it was sent.
    pub(crate) fn requests(&self) -> usize {
        self.seen.borrow().len()
    }

    /// The marks of each request.
    pub(crate) fn marks(&self) -> Vec<Vec<String>> {
        self.seen.borrow().iter().map(Seen::marks).collect()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen.borrow().iter().map(|seen| seen.path.clone()).collect()
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.now.set(self.now.get().plus_millis(millis));
    }
}

impl Clock for FakeVendor {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// Lets what is ready go first: a fetch that is polled before it ends before time goes on. Those that sleep at once sleep
    /// beside each other.
    async fn sleep(&self, millis: u64) {
        let until = self.now.get().plus_millis(millis.cast_signed());
        tokio::task::yield_now().await;
        self.now.set(self.now.get().max(until));
    }
}

impl Random for FakeVendor {
    fn unit(&self) -> f64 {
        self.unit.get()
    }
}

impl Http for FakeVendor {
    async fn send(&self, request: Request) -> Result<Response, NoResponse> {
        let (_, rest) = request.url.split_once("//").unwrap();
        let (_, path) = rest.split_once('/').unwrap();
        let seen = Seen {
            method: request.method.as_str(),
            path: format!("/{path}"),
            authorization: request.authorization.map(|secret| secret.lend(str::to_owned)),
            headers: request.headers,
            body: serde_json::from_str(&request.body).unwrap(),
            at: self.now.get(),
            timeout_ms: request.timeout_ms,
            max_response_bytes: request.max_response_bytes,
        };
        self.in_flight.set(self.in_flight.get() + 1);
        self.most_in_flight
            .set(self.most_in_flight.get().max(self.in_flight.get()));
        tokio::task::yield_now().await;
        self.advance(self.took_ms.get());
        let nth = self.seen.borrow().len();
        let response = (self.responds)(&seen, nth);
        self.seen.borrow_mut().push(seen);
        self.in_flight.set(self.in_flight.get() - 1);
        response
    }

    async fn warm(&self, _: &str) {}
}

/// A response of a status, with headers and a body.
pub(crate) fn respond(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Response, NoResponse> {
    Ok(Response {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
        cut: false,
    })
}

/// All that surrounds a deliverer.
pub(crate) type FakeSurroundings = surroundings::fake::FakeSurroundings<FakeVendor, FakeVendor, ()>;

/// A vendor and AWS around a deliverer.
pub(crate) fn surroundings(aws: &FakeAws, vendor: &FakeVendor) -> FakeSurroundings {
    FakeSurroundings {
        aws: aws.clone(),
        time: vendor.clone(),
        http: vendor.clone(),
        store: (),
    }
}

/// The secret that every destination finds its key in.
pub(crate) fn secret(key: &str) -> String {
    format!(r#"{{"rest_api_key":"{key}","branch_key":"{key}","write_key":"{key}"}}"#)
}

/// A dispatcher of these settings.
pub(crate) fn dispatcher<D: Destination>(
    settings: &str,
    secrets: FakeSecrets,
) -> Dispatcher<D, FakeSurroundings> {
    dispatcher_in_time_of(&FakeVendor::silent(), settings, secrets)
}

/// The same, whose secret ages by the vendor's clock.
pub(crate) fn dispatcher_in_time_of<D: Destination>(
    vendor: &FakeVendor,
    settings: &str,
    secrets: FakeSecrets,
) -> Dispatcher<D, FakeSurroundings> {
    let keys = Keys::<D, FakeSurroundings>::new(secrets, vendor.clone(), vendor.clone());
    Dispatcher::new(D::new(&Settings::load(settings).unwrap()).unwrap(), keys)
}

/// A job of calls, received for the first time now.
pub(crate) fn job<C>(id: &str, calls: Vec<C>) -> Job<C> {
    Job {
        id: EventId::given(id),
        calls,
        warnings: Vec::new(),
        done: None,
        record: 0,
        receives: 1,
        tries: 1,
        received_at: Timestamp::parse("2026-03-01T12:00:00Z").unwrap(),
    }
}

/// Marks of accepted items.
pub(crate) fn done(of: usize, items: impl IntoIterator<Item = usize>) -> Option<Done> {
    let items = items.into_iter().collect();
    Some(Done { of, items })
}

/// Delivers with five minutes of time.
pub(crate) fn deliver<D: Destination>(
    dispatcher: &Dispatcher<D, FakeSurroundings>,
    vendor: &FakeVendor,
    jobs: Vec<Job<D::Call>>,
) -> Vec<DeliveryResult> {
    deliver_within(dispatcher, vendor, jobs, 300_000).0
}

/// Delivers with so many milliseconds of time.
pub(crate) fn deliver_within<D: Destination>(
    dispatcher: &Dispatcher<D, FakeSurroundings>,
    vendor: &FakeVendor,
    jobs: Vec<Job<D::Call>>,
    millis: i64,
) -> (Vec<DeliveryResult>, Counts) {
    let dispatchers = std::slice::from_ref(dispatcher);
    let (results, counts) = deliver_at_once(dispatchers, vendor, vec![jobs], millis);
    (results.into_iter().flatten().collect(), counts)
}

/// The same in several containers at once, the jobs of each.
pub(crate) fn deliver_at_once<D: Destination>(
    dispatchers: &[Dispatcher<D, FakeSurroundings>],
    vendor: &FakeVendor,
    jobs: Vec<Vec<Job<D::Call>>>,
    millis: i64,
) -> (Vec<Vec<DeliveryResult>>, Counts) {
    let counts = Counts::default();
    let surroundings = surroundings(&FakeAws::default(), vendor);
    let context = Context {
        surroundings: &surroundings,
        stop: StopLine(vendor.now.get().plus_millis(millis)),
        counts: &counts,
    };
    let of_each = dispatchers.iter().zip(jobs);
    let deliveries = of_each.map(|(dispatcher, jobs)| dispatcher.deliver(jobs, &context));
    let results = run(join_all(deliveries));
    (results, counts)
}

pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

/// The outcomes, in words.
pub(crate) fn words(results: &[DeliveryResult]) -> Vec<String> {
    let word = |result: &DeliveryResult| match result.outcome.reason() {
        Some(reason) => format!("{} {reason}", result.outcome.as_str()),
        None => result.outcome.as_str().to_owned(),
    };
    results.iter().map(word).collect()
}

/// Seconds until an event is tried again.
pub(crate) fn after(result: &DeliveryResult) -> u32 {
    match result.outcome {
        Outcome::Retry { after, .. } => after,
        other => panic!("no retry: {other:?}"),
    }
}
