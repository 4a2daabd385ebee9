//! What `switchyard local` takes.

use clap::Args;
use reqwest::Url;

/// Shown at the end of `switchyard local --help`.
pub const EXAMPLES: &str = "\
Examples:
  cargo local           everything on this machine, until Ctrl-C
  cargo local --once    the same, but it ends after the samples
  SEGMENT_WRITE_KEY=… cargo local --segment https://api.segment.io
                        deliver to the real Segment

Keys for real destinations are read from the environment: BRAZE_REST_API_KEY, BRANCH_KEY, SEGMENT_WRITE_KEY.

What runs: MiniStack (in target/local/ministack) plays Lambda, SQS, Secrets Manager and CloudFormation, and runs the \
compiled functions of this repository as infra/template.yaml describes them. A sandbox plays Braze, Branch and Segment. \
Needed: python3 (3.10 or newer) with venv, and on the first run a package index.

Exit status: 0 all samples arrived, 1 some did not, 2 the machine or the call is at fault.";

/// The options of `switchyard local`.
#[derive(Debug, Args)]
pub struct Options {
    /// End after the samples, with status 1 if any did not arrive
    #[arg(long)]
    pub once: bool,
    /// Deliver to this address instead of the sandbox's Braze
    #[arg(long, value_name = "URL")]
    pub braze: Option<Url>,
    /// Deliver to this address instead of the sandbox's Branch
    #[arg(long, value_name = "URL")]
    pub branch: Option<Url>,
    /// Deliver to this address instead of the sandbox's Segment
    #[arg(long, value_name = "URL")]
    pub segment: Option<Url>,
    /// MiniStack's port [default: a free one]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
}
