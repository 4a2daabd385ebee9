//! The attributes object of a user (section 6).

mod custom;
mod fields;
mod push_tokens;
mod standard;
mod subscription_groups;

use super::event_context::EventContext;
use super::properties::matches;
use crate::Trace;
use crate::forms::boolean;
use event::calls::{BrazeArray, BrazeItem};
use event::json::{Object, ObjectWriter};
use std::borrow::Cow;

/// Where attributes are read from.
pub(super) struct Traits<'e, 'a> {
    /// The traits.
    pub members: &'e Object<'a>,
    /// Their path in the event.
    pub path: &'static str,
    /// The path of the object that they become.
    pub into: &'static str,
    /// Whether the event is an identify: only then its context describes the user too.
    pub is_identify: bool,
}

/// The attributes object of the traits.
pub(super) fn attributes(
    traits: &Traits<'_, '_>,
    event_context: &EventContext<'_, '_>,
    trace: &mut Trace,
) -> BrazeItem {
    let mut json = String::with_capacity(256);
    let mut out = ObjectWriter::new(&mut json);
    let written = write(
        &mut out,
        traits,
        event_context,
        Some(event_context.identity.field()),
        trace,
    );
    let merges_by_setting = (event_context.settings.merge_nested && written.nested).then_some(true);
    if let Some(merges) = written.merges.or(merges_by_setting) {
        trace.record("SB-074", || {
            let setting = "settings.segment_to_braze.merge_nested".to_owned();
            let path = written.merges.map_or(setting, |_| traits.below(MERGES));
            (path, format!("{}.{MERGES} = {merges}", traits.into))
        });
        out.bool(MERGES, merges);
    }
    event_context.identity.write(&mut out);
    event_context.write_update_existing_only(&mut out);
    drop(out);
    BrazeItem {
        operators: written.operators,
        ..event_context.item(BrazeArray::Attributes, json)
    }
}

/// The attributes of the traits alone, as a trigger carries them: no identity, no control keys.
pub(super) fn bare(
    traits: &Traits<'_, '_>,
    event_context: &EventContext<'_, '_>,
    trace: &mut Trace,
) -> String {
    let mut json = String::with_capacity(256);
    write(
        &mut ObjectWriter::new(&mut json),
        traits,
        event_context,
        None,
        trace,
    );
    json
}

/// The attributes object that says of a user no more than that there is one.
pub(super) fn presence(event_context: &EventContext<'_, '_>) -> BrazeItem {
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    event_context.identity.write(&mut out);
    event_context.write_update_existing_only(&mut out);
    drop(out);
    event_context.item(BrazeArray::Attributes, json)
}

/// The trait, and the attribute, that says whether nested attributes are merged.
const MERGES: &str = "_merge_objects";

impl Traits<'_, '_> {
    /// The path of a trait.
    fn below(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    /// Tells that a trait gives an attribute.
    fn record(&self, rule: &'static str, path: impl FnOnce() -> String, attribute: &str, trace: &mut Trace) {
        trace.record(rule, || (path(), format!("{}.{attribute}", self.into)));
    }
}

/// What was seen of the custom attributes while they were written.
#[derive(Default)]
struct Written {
    /// What the traits say of merging.
    merges: Option<bool>,
    nested: bool,
    operators: bool,
}

/// `identity_field` is the identity's own: it wins over an attribute of the same name.
fn write(
    out: &mut ObjectWriter<'_>,
    traits: &Traits<'_, '_>,
    event_context: &EventContext<'_, '_>,
    identity_field: Option<&'static str>,
    trace: &mut Trace,
) -> Written {
    let patterns = &event_context.settings.drop_traits;
    let mut left = Cow::Borrowed(traits.members);
    if !patterns.is_empty() {
        left.to_mut().retain(|name, _| {
            let dropped = matches(patterns, name);
            if dropped {
                trace.record("SB-072", || (traits.below(name), "left out: drop_traits".into()));
            }
            !dropped
        });
    }
    let traits = &Traits {
        members: &left,
        ..*traits
    };
    standard::write(out, traits, event_context, identity_field, trace);
    subscription_groups::write(out, traits, trace);
    push_tokens::write(out, traits, event_context, trace);
    Written {
        merges: left.get(MERGES).and_then(boolean),
        ..custom::write(out, traits, event_context, trace)
    }
}
