use super::*;

mod bodies;
mod credentials;
mod examples;
mod fallback;
mod faults;
mod fixture;
mod order;
mod refusals;
mod secrets_are_never_logged;
mod sending;
