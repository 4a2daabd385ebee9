//! Makes the table of Currents event types for the code from `src/currents/currents-events.json`, so that there is one table
//! and none to parse at start.

#![allow(
    clippy::print_stdout,
    reason = "a build script talks to cargo through its output"
)]

use serde::Deserialize;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

const TABLE: &str = "src/currents/currents-events.json";

#[derive(Deserialize)]
struct Row {
    event_type: String,
    segment_event: Option<String>,
    name_basis: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={TABLE}");
    let mut rows: Vec<Row> = serde_json::from_str(&std::fs::read_to_string(TABLE)?)?;
    rows.sort_by(|one, other| one.event_type.cmp(&other.event_type));
    let mut code = String::from("&[\n");
    let mut documented = BTreeSet::new();
    for row in &rows {
        let (name, segment_event) = (&row.event_type, &row.segment_event);
        writeln!(
            code,
            "EventType {{ name: {name:?}, segment_event: {segment_event:?} }},"
        )?;
        if row.name_basis == "doc" {
            documented.extend(segment_event);
        }
    }
    code.push(']');
    let folder = std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let folder = Path::new(&folder);
    std::fs::write(folder.join("event_types.rs"), code)?;
    std::fs::write(
        folder.join("documented_names.rs"),
        format!("&{:?}", Vec::from_iter(documented)),
    )?;
    Ok(())
}
