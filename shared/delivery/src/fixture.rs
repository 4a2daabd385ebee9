//! The world around a messenger, under a virtual clock: a scripted vendor, and jobs.

use crate::http::{Answer, Http, NoAnswer, Request};
use crate::job::{Context, Counts, Fate, Job, Messenger, StopLine};
use crate::keys::Keys;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, UserKey};
use event::{Clock, EventId, Outcome, Random, Timestamp};
use secrets::Renewal;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What the vendor was sent.
pub struct Seen {
    pub method: &'static str,
    pub path: String,
    pub authorization: Option<String>,
    pub headers: Vec<(&'static str, String)>,
    pub body: serde_json::Value,
    pub at: Timestamp,
    pub timeout_ms: u64,
    pub max_answer_bytes: usize,
}

type Vendor = Box<dyn Fn(&Seen, usize) -> Result<Answer, NoAnswer>>;

/// A vendor, a clock and chance in one.
pub struct World {
    pub now: Cell<Timestamp>,
    pub seen: RefCell<Vec<Seen>>,
    pub vendor: Vendor,
    pub under_way: Cell<usize>,
    pub most_under_way: Cell<usize>,
    pub took_ms: Cell<i64>,
}

pub const BASE: &str = "https://vendor.example";

impl World {
    pub fn new(vendor: impl Fn(&Seen, usize) -> Result<Answer, NoAnswer> + 'static) -> Self {
        Self {
            now: Cell::new(Timestamp::parse("2026-03-01T12:00:00Z").unwrap()),
            seen: RefCell::default(),
            vendor: Box::new(vendor),
            under_way: Cell::new(0),
            most_under_way: Cell::new(0),
            took_ms: Cell::new(0),
        }
    }

    pub fn paths(&self) -> Vec<String> {
        self.seen.borrow().iter().map(|seen| seen.path.clone()).collect()
    }
}

impl Clock for &World {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    async fn sleep(&self, millis: u64) {
        self.now.set(self.now.get().plus_millis(millis.cast_signed()));
    }
}

impl Random for &World {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Http for &World {
    async fn send(&self, request: Request) -> Result<Answer, NoAnswer> {
        let seen = Seen {
            method: request.method.as_str(),
            path: request.url.strip_prefix(BASE).expect(&request.url).to_owned(),
            authorization: request.authorization.map(|secret| secret.lend(str::to_owned)),
            headers: request.headers,
            body: serde_json::from_str(&request.body).unwrap(),
            at: self.now.get(),
            timeout_ms: request.timeout_ms,
            max_answer_bytes: request.max_answer_bytes,
        };
        self.under_way.set(self.under_way.get() + 1);
        self.most_under_way
            .set(self.most_under_way.get().max(self.under_way.get()));
        tokio::task::yield_now().await;
        self.now.set(self.now.get().plus_millis(self.took_ms.get()));
        let nth = self.seen.borrow().len();
        let answer = (self.vendor)(&seen, nth);
        self.seen.borrow_mut().push(seen);
        self.under_way.set(self.under_way.get() - 1);
        answer
    }
}

/// An answer of a status, with headers and a body.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Answer, NoAnswer> {
    Ok(Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
        cut: false,
    })
}

/// Keys that never change, or that are others after a renewal.
pub struct FixedKeys<T> {
    pub now: RefCell<Option<Rc<T>>>,
    pub next: RefCell<Option<Rc<T>>>,
    pub renewals: Cell<usize>,
}

impl<T> FixedKeys<T> {
    pub fn new(now: Option<T>) -> Self {
        Self {
            now: RefCell::new(now.map(Rc::new)),
            next: RefCell::default(),
            renewals: Cell::new(0),
        }
    }
}

impl<T> Keys for FixedKeys<T> {
    type Content = T;

    async fn current(&self) -> Option<Rc<T>> {
        self.now.borrow().clone()
    }

    async fn renew(&self) -> Renewal<T> {
        self.renewals.set(self.renewals.get() + 1);
        tokio::task::yield_now().await;
        let changed = self.next.borrow().is_some();
        if let Some(next) = self.next.borrow_mut().take() {
            *self.now.borrow_mut() = Some(next);
        }
        Renewal::Fetched {
            value: self.now.borrow().clone().unwrap(),
            changed,
        }
    }
}

/// A job of calls, received for the first time now.
pub fn job<C>(id: &str, calls: Vec<C>) -> Job<C> {
    let received_at = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
    Job {
        id: EventId::given(id),
        calls,
        warnings: Vec::new(),
        done: None,
        record: 0,
        receives: 1,
        received_at,
        counts_from: received_at,
    }
}

/// Delivers with five minutes of time.
pub fn deliver<M: Messenger>(messenger: &mut M, world: &World, jobs: Vec<Job<M::Call>>) -> Vec<Fate> {
    deliver_within(messenger, world, jobs, 300_000).0
}

/// Delivers with so many milliseconds of time.
pub fn deliver_within<M: Messenger>(
    messenger: &mut M,
    world: &World,
    jobs: Vec<Job<M::Call>>,
    millis: i64,
) -> (Vec<Fate>, Counts) {
    let counts = Counts::default();
    let ports = (world, world, world);
    let context = Context {
        http: &ports.0,
        clock: &ports.1,
        random: &ports.2,
        stop: StopLine(world.now.get().plus_millis(millis)),
        counts: &counts,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let fates = runtime.block_on(messenger.deliver(jobs, &context));
    (fates, counts)
}

/// The outcomes, in words.
pub fn words(fates: &[Fate]) -> Vec<String> {
    let word = |fate: &Fate| match fate.outcome.reason() {
        Some(reason) => format!("{} {reason}", fate.outcome.as_str()),
        None => fate.outcome.as_str().to_owned(),
    };
    fates.iter().map(word).collect()
}

/// Seconds until an event is tried again.
pub fn after(fate: &Fate) -> u32 {
    match fate.outcome {
        Outcome::Retry { after, .. } => after,
        other => panic!("no retry: {other:?}"),
    }
}

/// One item of a user.
pub fn item(array: BrazeArray, user: &str, json: &str) -> BrazeItem {
    BrazeItem {
        array,
        json: json.to_owned(),
        users: vec![UserKey::new("external_id", user)],
        operators: false,
        subscriber: None,
    }
}

/// A call to `/users/track` with event objects and purchases.
pub fn track(user: &str, attributes: usize, events: usize, purchases: usize) -> BrazeCall {
    let of = |array: BrazeArray, count| {
        (0..count).map(move |n| {
            let json = format!(r#"{{"external_id":"{user}","n":{n}}}"#);
            item(array, user, &json)
        })
    };
    BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: of(BrazeArray::Attributes, attributes)
            .chain(of(BrazeArray::Events, events))
            .chain(of(BrazeArray::Purchases, purchases))
            .collect(),
    }
}

/// A call of one item.
pub fn single(endpoint: BrazeEndpoint, array: BrazeArray, user: &str) -> BrazeCall {
    BrazeCall {
        endpoint,
        items: vec![item(array, user, &format!(r#"{{"external_id":"{user}"}}"#))],
    }
}
