//! What every function does before its first event.

use crate::{Environment, SystemClock};
use aws_config::{BehaviorVersion, SdkConfig};
use event::Clock;
use lambda_runtime::Error;
use std::io::Write;
use std::process::ExitCode;
use telemetry::Stdout;

/// How long each handshake of the start may take, in milliseconds (RC-119): longer than the same call may later, since nobody
/// waits for its end yet.
pub const START_MS: u64 = 2000;

/// The time as lines and metrics want it.
pub type Now = fn() -> (i64, String);

/// What a function is made of.
pub struct Parts {
    /// What the template and the user say.
    pub environment: Environment,
    /// Region and credentials.
    pub config: SdkConfig,
    /// Where lines and metrics go.
    pub sink: Stdout<Now>,
}

/// Starts a function: its environment, one thread, then `run` until the platform ends it. What makes a start impossible is
/// told on standard error, and Lambda shows it as a failed start.
pub fn start(function: &'static str, run: impl AsyncFnOnce(Parts) -> Result<(), Error>) -> ExitCode {
    telemetry::install(function);
    let ended = Environment::read(function)
        .map_err(Error::from)
        .and_then(|environment| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let sink = Stdout::new(environment.stack.clone(), function.to_owned(), now as Now);
                let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
                let parts = Parts {
                    environment,
                    config,
                    sink,
                };
                run(parts).await
            })
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "{function} cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn now() -> (i64, String) {
    let now = SystemClock.now();
    (now.millis(), now.to_string())
}
