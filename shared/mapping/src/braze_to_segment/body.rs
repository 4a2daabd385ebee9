//! The text of a call.

use super::context::Context;
use super::identity::Identity;
use super::properties::Property;
use event::Timestamp;
use event::json::ObjectWriter;
use event::settings::BrazeToSegment;

/// The property that names what was left out for size.
pub const TRUNCATED: &str = "truncated";

/// Everything that a call says but its properties.
pub struct Head<'a> {
    /// `event`
    pub name: &'a str,
    /// `messageId`
    pub message_id: &'a str,
    /// `timestamp`, if there is one.
    pub timestamp: Option<Timestamp>,
    /// `userId` and `anonymousId`
    pub identity: &'a Identity<'a>,
    /// `context`
    pub context: &'a Context<'a>,
    /// For the prefix and `integrations`.
    pub settings: &'a BrazeToSegment,
}

/// The body of the call. `truncated` names what was left out; `None` writes no such property.
pub fn write(
    head: &Head<'_>,
    properties: &[Property<'_>],
    truncated: Option<&[String]>,
    capacity: usize,
) -> String {
    let mut body = String::with_capacity(capacity);
    let mut call = ObjectWriter::new(&mut body);
    call.string("type", "track");
    call.string("event", head.name);
    call.string("messageId", head.message_id);
    if let Some(timestamp) = head.timestamp {
        call.string("timestamp", &timestamp.to_string());
    }
    if let Some(user_id) = &head.identity.user_id {
        user_id.write(&mut call, "userId");
    }
    if let Some(anonymous_id) = &head.identity.anonymous_id {
        if head.settings.anonymous_id_prefix.is_empty() {
            anonymous_id.write(&mut call, "anonymousId");
        } else {
            let prefixed = format!("{}{}", head.settings.anonymous_id_prefix, anonymous_id.text);
            call.string("anonymousId", &prefixed);
        }
    }
    head.context.write(&mut call);
    let mut written = call.object("properties");
    for property in properties {
        property.value.write(&mut written, &property.key);
    }
    if let Some(names) = truncated {
        let mut list = written.array(TRUNCATED);
        for name in names {
            list.string(name);
        }
    }
    drop(written);
    if !head.settings.integrations.is_empty() {
        let mut integrations = call.object("integrations");
        for (name, on) in &head.settings.integrations {
            integrations.bool(name, *on);
        }
    }
    drop(call);
    body
}
