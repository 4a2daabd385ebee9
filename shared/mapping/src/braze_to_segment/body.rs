//! The body of an event's call, made to fit.

use super::received::Received;
use super::{identity, name, paths, time};
use crate::Trace;
use crate::rejected::Rejected;
use crate::route::Arrival;
use crate::segment_track::{self, TRUNCATED, Track, Trimming};
use event::calls::SegmentCall;
use event::reasons::ParkReason;
use event::settings::Settings;

/// The call that an event becomes.
///
/// # Errors
/// Why it cannot be sent.
pub(super) fn call(
    event_type: &str,
    event: Received<'_>,
    arrival: &Arrival,
    settings: &Settings,
    trace: &mut Trace,
) -> Result<SegmentCall, Rejected> {
    let own = &settings.braze_to_segment;
    let identity = identity::identity(&event.user, own, trace)?;
    let name = name::name(&event, event_type, own, trace).into_owned();
    let timestamp = time::time(event.time, event.property("time_ms"), trace);
    let (properties, context) = paths::paths(event, event_type, own, trace);
    let track = Track {
        name: &name,
        message_id: identity::message_id(&arrival.id, own),
        user_id: identity.user_id.as_deref(),
        anonymous_id: identity.anonymous_id.as_deref(),
        timestamp,
        platform: None,
        integrations: &own.integrations,
        context: &|out| context.write(out),
    };
    // What is added: the mark, the library, the integrations.
    let body = track.body(&properties, None, arrival.length + 512);
    let trimming = Trimming {
        rule: "BZ-252",
        warns: "BZ-252",
        limit: segment_track::limit(settings),
        lists: !own.drop_properties.iter().any(|name| name == TRUNCATED),
    };
    if track.fits(&body, trimming.limit) {
        return track.call(body);
    }
    let too_large = Rejected::park("BZ-253", "properties", ParkReason::EventTooLarge);
    let body = track.trimmed(&properties, &trimming, trace).ok_or(too_large)?;
    track.call(body)
}
