//! `switchyard map`: what would become of events, with no network.

mod error;
mod input;
mod options;
mod packed;

pub use error::Error;
use input::Input;
pub use input::events;
pub(crate) use options::route;
pub use options::{EXAMPLES, Options};
pub use packed::{Packed, packed};

use crate::{EXIT_CANNOT, terminal};
use delivery::destinations::braze::check_address;
use event::Route;
use event::settings::{Invalid, Settings};
use mapping::printed::{Printed, print_received};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// Exit status when some event would be parked.
const EXIT_PARKED: u8 = 1;

/// Does what the options say, and prints it.
pub fn run(options: &Options) -> ExitCode {
    match shown(options) {
        Ok(Shown {
            results,
            not_sent,
            has_parked,
        }) => {
            write(std::io::stdout().lock(), &results);
            write(std::io::stderr().lock(), &not_sent);
            if has_parked {
                ExitCode::from(EXIT_PARKED)
            } else {
                ExitCode::SUCCESS
            }
        }
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(EXIT_CANNOT)
        }
    }
}

/// What a run shows.
struct Shown {
    /// A line an event, or a request: standard output.
    results: Vec<String>,
    /// The events that are in no request, so that none of them vanishes: standard error.
    not_sent: Vec<String>,
    has_parked: bool,
}

/// Writes lines as they are: a terminal's colours have no place in them, and no byte of a value is to be lost.
fn write(out: impl std::io::Write, lines: &[String]) {
    let mut out = BufWriter::new(out);
    for line in lines {
        // A closed pipe (`| head`) is the reader's choice.
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
    let _ = out.flush();
}

fn shown(options: &Options) -> Result<Shown, Error> {
    let settings = settings(options.settings.as_deref())?;
    if options.route == Route::SegmentToBraze {
        check_address(&settings.braze).map_err(|problem| Invalid(vec![problem]))?;
    }
    let input = Input::read(options.route, options.file.as_deref())?;
    let events = input.events(options.route.source());
    let lines = |printed: Vec<Printed>| printed.into_iter().map(|printed| printed.line).collect();
    let has_parked = |printed: &[Printed]| printed.iter().any(|printed| printed.is_parked);
    if options.packed {
        let packed = packed(options.route, &events, options.received_at, &settings);
        let Packed { requests, not_sent } = packed.map_err(|problem| Invalid(vec![problem]))?;
        return Ok(Shown {
            results: requests,
            has_parked: has_parked(&not_sent) || !input.set_aside().is_empty(),
            not_sent: [input.set_aside(), lines(not_sent)].concat(),
        });
    }
    let printed: Vec<Printed> = events
        .into_iter()
        .map(|event| {
            print_received(
                options.route,
                event,
                options.received_at,
                &settings,
                options.explain,
            )
        })
        .collect();
    Ok(Shown {
        has_parked: has_parked(&printed) || !input.set_aside().is_empty(),
        results: lines(printed),
        not_sent: input.set_aside(),
    })
}

/// The settings of a file, or the built-in ones.
pub(crate) fn settings(file: Option<&Path>) -> Result<Settings, Error> {
    let Some(file) = file else {
        return Ok(Settings::default());
    };
    let text = std::fs::read_to_string(file).map_err(|source| Error::SettingsFile {
        file: file.to_owned(),
        source,
    })?;
    Ok(Settings::load(&text)?)
}
