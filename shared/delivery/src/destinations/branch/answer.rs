//! What Branch's answer means: one total function of status and body (SR-320..328).

use super::limits::AUTHENTICATION_FAILED;
use super::pack::KEY_PLACEHOLDER;
use crate::http::Answer;
use event::reasons::{HoldKind, ParkReason, RetryClass};

/// What an answer says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Branch has taken it.
    Taken,
    /// Branch will never take it.
    Park(ParkReason),
    /// A person has to mend something.
    Hold(HoldKind),
    /// Later.
    Retry(RetryClass),
}

/// The meaning of an answer.
pub fn meaning(answer: &Answer) -> Meaning {
    match answer.status {
        200..=299 => Meaning::Taken,
        300..=399 => Meaning::Hold(HoldKind::Config),
        // A revoked key is told like an invalid event: read as one, it would park everything.
        400 if names_the_key(&answer.body) => Meaning::Hold(HoldKind::Credentials),
        // The words may have been in what is missing.
        400 if answer.cut => Meaning::Retry(RetryClass::Transient),
        401 | 403 => Meaning::Hold(HoldKind::Credentials),
        408 => Meaning::Retry(RetryClass::Transient),
        429 => Meaning::Retry(RetryClass::RateLimited),
        400..=499 => Meaning::Park(ParkReason::Rejected),
        _ => Meaning::Retry(RetryClass::Transient),
    }
}

/// The answer without the key: Branch gets it in the body, and may quote the body of a request that it refuses.
pub fn without_key(answer: Answer, key: &str) -> Answer {
    let text = String::from_utf8_lossy(&answer.body).replace(key, KEY_PLACEHOLDER);
    // Where an answer breaks off, so may the key.
    let broken = key
        .char_indices()
        .rev()
        .filter_map(|(end, _)| key.get(..end).filter(|start| !start.is_empty()));
    let kept = broken
        .filter(|_| answer.cut)
        .find_map(|start| text.strip_suffix(start));
    let body = match kept {
        Some(kept) => format!("{kept}{KEY_PLACEHOLDER}"),
        None => text,
    };
    Answer {
        body: body.into_bytes(),
        ..answer
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

    fn said(status: u16, body: &str, cut: bool) -> Answer {
        let answer = crate::fixture::answer(status, &[], body);
        Answer {
            cut,
            ..answer.ok().unwrap()
        }
    }

    #[test]
    fn sr_320_sr_321_sr_323_sr_324_sr_325_sr_326_sr_327_sr_328_rd_120_every_status_has_one_meaning() {
        for status in 100..=599_u16 {
            let wanted = match status {
                200..=299 => Meaning::Taken,                       // SR-320
                300..=399 => Meaning::Hold(HoldKind::Config),      // SR-321
                401 | 403 => Meaning::Hold(HoldKind::Credentials), // SR-324
                408 => Meaning::Retry(RetryClass::Transient),      // SR-325
                429 => Meaning::Retry(RetryClass::RateLimited),    // SR-326
                400..=499 => Meaning::Park(ParkReason::Rejected),  // SR-323, SR-327
                _ => Meaning::Retry(RetryClass::Transient),        // SR-328
            };
            assert_eq!(meaning(&said(status, "bad request", false)), wanted, "{status}");
        }
    }

    #[test]
    fn rs_033_a_quoted_key_is_shown_nowhere_even_if_it_breaks_off() {
        let key = "key_live_é1";
        let of = |body: &str, cut| String::from_utf8(without_key(said(404, body, cut), key).body).unwrap();
        assert_eq!(
            of("key_live_é1, key_live_é1, key_", false),
            "<branch_key>, <branch_key>, key_"
        );
        assert_eq!(of("a key_live_é", true), "a <branch_key>");
        assert_eq!(of("a key_live_é1", true), "a <branch_key>");
        assert_eq!(of("a k", true), "a <branch_key>");
        assert_eq!(of("a", true), "a");
    }

    #[test]
    fn sr_322_a_revoked_key_is_told_in_a_400() {
        let held = Meaning::Hold(HoldKind::Credentials);
        let words = "{\"error\":{\"message\":\"Authentication FAILED: invalid key\"}}";
        assert_eq!(meaning(&said(400, words, false)), held);
        assert_eq!(meaning(&said(400, words, true)), held);
        assert_eq!(
            meaning(&said(404, "authentication failed", false)),
            Meaning::Park(ParkReason::Rejected)
        );
    }

    #[test]
    fn sr_323_sr_325_a_400_that_breaks_off_before_those_words_decides_nothing() {
        let later = Meaning::Retry(RetryClass::Transient);
        for body in ["", "{\"error\":{\"message\":\"authentication fai"] {
            assert_eq!(meaning(&said(400, body, true)), later, "{body}");
        }
        for status in [404, 413] {
            assert_eq!(
                meaning(&said(status, "", true)),
                Meaning::Park(ParkReason::Rejected)
            );
        }
    }
}
