use super::*;

mod examples;
mod message_actions;
mod outages;
mod records;
mod report;
