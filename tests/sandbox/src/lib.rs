//! What the sandbox is made of: so far, the script of faults that its vendors are to play.
pub mod faults;
