//! The one representation of JSON in the mapping: the text itself.
//!
//! A [`Json`] is a slice of the received bytes that is known to be one valid JSON value. It is opened one level at a
//! time, so what no rule looks into is never parsed, and a value that no rule changes is written back byte for byte:
//! numbers keep their digits, objects their order.

mod index;
mod key;
mod level;
mod number;
mod object;
mod read;
mod same;
mod size;
mod surrogates;
mod write;

pub use index::{Index, IndexWriter};
pub use key::RawKey;
pub use number::Decimal;
pub use object::{Children, Object};
pub use read::{Json, Kind, Malformed, deeper_than};
pub use same::{equal, same};
pub use size::{compact_size, string_size};
pub use surrogates::well_formed;
pub use write::{ArrayWriter, ObjectWriter, write_string};
