//! What `switchyard replay` takes.

use clap::Args;
use std::path::PathBuf;

use crate::account::AccountOptions;
use crate::waiting::Selection;

/// Shown at the end of `switchyard replay --help`.
pub const EXAMPLES: &str = "\
Examples:
  switchyard replay --dry-run --settings infra/settings/switchyard.toml
      what would be sent with these settings; nothing is sent or deleted
  switchyard replay --reason no_group_id --route segment-to-braze
      after a changed setting was deployed
  switchyard replay --id m-1042
      one event
  switchyard replay --dead-letters --rate 10
      what Lambda gave up after 500 receives

A message leaves its queue only after SQS has what was made of it. What a
destination has accepted of an event already is not sent again, if the event
still becomes as many items (attributes, events, purchases): a message notes
their places. With settings that make more or fewer of it, all are sent. What
cannot be replayed stays, and is counted with the reason. --dry-run prints
personal data; a replay prints counts only. After an error of AWS the messages
under way are finished, and the counts printed; run it again to go on.

A parked part of a Currents file, and a dead letter of read-braze-files, is
read again.

Replayed events get new retries, counted from now. For Branch their age counts
from the receipt: what is older than [branch] max_age stays.

Deploy a changed setting first, and give the same file with --settings: it says
which routes are on, and how old an event for Branch may be.

IAM actions needed: cloudformation:DescribeStackResource on the stack;
sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and
sqs:GetQueueAttributes on the parked queue, or on the dead-letter queues;
sqs:SendMessage on the queues of the destinations and of Currents files;
s3:GetObject and s3:ListBucket on the fallback bucket, for what was too large
for a message.

Exit status: 0 done, 1 something stays or would be parked again, 2 the call or
the settings are wrong, or AWS refuses.";

/// The options of `switchyard replay`.
#[derive(Debug, Args)]
pub struct Options {
    /// Where.
    #[command(flatten)]
    pub account: AccountOptions,
    /// Which.
    #[command(flatten)]
    pub selection: Selection,
    /// Show what would be sent with the settings, as `switchyard map` does, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The deployed settings [default: the built-in ones, as in infra/settings/switchyard.toml]
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// The most messages a second
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=3000))]
    pub rate: u32,
}
