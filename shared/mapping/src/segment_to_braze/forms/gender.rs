//! Genders as the five letters of Braze.

use super::{Reading, quoted};
use crate::forms::text::word;
use event::json::Json;
use event::reasons::Warning;

/// Reads a value that is not blank.
pub fn read(json: Json<'_>) -> Reading {
    let letter = match word(json).as_deref() {
        Some("m" | "male" | "man") => "M",
        Some("f" | "female" | "w" | "woman") => "F",
        Some(
            "o" | "other" | "non-binary" | "nonbinary" | "non binary" | "nb" | "enby" | "diverse" | "divers"
            | "x",
        ) => "O",
        Some("n" | "not applicable" | "n/a") => "N",
        Some("p" | "prefer not to say" | "prefer_not_to_say") => "P",
        Some("u" | "unknown" | "not specified") => return Reading::Silent,
        _ => return Reading::Invalid(Warning::InvalidGender),
    };
    Reading::Sent(quoted(letter))
}
