//! The event types of Braze Currents, and the names that they have at Segment.

/// In byte order of the types, made by `build.rs` from `currents/currents-events.json`.
const EVENT_TYPES: &[EventType] = include!(concat!(env!("OUT_DIR"), "/event_types.rs"));

/// The names under which Braze's own Segment connector sends events, in byte order; made likewise.
const DOCUMENTED_NAMES: &[&str] = include!(concat!(env!("OUT_DIR"), "/documented_names.rs"));

/// Old names that do not follow the rule of [`canonical`].
const RENAMED: [(&str, &str); 3] = [
    (
        "users.messages.sms.InboundReceived",
        "users.messages.sms.InboundReceive",
    ),
    ("users_campaigns_abort", "users.campaigns.Abort"),
    ("users_canvas_abort", "users.canvas.Abort"),
];

/// One event type that Braze documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// Such as `users.messages.email.Open`.
    pub name: &'static str,
    /// Such as `Email Opened`; `None` where each event brings its own name.
    pub segment_event: Option<&'static str>,
}

/// All of them, in byte order of their names.
pub const fn event_types() -> &'static [EventType] {
    EVENT_TYPES
}

/// Whether Braze's own Segment connector sends an event under this name.
pub fn is_documented_name(name: &str) -> bool {
    DOCUMENTED_NAMES.binary_search(&name).is_ok()
}

/// The event type of this name.
pub fn event_type(name: &str) -> Option<&'static EventType> {
    let all = event_types();
    let at = all
        .binary_search_by(|event_type| event_type.name.cmp(name))
        .ok()?;
    all.get(at)
}

/// The current name of an event type received under this name: three old names have a successor, and the names of 2021
/// lack `users.`.
pub fn canonical(received: &str) -> &str {
    alias_of(received).unwrap_or(received)
}

/// The name that replaces this one, if it is an old name.
pub fn alias_of(received: &str) -> Option<&'static str> {
    if event_type(received).is_some() {
        return None;
    }
    let renamed = RENAMED
        .iter()
        .find(|(old, _)| *old == received)
        .map(|(_, new)| *new);
    renamed.or_else(|| {
        let names = event_types().iter().map(|event_type| event_type.name);
        names
            .into_iter()
            .find(|name| name.strip_prefix("users.") == Some(received))
    })
}

/// The event type that a name means, whatever its case: one of the table, or the successor of an old name.
pub fn named(name: &str) -> Option<&'static str> {
    let names = || event_types().iter().map(|event_type| event_type.name);
    let known = names().find(|known| known.eq_ignore_ascii_case(name));
    let renamed = || RENAMED.iter().find(|(old, _)| old.eq_ignore_ascii_case(name));
    let without_users = |known: &str| {
        let own = known.strip_prefix("users.");
        own.is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    known
        .or_else(|| renamed().map(|(_, new)| *new))
        .or_else(|| names().find(|known| without_users(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_byte_order_so_that_each_type_is_found() {
        assert!(event_types().is_sorted_by(|one, next| one.name < next.name));
        for wanted in event_types() {
            assert_eq!(event_type(wanted.name), Some(wanted));
            assert_eq!(canonical(wanted.name), wanted.name);
        }
    }

    #[test]
    fn an_old_name_gives_the_current_name() {
        crate::rules!["BZ-030"];
        for (received, wanted) in [
            (
                "users.messages.sms.InboundReceived",
                "users.messages.sms.InboundReceive",
            ),
            ("users_campaigns_abort", "users.campaigns.Abort"),
            ("users_canvas_abort", "users.canvas.Abort"),
            ("messages.email.Open", "users.messages.email.Open"),
            ("messages.sms.InboundReceived", "messages.sms.InboundReceived"),
            (
                "users.users.messages.email.Open",
                "users.users.messages.email.Open",
            ),
            ("USERS.messages.email.Open", "USERS.messages.email.Open"),
        ] {
            assert_eq!(canonical(received), wanted);
        }
    }
}
