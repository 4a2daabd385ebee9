//! Braze: requests to its REST API, packed from the calls of many events (the delivery rules of `segment-to-braze.md`).

mod address;
mod answer;
pub mod limits;
mod pack;
mod send;

pub use address::{base_url, check_address, required_base_url};
pub use answer::{Meaning, meaning};
pub use pack::packed;
pub use send::BrazeMessenger;
