//! Booleans, and the words for them.

use super::text::word;
use event::json::Json;

/// A boolean, or the word for it.
pub fn boolean(json: Json<'_>) -> Option<bool> {
    json.as_bool().or_else(|| word(json)?.parse().ok())
}
