//! All other attributes (6.3): those of the customer's own.

use super::super::event_context::EventContext;
use super::super::names::{Member, Parent, keep_sendable, members};
use super::super::value::{Rewrite, is_operation};
use super::fields::{ADDRESS_TRAIT, is_field};
use super::{Traits, Written};
use crate::Trace;
use event::json::{Json, Kind, ObjectWriter};
use event::reasons::Warning;
use event::settings::{Address, EmptyStrings};

/// Names that mean something else to Braze, with whether leaving them out is worth a warning: the others were read as what
/// they are.
const RESERVED: [(&str, bool); 6] = [
    ("external_id", true),
    ("_update_existing_only", true),
    ("push_token_import", true),
    ("braze_id", false),
    ("user_alias", false),
    ("_merge_objects", false),
];

fn reserved(name: &str) -> Option<bool> {
    let found = RESERVED.iter().find(|(own, _)| *own == name);
    found.map(|(_, warns)| *warns)
}

/// What a renamed attribute must not be called.
fn is_taken(name: &str) -> bool {
    is_field(name) || name == ADDRESS_TRAIT || reserved(name).is_some()
}

/// Writes the custom attributes of the traits.
pub fn write(
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
        let Some(warns) = reserved(member.name) else {
            return true;
        };
        if warns && !member.value.is_null() {
            trace.warn(Warning::ReservedTraitRemoved, || member.path());
        }
        trace.record("SB-111", || {
            (member.path(), "left out: means something else to Braze".into())
        });
        false
    });
    keep_sendable(&mut own, is_taken, trace);
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
        return trace.warn(Warning::UnsupportedValue, path);
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
