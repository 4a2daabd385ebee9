//! What Braze has no output for stays with the event, as metadata.

use super::super::members::Member;
use super::super::properties::{RESERVED, is_dropped, write_value};
use crate::Trace;
use event::json::{Json, ObjectWriter};
use event::reasons::Warning;
use event::settings::SegmentToBraze;

/// Keys that stay in the metadata although they gave an output: what they say is more than it.
const NEVER: [&str; 4] = ["sku", "id", "value", "revenue"];

/// The keys that gave an output.
#[derive(Default, Clone)]
pub(super) struct Consumed<'k> {
    keys: Vec<&'k str>,
    /// Lists of which elements are left, with their JSON text.
    rest: Vec<(&'k str, String)>,
}

impl<'k> Consumed<'k> {
    /// A key gave an output.
    pub(super) fn add(&mut self, key: &'k str) {
        if !NEVER.contains(&key) {
            self.keys.push(key);
        }
    }

    /// These keys gave outputs too.
    pub(super) fn add_all(&mut self, other: &Self) {
        self.keys.extend_from_slice(&other.keys);
        self.rest.extend_from_slice(&other.rest);
    }

    /// Of the list of this key, which gave an output, these elements did not.
    pub(super) fn leave(&mut self, key: &'k str, elements: String) {
        self.rest.push((key, elements));
    }

    /// What is left of a member; `None` for nothing.
    fn left<'m>(&'m self, member: Member<'m>) -> Option<Member<'m>> {
        if !self.keys.contains(&member.key) {
            return Some(member);
        }
        let (_, rest) = self.rest.iter().find(|(key, _)| *key == member.key)?;
        let value = Json::parse(rest).ok()?;
        Some(Member { value, ..member })
    }
}

/// Writes what was not consumed, if anything is left. `outputs` is the path of what it is written into.
pub(super) fn write_metadata<'m>(
    out: &mut ObjectWriter<'_>,
    members: impl Iterator<Item = Member<'m>>,
    outputs: &str,
    consumed: &'m Consumed<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) {
    let mut json = String::new();
    let mut metadata = ObjectWriter::new(&mut json);
    for member in members.filter_map(|member| consumed.left(member)) {
        if member.value.is_null() {
            trace.record("SB-206", || (member.path(), "left out of metadata".into()));
        } else if is_dropped(&member, settings, trace) {
            continue;
        } else if RESERVED.contains(&member.key) {
            trace.warn("SB-206", Warning::ReservedPropertyRemoved, || member.path());
        } else {
            trace.record("SB-206", || {
                (member.path(), format!("{outputs}.metadata.{}", member.key))
            });
            write_value(metadata.place(member.key), &member, settings, trace);
        }
    }
    let is_empty = metadata.is_empty();
    drop(metadata);
    if !is_empty {
        out.raw("metadata", &json);
    }
}
