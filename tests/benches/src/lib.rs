#![doc = include_str!("../README.md")]

pub mod in_memory;
pub mod requests;
pub mod stages;
pub mod workload;
