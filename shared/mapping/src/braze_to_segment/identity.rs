//! The id of an event, and its user.

use super::received::User;
use super::value::{Usable, is_redacted};
use crate::Trace;
use crate::forms::Placeholders;
use crate::rejected::Rejected;
use event::EventId;
use event::json::{Json, Kind};
use event::reasons::{IgnoreReason, Warning};
use event::settings::{AnonymousUsers, BrazeToSegment};
use std::borrow::Cow;

/// Characters of an id from Braze. Segment takes fewer than 100 in a `messageId`; the rest is for the prefix.
const MAX_ID_CHARS: usize = 64;

/// The user of a call: one of the two is there.
pub(super) struct Identity<'a> {
    pub user_id: Option<Cow<'a, str>>,
    /// `anonymousId`, with the prefix of the settings.
    pub anonymous_id: Option<Cow<'a, str>>,
}

/// The id that Braze gave the event.
pub(super) fn event_id(id: Option<Json<'_>>, placeholders: Placeholders<'_>) -> Option<EventId> {
    let given = id
        .and_then(Usable::of)
        .filter(|id| is_short(&id.text) && !placeholders.is_no_id(&id.text));
    given.map(|id| EventId::given(id.text))
}

/// The event's `messageId`.
pub(super) fn message_id(id: &EventId, settings: &BrazeToSegment) -> String {
    format!("{}{id}", settings.message_id_prefix)
}

fn is_short(id: &str) -> bool {
    id.len() <= MAX_ID_CHARS || id.chars().count() <= MAX_ID_CHARS
}

/// The user of an event.
///
/// # Errors
/// Why the event has none that can be sent.
pub(super) fn identity<'a>(
    user: &User<'a>,
    settings: &BrazeToSegment,
    trace: &mut Trace,
) -> Result<Identity<'a>, Rejected> {
    let external = user.external_user_id;
    let placeholders = super::placeholders(settings);
    let (user_id, is_placeholder) = somebody(external, placeholders);
    let (anonymous_id, is_anonymous_placeholder) = somebody(user.user_id, placeholders);
    let anonymous_id = anonymous_id.map(|id| {
        let prefix = settings.anonymous_id_prefix.as_str();
        if prefix.is_empty() {
            id
        } else {
            Cow::Owned(format!("{prefix}{id}"))
        }
    });
    if user_id.is_some() {
        trace.record("BZ-100", || ("user.external_user_id".into(), "userId".into()));
        let anonymous_id = anonymous_id.filter(|_| settings.anonymous_id);
        if anonymous_id.is_some() {
            trace.record("BZ-101", || ("user.user_id".into(), "anonymousId".into()));
        }
        if is_unreadable(user.user_id) {
            trace.warn("BZ-107", Warning::ExternalIdUnreadable, || "user.user_id".into());
        }
        warn(is_placeholder, is_anonymous_placeholder, trace);
        return Ok(Identity {
            user_id,
            anonymous_id,
        });
    }
    let drops = settings.anonymous_users == AnonymousUsers::Drop;
    if drops && external.is_some_and(is_redacted) {
        return Err(Rejected::ignore(
            "BZ-103",
            "user",
            IgnoreReason::ExternalIdRedacted,
        ));
    }
    if anonymous_id.is_none() {
        return Err(Rejected::ignore("BZ-105", "user", IgnoreReason::NoIdentity));
    }
    if drops {
        return Err(Rejected::ignore("BZ-102", "user", IgnoreReason::NoExternalId));
    }
    if is_unreadable(external) {
        trace.warn("BZ-107", Warning::ExternalIdUnreadable, || {
            "user.external_user_id".into()
        });
    }
    warn(is_placeholder, is_anonymous_placeholder, trace);
    trace.record("BZ-104", || ("user.user_id".into(), "anonymousId".into()));
    Ok(Identity {
        user_id: None,
        anonymous_id,
    })
}

/// The id of a user, and whether the event has one that is nobody's.
fn somebody<'a>(id: Option<Json<'a>>, placeholders: Placeholders<'_>) -> (Option<Cow<'a, str>>, bool) {
    match id.and_then(Usable::of).map(|id| id.text) {
        Some(id) if placeholders.is_nobody(&id) => (None, true),
        id => (id, false),
    }
}

/// Whether an id has a type that no id has.
fn is_unreadable(id: Option<Json<'_>>) -> bool {
    id.is_some_and(|id| matches!(id.kind(), Kind::Bool | Kind::Array | Kind::Object))
}

fn warn(external: bool, own: bool, trace: &mut Trace) {
    for (is_placeholder, path) in [(external, "user.external_user_id"), (own, "user.user_id")] {
        if is_placeholder {
            trace.warn("BZ-112", Warning::PlaceholderUserId, || path.into());
        }
    }
}
