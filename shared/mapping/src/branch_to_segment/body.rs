//! The text of a call.

use super::context::Context;
use super::identity::Identity;
use super::properties::{Property, TRUNCATED};
use event::Timestamp;
use event::json::ObjectWriter;
use event::settings::BranchToSegment;

/// Everything that a call says but its properties.
pub struct Head<'a> {
    /// `event`
    pub name: &'a str,
    /// `messageId`
    pub message_id: &'a str,
    /// `timestamp`, if there is one.
    pub timestamp: Option<Timestamp>,
    /// `anonymousId` and `userId`
    pub identity: &'a Identity<'a>,
    /// `context`
    pub context: &'a Context<'a>,
    /// For `integrations`.
    pub settings: &'a BranchToSegment,
}

/// The body of the call. `truncated` names what was left out; `None` writes no such property.
pub fn write<'p>(
    head: &Head<'_>,
    properties: impl Iterator<Item = &'p Property<'p>>,
    truncated: Option<&[&str]>,
    capacity: usize,
) -> String {
    let mut body = String::with_capacity(capacity);
    let mut call = ObjectWriter::new(&mut body);
    call.string("type", "track");
    call.string("event", head.name);
    call.string("messageId", head.message_id);
    if let Some(anonymous_id) = &head.identity.anonymous_id {
        call.string("anonymousId", anonymous_id);
    }
    if let Some(user_id) = &head.identity.user_id {
        call.string("userId", user_id);
    }
    if let Some(timestamp) = head.timestamp {
        call.string("timestamp", &timestamp.to_string());
    }
    let mut written = call.object("properties");
    for property in properties {
        property.value.write(&mut written, &property.name);
    }
    if let Some(names) = truncated {
        let mut list = written.array(TRUNCATED);
        for name in names {
            list.string(name);
        }
    }
    drop(written);
    head.context.write(&mut call);
    if !head.settings.integrations.is_empty() {
        let mut integrations = call.object("integrations");
        for (name, on) in &head.settings.integrations {
            integrations.bool(name, *on);
        }
    }
    drop(call);
    body
}
