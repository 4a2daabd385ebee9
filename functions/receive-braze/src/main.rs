//! The Lambda function `receive-braze`: takes what Braze sends, proves the sender, and queues every event before it answers.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::receive(event::Source::Braze, "receive-braze")
}
