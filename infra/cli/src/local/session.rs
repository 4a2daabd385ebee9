//! One run of `switchyard local`, from start to Ctrl-C.

use std::process::ExitCode;

use event::{Destination, Source};
use sandbox::Sandbox;
use tokio::signal::unix::{SignalKind, signal};

use super::arrival::arrival;
use super::keys::{self, token};
use super::sample_report::{SampleReport, watch};
use super::samples::{SAMPLE_BUCKET, Sample, sample_file, samples, segment_signature};
use super::stack::BRAZE_FILES_BUCKET;
use super::workspace::Workspace;
use super::{Destinations, Error, Options, Plan, Reply, Stack, local_settings};
use crate::EXIT_CANNOT;
use crate::terminal::{self, Progress as _, Steps, faint, strong};
use crate::wall_clock::now;

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
    let sandbox = sandbox(options)?;
    let settings = local_settings(
        &workspace.settings()?,
        &destinations(options, sandbox.as_ref()),
        "",
    )?;
    let stack = Stack::start(
        &Plan {
            settings,
            port: options.port,
            parameters: vec![(BRAZE_FILES_BUCKET.to_owned(), SAMPLE_BUCKET.to_owned())],
            ..Plan::default()
        },
        &mut steps,
    )
    .await?;
    keys::store(&stack, options).await?;
    if let Some(sandbox) = &sandbox {
        steps.end(&format!(
            "the sandbox plays {} at {}",
            played(options),
            sandbox.url()
        ));
    }

    let sent = send_samples(&stack, &mut steps).await?;
    let lines = watch(&stack, &sent).await?;
    steps.end("the samples are through");
    let items = sandbox.as_ref().map(Sandbox::items).unwrap_or_default();
    let report = SampleReport {
        lines,
        items: &items,
        is_played: |destination| options.address(destination).is_none(),
    };
    for (sample, reply) in &sent {
        terminal::line(report.describe(sample, reply));
    }
    let mut events = sent.iter().flat_map(|(sample, _)| &sample.events);
    let all_well = events.all(|event| report.is_as_expected(event));
    if !all_well {
        terminal::line(format!(
            "What the functions logged: {}",
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
    terminal::line(invitation(&stack, &now().to_string())?);
    match sandbox {
        Some(sandbox) => show_arrivals(&sandbox, items.len()).await,
        None => std::future::pending().await,
    }
}

/// The sandbox, if any destination has no address.
fn sandbox(options: &Options) -> Result<Option<Sandbox>, Error> {
    if played(options).is_empty() {
        return Ok(None);
    }
    let started = Sandbox::start(keys::sandbox_keys());
    started.map(Some).map_err(Error::machine("start the sandbox"))
}

/// The destinations that the sandbox plays.
fn played(options: &Options) -> String {
    let without_address = Destination::ALL
        .into_iter()
        .filter(|destination| options.address(*destination).is_none());
    let names: Vec<_> = without_address
        .map(|destination| destination.descriptor().title)
        .collect();
    names.join(", ")
}

fn destinations(options: &Options, sandbox: Option<&Sandbox>) -> Destinations {
    let address = |destination| match (options.address(destination), sandbox) {
        (Some(given), _) => given.to_owned(),
        (None, Some(sandbox)) => sandbox.url(),
        (None, None) => String::new(),
    };
    Destination::ALL
        .into_iter()
        .map(|destination| (destination, address(destination)))
        .collect()
}

async fn send_samples(stack: &Stack, steps: &mut Steps) -> Result<Vec<(Sample, Reply)>, Error> {
    steps.begin("sending a sample of every route");
    let mut sent = Vec::new();
    for sample in samples(now())? {
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
    let file = sample_file(now());
    stack.put_file(&file.key, file.bytes).await?;
    let stored = Reply {
        status: 200,
        body: "the object is stored".to_owned(),
    };
    sent.push((file.sample, stored));
    Ok(sent)
}

/// Prints what arrives after the first `known` items, for as long as the user lets us.
async fn show_arrivals(sandbox: &Sandbox, mut known: usize) -> ! {
    loop {
        let items = sandbox.items_after(known).await;
        known += items.len();
        for item in &items {
            terminal::line(arrival(item));
        }
    }
}

/// How to go on: the URLs, and a `curl` line for each source.
fn invitation(stack: &Stack, now: &str) -> Result<String, Error> {
    let event = format!(
        r#"{{"type":"track","event":"Kettle Boiled","messageId":"m-1","userId":"u-1001","timestamp":"{now}"}}"#
    );
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
        signature = segment_signature(&event),
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
