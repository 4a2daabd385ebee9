//! Why `switchyard map` cannot go on. The user can correct each of them.

use std::path::PathBuf;

/// What is wrong with the call or the settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of events cannot be read.
    #[error("cannot read the events from {}; give a file of events, or none to read standard input", .file.display())]
    Events {
        /// As the command line names it.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Standard input cannot be read.
    #[error("cannot read the events from standard input")]
    StandardInput(#[source] std::io::Error),
    /// The settings file cannot be read.
    #[error("cannot read the settings from {}; give a TOML file such as infra/settings/switchyard.toml", .file.display())]
    SettingsFile {
        /// As `--settings` names it.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The settings cannot be used.
    #[error(
        "the settings cannot be used; correct what is listed here, or name another file with --settings FILE"
    )]
    Settings(#[from] event::settings::Invalid),
    /// The events are no text.
    #[error("the events are no UTF-8: byte {at} cannot be read; save them as UTF-8 and try again")]
    NoText {
        /// The place of the first byte that cannot be read, counted from 1.
        at: usize,
    },
    /// Nothing of a Currents file can be read.
    #[error(
        "the Currents file cannot be read: {reason}; the type is known by a path with event_type=<type>, or by the schema"
    )]
    CurrentsFile {
        /// The reason with which the function would park it.
        reason: &'static str,
    },
}
