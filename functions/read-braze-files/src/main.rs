//! The Lambda function `read-braze-files`: reads Currents files out of the customer's bucket, and queues every event in them.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::read_braze_files()
}
