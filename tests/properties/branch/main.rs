//! What holds for every event on both routes of Branch, whatever it says.

mod any;
mod closed_loop;
#[path = "../config.rs"]
mod config;
mod custom_data;
mod json_text;
mod link_dictionary;
mod numbers;
mod printed;
