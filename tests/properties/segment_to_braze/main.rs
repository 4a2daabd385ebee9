//! What holds for every event on the way from Segment to Braze, whatever it says and whatever the settings are.

mod any;
mod calls;
mod closed_loop;
#[path = "../config.rs"]
mod config;
mod decimals;
mod ecommerce;
#[path = "../../cases/explained.rs"]
mod explained;
#[path = "../branch/json_text.rs"]
mod json_text;
mod limits;
#[path = "../../cases/paths.rs"]
mod paths;
#[path = "../branch/printed.rs"]
mod printed;
mod settings;
mod silence;
mod tables;
mod values;
