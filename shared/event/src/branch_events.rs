//! The events that Branch defines. Sources: Branch's Android, iOS and Web SDKs; its page on the v2 event API.

use serde::{Deserialize, Serialize};

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// An app's first start.
    Install,
    /// An app's start.
    Open,
    /// An app's first start after it was removed.
    Reinstall,
    /// What has to do with buying.
    Commerce,
    /// What has to do with looking at things.
    Content,
    /// What has to do with an account.
    Lifecycle,
    /// What a customer has named.
    Custom,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Install,
        Self::Open,
        Self::Reinstall,
        Self::Commerce,
        Self::Content,
        Self::Lifecycle,
        Self::Custom,
    ];
}

/// One of Branch's standard events.
#[derive(Debug, PartialEq, Eq)]
pub struct StandardEvent {
    /// The name of the API, such as `ADD_TO_CART`.
    pub name: &'static str,
    /// One of commerce, content and lifecycle.
    pub category: Category,
    /// Whether Branch's own import from Segment leaves it out.
    pub is_extended: bool,
}

/// What Branch's v2 event API takes under a name of its own.
pub const STANDARD_EVENTS: &[StandardEvent] = &[
    imported("ADD_TO_CART", Category::Commerce),
    imported("ADD_TO_WISHLIST", Category::Commerce),
    imported("VIEW_CART", Category::Commerce),
    imported("ADD_PAYMENT_INFO", Category::Commerce),
    imported("INITIATE_PURCHASE", Category::Commerce),
    imported("PURCHASE", Category::Commerce),
    imported("SPEND_CREDITS", Category::Commerce),
    extended("RESERVE", Category::Commerce),
    extended("CLICK_AD", Category::Commerce),
    extended("VIEW_AD", Category::Commerce),
    imported("SEARCH", Category::Content),
    imported("VIEW_ITEM", Category::Content),
    imported("VIEW_ITEMS", Category::Content),
    imported("RATE", Category::Content),
    imported("SHARE", Category::Content),
    extended("INITIATE_STREAM", Category::Content),
    extended("COMPLETE_STREAM", Category::Content),
    imported("COMPLETE_REGISTRATION", Category::Lifecycle),
    imported("COMPLETE_TUTORIAL", Category::Lifecycle),
    imported("ACHIEVE_LEVEL", Category::Lifecycle),
    imported("UNLOCK_ACHIEVEMENT", Category::Lifecycle),
    extended("INVITE", Category::Lifecycle),
    extended("LOGIN", Category::Lifecycle),
    extended("START_TRIAL", Category::Lifecycle),
    extended("SUBSCRIBE", Category::Lifecycle),
    extended("OPT_IN", Category::Lifecycle),
    extended("OPT_OUT", Category::Lifecycle),
];

const fn imported(name: &'static str, category: Category) -> StandardEvent {
    StandardEvent {
        name,
        category,
        is_extended: false,
    }
}

const fn extended(name: &'static str, category: Category) -> StandardEvent {
    StandardEvent {
        name,
        category,
        is_extended: true,
    }
}

/// The standard event of this very name.
pub fn standard_event(name: &str) -> Option<&'static StandardEvent> {
    STANDARD_EVENTS.iter().find(|event| event.name == name)
}

/// A name with its spelling taken away: trimmed, in upper case (ASCII), each run of space, `-` and `_` as one `_`.
pub fn normalized(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            ' ' | '-' | '_' if normalized.ends_with('_') => {}
            ' ' | '-' | '_' => normalized.push('_'),
            _ => normalized.push(c.to_ascii_uppercase()),
        }
    }
    normalized
}

/// The same without `_` and white space at its ends.
pub fn normalized_name(name: &str) -> String {
    let mut normalized = normalized(name);
    let is_edge = |c: char| c == '_' || c.is_whitespace();
    let end = normalized.trim_end_matches(is_edge).len();
    normalized.truncate(end);
    let start = end - normalized.trim_start_matches(is_edge).len();
    normalized.drain(..start);
    normalized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_itself_imports_16_of_the_27_standard_events() {
        assert_eq!(STANDARD_EVENTS.len(), 27);
        assert_eq!(
            STANDARD_EVENTS.iter().filter(|event| !event.is_extended).count(),
            16
        );
        for event in STANDARD_EVENTS {
            assert_eq!(normalized(event.name), event.name);
            assert_eq!(standard_event(event.name), Some(event));
        }
    }

    #[test]
    fn a_name_is_known_in_every_spelling() {
        for (given, wanted) in [
            (" add to-cart\n", "ADD_TO_CART"),
            ("Add__To - Cart", "ADD_TO_CART"),
            ("_open_", "_OPEN_"),
            ("straße", "STRAßE"),
            ("", ""),
        ] {
            assert_eq!(normalized(given), wanted);
        }
        for (given, wanted) in [("_\topt-in _", "OPT_IN"), ("Open", "OPEN"), ("- _", ""), ("", "")] {
            assert_eq!(normalized_name(given), wanted);
        }
    }
}
