//! The Lambda function `deliver-branch`: maps what waits in its queue, sends it to Branch, and gives every event its outcome.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::deliver_to_branch()
}
