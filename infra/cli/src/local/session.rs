//! One run of `switchyard local`, from start to Ctrl-C.

use std::process::ExitCode;

use event::Source;
use tokio::signal::unix::{SignalKind, signal};

use super::account::{describe, is_as_expected, watch};
use super::keys::{self, token};
use super::samples::{samples, segment_signature};
use super::wall_clock::now;
use super::workspace::Workspace;
use super::{Destinations, Error, Options, Plan, Stack, local_settings};
use crate::EXIT_CANNOT;
use crate::terminal::{self, Progress as _, Steps, faint, strong};

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
    keys::store(&stack).await?;

    steps.begin("sending a sample of every route");
    let mut sent = Vec::new();
    for sample in samples(now()) {
        let headers: Vec<_> = sample
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let reply = stack
            .post(sample.source, "", &headers, sample.body.clone().into_bytes())
            .await?;
        sent.push((sample, reply));
    }
    let fates = watch(&stack, &sent).await?;
    steps.end("the samples are through");
    for (sample, reply) in &sent {
        terminal::line(describe(sample, reply, &fates));
    }
    let mut events = sent.iter().flat_map(|(sample, _)| &sample.events);
    let all_well = events.all(|event| is_as_expected(&fates, event));
    if !all_well {
        terminal::line(format!(
            "The functions' own words: {}",
            stack.folder().join("ministack.log").display()
        ));
    }
    if options.once {
        return Ok(if all_well {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    terminal::line(invitation(&stack)?);
    std::future::pending().await
}

/// How to go on: the URLs, and a `curl` line for each source.
fn invitation(stack: &Stack) -> Result<String, Error> {
    let event = r#"{"type":"track","event":"Kettle Boiled","messageId":"m-1","userId":"u-1001"}"#;
    let (segment, branch, braze) = (
        stack.url(Source::Segment)?,
        stack.url(Source::Branch)?,
        stack.url(Source::Braze)?,
    );
    Ok(format!(
        "{heading}\n\n  \
         curl {segment} -H 'X-Signature: {signature}' \\\n    -d '{event}'\n\n  \
         curl {branch} -H 'X-Branch-Auth: {branch_token}' \\\n    \
         -d '{{\"name\":\"INSTALL\",\"id\":\"1\",\"attributed\":true,\"user_data\":{{\"developer_identity\":\"u-1001\"}}}}'\n\n  \
         curl {braze} -H 'Authorization: Bearer {braze_token}' \\\n    \
         -d '{{\"events\":[{{\"event_type\":\"users.messages.email.Open\",\"id\":\"1\",\"time\":1767254400,\"user\":{{\"external_user_id\":\"u-1001\"}},\"properties\":{{}}}}]}}'\n\n\
         {faint}",
        heading = strong("Everything stays up until Ctrl-C. Send more:"),
        signature = segment_signature(event),
        branch_token = token(Source::Branch),
        braze_token = token(Source::Braze),
        faint = faint(format!("Log: {}", stack.folder().join("ministack.log").display())),
    ))
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
