//! Values of which there are few: states of subscription, and booleans.

use crate::segment_to_braze::number::word;
use event::json::Json;

/// A state of subscription.
pub fn state(json: Json<'_>) -> Option<&'static str> {
    match json.as_bool() {
        Some(true) => Some("subscribed"),
        Some(false) => Some("unsubscribed"),
        None => match word(json)?.as_str() {
            "opted_in" | "opted-in" | "opted in" => Some("opted_in"),
            "subscribed" => Some("subscribed"),
            "unsubscribed" => Some("unsubscribed"),
            _ => None,
        },
    }
}

/// A boolean, or the word for it.
pub fn flag(json: Json<'_>) -> Option<bool> {
    json.as_bool().or_else(|| word(json)?.parse().ok())
}
