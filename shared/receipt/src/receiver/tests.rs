use super::*;

mod bodies;
mod credentials;
mod examples;
mod fake_aws;
mod faults;
mod order;
mod secrets_are_never_logged;
mod sending;
