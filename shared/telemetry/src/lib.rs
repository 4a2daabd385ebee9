#![doc = include_str!("../README.md")]

mod secret;

pub use secret::Secret;
