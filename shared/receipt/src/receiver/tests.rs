use super::*;

mod examples;
mod faults;
mod fixture;
