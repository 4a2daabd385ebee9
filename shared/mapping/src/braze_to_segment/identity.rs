//! Who an event is about, and which event it is.

use super::received::User;
use super::value::{Usable, is_redacted};
use crate::Notes;
use event::json::{Json, Kind};
use event::reasons::{IgnoreReason, Warning};
use event::settings::{AnonymousUsers, BrazeToSegment};
use event::{EventId, Source};

/// Characters of an id from Braze. Segment takes fewer than 100 in a `messageId`; the rest is for the prefix.
const MAX_ID_CHARS: usize = 64;

/// The user of a call: one of the two is there.
pub struct Identity<'a> {
    /// `userId`
    pub user_id: Option<Usable<'a>>,
    /// `anonymousId`, without prefix.
    pub anonymous_id: Option<Usable<'a>>,
}

/// The event's id: the one that Braze gave, or one made from the event's bytes. The second says whether it was made.
pub fn event_id(id: Option<Json<'_>>, text: &str) -> (EventId, bool) {
    let given = id.and_then(Usable::of).filter(|id| is_short(&id.text));
    match given {
        Some(id) => (EventId::given(id.text), false),
        None => (EventId::derived(Source::Braze, text), true),
    }
}

fn is_short(id: &str) -> bool {
    id.len() <= MAX_ID_CHARS || id.chars().count() <= MAX_ID_CHARS
}

/// The user of an event.
///
/// # Errors
/// Why the event has none that can be sent, with the rule that says so.
pub fn identity<'a>(
    user: &User<'a>,
    settings: &BrazeToSegment,
    notes: &mut Notes,
) -> Result<Identity<'a>, (&'static str, IgnoreReason)> {
    let external = user.external_user_id;
    let user_id = external.and_then(Usable::of);
    let anonymous_id = user.user_id.and_then(Usable::of);
    if user_id.is_some() {
        notes.tell("BZ-100", || ("user.external_user_id".into(), "userId".into()));
        let anonymous_id = anonymous_id.filter(|_| settings.anonymous_id);
        if anonymous_id.is_some() {
            notes.tell("BZ-101", || ("user.user_id".into(), "anonymousId".into()));
        }
        return Ok(Identity {
            user_id,
            anonymous_id,
        });
    }
    let drops = settings.anonymous_users == AnonymousUsers::Drop;
    if drops && external.is_some_and(is_redacted) {
        return Err(("BZ-103", IgnoreReason::ExternalIdRedacted));
    }
    if anonymous_id.is_none() {
        return Err(("BZ-105", IgnoreReason::NoIdentity));
    }
    if drops {
        return Err(("BZ-102", IgnoreReason::NoExternalId));
    }
    if external.is_some_and(|id| matches!(id.kind(), Kind::Bool | Kind::Array | Kind::Object)) {
        notes.warn(Warning::ExternalIdUnreadable, || "user.external_user_id".into());
    }
    notes.tell("BZ-104", || ("user.user_id".into(), "anonymousId".into()));
    Ok(Identity {
        user_id: None,
        anonymous_id,
    })
}
