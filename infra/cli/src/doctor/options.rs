//! What `switchyard doctor` takes.

use std::path::PathBuf;

use clap::Args;

use crate::account::AccountOptions;

/// Shown at the end of `switchyard doctor --help`.
pub const EXAMPLES: &str = "\
Examples:
  switchyard doctor
      one screen: what waits, and for each finding what to do
  switchyard doctor --watch
      the same, looked at again every 30 seconds until Ctrl-C
  switchyard doctor --json | jq '.findings[]'

It changes nothing. It asks each URL for /health, and each vendor about the key
that the stack holds: Segment for the settings of its source, Braze by a request
without data, which Braze refuses after it has taken the key. Branch has no such
question: its key is checked by its form.

The settings are those of the deployed layer, or those of --settings.
Ages come from the log lines of the functions that deliver, and CloudWatch.

IAM actions needed:
  cloudformation:DescribeStacks, cloudformation:ListStackResources
  cloudwatch:DescribeAlarms, cloudwatch:GetMetricData
  lambda:GetAccountSettings, lambda:GetFunctionConfiguration,
  lambda:GetLayerVersion, lambda:ListEventSourceMappings
  logs:FilterLogEvents
  secretsmanager:GetSecretValue
  sqs:GetQueueAttributes
What is not allowed is named, and the rest is shown all the same.

Exit status: 0 nothing to do, 1 there is a fault, 2 the call is wrong, or AWS
refuses it.";

/// The options of `switchyard doctor`.
#[derive(Debug, Args)]
pub struct Options {
    /// Where.
    #[command(flatten)]
    pub account: AccountOptions,
    /// Look again every so many seconds, until Ctrl-C
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub watch: Option<u64>,
    /// Print one JSON document, with all that was found out
    #[arg(long)]
    pub json: bool,
    /// The deployed settings [default: those of the deployed layer]
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
}
