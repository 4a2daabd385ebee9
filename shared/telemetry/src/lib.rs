#![doc = include_str!("../README.md")]

mod foreign;
mod line;
mod logged_id;
pub mod metrics;
#[cfg(any(test, feature = "schema"))]
pub mod schema;
mod secret;
mod sink;

pub use line::{Decision, ErrorLine, EventLine, FileLine, InvocationLine, Line, RecordLine, RequestLine};
pub use logged_id::LoggedId;
pub use metrics::Metrics;
pub use secret::Secret;
pub use sink::{Container, Head, Sink, Stdout, VERSION, install};
