//! `throughput`: how many events a second one core takes through a route, for comparing with other programs.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it measures time, and prints the figures"
)]

use benches::stages::{Stage, Window, runner};
use event::Route;
use event::json::Json;
use rustix::time::{ClockId, clock_gettime};
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;
use std::time::Instant;

const HELP: &str = "\
How many events a second one core takes through a route.

    cargo run --release -p switchyard-tests --example throughput -- ROUTE STAGE FILE [--window N]

ROUTE   segment_to_braze, segment_to_branch, branch_to_segment or braze_to_segment
STAGE   map      an event's text becomes calls
        packed   windows of events become request bodies
        handle   envelopes of 64 KiB go through the whole deliverer; its ports are in memory, its lines and metrics are written
FILE    events as their source sends them, one JSON object a line; a line {\"events\":[...]} of Braze is as many events
N       events that are taken together, as one invocation gets them; 100 unless you say so

It warms up with the first 20,000 events, takes the whole file, and prints one line of JSON:

    events       events taken
    eps_cpu      events a second of processor time
    eps_wall     events a second of elapsed time
    maxrss_mb    the most memory that the process has held, in MB

Only the work of the stage is timed: reading the file and making envelopes is not. Use --release; a debug build is 20 times slower.
";

const WARM_UP_EVENTS: u64 = 20_000;

struct Arguments {
    route: Route,
    stage: Stage,
    file: String,
    window: usize,
}

impl Arguments {
    fn read(mut given: Vec<String>) -> Result<Self, String> {
        let mut window = 100;
        if let Some(at) = given.iter().position(|word| word == "--window") {
            let number = given.get(at + 1).and_then(|number| number.parse().ok());
            window = number
                .filter(|number| *number > 0)
                .ok_or("--window wants a number from 1 on")?;
            given.drain(at..at + 2);
        }
        let [route, stage, file] =
            <[String; 3]>::try_from(given).map_err(|_| "ROUTE, STAGE and FILE are wanted")?;
        let named = Route::ALL.into_iter().find(|known| known.to_string() == route);
        Ok(Self {
            route: named.ok_or_else(|| {
                format!(
                    "{route} is no route; choose one of {:?}",
                    Route::ALL.map(|known| known.to_string())
                )
            })?,
            stage: stage.parse()?,
            file,
            window,
        })
    }

    /// Calls `take` with the windows of the file until it has had `most` events; gives how many it had.
    fn each_window(&self, most: u64, mut take: impl FnMut(&Window)) -> Result<u64, Box<dyn Error>> {
        let file = File::open(&self.file).map_err(|why| format!("{}: {why}", self.file))?;
        let (mut taken, mut waiting) = (0, Vec::new());
        let mut flush = |events: Vec<String>| {
            taken += events.len() as u64;
            take(&Window::new(self.route, events));
            taken
        };
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let at = |why: &str| format!("{}, line {}: {why}", self.file, number + 1);
            let line = line.map_err(|why| at(&why.to_string()))?;
            let event = Json::parse(&line)
                .map_err(|_| at("it is no JSON"))?
                .as_object()
                .ok_or_else(|| at("it is no object"))?;
            match event.get("events").and_then(Json::as_array) {
                Some(events) => waiting.extend(events.iter().map(|event| event.raw().to_owned())),
                None => waiting.push(line),
            }
            while waiting.len() >= self.window {
                let rest = waiting.split_off(self.window);
                if flush(std::mem::replace(&mut waiting, rest)) >= most {
                    return Ok(most);
                }
            }
        }
        if !waiting.is_empty() {
            flush(waiting);
        }
        Ok(taken)
    }
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The most memory that this process has held, where the system says so.
fn max_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

fn measure(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let run = runner(arguments.route, arguments.stage);
    arguments.each_window(WARM_UP_EVENTS, |window| {
        black_box(run(window));
    })?;
    let (mut cpu, mut wall) = (0.0, 0.0);
    let events = arguments.each_window(u64::MAX, |window| {
        let (began, cpu_began) = (Instant::now(), cpu_seconds());
        black_box(run(window));
        cpu += cpu_seconds() - cpu_began;
        wall += began.elapsed().as_secs_f64();
    })?;
    let rate = |seconds: f64| events as f64 / seconds.max(1e-9);
    println!(
        r#"{{"events":{events},"eps_cpu":{:.0},"eps_wall":{:.0},"maxrss_mb":{}}}"#,
        rate(cpu),
        rate(wall),
        max_rss_mb().map_or_else(|| "null".to_owned(), |mb| format!("{mb:.1}")),
    );
    Ok(())
}

fn main() -> ExitCode {
    let given: Vec<_> = std::env::args().skip(1).collect();
    if given.is_empty() || given.iter().any(|word| word == "--help" || word == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let arguments = match Arguments::read(given) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("{why}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match measure(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
