//! What `switchyard map` takes.

use clap::Args;
use event::{Route, Timestamp};
use std::path::PathBuf;

/// Shown at the end of `switchyard map --help`.
pub const EXAMPLES: &str = "\
Examples:
  switchyard map --route segment-to-braze events.ndjson
      what each event would ask of Braze
  switchyard map --route braze-to-segment --explain body.json
      and which rule did what
  switchyard map --route segment-to-branch --packed events.json
      the requests that would be sent
  switchyard map --route segment-to-braze --packed \\
      --settings infra/settings/switchyard.toml events.json
      the requests to Braze: these need settings that say where your Braze is

  switchyard map --route braze-to-segment \\
      event_type=users.messages.email.Click/date=2026-03-01-11/1.avro
      the events of a Currents file, their type by the path or the schema

Sample events of every route are in infra/samples.

Input: one event a line, a JSON array of events, the body of a vendor's request,
or for braze-to-segment a Currents file (Avro). What cannot be read of a file is
a line on standard error. Nothing is sent. The caps of receipt on size and depth
do not apply.

With --packed, an event that is in no request (ignored, parked, repeated) is a
line on standard error. A value known only at sending is a word in angle
brackets: \"<now>\", \"<branch_key>\".

Exit status: 0 done, 1 some event would be parked, 2 the call or the settings
are wrong.";

/// The options of `switchyard map`.
#[derive(Debug, Args)]
pub struct Options {
    /// segment-to-braze, segment-to-branch, branch-to-segment or braze-to-segment
    #[arg(long, value_name = "ROUTE", value_parser = route)]
    pub route: Route,
    /// Settings to map with [default: the built-in ones, as in infra/settings/switchyard.toml]
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Show the path of every warning and what each rule did
    #[arg(long, conflicts_with = "packed")]
    pub explain: bool,
    /// Show the requests that would be sent instead of the calls of each event
    #[arg(long)]
    pub packed: bool,
    /// When the events were received, such as 2026-02-03T10:00:00Z: the time of those that have none
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub received_at: Option<Timestamp>,
    /// The events [default: standard input]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// A time with its zone.
fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "write a time such as 2026-02-03T10:00:00Z".to_owned())
}

/// The route of this name, with hyphens or underscores.
pub(crate) fn route(name: &str) -> Result<Route, String> {
    let wanted = name.replace('-', "_");
    let found = Route::ALL.into_iter().find(|route| route.as_str() == wanted);
    found.ok_or_else(|| {
        let names: Vec<String> = Route::ALL
            .iter()
            .map(|route| route.as_str().replace('_', "-"))
            .collect();
        format!("write one of {}", names.join(", "))
    })
}
