//! The states of a subscription.

use crate::forms::text::word;
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
