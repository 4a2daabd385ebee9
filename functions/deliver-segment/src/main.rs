//! The Lambda function `deliver-segment`: maps what waits in its queue, sends it to Segment, and gives every event its outcome.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::deliver_to_segment()
}
