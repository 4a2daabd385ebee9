//! What surrounds the code of one container: the ports, each of them a way into the world.

use crate::events::Mark;
use crate::faults::Fault;
use crate::world::{SECOND_MS, World};
use event::{Clock, Destination, Random, Source, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::rc::Rc;
use surroundings::AllInOne;
use telemetry::metrics::CONSERVATION_GAP;
use telemetry::{Container, Head, Line, Metrics, Sink};

/// A function of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    Receive(Source),
    Deliver(Destination),
}

impl Function {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive(Source::Segment) => "receive-segment",
            Self::Receive(Source::Braze) => "receive-braze",
            Self::Receive(Source::Branch) => "receive-branch",
            Self::Deliver(Destination::Segment) => "deliver-segment",
            Self::Deliver(Destination::Braze) => "deliver-braze",
            Self::Deliver(Destination::Branch) => "deliver-branch",
        }
    }
}

/// Pooled connections older than this are dropped by the adapters (RD-176, RD-178).
const POOLED_FOR_MS: i64 = 20 * SECOND_MS;

/// The state of one container; clones are the same.
#[derive(Clone)]
pub struct Outside(Rc<State>);

pub struct State {
    pub world: Rc<World>,
    pub function: Function,
    /// The invocation that runs, for what holds within one.
    pub invocation: Cell<u64>,
    /// The longest chain of self-sends among the messages that it works on.
    pub chain: Cell<u32>,
    /// The records of this invocation that hold an event; `None` if several do.
    pub records: RefCell<BTreeMap<Mark, Option<usize>>>,
    /// The events that the destination has accepted in this invocation, as the deliverer knows.
    pub accepted: RefCell<BTreeSet<Mark>>,
    /// Whether SQS has not taken something in this invocation.
    pub has_failed_to_send: Cell<bool>,
    pub is_connection_dead: Cell<bool>,
    pub last_answer: Cell<i64>,
}

impl Deref for Outside {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl Outside {
    pub fn new(world: &Rc<World>, function: Function) -> Self {
        Self(Rc::new(State {
            world: Rc::clone(world),
            function,
            invocation: Cell::new(0),
            chain: Cell::new(0),
            records: RefCell::default(),
            accepted: RefCell::default(),
            has_failed_to_send: Cell::new(false),
            is_connection_dead: Cell::new(false),
            last_answer: Cell::new(world.time.now()),
        }))
    }

    /// Whether a pooled connection has died without a word: a call over it gets no answer.
    pub fn hangs_on_dead_connection(&self) -> bool {
        let now = self.world.time.now();
        let is_pooled = now - self.last_answer.get() <= POOLED_FOR_MS;
        if is_pooled && self.world.chance.strikes(Fault::F85) {
            self.is_connection_dead.set(true);
        }
        if !is_pooled {
            self.is_connection_dead.set(false);
        }
        self.last_answer.set(now);
        self.is_connection_dead.get()
    }
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        self.world.timestamp()
    }

    async fn sleep(&self, millis: u64) {
        self.world
            .time
            .sleep(i64::try_from(millis).unwrap_or(i64::MAX))
            .await;
    }
}

impl Random for Outside {
    fn unit(&self) -> f64 {
        self.world.chance.unit()
    }
}

/// Texts that must stand in no line: keys and tokens, and what belongs to a person (RP-007, RP-010).
const SECRET_TEXTS: [&str; 4] = ["key-of-", "key_live_", "person-", "example.com"];
/// One line in so many is held against the schema.
const CHECKED_LINES: u64 = 20;

impl Outside {
    fn write(&self, text: &str) {
        let world = &self.world;
        world.lines.set(world.lines.get() + 1);
        for secret in SECRET_TEXTS {
            world.ledger.check(!text.contains(secret), || {
                format!("a line holds {secret}: {text}")
            });
        }
        if world.lines.get().is_multiple_of(CHECKED_LINES) {
            let faults = telemetry::schema::faults(text);
            world
                .ledger
                .check(faults.is_empty(), || format!("{faults:?}: {text}"));
        }
        world.ledger.read_line(text);
    }

    fn head<'h>(&self, timestamp: &'h str) -> Head<'h> {
        Head {
            stack: "simulated",
            function: self.function.name(),
            millis: self.now().millis(),
            timestamp,
        }
    }
}

impl Sink for Outside {
    fn line(&self, line: Line) {
        let timestamp = self.now().to_string();
        self.write(&self.head(&timestamp).line_text(line));
    }

    /// Checks RP-030, RP-031 and RP-032 too: what came in is what went out.
    fn summary(&self, line: Line, metrics: Metrics) {
        let gap: f64 = metrics
            .values(CONSERVATION_GAP, &[])
            .iter()
            .map(|gap| gap.abs())
            .sum();
        let timestamp = self.now().to_string();
        for text in self
            .head(&timestamp)
            .summary_texts(line, &metrics, Container::default())
        {
            self.world
                .ledger
                .check(gap == 0.0, || format!("a gap of {gap}: {text}"));
            self.write(&text);
        }
    }
}

impl AllInOne for Outside {
    type Secrets = Self;
}
