//! What Segment's answer means: one total function of the status (SEG-050..062).

use event::reasons::{HoldKind, ParkReason, RetryClass};

/// What a status says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Every call was taken.
    Taken,
    /// Some call was not: halve a request of several, park a single one.
    Refused(ParkReason),
    /// A person has to mend something.
    Hold(HoldKind),
    /// Later.
    Retry(RetryClass),
}

/// The meaning of a status.
pub const fn meaning(status: u16) -> Meaning {
    match status {
        200..=299 => Meaning::Taken,
        300..=399 | 404 | 405 | 501 | 505 | 511 => Meaning::Hold(HoldKind::Config),
        401 | 403 => Meaning::Hold(HoldKind::Credentials),
        408 | 410 | 460 => Meaning::Retry(RetryClass::Transient),
        413 => Meaning::Refused(ParkReason::EventTooLarge),
        429 => Meaning::Retry(RetryClass::RateLimited),
        400..=499 => Meaning::Refused(ParkReason::Rejected),
        // 1xx never ends a request; whatever else there is, is the server's fault.
        _ => Meaning::Retry(RetryClass::Transient),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seg_050_seg_051_seg_053_seg_054_seg_055_seg_056_seg_058_seg_059_seg_061_seg_062_rd_120_every_status_has_one_meaning()
     {
        for status in 100..=599_u16 {
            let wanted = match status {
                200..=299 => Meaning::Taken,                              // SEG-050
                300..=399 => Meaning::Hold(HoldKind::Config),             // SEG-051
                401 | 403 => Meaning::Hold(HoldKind::Credentials),        // SEG-054
                404 | 405 => Meaning::Hold(HoldKind::Config),             // SEG-055
                408 | 410 | 460 => Meaning::Retry(RetryClass::Transient), // SEG-056
                413 => Meaning::Refused(ParkReason::EventTooLarge),       // SEG-058
                429 => Meaning::Retry(RetryClass::RateLimited),           // SEG-059
                400..=499 => Meaning::Refused(ParkReason::Rejected),      // SEG-053
                501 | 505 | 511 => Meaning::Hold(HoldKind::Config),       // SEG-061
                _ => Meaning::Retry(RetryClass::Transient),               // SEG-062
            };
            assert_eq!(meaning(status), wanted, "{status}");
        }
    }
}
