//! The Lambda function `deliver-branch`: maps what waits in its queue, sends it to Branch, and gives every event its outcome.

use delivery::destinations::Branch;
use std::process::ExitCode;

fn main() -> ExitCode {
    aws::deliver::<Branch>("deliver-branch", mapping::to_branch)
}
