//! What Braze has no output for stays with the event, as metadata.

use super::super::names::Member;
use super::super::properties::{RESERVED, matches, value};
use crate::Notes;
use event::json::{Object, ObjectWriter};
use event::settings::SegmentToBraze;

/// Keys that stay in the metadata although they gave an output: what they say is more than it.
const NEVER: [&str; 4] = ["sku", "id", "value", "revenue"];

/// The keys that gave an output.
#[derive(Default, Clone)]
pub struct Consumed(Vec<&'static str>);

impl Consumed {
    /// A key gave an output.
    pub fn add(&mut self, key: &'static str) {
        if !NEVER.contains(&key) {
            self.0.push(key);
        }
    }

    /// These keys gave outputs too.
    pub fn add_all(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains(&key)
    }
}

/// Writes what was not consumed, if anything is left.
pub fn write_metadata(
    out: &mut ObjectWriter<'_>,
    members: &Object<'_>,
    path: &str,
    consumed: &Consumed,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) {
    let mut json = String::new();
    let mut metadata = ObjectWriter::new(&mut json);
    for (key, given) in members.iter() {
        let is_left_out = given.is_null()
            || consumed.has(key)
            || RESERVED.contains(&key)
            || matches(&settings.drop_properties, key);
        if is_left_out {
            continue;
        }
        let member = Member {
            name: key.into(),
            value: given,
            path: format!("{path}.{key}").into(),
        };
        metadata.raw(key, &value(&member, settings, notes));
    }
    let is_empty = metadata.is_empty();
    drop(metadata);
    if !is_empty {
        out.raw("metadata", &json);
    }
}
