//! The body of an event's call, made to fit.

use super::context::{self, Context};
use super::received::Received;
use super::{groups, identity, placeholders, time, value};
use crate::Trace;
use crate::rejected::Rejected;
use crate::route::Arrival;
use crate::segment_track::{self, Track, Trimming};
use event::calls::SegmentCall;
use event::reasons::{ParkReason, Warning};
use event::settings::Settings;

/// The call that an event becomes.
///
/// # Errors
/// Why it cannot be sent.
pub(super) fn call(
    name: &str,
    event: &Received<'_>,
    arrival: &Arrival,
    settings: &Settings,
    trace: &mut Trace,
) -> Result<SegmentCall, Rejected> {
    let own = &settings.branch_to_segment;
    let identity = identity::identity(event, own, trace)?;
    let (timestamp, other_time) = time::timestamp(event, trace);
    let context = Context::new(event, placeholders(own), trace);
    if event.user("ip").is_some_and(|ip| value::text(ip).is_none()) {
        trace.warn("BS-016", Warning::FieldUnreadable, || "user_data.ip".into());
    }
    let track = Track {
        name,
        message_id: identity::message_id(arrival, own),
        user_id: identity.user_id.as_deref(),
        anonymous_id: identity.anonymous_id.as_deref(),
        timestamp,
        platform: context::platform(event),
        integrations: &own.integrations,
        context: &|out| context.write(out),
    };
    let properties = groups::properties(event, &identity, own, other_time, false);
    // Context repeats some of the properties; marks are added.
    let capacity = arrival.length + arrival.length / 2 + 512;
    let body = track.body(&properties.list, None, capacity);
    let trimming = Trimming {
        rule: "BS-152",
        warns: "BS-154",
        limit: segment_track::limit(settings),
        lists: true,
    };
    if track.fits(&body, trimming.limit) {
        properties.record(trace);
        return track.call(body);
    }
    let properties = groups::properties(event, &identity, own, other_time, true);
    properties.record(trace);
    let too_large = Rejected::park("BS-153", "properties", ParkReason::EventTooLarge);
    let body = track
        .trimmed(&properties.list, &trimming, trace)
        .ok_or(too_large)?;
    track.call(body)
}
