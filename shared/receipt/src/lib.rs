#![doc = include_str!("../README.md")]

mod answer;
mod credential;
mod decode;
pub mod limits;
pub mod pack;
mod proof;
mod receiver;
mod report;
mod request;
pub mod send;
mod split;

pub use answer::{Situation, Standing, answer};
pub use receiver::{Receiver, Secret};
pub use request::{Answer, Request};
