//! What a seed decides: every value that is drawn, and which faults strike.

use crate::faults::Fault;
use fastrand::Rng;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

/// One strike of a fault: which, and the how many-th time that it might have struck.
pub type Strike = (Fault, u32);

/// How often one fault strikes in a world: those that double a message would double it without end.
const MOST_STRIKES: u32 = 10;

/// The draws of one seed. Values come from one stream; whether a fault strikes depends on the seed, the fault and its count
/// alone, so that others can be left out when a failure is made smaller.
pub struct Chance {
    seed: u64,
    stream: RefCell<Rng>,
    /// How often each fault might have struck, and how often it has.
    asked: RefCell<BTreeMap<Fault, (u32, u32)>>,
    pub struck: RefCell<Vec<Strike>>,
    /// The only strikes allowed, if not all are.
    only: Option<BTreeSet<Strike>>,
    /// Whether faults have ended.
    pub is_calm: Cell<bool>,
}

impl Chance {
    pub fn new(seed: u64, only: Option<BTreeSet<Strike>>) -> Self {
        Self {
            seed,
            stream: RefCell::new(Rng::with_seed(seed)),
            asked: RefCell::default(),
            struck: RefCell::default(),
            only,
            is_calm: Cell::new(false),
        }
    }

    /// Whether a fault strikes now. A seed knows about a third of the faults, each at a rate of its own: worlds in which
    /// everything fails all the time are all alike.
    pub fn strikes(&self, fault: Fault) -> bool {
        if self.is_calm.get() {
            return false;
        }
        let mut asked = self.asked.borrow_mut();
        let (count, strikes) = asked.entry(fault).or_default();
        *count += 1;
        let count = *count;
        let mut of_fault = Rng::with_seed(self.seed.wrapping_mul(1009).wrapping_add(fault as u64));
        let rate = [0, 0, 0, 0, 30, 100, 300][of_fault.usize(..7)];
        let mut own = Rng::with_seed(of_fault.u64(..) ^ u64::from(count));
        let is_struck = own.u32(..1000) < rate && *strikes < MOST_STRIKES && self.is_allowed(&(fault, count));
        if is_struck {
            *strikes += 1;
            self.struck.borrow_mut().push((fault, count));
        }
        is_struck
    }

    fn is_allowed(&self, strike: &Strike) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(strike))
    }

    /// Counts a fault that lies in the world itself.
    pub fn note(&self, fault: Fault) {
        self.struck.borrow_mut().push((fault, 0));
    }

    /// From `low` up to, and without, `high`.
    pub fn between(&self, low: i64, high: i64) -> i64 {
        self.stream.borrow_mut().i64(low..high)
    }

    /// A place below `count`.
    pub fn place(&self, count: usize) -> usize {
        self.stream.borrow_mut().usize(..count)
    }

    pub fn pick<T: Copy>(&self, of: &[T]) -> T {
        of[self.place(of.len())]
    }

    pub fn one_in(&self, count: usize) -> bool {
        self.place(count) == 0
    }

    pub fn unit(&self) -> f64 {
        self.stream.borrow_mut().f64()
    }
}
