//! What every function does before its first event.

use crate::environment::{LoadSettings, Loaded};
use crate::{Environment, SystemClock};
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use event::settings::{Invalid, Settings};
use event::{Clock, Timestamp};
use lambda_runtime::Error;
use std::io::Write;
use std::process::ExitCode;
use telemetry::{Line, Sink, Stdout};

/// How long each handshake of the start may take, in milliseconds (RC-119): longer than the same call may later, since nobody
/// waits for its end yet.
pub(crate) const START_MS: u64 = 2000;

/// The time as lines and metrics want it.
pub(crate) type Now = fn() -> (i64, String);

/// What a function is made of.
pub(crate) struct Parts {
    /// When the process began.
    pub(crate) began: Timestamp,
    /// What the template and the user say.
    pub environment: Environment,
    /// Region and credentials.
    pub config: SdkConfig,
    /// Where lines and metrics go.
    pub sink: Stdout<Now>,
}

/// Starts a function: its environment, one thread, then `run` until the platform ends it. What makes a start impossible is
/// written to standard error, and Lambda shows it as a failed start.
pub(crate) fn start(
    function: &'static str,
    load: LoadSettings,
    run: impl AsyncFnOnce(Parts) -> Result<(), Error>,
) -> ExitCode {
    let began = SystemClock.now();
    telemetry::install(function);
    let ended = Environment::read(function, load)
        .map_err(Error::from)
        .and_then(|environment| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let sink = Stdout::new(environment.stack.clone(), function.to_owned(), now as Now);
                let config = sdk_config(environment.endpoint.as_deref()).await;
                for key in &environment.unknown_settings {
                    sink.line(Line::error("settings_unknown", key, None));
                }
                let parts = Parts {
                    began,
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
            // A closed standard error leaves nobody to read it.
            let _ = writeln!(std::io::stderr(), "{function} cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The SDK's configuration. Lambda gives region and credentials as environment variables; the SDK's standard chain would also
/// look for files and other services, which costs start-up time and size: `infra/decisions/zip-size.md`.
async fn sdk_config(endpoint: Option<&str>) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new().region().await)
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ));
    config.set_endpoint_url(endpoint.map(ToOwned::to_owned));
    config.build()
}

/// The same for SQS, whose endpoint may be another.
pub(crate) fn config_of_sqs(config: &SdkConfig, endpoint: Option<String>) -> SdkConfig {
    match endpoint {
        Some(endpoint) => config.to_builder().endpoint_url(endpoint).build(),
        None => config.clone(),
    }
}

/// Reads the tables of a receiver (RI-048).
pub(crate) fn receiver_settings(text: &str) -> Result<Loaded, Invalid> {
    let (settings, unknown) = Settings::load_for_receipt(text)?;
    Ok(Loaded {
        settings,
        unknown,
        ..Loaded::default()
    })
}

/// Reads all settings. What delivers and what reads files starts with any, and holds what it cannot handle (RI-048).
#[allow(clippy::unnecessary_wraps, reason = "one of several ways to read settings")]
pub(crate) fn usable_settings(text: &str) -> Result<Loaded, Invalid> {
    let (settings, unusable) = Settings::load_usable(text);
    Ok(Loaded {
        settings,
        unusable,
        ..Loaded::default()
    })
}

/// Milliseconds since the process began.
pub(crate) fn init_ms(began: Timestamp) -> u64 {
    u64::try_from(SystemClock.now().millis_since(began)).unwrap_or_default()
}

fn now() -> (i64, String) {
    let now = SystemClock.now();
    (now.millis(), now.to_string())
}
