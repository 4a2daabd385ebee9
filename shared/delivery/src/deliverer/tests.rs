use super::*;

mod examples;
mod message_actions;
mod records;
mod report;
mod secrets_are_never_logged;
mod users;
