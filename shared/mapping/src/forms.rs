//! The forms of values that all routes share: the same text means the same on every route.

pub mod boolean;
pub mod currency;
pub mod email;
pub mod identity_text;
pub mod number;
pub mod text;
pub mod timestamp;
