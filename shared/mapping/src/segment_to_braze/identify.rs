//! Identify calls: the user's attributes, and that an anonymous user has become known.

use super::alias::anonymous_to_known;
use super::attributes::{Traits, attributes};
use super::closed::Closed;
use super::identity::{Identity, Ids};
use super::nobody;
use super::received::Received;
use super::scene::Scene;
use crate::Notes;
use event::calls::{BrazeCall, BrazeEndpoint};
use event::json::Object;
use event::settings::{Anonymous, SegmentToBraze};

/// The calls that an identify asks for.
///
/// # Errors
/// Why it is not sent.
pub fn identify(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> Result<Vec<BrazeCall>, Closed> {
    let ids = Ids::new(event, settings);
    let identity = ids.identity(notes).ok_or_else(|| nobody(&ids, notes))?;
    let scene = Scene::new(event, settings, identity);
    let mut calls = Vec::with_capacity(2);
    if settings.anonymous == Anonymous::Alias
        && let Identity::ExternalId(external_id) = &scene.identity
        && let Some(anonymous_id) = ids.anonymous_id(notes).filter(|id| id != external_id)
    {
        let alias = ids.alias_of(anonymous_id);
        calls.push(anonymous_to_known(
            external_id,
            &alias,
            "anonymousId",
            &ids,
            settings,
            notes,
        ));
    }
    let none = Object::empty();
    let (path, members) = match (&event.traits, &event.context_traits) {
        (Some(traits), _) => ("traits", traits),
        (None, Some(traits)) => ("context.traits", traits),
        (None, None) => ("traits", &none),
    };
    if path == "traits" && event.context_traits.is_some() {
        notes.tell("SB-014", || {
            ("context.traits".into(), "left out: traits is present".into())
        });
    }
    scene.tell_update_existing_only(notes);
    let traits = Traits {
        members,
        path,
        into: "attributes[0]",
        is_identify: true,
    };
    calls.push(BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: vec![attributes(&traits, &scene, notes)],
    });
    Ok(calls)
}
