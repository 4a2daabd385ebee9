//! What holds for every event of Braze Currents, whatever it says.

mod any;
mod batch;
#[path = "../config.rs"]
mod config;
mod fields;
mod identity;
mod printed;
mod size;
mod write_key;
