//! The `switchyard` command, as a library: [`local`] starts the whole system on this machine, for `cargo local` and for the
//! end-to-end tests alike; [`map`] shows what would be sent; [`doctor`], [`parked`] and [`replay`] work on a
//! deployed stack.

pub mod account;
pub mod backfill;
pub mod check;
pub mod doctor;
pub mod local;
pub mod map;
pub mod parked;
pub mod replay;
pub mod terminal;
pub mod waiting;
mod wall_clock;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Exit status when the call, the settings or the machine is at fault.
pub const EXIT_CANNOT: u8 = 2;

/// What a user may type.
#[derive(Debug, Parser)]
#[command(name = "switchyard", version, about, long_about = ABOUT, propagate_version = true)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const ABOUT: &str = "\
Switchyard connects Segment, Braze and Branch in your own AWS account.

Start with `cargo local`: it runs everything on this machine, without an account
and without a key, and shows the outcome of a few events.";

/// The subcommands.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
pub enum Command {
    /// Run the real functions and the real template on this machine, and send one sample of every route through them
    #[command(after_long_help = local::EXAMPLES)]
    Local(Box<local::Options>),
    /// Show what would be sent for events, with no network
    #[command(after_long_help = map::EXAMPLES)]
    Map(map::Options),
    /// Say what is wrong with a deployed stack, what waits in it, and what to do
    #[command(after_long_help = doctor::EXAMPLES)]
    Doctor(doctor::Options),
    /// Put Currents files that lie in the bucket already into the queue of read-braze-files
    #[command(after_long_help = backfill::EXAMPLES)]
    Backfill(Box<backfill::Options>),
    /// List what was set aside in a deployed stack, and leave it there
    #[command(after_long_help = parked::EXAMPLES)]
    Parked(parked::Options),
    /// Send parked events or dead letters to their destinations again
    #[command(after_long_help = replay::EXAMPLES)]
    Replay(replay::Options),
    /// Check settings and parameters before a deploy, and run the tests beside the settings
    #[command(after_long_help = check::EXAMPLES)]
    Check(check::Options),
}

/// Does what the command line says. Errors go to standard error, with what to do about them.
pub async fn run(command_line: CommandLine) -> ExitCode {
    match command_line.command {
        Command::Local(options) => local::run(&options).await,
        Command::Map(options) => map::run(&options),
        Command::Doctor(options) => doctor::run(&options).await,
        Command::Backfill(options) => backfill::run(&options).await,
        Command::Parked(options) => parked::run(&options).await,
        Command::Replay(options) => replay::run(&options).await,
        Command::Check(options) => check::run(&options).await,
    }
}
