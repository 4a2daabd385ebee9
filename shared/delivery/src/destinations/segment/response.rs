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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_classify() {
        event::rules![
            "SEG-050", "SEG-051", "SEG-053", "SEG-054", "SEG-055", "SEG-056", "SEG-058", "SEG-059",
            "SEG-061", "SEG-062", "RD-120"
        ];
        for status in 100..=599_u16 {
            let wanted = match status {
                200..=299 => Classification::Accepted,                    // SEG-050
                300..=399 => Classification::Hold(HoldKind::Config),      // SEG-051
                401 | 403 => Classification::Hold(HoldKind::Credentials), // SEG-054
                404 | 405 => Classification::Hold(HoldKind::Config),      // SEG-055
                408 | 410 | 460 => Classification::Retry(RetryClass::Transient), // SEG-056
                413 => Classification::Refused(ParkReason::EventTooLarge), // SEG-058
                429 => Classification::Retry(RetryClass::RateLimited),    // SEG-059
                400..=499 => Classification::Refused(ParkReason::Rejected), // SEG-053
                501 | 505 | 511 => Classification::Hold(HoldKind::Config), // SEG-061
                _ => Classification::Retry(RetryClass::Transient),        // SEG-062
            };
            assert_eq!(classify(status), wanted, "{status}");
        }
    }
}
