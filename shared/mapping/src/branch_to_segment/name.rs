//! What an event is called, and what that makes of it.

use event::branch_events::{Category, normalized, standard_event};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Names that Branch's own export leaves out, and their siblings.
const NEVER_SENT: [&str; 10] = [
    "CLICK",
    "WEB_SESSION_START",
    "PAGEVIEW",
    "PAGE_VIEW",
    "IMPRESSION",
    "BRANCH_CTA_VIEW",
    "CTA_VIEW",
    "WEB_TO_APP_AUTO_REDIRECT",
    "SMS_SENT",
    "UNINSTALL",
];

/// What comes behind the name of an event that Branch has blocked as fraud.
const BLOCKED: &str = "_BLOCKED";

/// What Segment sees that an event came from Branch by.
const PREFIX: &str = "branch_";

/// What kind of name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// An event of this category.
    Of(Category),
    /// An event that is left out unless the user asks for it.
    NeverSent,
}

/// The name of an event.
pub(super) struct Name<'a> {
    received: Cow<'a, str>,
    normalized: String,
    /// What kind of name it is.
    pub class: Class,
}

impl<'a> Name<'a> {
    /// Of a name that is not blank.
    pub(super) fn new(received: Cow<'a, str>) -> Self {
        let normalized = normalized(&received);
        let class = class(&normalized);
        Self {
            received,
            normalized,
            class,
        }
    }

    /// Whether one of the names, in any spelling, is this one.
    pub(super) fn is_among(&self, names: &[String]) -> bool {
        names.iter().any(|name| normalized(name) == self.normalized)
    }

    /// Whether Branch has blocked the event as fraud.
    pub(super) fn is_blocked(&self) -> bool {
        let blocked = self.normalized.strip_suffix(BLOCKED);
        blocked.is_some_and(|name| class(name) != Class::Of(Category::Custom))
    }

    /// The event's name at Segment, and the rule that gives it. `own` are the user's own names.
    pub(super) fn at_segment(&self, own: &BTreeMap<String, String>) -> (&'static str, String) {
        let mut own = own.iter();
        if let Some((_, name)) = own.find(|(received, _)| normalized(received) == self.normalized) {
            return ("OR-061", name.clone());
        }
        let name = match self.class {
            Class::Of(Category::Custom) => format!("{PREFIX}{}", self.received.trim()),
            _ => format!("{PREFIX}{}", self.normalized),
        };
        ("BS-051", name)
    }
}

fn class(normalized: &str) -> Class {
    match normalized {
        "INSTALL" => Class::Of(Category::Install),
        "OPEN" => Class::Of(Category::Open),
        "REINSTALL" => Class::Of(Category::Reinstall),
        name if NEVER_SENT.contains(&name) => Class::NeverSent,
        name => Class::Of(standard_event(name).map_or(Category::Custom, |event| event.category)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_blocked_only_if_branch_defines_it() {
        event::rules!["BS-036"];
        for (name, wanted) in [
            ("purchase_blocked", true),
            ("Click Blocked", true),
            ("open-blocked", true),
            ("account_blocked", false),
            ("blocked", false),
            ("PURCHASE_BLOCKED_BLOCKED", false),
        ] {
            assert_eq!(Name::new(Cow::Borrowed(name)).is_blocked(), wanted, "{name}");
        }
    }
}
