//! What the command prints: results on standard output, progress on standard error, colours only where a terminal reads.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();

/// Prints a line of a result.
pub fn line(text: impl Display) {
    // A closed pipe (`| head`) is the reader's choice.
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Prints why the command cannot go on, and what to do about it.
pub fn error(error: &dyn std::error::Error) {
    let _ = writeln!(anstream::stderr(), "{BAD}error{BAD:#}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = writeln!(anstream::stderr(), "  because {error}");
        cause = error.source();
    }
}

/// A heading.
pub fn strong(text: impl Display) -> String {
    format!("{STRONG}{text}{STRONG:#}")
}

/// Something that went well.
pub fn good(text: impl Display) -> String {
    format!("{GOOD}{text}{GOOD:#}")
}

/// Something that did not.
pub fn bad(text: impl Display) -> String {
    format!("{BAD}{text}{BAD:#}")
}

/// What may be skipped when reading.
pub fn faint(text: impl Display) -> String {
    format!("{FAINT}{text}{FAINT:#}")
}

/// The two largest units of a span of milliseconds: `3d 4h`, `5m 12s`.
pub fn age(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    match seconds {
        86_400.. => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3600),
        3600.. => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}m {}s", seconds / 60, seconds % 60),
    }
}

/// Empties the screen, where there is one.
pub fn clear() {
    if std::io::stdout().is_terminal() {
        // ANSI: erase the display, cursor home.
        let _ = write!(anstream::stdout(), "\x1b[2J\x1b[H");
    }
}

/// Shows how far long work is.
pub trait Progress {
    /// Work begins; the last one is over.
    fn begin(&mut self, what: &str);
    /// The work that began is over, with a result worth a line.
    fn end(&mut self, result: &str);
}

/// Shows nothing: for tests.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &str) {}
    fn end(&mut self, _: &str) {}
}

/// A spinner on a terminal, plain lines elsewhere.
#[derive(Default)]
pub struct Steps {
    spinner: Option<ProgressBar>,
}

const SPIN: Duration = Duration::from_millis(80);

impl Progress for Steps {
    fn begin(&mut self, what: &str) {
        if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
            let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
            let spinner = match style {
                Ok(style) => spinner.with_style(style),
                Err(_) => spinner,
            };
            spinner.enable_steady_tick(SPIN);
            self.spinner = Some(spinner);
        } else {
            let _ = writeln!(anstream::stderr(), "… {what}");
        }
    }

    fn end(&mut self, result: &str) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
        let _ = writeln!(anstream::stderr(), "{GOOD}✓{GOOD:#} {result}");
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
    }
}

/// Prints a remark about a result, on standard error.
pub fn note(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints the warning of this process, if it has not been printed before.
pub fn warn_once(text: &'static str) {
    static WARNED: std::sync::Once = std::sync::Once::new();
    WARNED.call_once(|| note(format!("{}: {text}", bad("warning"))));
}

/// Counts long work: a bar on a terminal, nothing elsewhere, where the result's counts say it.
pub struct Counter(ProgressBar);

impl Counter {
    /// Of about so many.
    pub fn new(expected: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(expected);
        match ProgressStyle::with_template("{bar:30} {pos} of about {len} read, {msg} {elapsed}") {
            Ok(style) => Self(bar.with_style(style)),
            Err(_) => Self(bar),
        }
    }

    /// So many more were read; of all, so many were replayed.
    pub fn advance(&mut self, read: usize, replayed: usize) {
        self.0.inc(u64::try_from(read).unwrap_or(u64::MAX));
        self.0.set_message(format!("{replayed} replayed"));
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_two_units() {
        for (millis, wanted) in [
            (-5, "0m 0s"),
            (312_000, "5m 12s"),
            (7_500_000, "2h 5m"),
            (273_600_000, "3d 4h"),
        ] {
            assert_eq!(age(millis), wanted);
        }
    }
}
