#![doc = include_str!("../README.md")]

mod block;
mod codec;
mod cursor;
mod header;
pub mod limits;
mod schema;
mod text;
mod value;

pub use block::{Damaged, Frame, frame};
pub use codec::Codec;
pub use cursor::Unreadable;
pub use header::{Header, HeaderFault};
pub use schema::{Field, Schema, SchemaFault};
pub use value::{Record, Records};
