#![doc = include_str!("../README.md")]

mod answer;
mod credential;
mod decision;
mod decode;
pub mod limits;
pub mod pack;
mod proof;
mod receiver;
mod refusals;
mod reopen;
mod report;
mod request;
pub mod send;
mod split;

pub use receiver::{Receiver, ReceiverSurroundings};
pub use reopen::reopen;
pub use request::{Answer, Request};
