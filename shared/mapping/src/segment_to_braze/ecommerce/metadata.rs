//! What Braze has no output for stays with the event, as metadata.

use super::super::members::Member;
use super::super::properties::{RESERVED, is_dropped, write_value};
use crate::Trace;
use event::json::ObjectWriter;
use event::reasons::Warning;
use event::settings::SegmentToBraze;

/// Keys that stay in the metadata although they gave an output: what they say is more than it.
const NEVER: [&str; 4] = ["sku", "id", "value", "revenue"];

/// The keys that gave an output.
#[derive(Default, Clone)]
pub(super) struct Consumed<'k>(Vec<&'k str>);

impl<'k> Consumed<'k> {
    /// A key gave an output.
    pub(super) fn add(&mut self, key: &'k str) {
        if !NEVER.contains(&key) {
            self.0.push(key);
        }
    }

    /// These keys gave outputs too.
    pub(super) fn add_all(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains(&key)
    }
}

/// Writes what was not consumed, if anything is left. `outputs` is the path of what it is written into.
pub(super) fn write_metadata<'m>(
    out: &mut ObjectWriter<'_>,
    members: impl Iterator<Item = Member<'m>>,
    outputs: &str,
    consumed: &Consumed<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) {
    let mut json = String::new();
    let mut metadata = ObjectWriter::new(&mut json);
    for member in members.filter(|member| !consumed.has(member.key)) {
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
