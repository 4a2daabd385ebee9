use super::*;

mod bodies;
mod canary;
mod credentials;
mod examples;
mod faults;
mod fixture;
mod order;
mod sending;
