//! The Lambda function `deliver-braze`: maps what waits in its queue, sends it to Braze, and gives every event its outcome.

use delivery::destinations::Braze;
use std::process::ExitCode;

fn main() -> ExitCode {
    aws::deliver::<Braze>("deliver-braze", mapping::to_braze)
}
