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
pub fn meaning(status: u16, body: &[u8]) -> Meaning {
    match status {
        200..=299 => Meaning::Taken,
        300..=399 => Meaning::Hold(HoldKind::Config),
        // A revoked key is told like an invalid event: read as one, it would park everything.
        400 if names_the_key(body) => Meaning::Hold(HoldKind::Credentials),
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
            assert_eq!(meaning(status, b"bad request"), wanted, "{status}");
        }
    }

    #[test]
    fn rs_033_a_quoted_key_is_shown_nowhere_even_if_it_breaks_off() {
        let key = "key_live_é1";
        let of = |body: &str, cut| {
            let answer = crate::fixture::answer(404, &[], body).ok().unwrap();
            String::from_utf8(without_key(Answer { cut, ..answer }, key).body).unwrap()
        };
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
        assert_eq!(
            meaning(
                400,
                b"{\"error\":{\"message\":\"Authentication FAILED: invalid key\"}}"
            ),
            held
        );
        assert_eq!(
            meaning(404, b"authentication failed"),
            Meaning::Park(ParkReason::Rejected)
        );
    }
}
