//! `switchyard local`: the whole system on this machine.
//!
//! [`Stack`] is the system without the vendors: MiniStack with `infra/template.yaml` deployed to it, running the compiled
//! functions. The end-to-end tests start it the same way as `cargo local` does.

mod arrival;
mod binaries;
mod deployment;
mod error;
mod folder;
mod keys;
mod ministack;
mod options;
mod queue;
mod sample_report;
mod samples;
mod session;
mod settings;
mod stack;
mod venv;
mod workspace;

pub use error::Error;
pub use options::{EXAMPLES, Options};
pub use queue::{Depth, Message, Queue};
pub use session::run;
pub use settings::{Destinations, local_settings};
pub use stack::{Plan, Reply, Stack};
pub use venv::{Packages, prepare as prepare_python};
