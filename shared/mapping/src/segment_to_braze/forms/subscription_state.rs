//! Values of which there are few: states of subscription.

use crate::forms::boolean;
use event::json::Json;

/// A state of subscription.
pub(super) fn state(json: Json<'_>) -> Option<&'static str> {
    if let Some(is_subscribed) = boolean(json) {
        return Some(if is_subscribed {
            "subscribed"
        } else {
            "unsubscribed"
        });
    }
    let mut word = json.as_str()?.trim().to_ascii_lowercase();
    word.retain(|c| !matches!(c, ' ' | '-' | '_'));
    match word.as_str() {
        "optedin" | "optin" => Some("opted_in"),
        "subscribed" | "subscribe" | "yes" => Some("subscribed"),
        "unsubscribed" | "unsubscribe" | "optedout" | "optout" | "no" => Some("unsubscribed"),
        _ => None,
    }
}

/// The state of a group's subscription, which knows no double opt-in.
pub(crate) fn group_state(json: Json<'_>) -> Option<&'static str> {
    state(json).map(|state| if state == "opted_in" { "subscribed" } else { state })
}
