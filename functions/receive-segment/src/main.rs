//! The Lambda function `receive-segment`: takes what Segment sends, proves the sender, and queues every event before it answers.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::receive(event::Source::Segment, "receive-segment")
}
