//! Genders as the five letters of Braze.

use super::{Reading, quoted};
use event::json::Json;
use event::reasons::Warning;

/// Reads a value that is not blank.
pub(super) fn read(json: Json<'_>) -> Reading {
    let letter = match spaced(json).as_deref() {
        Some("m" | "male" | "man") => "M",
        Some("f" | "female" | "w" | "woman") => "F",
        Some("o" | "other" | "non binary" | "nonbinary" | "nb" | "enby" | "diverse" | "divers" | "x") => "O",
        Some("n" | "not applicable" | "n/a") => "N",
        Some("p" | "prefer not to say" | "prefer not to disclose" | "prefer not to answer") => "P",
        Some("u" | "unknown" | "not specified") => return Reading::Silent,
        _ => return Reading::Invalid(Warning::InvalidGender),
    };
    Reading::Sent(quoted(letter))
}

/// A string in lower case, each run of spaces, `-` and `_` as one space.
fn spaced(json: Json<'_>) -> Option<String> {
    let text = json.as_str()?.trim().to_ascii_lowercase();
    let words: Vec<&str> = text
        .split([' ', '-', '_'])
        .filter(|word| !word.is_empty())
        .collect();
    Some(words.join(" "))
}
