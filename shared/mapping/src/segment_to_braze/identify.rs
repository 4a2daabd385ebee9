//! Identify calls: the user's attributes, and that an anonymous user has become known.

use super::alias::anonymous_to_known;
use super::attributes::{Traits, attributes};
use super::event_context::EventContext;
use super::identity::{Identity, Ids, UserAlias};
use super::no_identity;
use super::received::Received;
use crate::Trace;
use crate::rejected::Rejected;
use event::calls::{BrazeCall, BrazeEndpoint};
use event::json::Object;
use event::settings::{Anonymous, SegmentToBraze};

/// The calls that an identify asks for.
///
/// # Errors
/// Why it is not sent.
pub(super) fn identify(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<Vec<BrazeCall>, Rejected> {
    let ids = Ids::new(event, settings);
    let identity = ids.identity(trace).ok_or_else(|| no_identity(&ids, trace))?;
    let event_context = EventContext::new(event, settings, identity);
    let mut calls = Vec::with_capacity(2);
    if let Identity::ExternalId(external_id) = &event_context.identity {
        let aliases = aliases(external_id, &ids, settings, trace);
        for (_, path) in &aliases {
            trace.record("SB-265", || {
                (path.clone(), "joined to the user before the attributes".into())
            });
        }
        if !aliases.is_empty() {
            calls.push(anonymous_to_known(external_id, &aliases, &ids, settings, trace));
        }
    }
    let none = Object::empty();
    let (path, members) = match (&event.traits, &event.context_traits) {
        (Some(traits), _) => ("traits", traits),
        (None, Some(traits)) => ("context.traits", traits),
        (None, None) => ("traits", &none),
    };
    if path == "traits" && event.context_traits.is_some() {
        trace.record("SB-014", || {
            ("context.traits".into(), "left out: traits is present".into())
        });
    }
    event_context.record_update_existing_only(trace);
    let traits = Traits {
        members,
        path,
        into: "attributes[0]",
        is_identify: true,
    };
    calls.push(BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: vec![attributes(&traits, &event_context, trace)],
    });
    Ok(calls)
}

/// By what else Braze may know the user of an external id, with where that stands: the alias that the event spells, and that
/// of the anonymous id where the settings make profiles of those (SB-265).
fn aliases(
    external_id: &str,
    ids: &Ids<'_, '_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Vec<(UserAlias, String)> {
    let named = ids
        .user_alias(trace)
        .map(|alias| (alias, ids.path_of(Ids::user_alias)));
    let anonymous = if settings.anonymous == Anonymous::Alias {
        ids.anonymous_id(trace).filter(|id| id != external_id)
    } else {
        None
    };
    let anonymous = anonymous.map(|id| (ids.alias_of(id), "anonymousId".to_owned()));
    let anonymous = anonymous.filter(|(alias, _)| named.as_ref().is_none_or(|(own, _)| own != alias));
    named.into_iter().chain(anonymous).collect()
}
