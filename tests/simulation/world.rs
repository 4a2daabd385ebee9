//! One world: its clock, its chance, AWS and the vendors in it, and what is written down of it.

use crate::START_MS;
use crate::chance::{Chance, Strike};
use crate::faults::Fault;
use crate::lambda::Lambda;
use crate::ledger::Ledger;
use crate::s3::Bucket;
use crate::secrets_manager::SecretsManager;
use crate::sqs::Sqs;
use crate::time::{Signal, Time};
use crate::vendors::Vendors;
use event::settings::Settings;
use event::{Destination, Source, Timestamp};
use futures_util::future::{Either, select};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::pin::pin;
use std::rc::Rc;

pub const SECOND_MS: i64 = 1000;
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// The settings of the worlds: the defaults, and an instance of Braze.
const SETTINGS: &str = "[braze]\ninstance = \"US-10\"\n";

/// A time in which something fails. Which destination, source or queue it concerns is a number below three.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub fault: Fault,
    pub from: i64,
    pub until: i64,
    pub place: usize,
}

/// One world.
pub struct World {
    pub time: Time,
    pub chance: Chance,
    pub settings: Settings,
    pub windows: RefCell<Vec<Window>>,
    pub ledger: Ledger,
    pub sqs: Sqs,
    pub bucket: Bucket,
    pub secrets: SecretsManager,
    pub vendors: Vendors,
    pub lambda: Lambda,
    /// Notified when faults end, and when something lies in the fallback bucket.
    pub changed: Signal,
    trace: RefCell<Option<Vec<String>>>,
    pub lines: Cell<u64>,
}

impl World {
    pub fn new(seed: u64, only: Option<BTreeSet<Strike>>, traces: bool) -> Rc<Self> {
        Rc::new(Self {
            time: Time::default(),
            chance: Chance::new(seed, only),
            settings: Settings::load(SETTINGS).unwrap(),
            windows: RefCell::default(),
            ledger: Ledger::default(),
            sqs: Sqs::default(),
            bucket: Bucket::default(),
            secrets: SecretsManager::default(),
            vendors: Vendors::default(),
            lambda: Lambda::default(),
            changed: Signal::default(),
            trace: RefCell::new(traces.then(Vec::new)),
            lines: Cell::new(0),
        })
    }

    /// A world in which nothing fails but what a test sets.
    pub fn calm(seed: u64) -> Rc<Self> {
        let world = Self::new(seed, None, false);
        world.chance.is_calm.set(true);
        world
    }

    /// Ends its tasks and containers, which hold it as it holds them.
    pub fn end(&self) {
        self.end_containers();
        self.time.clear();
    }

    pub fn timestamp(&self) -> Timestamp {
        Timestamp::from_millis(START_MS + self.time.now())
    }

    /// The window of a fault that is open now, at this place.
    pub fn is_within(&self, fault: Fault, place: usize) -> bool {
        let now = self.time.now();
        let windows = self.windows.borrow();
        windows.iter().any(|window| {
            window.fault == fault && window.place == place && (window.from..window.until).contains(&now)
        })
    }

    pub fn is_within_any(&self, fault: Fault) -> bool {
        (0..3).any(|place| self.is_within(fault, place))
    }

    /// Writes a line of the trace, if somebody reads it.
    pub fn trace(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut *self.trace.borrow_mut() {
            trace.push(format!("{:>12} {}", self.time.now(), line()));
        }
    }

    pub fn take_trace(&self) -> Vec<String> {
        self.trace.take().unwrap_or_default()
    }

    /// What the work gives, if it ends within so many milliseconds.
    pub async fn within<T>(&self, millis: i64, work: impl Future<Output = T>) -> Option<T> {
        match select(pin!(work), pin!(self.time.sleep(millis))).await {
            Either::Left((value, _)) => Some(value),
            Either::Right(_) => None,
        }
    }

    /// Lets some milliseconds of network go by.
    pub async fn travel(&self) {
        self.time.sleep(self.chance.between(1, 25)).await;
    }
}

/// The place of a destination among the three.
pub fn place_of(destination: Destination) -> usize {
    Destination::ALL
        .iter()
        .position(|own| *own == destination)
        .unwrap()
}

/// The place of a source among the three.
pub const fn place_of_source(source: Source) -> usize {
    match source {
        Source::Segment => 0,
        Source::Braze => 1,
        Source::Branch => 2,
    }
}
