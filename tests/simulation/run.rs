//! One seed from its plan to its verdict; a failing one is made smaller.

use crate::chance::{Chance, Strike};
use crate::faults::Fault;
use crate::secrets_manager::Rotation;
use crate::senders::{self, Planned};
use crate::world::{DAY_MS, HOUR_MS, SECOND_MS, Window, World};
use event::ports::QueueName;
use event::{Destination, Source};
use std::collections::BTreeSet;
use std::rc::Rc;

/// When faults end.
const CALM_MS: i64 = 12 * HOUR_MS;
/// When a world that has not come to rest counts as one that never does.
const END_MS: i64 = 13 * DAY_MS;

/// The faults that last, each with the longest time that senders and horizons bear.
const LASTING: [(Fault, i64); 11] = [
    (Fault::F16, HOUR_MS),
    (Fault::F19, HOUR_MS),
    (Fault::F42, HOUR_MS),
    (Fault::F43, HOUR_MS),
    (Fault::F44, HOUR_MS),
    (Fault::F60, HOUR_MS),
    (Fault::F71, 4 * HOUR_MS),
    (Fault::F72, 4 * HOUR_MS),
    (Fault::F75, 4 * HOUR_MS),
    (Fault::F76, 4 * HOUR_MS),
    (Fault::F89, HOUR_MS),
];

/// What is left of a seed that is made smaller.
#[derive(Clone, Default)]
pub struct Less {
    /// The only strikes of faults.
    pub strikes: Option<BTreeSet<Strike>>,
    /// The only requests.
    pub requests: Option<BTreeSet<usize>>,
}

/// What came of a seed.
pub struct Outcome {
    pub violations: Vec<String>,
    pub struck: Vec<Strike>,
    pub requests: Vec<usize>,
    pub events: usize,
    pub lines: u64,
    pub trace: Vec<String>,
}

/// Runs a seed.
pub fn run(seed: u64, less: &Less, traces: bool) -> Outcome {
    let world = World::new(seed, less.strikes.clone(), traces);
    let mut requests = senders::plan(&world.chance);
    draw_windows(&world);
    if let Some(only) = &less.requests {
        requests.retain(|planned| only.contains(&planned.number));
    }
    let numbers = requests.iter().map(|planned| planned.number).collect();
    requests.iter().for_each(|planned| world.expect(planned));
    run_world(&world, requests);
    let outcome = Outcome {
        violations: world.ledger.violations.take(),
        struck: world.chance.struck.take(),
        requests: numbers,
        events: world.ledger.events.borrow().len(),
        lines: world.lines.get(),
        trace: world.take_trace(),
    };
    world.end();
    outcome
}

fn draw_windows(world: &World) {
    let chance: &Chance = &world.chance;
    for (fault, longest) in LASTING {
        for place in 0..3 {
            if !chance.strikes(fault) {
                continue;
            }
            let from = chance.between(0, 2 * HOUR_MS);
            let until = from + chance.between(SECOND_MS, longest);
            world.windows.borrow_mut().push(Window {
                fault,
                from,
                until,
                place,
            });
        }
    }
    for source in [Source::Segment, Source::Braze, Source::Branch] {
        if chance.strikes(Fault::F17) {
            let added = chance.between(0, 2 * HOUR_MS);
            let switched = added + chance.between(15 * SECOND_MS, HOUR_MS);
            let first = switched + chance.between(0, HOUR_MS);
            let rotation = Rotation {
                source,
                added,
                switched,
                first,
            };
            world.secrets.rotations.borrow_mut().push(rotation);
        }
    }
}

/// Runs these requests in a world until it comes to rest, and looks at it.
pub fn run_world(world: &Rc<World>, requests: Vec<Planned>) {
    for planned in requests {
        world.time.spawn(Rc::clone(world).send_planned(planned));
    }
    for destination in Destination::ALL {
        world.time.spawn(Rc::clone(world).poll_queue(destination));
    }
    world.time.spawn(Rc::clone(world).reingest());
    world.time.spawn(Rc::clone(world).litter());
    let calm = Rc::clone(world);
    world.time.spawn(async move {
        calm.time.until(CALM_MS).await;
        calm.chance.is_calm.set(true);
        calm.trace(|| "faults end".to_owned());
    });
    let is_at_rest = world.time.run(|count| world.chance.place(count), END_MS);
    world
        .ledger
        .check(is_at_rest, || "the world does not come to rest".to_owned());
    look_at(world);
}

/// The oracle: nothing waits any more, and every event is where it should be.
fn look_at(world: &World) {
    for destination in Destination::ALL {
        let waiting = world.sqs.bodies(QueueName::Destination(destination));
        world.ledger.check(waiting.is_empty(), || {
            format!("{destination}'s queue still holds {waiting:?}")
        });
    }
    let dead = world.sqs.dead.borrow();
    world
        .ledger
        .check(dead.is_empty(), || format!("dead letters: {dead:?}"));
    let pending = world.bucket.pending();
    world.ledger.check(pending.is_empty(), || {
        format!("the bucket still holds {pending:?}")
    });
    let parked = world.sqs.bodies(QueueName::Parked);
    let objects = world.bucket.objects.borrow();
    let late = world
        .ledger
        .judge(&world.settings, &parked, |key| objects.get(key).cloned());
    (0..late).for_each(|_| world.chance.note(Fault::F87));
}

/// Makes a failing seed smaller: halves of its requests and of its strikes are left out for as long as it still fails.
pub fn shrink(seed: u64) -> (Less, Outcome) {
    let mut less = Less::default();
    let mut outcome = run(seed, &less, true);
    let fails = |less: &Less| Some(run(seed, less, true)).filter(|outcome| !outcome.violations.is_empty());
    if outcome.violations.is_empty() {
        return (less, outcome);
    }
    let mut requests: Vec<usize> = outcome.requests.clone();
    halve(&mut requests, |left| {
        let trial = Less {
            requests: Some(left.iter().copied().collect()),
            ..less.clone()
        };
        fails(&trial)
            .map(|failed| (less, outcome) = (trial, failed))
            .is_some()
    });
    let mut strikes = outcome.struck.clone();
    halve(&mut strikes, |left| {
        let trial = Less {
            strikes: Some(left.iter().copied().collect()),
            ..less.clone()
        };
        fails(&trial)
            .map(|failed| (less, outcome) = (trial, failed))
            .is_some()
    });
    (less, outcome)
}

/// Leaves out ever smaller parts of a list, as long as what is left still fails.
fn halve<T: Clone>(list: &mut Vec<T>, mut still_fails: impl FnMut(&[T]) -> bool) {
    let mut size = list.len().div_ceil(2);
    while size > 0 && !list.is_empty() {
        let mut at = 0;
        while at < list.len() {
            let end = (at + size).min(list.len());
            let left: Vec<T> = list[..at].iter().chain(&list[end..]).cloned().collect();
            if still_fails(&left) {
                *list = left;
            } else {
                at = end;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
}

/// The lines of a trace that a person reads: the first and the last, if there are too many.
pub fn shortened(trace: &[String], most: usize) -> Vec<String> {
    if trace.len() <= most {
        return trace.to_vec();
    }
    let (head, tail) = (most / 2 - 1, most / 2);
    let left_out = trace.len() - head - tail;
    let middle = format!("{:>12} ... {left_out} more", "");
    let last = &trace[trace.len() - tail..];
    trace[..head]
        .iter()
        .chain([&middle])
        .chain(last)
        .cloned()
        .collect()
}
