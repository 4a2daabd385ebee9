//! All other attributes (6.3): those of the customer's own.

use super::super::names::{Member, sendable};
use super::super::scene::Scene;
use super::super::value::{Rewrite, is_operation};
use super::Written;
use super::standard::{ADDRESS_TRAIT, is_field};
use crate::Notes;
use event::json::{Json, Kind, Object, ObjectWriter};
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
    members: Object<'_>,
    path: &'static str,
    scene: &Scene<'_, '_>,
    notes: &mut Notes,
) -> Written {
    let mut own = Vec::with_capacity(members.len());
    for (name, value) in members {
        if is_field(&name) || (name == ADDRESS_TRAIT && !is_custom_address(value, scene.settings.address)) {
            continue;
        }
        let path = format!("{path}.{name}");
        if let Some(warns) = reserved(&name) {
            if warns && !value.is_null() {
                notes.warn(Warning::ReservedTraitRemoved, || path);
            }
            continue;
        }
        own.push(Member {
            name,
            value,
            path: path.into(),
        });
    }
    let rewrite = Rewrite {
        cut_at: scene.settings.cut_strings_at,
        tidies: true,
    };
    let mut written = Written::default();
    for member in sendable(own, is_taken, notes) {
        write_one(
            out,
            &member,
            rewrite,
            scene.settings.empty_strings,
            &mut written,
            notes,
        );
    }
    written
}

fn write_one(
    out: &mut ObjectWriter<'_>,
    member: &Member<'_>,
    rewrite: Rewrite,
    empty_strings: EmptyStrings,
    written: &mut Written,
    notes: &mut Notes,
) {
    let Member { name, value, path } = member;
    let path = || path.clone().into_owned();
    let is_empty = value.as_str().is_some_and(|text| text.is_empty());
    match empty_strings {
        EmptyStrings::Unset if is_empty => return out.null(name),
        EmptyStrings::Drop if is_empty => return,
        _ => {}
    }
    if holds_an_array(*value) {
        return notes.warn(Warning::UnsupportedValue, path);
    }
    written.nested |= value.kind() == Kind::Object;
    written.operators |= is_operation(*value);
    notes.tell("SB-110", || (path(), format!("custom attribute {name}")));
    out.raw(name, &rewrite.attribute(*value, &path, notes));
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
