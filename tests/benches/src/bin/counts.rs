//! `counts`: instructions and allocations of the hot paths, held against the table in `tests/benches/counts.md`.

use benches::own_rules::OwnRules;
use benches::requests::Received;
use benches::stages::{Stage, Window, runner, runner_with, windows};
use benches::workload::events;
use event::Route;
use event::envelope::Envelope;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::fmt::Write;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Events of a route that are measured, and how many of them are taken together.
const EVENTS: usize = 1_000;
const WINDOW: usize = 100;

/// A count may grow by so many percent before the table has to be changed.
const TOLERANCE_PERCENT: u64 = 5;

const HELP: &str = "\
Counts the instructions and allocations of the hot paths and compares them with tests/benches/counts.md.
It fails if a count has grown by more than 5 %. Instructions need valgrind; without it only allocations are compared.

    cargo run -p benches --bin counts --profile counts             compare
    cargo run -p benches --bin counts --profile counts -- --renew  write the table again, after a change that is worth it
    cargo run -p benches --bin counts --profile counts -- --only 'segment_to_braze map'
    cargo run -p benches --bin counts --profile counts -- --measure 'segment_to_braze map'
                     run that row alone, for a profile: valgrind --tool=callgrind --toggle-collect='*measured_part*' ...

";

/// One row of the table.
#[derive(Clone, Copy)]
enum Row {
    Event(Route, Stage),
    Rules(OwnRules),
    OpenEnvelope,
    Request(Received),
}

impl Row {
    fn all() -> Vec<Self> {
        let routes = Route::ALL.into_iter();
        let mut rows: Vec<_> = routes
            .flat_map(|route| Stage::ALL.map(|stage| Self::Event(route, stage)))
            .collect();
        rows.extend(OwnRules::ALL.map(Self::Rules));
        rows.push(Self::OpenEnvelope);
        rows.extend(Received::ALL.map(Self::Request));
        rows
    }

    fn name(self) -> String {
        match self {
            Self::Event(route, stage) => format!("{route} {stage}"),
            Self::Rules(rows) => rows.as_str().to_owned(),
            Self::OpenEnvelope => "opening an envelope".to_owned(),
            Self::Request(received) => received.as_str().to_owned(),
        }
    }

    /// What one count is of.
    const fn unit(self) -> &'static str {
        match self {
            Self::Event(..) | Self::Rules(_) => "event",
            Self::OpenEnvelope => "envelope of 64 KiB",
            Self::Request(_) => "request",
        }
    }

    /// The work, and how many units it does.
    fn work(self) -> (Box<dyn Fn()>, u64) {
        match self {
            Self::Event(route, stage) => {
                let run = runner(route, stage);
                (
                    on_windows(run, windows(route, events(route, EVENTS), WINDOW)),
                    EVENTS as u64,
                )
            }
            Self::Rules(rows) => {
                let events = OwnRules::events();
                let units = events.len() as u64;
                let run = runner_with(Route::SegmentToBraze, Stage::Map, rows.settings());
                (
                    on_windows(run, windows(Route::SegmentToBraze, events, WINDOW)),
                    units,
                )
            }
            Self::OpenEnvelope => {
                let windows = windows(
                    Route::SegmentToBraze,
                    events(Route::SegmentToBraze, WINDOW),
                    WINDOW,
                );
                let body = windows[0].records()[0].body.clone();
                let work = move || drop(black_box(Envelope::open(black_box(&body)).ok()));
                (Box::new(work), 1)
            }
            Self::Request(received) => (Box::new(received.receiver()), 1),
        }
    }
}

fn on_windows(run: Box<dyn Fn(&Window) -> usize>, windows: Vec<Window>) -> Box<dyn Fn()> {
    Box::new(move || {
        for window in &windows {
            black_box(run(black_box(window)));
        }
    })
}

/// What was counted of a unit.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Counts {
    /// Unknown without valgrind.
    instructions: Option<u64>,
    /// Allocations and reallocations, in tenths.
    allocations: u64,
}

/// The only part of a run that is counted; callgrind is told its name.
#[inline(never)]
fn measured_part(work: &dyn Fn()) {
    work();
}

/// Runs a row once to warm up and once measured; prints its units and allocations.
fn measure(row: Row) {
    let (work, units) = row.work();
    work();
    let region = Region::new(ALLOCATOR);
    measured_part(&*work);
    let change = region.change();
    println!("{units} {}", change.allocations + change.reallocations);
}

/// Measures a row in a process of its own, under valgrind if there is one.
fn counted(name: &str, has_valgrind: bool) -> Counts {
    let own = std::env::current_exe().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("callgrind.out");
    let mut command = if has_valgrind {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--quiet", "--toggle-collect=*measured_part*"]);
        command
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(own);
        command
    } else {
        Command::new(own)
    };
    let output = command
        .args(["--measure", name])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{name} ended with {}", output.status);
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut numbers = printed
        .split_whitespace()
        .map(|number| number.parse::<u64>().unwrap());
    let (units, allocations) = (numbers.next().unwrap(), numbers.next().unwrap());
    let instructions = has_valgrind.then(|| {
        let text = std::fs::read_to_string(&out).unwrap();
        let total = text.lines().find_map(|line| line.strip_prefix("totals:"));
        total.unwrap().trim().parse::<u64>().unwrap() / units
    });
    Counts {
        instructions,
        allocations: allocations * 10 / units,
    }
}

fn table_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.md")
}

const TABLE_HEAD: &str = "\
Instructions (callgrind, x86_64, profile `counts`) and allocations with reallocations of the hot paths. The README says what the
rows are, and how to renew the table.

| what | of one | instructions | allocations |
| --- | --- | ---: | ---: |
";

/// The counts of a row in the table.
fn in_table(table: &str, name: &str) -> Option<Counts> {
    let cells = |line: &str| {
        line.split('|')
            .map(|cell| cell.trim().replace(',', ""))
            .collect::<Vec<_>>()
    };
    let row = table
        .lines()
        .map(cells)
        .find(|cells| cells.get(1).is_some_and(|cell| *cell == name.replace(',', "")))?;
    Some(Counts {
        instructions: row.get(3)?.parse().ok(),
        allocations: row.get(4)?.replace('.', "").parse().ok()?,
    })
}

fn table_line(row: Row, counts: Counts) -> String {
    format!(
        "| {} | {} | {} | {} |",
        row.name(),
        row.unit(),
        counts.instructions.map_or_else(|| "?".to_owned(), thousands),
        tenths(counts.allocations),
    )
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn tenths(number: u64) -> String {
    format!("{}.{}", number / 10, number % 10)
}

/// What has grown by more than the tolerance, said for a person.
fn growth(before: Counts, now: Counts) -> Vec<String> {
    let has_grown = |before: u64, now: u64| now * 100 > before * (100 + TOLERANCE_PERCENT);
    let mut growth = Vec::new();
    if let (Some(before), Some(now)) = (before.instructions, now.instructions)
        && has_grown(before, now)
    {
        growth.push(format!(
            "instructions {} -> {}",
            thousands(before),
            thousands(now)
        ));
    }
    // One allocation in ten events is chance: a buffer that grew.
    if has_grown(before.allocations + 1, now.allocations) {
        growth.push(format!(
            "allocations {} -> {}",
            tenths(before.allocations),
            tenths(now.allocations)
        ));
    }
    growth
}

fn compare(only: Option<&str>, renews: bool) -> ExitCode {
    let has_valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    if !has_valgrind {
        eprintln!(
            "NO INSTRUCTIONS ARE COUNTED: valgrind is not installed (apt-get install valgrind). Allocations are."
        );
        if renews {
            return ExitCode::from(2);
        }
    }
    let before = std::fs::read_to_string(table_path()).unwrap_or_default();
    let (mut table, mut has_failed) = (TABLE_HEAD.to_owned(), false);
    println!("{TABLE_HEAD}");
    for row in Row::all() {
        let name = row.name();
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let now = counted(&name, has_valgrind);
        let line = table_line(row, now);
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{line}");
        let growth = in_table(&before, &name)
            .map_or_else(|| vec!["not in the table".to_owned()], |then| growth(then, now));
        has_failed |= !growth.is_empty();
        println!("{line} {}", growth.join("; "));
    }
    if renews && only.is_none() {
        std::fs::write(table_path(), table).unwrap();
        println!("\nwritten to tests/benches/counts.md");
        return ExitCode::SUCCESS;
    }
    if has_failed {
        eprintln!(
            "\nCounts have grown by more than {TOLERANCE_PERCENT} %. If the change is worth it, renew the table and commit it:"
        );
        eprintln!("    cargo run -p benches --bin counts --profile counts -- --renew");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let known = |name: &str| Row::all().into_iter().find(|row| row.name() == name);
    match arguments.as_slice() {
        [] => compare(None, false),
        ["--renew"] => compare(None, true),
        ["--only", name] if known(name).is_some() => compare(Some(name), false),
        ["--measure", name] if let Some(row) = known(name) => {
            measure(row);
            ExitCode::SUCCESS
        }
        ["--help" | "-h"] => {
            let rows: Vec<_> = Row::all().into_iter().map(Row::name).collect();
            println!("{HELP}Rows: {}", rows.join(", "));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{HELP}unknown arguments: {}", arguments.join(" "));
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_may_grow_by_five_percent_and_no_more() {
        let of = |instructions, allocations| Counts {
            instructions: Some(instructions),
            allocations,
        };
        assert!(growth(of(1000, 50), of(1050, 53)).is_empty());
        assert_eq!(growth(of(1000, 50), of(1051, 54)).len(), 2);
        assert!(growth(of(1000, 50), of(1, 1)).is_empty());
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        for row in Row::all() {
            let counts = Counts {
                instructions: Some(1_234_567),
                allocations: 105,
            };
            let line = table_line(row, counts);
            assert!(in_table(&line, &row.name()) == Some(counts), "{line}");
        }
    }

    #[test]
    fn the_table_has_every_row() {
        let table = std::fs::read_to_string(table_path()).unwrap();
        for row in Row::all() {
            assert!(in_table(&table, &row.name()).is_some(), "{}", row.name());
        }
    }
}
