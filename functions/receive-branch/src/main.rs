//! The Lambda function `receive-branch`: takes what Branch sends, proves the sender, and queues every event before it answers.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::receive(event::Source::Branch, "receive-branch")
}
