//! What Segment's response means: one total function of the status (SEG-050..062).

use crate::exchange::Classification;
use event::reasons::{HoldKind, ParkReason, RetryClass};

/// What a status says of a request.
pub(super) const fn classify(status: u16) -> Classification {
    match status {
        200..=299 => Classification::Accepted,
        300..=399 | 404 | 405 | 501 | 505 | 511 => Classification::Hold(HoldKind::Config),
        401 | 403 => Classification::Hold(HoldKind::Credentials),
        408 | 410 | 460 => Classification::Retry(RetryClass::Transient),
        413 => Classification::Refused(ParkReason::EventTooLarge),
        429 => Classification::Retry(RetryClass::RateLimited),
        400..=499 => Classification::Refused(ParkReason::Rejected),
        // 1xx never ends a request; whatever else there is, is the server's fault.
        _ => Classification::Retry(RetryClass::Transient),
    }
}
