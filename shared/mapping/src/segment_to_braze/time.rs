//! When an event happened.

use super::received::Received;
use crate::Trace;
use crate::forms::time::time;
use crate::rejected::Rejected;
use event::Timestamp;
use event::reasons::{ParkReason, Warning};
use event::settings::{SegmentToBraze, TimeSource};

const BY_TIMESTAMP: [&str; 4] = ["timestamp", "originalTimestamp", "receivedAt", "sentAt"];
const BY_RECEIPT: [&str; 4] = ["receivedAt", "timestamp", "originalTimestamp", "sentAt"];

/// The first usable time of an event, else that of its receipt.
///
/// # Errors
/// None is usable, and nobody knows when it was received.
pub(super) fn event_time(
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
    let [first, ..] = order;
    if !matches!(found, Some((0, ..))) {
        trace.warn("SB-061", Warning::TimeRepaired, || first.to_owned());
    }
    let Some((_, key, time)) = found else {
        let receipt = event
            .received_at
            .ok_or(Rejected::park("SB-061", first, ParkReason::NoTime))?;
        trace.record("SB-061", || {
            ("$".into(), format!("time = {receipt}, that of receipt"))
        });
        return Ok(receipt);
    };
    trace.record("SB-060", || (key.into(), format!("time = {time}")));
    Ok(time)
}
