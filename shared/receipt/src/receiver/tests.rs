use super::*;

mod bodies;
mod credentials;
mod examples;
mod fake_aws;
mod fallback;
mod faults;
mod order;
mod refusals;
mod secrets_are_never_logged;
mod sending;
