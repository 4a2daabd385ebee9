//! The id of an event, and its user.

use super::received::Received;
use super::value::{is_blank, is_nothing};
use crate::Trace;
use crate::forms::Placeholders;
use crate::forms::text::identity_text;
use crate::rejected::Rejected;
use crate::route::Arrival;
use event::EventId;
use event::json::Json;
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::{BranchToSegment, MissingIdentity};
use std::borrow::Cow;

/// Characters of an id from Branch. Segment takes fewer than 100 in a `messageId`; the rest is for prefix and suffix.
const MAX_ID_CHARS: usize = 80;

/// The key under which Segment's anonymous id travels through Branch.
pub(super) const ANONYMOUS_ID: &str = "$segment_anonymous_id";

/// The same key after a forwarder has taken the sign off.
pub(super) const UNSIGNED_ANONYMOUS_ID: &str = "segment_anonymous_id";

/// Put before a device's id that stands in for an anonymous id.
const DEVICE_PREFIX: &str = "branch-device-";

/// The devices' ids that may stand in, the best first.
const DEVICE_IDS: [&str; 4] = ["idfv", "android_id", "idfa", "aaid"];

/// The id that Branch gave the event.
pub(super) fn event_id(id: Option<Json<'_>>, placeholders: Placeholders<'_>) -> Option<EventId> {
    let given = id.and_then(|id| placeholders.thing(id));
    given
        .filter(|id| id.chars().count() <= MAX_ID_CHARS)
        .map(EventId::given)
}

/// The event's `messageId`. A derived id begins with `branch-` already.
pub(super) fn message_id(arrival: &Arrival, settings: &BranchToSegment) -> String {
    let prefix = if arrival.is_derived { "" } else { "branch-" };
    format!("{prefix}{}{}", arrival.id, settings.message_id_suffix)
}

/// The user of a call: one of the two is there.
pub(super) struct Identity<'a> {
    pub anonymous_id: Option<Cow<'a, str>>,
    /// Whether a device's id stands in for it.
    pub is_device: bool,
    pub user_id: Option<Cow<'a, str>>,
}

/// The user of an event.
///
/// # Errors
/// Why an event without identity is not sent.
pub(super) fn identity<'a>(
    event: &Received<'a>,
    settings: &BranchToSegment,
    trace: &mut Trace,
) -> Result<Identity<'a>, Rejected> {
    let placeholders = super::placeholders(settings);
    let anonymous_id = anonymous_id(event, placeholders, trace);
    let developer_identity = event
        .user
        .get("developer_identity")
        .filter(|id| settings.send_user_id && !is_null(*id));
    let user_id = developer_identity
        .filter(|id| !is_nothing(*id))
        .and_then(|id| placeholders.user(id));
    if user_id.is_some() {
        trace.record("BS-071", || {
            ("user_data.developer_identity".into(), "userId".into())
        });
    }
    let mut identity = Identity {
        anonymous_id,
        is_device: false,
        user_id,
    };
    if identity.anonymous_id.is_none() && identity.user_id.is_none() {
        match settings.missing_identity {
            MissingIdentity::Park => {
                return Err(Rejected::park("BS-074", "user_data", ParkReason::NoIdentity));
            }
            MissingIdentity::Ignore => {
                return Err(Rejected::ignore("BS-074", "user_data", IgnoreReason::NoIdentity));
            }
            MissingIdentity::Device => {
                identity.anonymous_id = Some(device_id(event, placeholders, trace)?);
                identity.is_device = true;
            }
        }
    }
    let is_unset = developer_identity.is_some_and(is_nothing);
    if is_unset || placeholders.refuses(developer_identity) {
        trace.warn("BS-077", Warning::PlaceholderUserId, || {
            "user_data.developer_identity".into()
        });
    }
    Ok(identity)
}

fn anonymous_id<'a>(
    event: &Received<'a>,
    placeholders: Placeholders<'_>,
    trace: &mut Trace,
) -> Option<Cow<'a, str>> {
    let places = [
        ("custom_data", &event.custom_data, ANONYMOUS_ID),
        ("custom_data", &event.custom_data, UNSIGNED_ANONYMOUS_ID),
        ("metadata", &event.metadata, ANONYMOUS_ID),
        ("user_data", &event.user, ANONYMOUS_ID),
    ];
    places.into_iter().find_map(|(section, object, key)| {
        let value = object.get(key).filter(|value| !is_null(*value))?;
        let Some(id) = placeholders.user(value) else {
            let (rule, warning) = match identity_text(value) {
                Some(_) => ("BS-077", Warning::PlaceholderUserId),
                None => ("BS-016", Warning::FieldUnreadable),
            };
            trace.warn(rule, warning, || format!("{section}.{key}"));
            return None;
        };
        trace.record("BS-070", || (format!("{section}.{key}"), "anonymousId".into()));
        Some(id)
    })
}

/// Whether a value is blank, or the text `null` that a forwarder wrote for it.
fn is_null(json: Json<'_>) -> bool {
    is_blank(json) || json.as_str().is_some_and(|text| text == "null")
}

fn device_id(
    event: &Received<'_>,
    placeholders: Placeholders<'_>,
    trace: &mut Trace,
) -> Result<Cow<'static, str>, Rejected> {
    let found = DEVICE_IDS
        .into_iter()
        .find_map(|key| Some((key, event.user(key).and_then(|id| placeholders.thing(id))?)));
    let (key, id) = found.ok_or(Rejected::park("BS-074", "user_data", ParkReason::NoIdentity))?;
    trace.record("BS-075", || (format!("user_data.{key}"), "anonymousId".into()));
    Ok(Cow::Owned(format!("{DEVICE_PREFIX}{id}")))
}
