//! The attributes object of a user (section 6).

mod custom;
mod push_tokens;
mod standard;
mod subscription_groups;

pub use subscription_groups::state as subscription_state;

use super::scene::Scene;
use crate::Notes;
use event::calls::{BrazeArray, BrazeItem};
use event::json::{Json, Object, ObjectWriter};

/// Where attributes are read from.
pub struct Traits<'e, 'a> {
    /// The traits.
    pub members: &'e Object<'a>,
    /// Their path in the event.
    pub path: &'static str,
    /// Whether the event is an identify: only then its context tells of the user too.
    pub is_identify: bool,
}

/// The attributes object of the traits.
pub fn attributes(traits: &Traits<'_, '_>, scene: &Scene<'_, '_>, notes: &mut Notes) -> BrazeItem {
    let mut json = String::with_capacity(256);
    let mut out = ObjectWriter::new(&mut json);
    let written = write(&mut out, traits, scene, Some(scene.identity.field()), notes);
    let merges_by_setting = (scene.settings.merge_nested && written.nested).then_some(true);
    if let Some(merges) = written.merges.or(merges_by_setting) {
        notes.tell("SB-074", || {
            (traits.path.into(), format!("_merge_objects = {merges}"))
        });
        out.bool("_merge_objects", merges);
    }
    scene.identity.write(&mut out);
    scene.write_update_existing_only(&mut out);
    drop(out);
    BrazeItem {
        operators: written.operators,
        ..scene.item(BrazeArray::Attributes, json)
    }
}

/// The attributes of the traits alone, as a trigger carries them: no identity, no control keys.
pub fn bare(traits: &Traits<'_, '_>, scene: &Scene<'_, '_>, notes: &mut Notes) -> String {
    let mut json = String::with_capacity(256);
    write(&mut ObjectWriter::new(&mut json), traits, scene, None, notes);
    json
}

/// The attributes object that says of a user no more than that there is one.
pub fn presence(scene: &Scene<'_, '_>) -> BrazeItem {
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    scene.identity.write(&mut out);
    scene.write_update_existing_only(&mut out);
    drop(out);
    scene.item(BrazeArray::Attributes, json)
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
    scene: &Scene<'_, '_>,
    identity_field: Option<&'static str>,
    notes: &mut Notes,
) -> Written {
    let mut members = traits.members.clone();
    members.retain(|name, _| {
        let dropped = scene
            .settings
            .drop_traits
            .iter()
            .any(|pattern| pattern.matches(name));
        if dropped {
            notes.tell("SB-072", || {
                (format!("{}.{name}", traits.path), "left out: drop_traits".into())
            });
        }
        !dropped
    });
    standard::write(out, &members, traits, scene, identity_field, notes);
    subscription_groups::write(out, &members, traits.path, notes);
    push_tokens::write(out, &members, traits, scene, notes);
    let merges = members.get("_merge_objects").and_then(Json::as_bool);
    Written {
        merges,
        ..custom::write(out, members, traits.path, scene, notes)
    }
}
