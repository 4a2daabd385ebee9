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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str, cut: bool) -> Response {
        let response = crate::fake_vendor::respond(status, &[], body);
        Response {
            cut,
            ..response.unwrap()
        }
    }

    #[test]
    fn every_status_has_one_classify() {
        event::rules![
            "SR-320", "SR-321", "SR-323", "SR-324", "SR-325", "SR-326", "SR-327", "SR-328", "RD-120"
        ];
        for status in 100..=599_u16 {
            let wanted = match status {
                200..=299 => Classification::Accepted,                      // SR-320
                300..=399 => Classification::Hold(HoldKind::Config),        // SR-321
                401 | 403 => Classification::Hold(HoldKind::Credentials),   // SR-324
                408 => Classification::Retry(RetryClass::Transient),        // SR-325
                429 => Classification::Retry(RetryClass::RateLimited),      // SR-326
                400..=499 => Classification::Refused(ParkReason::Rejected), // SR-323, SR-327
                _ => Classification::Retry(RetryClass::Transient),          // SR-328
            };
            assert_eq!(classify(&said(status, "bad request", false)), wanted, "{status}");
        }
    }

    #[test]
    fn a_revoked_key_is_told_in_a_400() {
        event::rules!["SR-322"];
        let held = Classification::Hold(HoldKind::Credentials);
        let words = "{\"error\":{\"message\":\"Authentication FAILED: invalid key\"}}";
        assert_eq!(classify(&said(400, words, false)), held);
        assert_eq!(classify(&said(400, words, true)), held);
        assert_eq!(
            classify(&said(404, "authentication failed", false)),
            Classification::Refused(ParkReason::Rejected)
        );
    }

    #[test]
    fn a_400_that_breaks_off_before_those_words_decides_nothing() {
        event::rules!["SR-323", "SR-325"];
        let later = Classification::Retry(RetryClass::Transient);
        for body in ["", "{\"error\":{\"message\":\"authentication fai"] {
            assert_eq!(classify(&said(400, body, true)), later, "{body}");
        }
        for status in [404, 413] {
            assert_eq!(
                classify(&said(status, "", true)),
                Classification::Refused(ParkReason::Rejected)
            );
        }
    }
}
