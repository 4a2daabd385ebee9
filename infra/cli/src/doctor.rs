//! `switchyard doctor`: what is wrong with a deployed stack, what waits in it, and what to do about it. It changes nothing.
//!
//! Looking (`gather`) is one thing, and what the facts mean (`finding`) another.

pub mod expected;
mod facts;
mod finding;
mod gather;
mod keys;
mod log_lines;
mod options;
mod screen;

pub use options::{EXAMPLES, Options};

use std::process::ExitCode;
use std::time::Duration;

use event::settings::Settings;
use serde::Serialize;

use self::facts::Facts;
use self::finding::{Finding, Severity, findings};
use crate::EXIT_CANNOT;
use crate::account::{self, DeployedStack};
use crate::terminal;

/// What stops a look as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The account or its stack cannot be reached.
    #[error(transparent)]
    Aws(#[from] account::Error),
    /// The settings file.
    #[error(transparent)]
    Settings(#[from] crate::map::Error),
    /// Ctrl-C.
    #[error("cannot listen for Ctrl-C")]
    Signal(#[source] std::io::Error),
}

/// One look, as `--json` prints it.
#[derive(Serialize)]
struct Report<'f> {
    findings: &'f [Finding],
    #[serde(flatten)]
    facts: &'f Facts,
}

/// Looks once, or again and again.
pub async fn run(options: &Options) -> ExitCode {
    match look(options).await {
        Ok(code) => code,
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(EXIT_CANNOT)
        }
    }
}

async fn look(options: &Options) -> Result<ExitCode, Error> {
    let settings = match &options.settings {
        Some(file) => Some(crate::map::settings(Some(file))?),
        None => None,
    };
    let stack = DeployedStack::find(&options.account).await?;
    let Some(seconds) = options.watch else {
        return look_once(&stack, settings.as_ref(), options).await;
    };
    let mut tick = tokio::time::interval(Duration::from_secs(seconds));
    loop {
        let looked = async {
            tick.tick().await;
            look_once(&stack, settings.as_ref(), options).await
        };
        tokio::select! {
            biased;
            stopped = tokio::signal::ctrl_c() => {
                return stopped.map(|()| ExitCode::SUCCESS).map_err(Error::Signal);
            }
            looked = looked => {
                looked?;
            }
        }
    }
}

async fn look_once(
    stack: &DeployedStack,
    settings: Option<&Settings>,
    options: &Options,
) -> Result<ExitCode, Error> {
    let facts = gather::facts(stack, settings).await?;
    let found = findings(&facts);
    if options.json {
        let report = Report {
            findings: &found,
            facts: &facts,
        };
        // Every member serialises.
        terminal::line(serde_json::to_string(&report).unwrap_or_default());
    } else {
        if options.watch.is_some() {
            terminal::clear();
        }
        screen::lines(&facts, &found).iter().for_each(terminal::line);
    }
    let has_fault = found.iter().any(|finding| finding.severity == Severity::Fault);
    Ok(if has_fault {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The two largest units of a span: `3d 4h`, `5m 12s`.
fn age(seconds: u64) -> String {
    crate::terminal::age(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX))
}
