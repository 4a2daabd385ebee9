//! What is answered: one total function of source and result, the table of 4.7.

use crate::request::Answer;
use event::Source;
use event::reasons::RefuseReason;
use event::settings::WrongCredential;

/// What a request has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReceiptResult {
    /// Everything is queued, or there was nothing to do.
    Accepted,
    /// Something is parked, the rest queued: all is safe.
    Parked,
    /// Everything is kept in the fallback bucket.
    Spilled,
    /// It was not taken.
    Refused(RefuseReason),
}

/// Whether a fault of a body is parked, once the sender is proved without that body: a refusal would lose the data.
pub(crate) const fn parks_faulty_body(source: Source, fault: RefuseReason) -> bool {
    match fault {
        RefuseReason::BodyTooLarge | RefuseReason::TooManyEvents => matches!(source, Source::Branch),
        RefuseReason::EncodingUnsupported | RefuseReason::BodyUndecodable => true,
        _ => false,
    }
}

/// The methods of a source, as `Allow` lists them.
pub(crate) const fn methods(source: Source) -> &'static [&'static str] {
    match source {
        Source::Segment => &["POST", "PUT", "PATCH"],
        Source::Braze | Source::Branch => &["POST"],
    }
}

const fn status(result: ReceiptResult, wrong: WrongCredential) -> u16 {
    let credential = match wrong {
        WrongCredential::Refuse => 401,
        WrongCredential::RetryLater => 503,
    };
    match result {
        ReceiptResult::Accepted => 200,
        ReceiptResult::Parked | ReceiptResult::Spilled => 202,
        ReceiptResult::Refused(reason) => match reason {
            RefuseReason::MissingCredential | RefuseReason::WrongCredential => credential,
            RefuseReason::TailRejected => 401,
            RefuseReason::AddressNotAllowed => 403,
            RefuseReason::MethodNotAllowed => 405,
            // Segment keeps the batch for 4 h, time to add the header; 401 would lose it (RC-032).
            RefuseReason::TailUnproven
            | RefuseReason::Unconfigured
            | RefuseReason::SecretUnavailable
            | RefuseReason::QueueUnavailable => 503,
            RefuseReason::BodyTooLarge | RefuseReason::TooManyEvents => 413,
            RefuseReason::EncodingUnsupported => 415,
            RefuseReason::BodyUndecodable => 400,
        },
    }
}

/// How long a sender that can wait is asked to wait, in seconds.
const RETRY_AFTER_S: u32 = 30;

pub(crate) fn answer(
    source: Source,
    result: ReceiptResult,
    wrong: WrongCredential,
    request_id: &str,
) -> Answer {
    let status = status(result, wrong);
    let word = match result {
        ReceiptResult::Accepted | ReceiptResult::Parked | ReceiptResult::Spilled => "ok",
        ReceiptResult::Refused(reason) => reason.as_str(),
    };
    let printable = |c: char| c.is_ascii_graphic();
    let request_id = request_id.chars().filter(|c| printable(*c)).take(128).collect();
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("x-switchyard-request-id", request_id),
    ];
    match status {
        503 => headers.push(("retry-after", RETRY_AFTER_S.to_string())),
        405 => headers.push(("allow", methods(source).join(", "))),
        _ => {}
    }
    Answer {
        status,
        headers,
        body: format!(r#"{{"status":"{word}"}}"#),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: [Source; 3] = [Source::Segment, Source::Braze, Source::Branch];

    #[test]
    fn every_cell_of_the_table() {
        event::rules!["RC-130", "RC-032"];
        use RefuseReason::*;
        let cells = [
            (ReceiptResult::Accepted, 200),
            (ReceiptResult::Parked, 202),
            (ReceiptResult::Spilled, 202),
            (ReceiptResult::Refused(MissingCredential), 401),
            (ReceiptResult::Refused(WrongCredential), 401),
            (ReceiptResult::Refused(TailUnproven), 503),
            (ReceiptResult::Refused(TailRejected), 401),
            (ReceiptResult::Refused(AddressNotAllowed), 403),
            (ReceiptResult::Refused(Unconfigured), 503),
            (ReceiptResult::Refused(SecretUnavailable), 503),
            (ReceiptResult::Refused(MethodNotAllowed), 405),
            (ReceiptResult::Refused(BodyTooLarge), 413),
            (ReceiptResult::Refused(TooManyEvents), 413),
            (ReceiptResult::Refused(EncodingUnsupported), 415),
            (ReceiptResult::Refused(BodyUndecodable), 400),
            (ReceiptResult::Refused(QueueUnavailable), 503),
        ];
        assert_eq!(cells.len(), 3 + RefuseReason::ALL.len());
        for source in SOURCES {
            for (result, status) in cells {
                let got = answer(source, result, event::settings::WrongCredential::Refuse, "r-1");
                assert_eq!(got.status, status, "{source} {result:?}");
                assert!(![404, 408, 409, 422, 429, 500, 501].contains(&got.status));
                assert_eq!(
                    got.headers.iter().any(|(name, _)| *name == "retry-after"),
                    status == 503
                );
                assert_eq!(
                    got.headers.iter().any(|(name, _)| *name == "allow"),
                    status == 405
                );
                assert!(
                    got.headers
                        .contains(&("x-switchyard-request-id", "r-1".to_owned()))
                );
                let word = got
                    .body
                    .trim_start_matches(r#"{"status":""#)
                    .trim_end_matches(r#""}"#)
                    .to_owned();
                assert_eq!(word == "ok", status < 300, "{word}");
            }
        }
    }

    #[test]
    fn faulty_bodies_of_proved_senders_are_parked_by_the_table() {
        event::rules!["RC-130"];
        use RefuseReason::*;
        for (fault, parked) in [
            (BodyTooLarge, [false, false, true]),
            (TooManyEvents, [false, false, true]),
            (EncodingUnsupported, [true, true, true]),
            (BodyUndecodable, [true, true, true]),
        ] {
            for (source, parked) in SOURCES.into_iter().zip(parked) {
                assert_eq!(parks_faulty_body(source, fault), parked, "{source} {fault}");
            }
        }
    }

    #[test]
    fn a_wrong_credential_may_be_answered_with_a_503() {
        event::rules!["RC-034"];
        let later = event::settings::WrongCredential::RetryLater;
        for (reason, status) in [
            (RefuseReason::WrongCredential, 503),
            (RefuseReason::MissingCredential, 503),
            (RefuseReason::TailUnproven, 503),
            (RefuseReason::TailRejected, 401),
        ] {
            assert_eq!(
                answer(Source::Braze, ReceiptResult::Refused(reason), later, "r").status,
                status,
                "{reason}"
            );
        }
    }

    #[test]
    fn an_answer_holds_nothing_of_the_request_but_its_id() {
        event::rules!["RC-131"];
        let got = answer(
            Source::Segment,
            ReceiptResult::Accepted,
            event::settings::WrongCredential::Refuse,
            "r\r\nset-cookie: x",
        );
        assert!(
            got.headers
                .contains(&("x-switchyard-request-id", "rset-cookie:x".to_owned()))
        );
    }
}
