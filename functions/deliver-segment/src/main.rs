//! The Lambda function `deliver-segment`: maps what waits in its queue, sends it to Segment, and gives every event its outcome.

use delivery::destinations::Segment;
use std::process::ExitCode;

fn main() -> ExitCode {
    aws::deliver::<Segment>("deliver-segment", mapping::to_segment)
}
