//! One server that plays Braze, Branch and Segment by their documented contracts: limits, required fields, key check, error
//! bodies, rate headers. It keeps what it took, refused and left out, and plays scripted faults.
//!
//! It shares no code with the functions that it judges: what it knows of the vendors it knows from their documentation.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use sandbox::{Fault, Keys, Sandbox, Vendor};
//! use std::time::Duration;
//!
//! let sandbox = Sandbox::start(Keys {
//!     braze_rest_api_key: "key".to_owned(),
//!     branch_key: "key_live_1".to_owned(),
//!     segment_write_keys: vec!["write".to_owned()],
//! })?;
//! sandbox.plan(Some("/users/track"), 2, Fault::status(503));
//! let arrived = sandbox.wait_until(Duration::from_secs(30), |state| state.accepted(Vendor::Braze).count() == 3);
//! assert!(arrived.await);
//! assert!(sandbox.refused().is_empty());
//! # Ok(()) }
//! ```
#![allow(
    clippy::disallowed_types,
    reason = "it only looks at JSON; what it keeps are the texts as they came"
)]

#[cfg(test)]
mod amended;
mod branch;
mod braze;
mod clock;
pub mod currents_file;
mod faults;
mod form;
mod judged;
mod keys;
mod limits;
mod rate;
mod record;
mod sandbox;
mod segment;
mod server;
#[cfg(test)]
mod worked_examples;

pub use faults::{Fault, ScriptedFaults};
pub use keys::Keys;
pub use rate::RateLimit;
pub use record::{Item, ItemResult, Received, State, Vendor};
pub use sandbox::Sandbox;
