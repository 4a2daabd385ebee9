//! One run of `switchyard local`, from start to Ctrl-C.

use std::process::ExitCode;

use event::Source;
use tokio::signal::unix::{SignalKind, signal};

use super::workspace::Workspace;
use super::{Destinations, Error, Options, Plan, Stack, local_settings};
use crate::EXIT_CANNOT;
use crate::terminal::{self, Steps};

/// As shells report a program that Ctrl-C has ended.
const EXIT_INTERRUPTED: u8 = 130;

/// Runs `switchyard local`. However it ends, nothing that it started goes on.
pub async fn run(options: &Options) -> ExitCode {
    // Dropping the session ends all that it has started.
    let ended = tokio::select! {
        ended = session(options) => ended,
        stopped = stop_asked_for() => stopped,
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(EXIT_CANNOT)
        }
    }
}

async fn session(options: &Options) -> Result<ExitCode, Error> {
    let mut steps = Steps::default();
    let workspace = Workspace::find().await?;
    let address = |given: &Option<String>| given.clone().unwrap_or_default();
    let destinations = Destinations {
        braze: address(&options.braze),
        branch: address(&options.branch),
        segment: address(&options.segment),
    };
    let settings = local_settings(&workspace.settings()?, &destinations, "")?;
    let stack = Stack::start(
        &Plan {
            settings,
            port: options.port,
            ..Plan::default()
        },
        &mut steps,
    )
    .await?;
    for source in [Source::Segment, Source::Braze, Source::Branch] {
        terminal::line(stack.url(source)?);
    }
    if options.once {
        return Ok(ExitCode::SUCCESS);
    }
    std::future::pending().await
}

/// Returns when the user presses Ctrl-C, or a supervisor asks us to end.
async fn stop_asked_for() -> Result<ExitCode, Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::machine("listen for signals"))?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.map_err(Error::machine("listen for Ctrl-C"))?,
        _ = terminate.recv() => {}
    }
    Ok(ExitCode::from(EXIT_INTERRUPTED))
}
