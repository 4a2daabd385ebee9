//! When an event happened.

use super::received::Received;
use crate::Trace;
use crate::forms::timestamp::time;
use crate::rejected::Rejected;
use event::Timestamp;
use event::reasons::{ParkReason, Warning};
use event::settings::{SegmentToBraze, TimeSource};

const BY_TIMESTAMP: [&str; 4] = ["timestamp", "originalTimestamp", "receivedAt", "sentAt"];
const BY_RECEIPT: [&str; 4] = ["receivedAt", "timestamp", "originalTimestamp", "sentAt"];

/// The first usable time of an event.
///
/// # Errors
/// None is usable.
pub fn event_time(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<Timestamp, Rejected> {
    let order = match settings.time_source {
        TimeSource::Timestamp => BY_TIMESTAMP,
        TimeSource::ReceivedAt => BY_RECEIPT,
    };
    let found = order
        .into_iter()
        .enumerate()
        .find_map(|(at, key)| Some((at, key, time(event.get(key)?)?)));
    let Some((at, key, moment)) = found else {
        return Err(Rejected::park("SB-061", order[0], ParkReason::NoTime));
    };
    if at > 0 {
        trace.warn(Warning::TimeRepaired, || {
            order.first().map_or_else(String::new, ToString::to_string)
        });
    }
    trace.record("SB-060", || (key.into(), format!("time = {moment}")));
    Ok(moment)
}
