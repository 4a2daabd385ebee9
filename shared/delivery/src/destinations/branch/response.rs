//! What Branch's response means: one total function of status and body (SR-320..328).

use super::limits::AUTHENTICATION_FAILED;
use crate::exchange::Classification;
use crate::http::Response;
use event::reasons::{HoldKind, ParkReason, RetryClass};

/// What a response says of an event.
pub(super) fn classify(response: &Response) -> Classification {
    match response.status {
        200..=299 => Classification::Accepted,
        300..=399 => Classification::Hold(HoldKind::Config),
        // A revoked key is answered like an invalid event: read as one, it would park everything.
        400 if names_the_key(&response.body) => Classification::Hold(HoldKind::Credentials),
        // The words may have been in what is missing.
        400 if response.cut => Classification::Retry(RetryClass::Transient),
        401 | 403 => Classification::Hold(HoldKind::Credentials),
        408 => Classification::Retry(RetryClass::Transient),
        429 => Classification::Retry(RetryClass::RateLimited),
        400..=499 => Classification::Refused(ParkReason::Rejected),
        _ => Classification::Retry(RetryClass::Transient),
    }
}

fn names_the_key(body: &[u8]) -> bool {
    String::from_utf8_lossy(body)
        .to_lowercase()
        .contains(AUTHENTICATION_FAILED)
}
