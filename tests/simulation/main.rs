//! Worlds without number: the real receipt, mapping and delivery code between senders, AWS and destinations that fail in every
//! way, on a virtual clock and one seed (`reliability.md`, section 9).
//!
//! * `SWITCHYARD_SEEDS=100000 cargo test --workspace --test simulation` runs so many seeds, from `SWITCHYARD_FIRST_SEED` (0) on.
//! * `SWITCHYARD_SEED=7 cargo test --workspace --test simulation` runs one again, makes it smaller while it still fails, and
//!   prints what happened in at most 40 lines.
#![allow(
    clippy::disallowed_types,
    reason = "vendors and senders read and build JSON as they like"
)]

mod chance;
mod container;
mod events;
mod faults;
mod lambda;
mod ledger;
mod run;
mod s3;
mod scenarios;
mod secrets_manager;
mod senders;
mod sqs;
mod time;
mod vendors;
mod world;

/// When every world begins: 2026-03-01T12:00:00Z.
pub const START_MS: i64 = 1_772_366_400_000;

use container::Function;
use event::{Destination, Source};
use faults::{ELSEWHERE, Fault};
use run::{Less, Outcome, run, shortened, shrink};
use senders::Planned;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::{DAY_MS, Window, World, place_of};

/// How many worlds a plain run has.
const SEEDS: u64 = 1000;
/// Lines of a trace that are shown.
const TRACE_LINES: usize = 40;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var_os(variable)?.into_string().unwrap_or_default();
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}

/// A panic that a world draws is caught by the code under test; nobody wants to read of it.
fn hide_simulated_panics() {
    static HIDDEN: std::sync::Once = std::sync::Once::new();
    HIDDEN.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some("a simulated panic") {
                hook(panic);
            }
        }));
    });
}

/// What many seeds came to.
#[derive(Default)]
struct Sum {
    seeds: u64,
    events: u64,
    lines: u64,
    faults: BTreeMap<Fault, u64>,
    failed: Vec<u64>,
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: &Outcome) {
        self.seeds += 1;
        self.events += outcome.events as u64;
        self.lines += outcome.lines;
        outcome
            .struck
            .iter()
            .for_each(|(fault, _)| *self.faults.entry(*fault).or_default() += 1);
        if !outcome.violations.is_empty() {
            self.failed.push(seed);
        }
    }

    /// How often each fault was drawn, and where the others are tested.
    fn table(&self) -> String {
        let mut table = format!(
            "{} seeds, {} events, {} log lines\n",
            self.seeds, self.events, self.lines
        );
        for (fault, what) in Fault::ALL {
            let count = self.faults.get(fault).copied().unwrap_or_default();
            writeln!(table, "{fault:?} {count:>9}  {what}").unwrap();
        }
        for (place, ids) in ELSEWHERE {
            let ids: Vec<String> = ids.iter().map(|id| format!("F{id:02}")).collect();
            writeln!(table, "{}: {place}", ids.join(" ")).unwrap();
        }
        table
    }
}

/// Runs seeds on all cores, each world on one thread.
fn run_seeds(first: u64, count: u64) -> Sum {
    let (next, sum) = (AtomicU64::new(first), Mutex::new(Sum::default()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    let outcome = run(seed, &Less::default(), false);
                    sum.lock().unwrap().add(seed, &outcome);
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

/// Makes a failing seed smaller, and says what happens in it.
fn explained(seed: u64) -> String {
    let (less, outcome) = shrink(seed);
    let mut text = format!("seed {seed} (SWITCHYARD_SEED={seed} runs it again)\n");
    outcome
        .violations
        .iter()
        .take(5)
        .for_each(|violation| writeln!(text, "  {violation:.600}").unwrap());
    writeln!(text, "  requests {:?}, strikes {:?}", less.requests, less.strikes).unwrap();
    let trace = shortened(&outcome.trace, TRACE_LINES);
    trace
        .iter()
        .for_each(|line| writeln!(text, "{line:.300}").unwrap());
    text
}

#[test]
fn every_event_arrives_or_is_on_record_whatever_fails() {
    event::rules![
        "RP-030", "RP-031", "RP-032", "RP-033", "RD-027", "RD-151", "RC-111"
    ];
    hide_simulated_panics();
    if let Some(seed) = number("SWITCHYARD_SEED") {
        let text = explained(seed);
        println!("{text}");
        assert!(run(seed, &Less::default(), false).violations.is_empty(), "{text}");
        return;
    }
    let first = number("SWITCHYARD_FIRST_SEED").unwrap_or_default();
    let sum = run_seeds(first, number("SWITCHYARD_SEEDS").unwrap_or(SEEDS));
    println!("{}", sum.table());
    if let Some(seed) = sum.failed.iter().min() {
        panic!(
            "{} of {} seeds fail: {:?}\n{}",
            sum.failed.len(),
            sum.seeds,
            sum.failed,
            explained(*seed)
        );
    }
}

#[test]
fn a_seed_gives_the_same_trace_byte_for_byte() {
    hide_simulated_panics();
    for seed in 0..10 {
        let trace = || run(seed, &Less::default(), true).trace;
        let (first, second) = (trace(), trace());
        assert!(first == second, "seed {seed} gives two traces");
    }
}

/// Requests of all three senders, with events that make several calls.
fn one_request_of_each(world: &World) -> Vec<Planned> {
    let sources = [Source::Segment, Source::Braze, Source::Branch];
    let planned = sources.into_iter().enumerate().map(|(number, source)| {
        let count = if source == Source::Branch { 1 } else { 3 };
        senders::good(&world.chance, number, source, 0, count)
    });
    planned.collect()
}

#[test]
fn a_crash_at_any_await_loses_nothing() {
    event::rules!["RD-027", "RC-159"];
    hide_simulated_panics();
    let deliverers = Destination::ALL.map(Function::Deliver);
    let receivers = [Source::Segment, Source::Braze, Source::Branch].map(Function::Receive);
    let mut crashes = 0;
    for function in deliverers.into_iter().chain(receivers) {
        for poll in 0.. {
            let world = World::calm(7);
            world.lambda.crash.set(Some((function, 1, poll)));
            let requests = one_request_of_each(&world);
            requests.iter().for_each(|planned| world.expect(planned));
            run::run_world(&world, requests);
            let violations = world.ledger.violations.take();
            assert!(
                violations.is_empty(),
                "{function:?} crashes after poll {poll}: {violations:?}"
            );
            world.end();
            // It ended before that poll: there is no other await.
            if world.lambda.crashes.get() == 0 {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes > 30, "{crashes} crashes");
}

/// A world in which Braze takes no key for a day.
fn held_for_a_day() -> Rc<World> {
    let world = World::calm(7);
    let (fault, from, until) = (Fault::F75, 0, DAY_MS);
    let place = place_of(Destination::Braze);
    world.windows.borrow_mut().push(Window {
        fault,
        from,
        until,
        place,
    });
    world
}

#[test]
fn a_held_event_needs_a_function_that_may_loop() {
    event::rules!["RI-045"];
    for ends_loops in [false, true] {
        let world = held_for_a_day();
        world.lambda.ends_loops.set(ends_loops);
        let requests = vec![senders::good(&world.chance, 0, Source::Segment, 0, 3)];
        requests.iter().for_each(|planned| world.expect(planned));
        run::run_world(&world, requests);
        let violations = world.ledger.violations.take();
        assert_eq!(violations.is_empty(), !ends_loops, "{violations:?}");
        assert!(world.lambda.longest_chain.get() >= 16);
        world.end();
    }
}

#[test]
fn every_fault_of_the_page_is_drawn_or_tested_elsewhere() {
    const PAGE: &str = include_str!("../../shared/delivery/spec/reliability.md");
    let is_fault = |cell: &&str| cell.len() == 3 && cell.starts_with('F') && cell[1..].parse::<u8>().is_ok();
    let mut on_page: Vec<String> = PAGE
        .split(" | ")
        .map(|cell| cell.trim_start_matches("| "))
        .filter(is_fault)
        .map(str::to_owned)
        .collect();
    on_page.extend(
        PAGE.lines()
            .filter_map(|line| line.strip_prefix("| ")?.get(..3))
            .filter(is_fault)
            .map(str::to_owned),
    );
    on_page.sort();
    on_page.dedup();
    let elsewhere = ELSEWHERE
        .iter()
        .flat_map(|(_, ids)| ids.iter().map(|id| format!("F{id:02}")));
    let mut here: Vec<String> = Fault::ALL
        .iter()
        .map(|(fault, _)| format!("{fault:?}"))
        .chain(elsewhere)
        .collect();
    here.sort();
    assert_eq!(here, on_page);
}
