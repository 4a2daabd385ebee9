#![doc = include_str!("../README.md")]

mod clock;
mod deliver;
mod environment;
mod fallback_bucket;
mod function_url;
mod http;
mod pooled;
mod queue_event;
mod read_files;
mod receive;
mod s3;
mod s3_requests;
mod secrets_manager;
mod sqs;
mod start;
mod surroundings;

pub use clock::{SystemClock, SystemRandom};
pub use deliver::deliver;
pub use environment::{Environment, Unusable};
pub use fallback_bucket::FallbackBucket;
pub use http::Client;
pub use read_files::read_braze_files;
pub use receive::receive;
pub use s3::{Listed, S3};
pub use secrets_manager::SecretsManager;
pub use sqs::Sqs;
