//! `bodies`: every request body of 20,000 events of each route, in windows of 100, one a line, for comparing two commits.

use benches::stages::{request_bodies, windows};
use benches::workload::events;
use event::Route;
use std::io::{BufWriter, Write};

fn main() -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for route in Route::ALL {
        for window in windows(route, events(route, 20_000), 100) {
            for body in request_bodies(route, &window) {
                writeln!(out, "{route} {body}")?;
            }
        }
    }
    out.flush()
}
