#![doc = include_str!("../README.md")]

mod clock;
mod environment;
mod http;
mod secrets_manager;
mod sqs;

pub use clock::{SystemClock, SystemRandom};
pub use environment::{Environment, Unusable};
pub use http::Client;
pub use secrets_manager::SecretsManager;
pub use sqs::Sqs;
