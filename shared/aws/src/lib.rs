#![doc = include_str!("../README.md")]

mod clock;
mod deliver;
mod environment;
mod function_url;
mod http;
mod queue_event;
mod receive;
mod secrets_manager;
mod sqs;
mod start;

pub use clock::{SystemClock, SystemRandom};
pub use deliver::deliver;
pub use environment::{Environment, Unusable};
pub use http::Client;
pub use receive::receive;
pub use secrets_manager::SecretsManager;
pub use sqs::Sqs;
