//! `switchyard map`: what would become of events, with no network.

mod error;
mod input;
mod options;

pub use error::Error;
pub use input::events;
pub use options::{EXAMPLES, Options};

use crate::{EXIT_CANNOT, terminal};
use event::settings::Settings;
use mapping::printed::{Printed, print};
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// Exit status when some event would be parked.
const EXIT_PARKED: u8 = 1;

/// Does what the options say, and prints it.
pub fn run(options: &Options) -> ExitCode {
    match lines(options) {
        Ok(lines) => {
            write(&lines);
            if lines.iter().any(|line| line.is_parked) {
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

/// Writes the lines as they are: a terminal's colours have no place in them, and no byte of a value is to be lost.
fn write(lines: &[Printed]) {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in lines {
        // A closed pipe (`| head`) is the reader's choice.
        if writeln!(out, "{}", line.line).is_err() {
            return;
        }
    }
    let _ = out.flush();
}

fn lines(options: &Options) -> Result<Vec<Printed>, Error> {
    let settings = settings(options.settings.as_deref())?;
    let input = text(read(options.file.as_deref())?)?;
    let events = events(options.route.source(), &input);
    Ok(events
        .into_iter()
        .map(|event| print(options.route, event, &settings, options.explain))
        .collect())
}

fn settings(file: Option<&Path>) -> Result<Settings, Error> {
    let Some(file) = file else {
        return Ok(Settings::default());
    };
    let text = std::fs::read_to_string(file).map_err(|source| Error::SettingsFile {
        file: file.to_owned(),
        source,
    })?;
    Ok(Settings::load(&text)?)
}

fn read(file: Option<&Path>) -> Result<Vec<u8>, Error> {
    match file {
        Some(file) => std::fs::read(file).map_err(|source| Error::Events {
            file: file.to_owned(),
            source,
        }),
        None => {
            let mut input = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut input)
                .map_err(Error::StandardInput)?;
            Ok(input)
        }
    }
}

fn text(input: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(input).map_err(|error| Error::NoText {
        at: error.utf8_error().valid_up_to() + 1,
    })
}
