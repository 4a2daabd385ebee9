//! Values of which there are few: states of subscription.

use crate::Trace;
use crate::forms::boolean;
use crate::forms::text::is_blank;
use event::json::{Json, Object};
use event::reasons::Warning;

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

/// The state of a group's subscription, which knows no double opt-in: the first of these members that can be read, with its key.
/// One that cannot may be an opt-out, so it is never passed over in silence (SB-129).
pub(crate) fn group_state<'k>(
    members: &Object<'_>,
    keys: &[&'k str],
    path: &dyn Fn() -> String,
    trace: &mut Trace,
) -> Option<(&'k str, &'static str)> {
    for key in keys {
        let Some(given) = members.present(key) else {
            continue;
        };
        if let Some(state) = state(given) {
            return Some((key, if state == "opted_in" { "subscribed" } else { state }));
        }
        if !is_blank(given) {
            trace.warn("SB-129", Warning::SubscriptionLost, || {
                format!("{}.{key}", path())
            });
        }
    }
    None
}
