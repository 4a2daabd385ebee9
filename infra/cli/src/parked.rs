//! `switchyard parked`: what was set aside in a deployed stack. Nothing is taken out.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use event::settings::Settings;

use crate::EXIT_CANNOT;
use crate::account::{AccountOptions, DeployedStack, Error};
use crate::terminal::{self, age, faint, strong};
use crate::waiting::{Selection, Waiting, queues};
use crate::wall_clock::now;

/// Shown at the end of `switchyard parked --help`.
pub const EXAMPLES: &str = "\
Examples:
  switchyard parked
      a line for each: age, reason, route, event id
  switchyard parked --reason rejected --since 2h --show
      also the message: what the vendor said, and the event
  switchyard parked --dead-letters
      what Lambda gave up after 500 receives

Messages stay in their queue. While they are listed they are hidden from other
readers, and shown to them again at the end, or 15 minutes after Ctrl-C.
--show prints personal data.

IAM actions needed: cloudformation:DescribeStackResource on the stack;
sqs:ReceiveMessage and sqs:ChangeMessageVisibility on the parked queue, or on
the dead-letter queues.

Exit status: 0 done, 2 the call is wrong or AWS refuses it.";

/// The options of `switchyard parked`.
#[derive(Debug, Args)]
pub struct Options {
    /// Where.
    #[command(flatten)]
    pub account: AccountOptions,
    /// Which.
    #[command(flatten)]
    pub selection: Selection,
    /// Show each message as a line of JSON, with the event and the vendor's message
    #[arg(long)]
    pub show: bool,
}

/// Lists what the options select.
pub async fn run(options: &Options) -> ExitCode {
    match list(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(EXIT_CANNOT)
        }
    }
}

async fn list(options: &Options) -> Result<(), Error> {
    let stack = DeployedStack::find(&options.account).await?;
    // Ids do not depend on settings.
    let settings = Settings::default();
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for queue in queues(&stack, &options.selection).await? {
        let mut walk = queue.walk();
        loop {
            let messages = walk.next().await?;
            if messages.is_empty() {
                break;
            }
            for message in messages {
                let waiting = Waiting::open(&message, options.selection.dead_letters, &settings);
                if options.selection.has(&waiting) {
                    *counts.entry(waiting.reason).or_default() += 1;
                    terminal::line(line(&waiting));
                    if options.show {
                        terminal::line(faint(&message.body));
                    }
                }
                walk.keep(message);
            }
        }
        walk.end().await?;
    }
    terminal::line(strong(total(&counts)));
    Ok(())
}

/// Age, reason, route and event id: ` 2h 5m  rejected  segment_to_braze  t-r-02`.
fn line(waiting: &Waiting<'_>) -> String {
    let age = waiting.since.map(|since| age(now().millis_since(since)));
    let route = match (waiting.route(), waiting.source) {
        (Some(route), _) => route.as_str().to_owned(),
        (None, Some(source)) => format!("from {source}"),
        (None, None) => "-".to_owned(),
    };
    let id = match waiting.ids.as_slice() {
        [] => "-".to_owned(),
        [id] => id.logged.as_str().to_owned(),
        [first, others @ ..] => format!("{} and {} more", first.logged.as_str(), others.len()),
    };
    format!(
        "{:>7}  {:<22} {route:<18} {id}",
        age.unwrap_or_default(),
        waiting.reason
    )
}

/// Such as `3 messages: 2 rejected, 1 exhausted`.
fn total(counts: &BTreeMap<&'static str, usize>) -> String {
    let all: usize = counts.values().sum();
    if all == 0 {
        return "no message".to_owned();
    }
    let by_reason: Vec<String> = counts
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    let messages = if all == 1 { "message" } else { "messages" };
    format!("{all} {messages}: {}", by_reason.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_by_reason() {
        assert_eq!(total(&BTreeMap::new()), "no message");
        assert_eq!(total(&BTreeMap::from([("rejected", 1)])), "1 message: 1 rejected");
        let two = BTreeMap::from([("exhausted", 1), ("rejected", 2)]);
        assert_eq!(total(&two), "3 messages: 1 exhausted, 2 rejected");
    }
}
