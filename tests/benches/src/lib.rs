#![doc = include_str!("../README.md")]
#![allow(async_fn_in_trait, reason = "everything runs on a current-thread runtime")]

pub mod currents_file;
