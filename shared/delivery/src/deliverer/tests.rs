use super::*;

mod examples;
mod message_actions;
mod records;
mod report;
mod users;
