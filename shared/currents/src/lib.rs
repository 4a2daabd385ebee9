#![doc = include_str!("../README.md")]
#![allow(async_fn_in_trait, reason = "everything runs on a current-thread runtime")]

mod answer;
mod chunk;
mod event_text;
mod event_type;
pub mod key;
pub mod limits;
pub mod message;
mod object;
mod pass;
mod reader;
mod report;
mod settle;
mod whole_file;

pub use answer::{Answer, Classification, classify};
pub use event_text::{EventText, NotCurrents};
pub use event_type::{TypeFault, event_type, of_key_alone as type_of_key};
pub use object::{Got, Objects, Range};
pub use reader::{Bucket, FileReader, Inflate, ReaderSurroundings, Steps};
pub use whole_file::{WholeFile, read_whole_file};
