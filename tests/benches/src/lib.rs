#![doc = include_str!("../README.md")]

pub mod in_memory;
pub mod own_rules;
pub mod requests;
pub mod stages;
pub mod workload;
