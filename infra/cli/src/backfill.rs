//! `switchyard backfill`: Currents files that lie in the bucket already are put into the queue of `read-braze-files`.

mod listing;
mod remote;
mod sending;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use event::Timestamp;
use event::settings::{Pattern, Settings};

use crate::EXIT_CANNOT;
use crate::terminal::{self, strong};
use listing::{Object, Wanted, files};
use remote::Remote;
use sending::{Pace, Sending};

/// Shown below the options.
pub const EXAMPLES: &str = "\
Examples:
  How much would be sent, for a day of e-mail events:
    switchyard backfill --bucket acme-currents --prefix currents/ \\
      --stack switchyard --from 2026-01-01T00 --to 2026-01-02T00 \\
      --type 'users.messages.email.*' --dry-run

  Go on after an interruption, as it told you:
    switchyard backfill ... --after currents/.../dataexport+0+42.avro

It needs s3:ListBucket on the bucket, and sqs:GetQueueAttributes and
sqs:SendMessage on the two queues; with --stack, sqs:GetQueueUrl too. Region and
credentials are those of the AWS CLI.

Exit status: 0 done, 1 interrupted, 2 the call is wrong or AWS refuses it.";

/// What a user may choose.
#[derive(Debug, Args)]
pub struct Options {
    /// The bucket with the Currents files
    #[arg(long)]
    bucket: String,
    /// What their keys begin with
    #[arg(long, default_value = "currents/")]
    prefix: String,
    /// The first hour, UTC, such as 2026-01-01T00
    #[arg(long, value_parser = hour)]
    from: Hour,
    /// The hour after the last one
    #[arg(long, value_parser = hour)]
    to: Hour,
    /// Types of events, such as users.messages.email.*; as often as you like [default: what the settings let through]
    #[arg(long = "type", value_name = "PATTERN")]
    types: Vec<String>,
    /// The URL of the file queue, the stack's output BrazeFilesQueueUrl
    #[arg(
        long,
        value_name = "URL",
        required_unless_present = "stack",
        conflicts_with = "stack"
    )]
    queue: Option<String>,
    /// The stack, to find its queues by their names
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Files a second, at most
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
    /// Go on behind this key
    #[arg(long, value_name = "KEY")]
    after: Option<String>,
    /// Your settings file, which says which types are let through
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Count the files and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before the first file is sent
    #[arg(long)]
    yes: bool,
}

/// An hour, as keys and clocks have it.
#[derive(Debug, Clone)]
struct Hour {
    /// Such as `2026-01-01-00`.
    in_keys: String,
    begins_at: Timestamp,
}

fn hour(text: &str) -> Result<Hour, String> {
    let begins_at = Timestamp::parse(&format!("{text}:00:00Z"));
    let begins_at = begins_at.filter(|_| text.len() == "2026-01-01T00".len());
    Ok(Hour {
        begins_at: begins_at.ok_or("write an hour in UTC, such as 2026-01-01T00")?,
        in_keys: text.replace('T', "-"),
    })
}

/// Why nothing more can be sent. The user has to act.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be used.
    #[error("the settings file {0} cannot be used: {1}")]
    Settings(PathBuf, String),
    /// A call to AWS failed.
    #[error("{operation} failed: {detail}")]
    Call {
        /// Such as `ListObjectsV2`.
        operation: &'static str,
        /// What AWS says.
        detail: String,
    },
    /// The hours are the wrong way round.
    #[error("--to must be after --from")]
    NoSpan,
}

/// Runs the command.
pub async fn run(options: &Options) -> ExitCode {
    match backfill(options).await {
        Ok(code) => code,
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(EXIT_CANNOT)
        }
    }
}

async fn backfill(options: &Options) -> Result<ExitCode, Error> {
    if options.to.begins_at <= options.from.begins_at {
        return Err(Error::NoSpan);
    }
    let settings = settings(options)?;
    let remote = Remote::new(options).await?;
    let wanted = Wanted {
        prefix: options.prefix.clone(),
        from: options.from.in_keys.clone(),
        to: options.to.in_keys.clone(),
        span: (options.from.begins_at, options.to.begins_at),
        types: options.types.iter().map(Pattern::new).collect(),
        settings: &settings.braze_to_segment,
        after: options.after.clone(),
    };
    let found = files(&remote, &wanted).await?;
    terminal::line(summary(&found));
    if options.dry_run || found.is_empty() || !(options.yes || is_agreed()) {
        return Ok(ExitCode::SUCCESS);
    }
    let sending = Sending::new(&options.bucket, &found);
    let pace = Pace {
        files_a_second: options.rate,
        ..Pace::default()
    };
    let ended = tokio::select! {
        ended = sending.run(&remote, &aws::SystemClock, &pace) => ended.map(|()| true),
        _ = tokio::signal::ctrl_c() => Ok(false),
    };
    sending.finish();
    match ended {
        Ok(true) => Ok(ExitCode::SUCCESS),
        stopped => {
            // A run that ends before its first file goes on where it was to begin.
            if let Some(key) = sending.last_sent().or(options.after.as_deref()) {
                terminal::line(format!("To go on where this ended: --after {key}"));
            }
            stopped.map(|_| ExitCode::FAILURE)
        }
    }
}

fn settings(options: &Options) -> Result<Settings, Error> {
    let Some(path) = &options.settings else {
        return Ok(Settings::default());
    };
    let wrong = |detail: String| Error::Settings(path.clone(), detail);
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Settings::load(&text).map_err(|invalid| wrong(invalid.to_string()))
}

/// How much there is, and what it costs the user's numbers.
fn summary(found: &[Object]) -> String {
    let bytes: u64 = found.iter().map(|object| object.size).sum();
    format!(
        "{} with {} MB.\nEvents that were delivered more than 24 hours ago will be counted again by Segment.",
        strong(format!("{} files", found.len())),
        bytes.div_ceil(1_000_000)
    )
}

fn is_agreed() -> bool {
    terminal::line("Send them? Type yes:");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && answer.trim().eq_ignore_ascii_case("yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_read_as_keys_have_it() {
        let read = hour("2026-01-01T07").unwrap();
        assert_eq!(read.in_keys, "2026-01-01-07");
        assert_eq!(read.begins_at.to_string(), "2026-01-01T07:00:00.000Z");
        for bad in [
            "",
            "2026-01-01",
            "2026-01-01T7",
            "2026-13-01T00",
            "yesterday",
            "2026-01-01T00:00",
        ] {
            assert!(hour(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_backfill_says_how_much_it_is_and_that_events_count_again() {
        event::rules!["CF-112"];
        let object = |size| Object {
            key: "k".to_owned(),
            size,
            written_at: Timestamp::from_millis(0),
        };
        let text = summary(&[object(1_500_000), object(1)]);
        assert!(text.contains("2 files") && text.contains("2 MB"), "{text}");
        assert!(
            text.contains("more than 24 hours ago will be counted again"),
            "{text}"
        );
    }
}
