//! All other attributes (6.3): those of the customer's own.

use super::super::event_context::EventContext;
use super::super::members::{Member, Parent, keep_sendable, members};
use super::super::value::{Rewrite, is_operation, without_attribute};
use super::fields::{ADDRESS_TRAIT, is_field};
use super::{MERGES, Traits, Written};
use crate::Trace;
use crate::forms::boolean;
use crate::forms::text::text;
use event::json::{Json, Kind, Object, ObjectWriter};
use event::reasons::Warning;
use event::settings::{Address, EmptyStrings};

/// Names that mean something else to Braze, and are nothing that a customer's attribute may be.
const RESERVED: [&str; 4] = [
    "external_id",
    "_update_existing_only",
    "push_token_import",
    "braze_sdk_auth_signature",
];

/// Traits that other rules read for what they are.
const READ: [&str; 3] = ["braze_id", "user_alias", MERGES];

/// The event's own ids, which older SDKs put among the traits.
const OWN_IDS: [&str; 2] = ["userId", "anonymousId"];

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || READ.contains(&name) || OWN_IDS.contains(&name)
}

/// What a renamed attribute must not be called.
fn is_taken(name: &str) -> bool {
    is_field(name) || name == ADDRESS_TRAIT || is_reserved(name)
}

/// Whether a trait is an attribute of the customer's own (SB-111).
fn is_own(member: &Member<'_>, event_context: &EventContext<'_, '_>, trace: &mut Trace) -> bool {
    let Member { name, value, .. } = *member;
    let is_valid = match name {
        _ if RESERVED.contains(&name) => value.is_null(),
        _ if OWN_IDS.contains(&name) => {
            let own = event_context.event.get(name).and_then(text);
            if own.is_none() || own != text(value) {
                return true;
            }
            true
        }
        "braze_id" => value.is_null() || text(value).is_some(),
        "user_alias" => value.is_null() || value.as_object().is_some_and(|object| is_alias(&object)),
        MERGES => value.is_null() || boolean(value).is_some(),
        _ => return true,
    };
    if !is_valid {
        trace.warn("SB-111", Warning::ReservedTraitRemoved, || member.path());
    }
    trace.record("SB-111", || {
        (member.path(), "left out: means something else to Braze".into())
    });
    false
}

fn is_alias(object: &Object<'_>) -> bool {
    ["alias_name", "alias_label"]
        .iter()
        .all(|key| object.get(key).and_then(text).is_some())
}

/// Writes the custom attributes of the traits.
pub(super) fn write(
    out: &mut ObjectWriter<'_>,
    traits: &Traits<'_, '_>,
    event_context: &EventContext<'_, '_>,
    trace: &mut Trace,
) -> Written {
    let mut own = Vec::with_capacity(traits.members.len());
    own.extend(members(traits.members, Parent::Object(traits.path)));
    own.retain(|member| {
        let is_address = member.name == ADDRESS_TRAIT;
        if is_field(member.name)
            || (is_address && !is_custom_address(member.value, event_context.settings.address))
        {
            return false;
        }
        is_own(member, event_context, trace)
    });
    keep_sendable(&mut own, "SB-112", is_taken, trace);
    let rewrite = Rewrite {
        cut_at: event_context.settings.cut_strings_at,
        sanitize: true,
    };
    let mut written = Written::default();
    for member in &own {
        write_one(out, member, traits, rewrite, event_context, &mut written, trace);
    }
    written
}

fn write_one(
    out: &mut ObjectWriter<'_>,
    member: &Member<'_>,
    traits: &Traits<'_, '_>,
    rewrite: Rewrite,
    event_context: &EventContext<'_, '_>,
    written: &mut Written,
    trace: &mut Trace,
) {
    let Member { name, value, .. } = *member;
    let path = || member.path();
    if value.raw() == "\"\"" && event_context.settings.empty_strings != EmptyStrings::Keep {
        if event_context.settings.empty_strings == EmptyStrings::Unset {
            traits.record("SB-091", path, name, trace);
            out.null(name);
        } else {
            trace.record("SB-091", || (path(), "left out: empty_strings".into()));
        }
        return;
    }
    if holds_an_array(value) {
        return trace.warn("SB-117", Warning::UnsupportedValue, path);
    }
    if without_attribute(value, &path, trace) {
        return;
    }
    written.nested |= value.kind() == Kind::Object;
    written.operators |= is_operation(value);
    traits.record("SB-110", path, name, trace);
    rewrite.attribute(out.place(name), value, &path, trace);
}

/// Whether `address` is sent as an attribute of its own.
fn is_custom_address(value: Json<'_>, address: Address) -> bool {
    match value.kind() {
        Kind::Object => address == Address::FieldsAndObject,
        Kind::Null => false,
        _ => true,
    }
}

fn holds_an_array(value: Json<'_>) -> bool {
    let elements = value.as_array().unwrap_or_default();
    elements.iter().any(|element| element.kind() == Kind::Array)
}
