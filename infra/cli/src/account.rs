//! A deployed stack in the user's account, or in an emulator, reached by the standard chain of AWS credentials.

pub(crate) mod api;
mod concurrency;
mod error;
mod options;
mod queue;
mod stack;
pub(crate) mod xml;

pub(crate) use concurrency::{Concurrency, UNRESERVED_LEAST};
pub use error::Error;
pub use options::AccountOptions;
pub(crate) use queue::{Queue, Received, Walk};
pub(crate) use stack::DeployedStack;
