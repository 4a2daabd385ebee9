//! The `switchyard` command.

use std::process::ExitCode;

use clap::Parser;
use switchyard::{CommandLine, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(CommandLine::parse()).await
}
