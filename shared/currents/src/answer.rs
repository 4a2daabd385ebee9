//! What S3 says, and what becomes of the file (CF-045).

use event::reasons::ParkReason;

/// What S3 said, without a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status; 0 if none came in time, or a body ended early.
    pub status: u16,
    /// The `Code` of the error document, if there is one.
    pub code: String,
}

/// What an answer means for the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Classification {
    /// The bytes are there.
    ReadOn,
    /// The file ends before the range that was asked for.
    Behind,
    /// Another object lies under the key now.
    Overwritten,
    /// Wait for a person: permission, key policy or address.
    Hold,
    /// It can never be read.
    Park(ParkReason),
    /// Try again later.
    Retry,
}

/// The one function from an answer to its classification.
pub fn classify(answer: &Answer) -> Classification {
    match (answer.status, answer.code.as_str()) {
        (200 | 206, _) => Classification::ReadOn,
        (_, "InvalidObjectState") => Classification::Park(ParkReason::FileArchived),
        (_, "NoSuchBucket") => Classification::Hold,
        (_, code) if code.starts_with("KMS.") => Classification::Hold,
        (_, "SlowDown") => Classification::Retry,
        (301 | 307 | 403, _) => Classification::Hold,
        (404, "NoSuchKey") => Classification::Park(ParkReason::FileGone),
        (412, _) => Classification::Overwritten,
        (416, _) => Classification::Behind,
        _ => Classification::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, code: &str) -> Classification {
        classify(&Answer {
            status,
            code: code.to_owned(),
        })
    }

    #[test]
    fn each_answer_of_s3_has_the_outcome_of_the_table() {
        event::rules!["CF-045"];
        for (status, code, wanted) in [
            (200, "", Classification::ReadOn),
            (206, "", Classification::ReadOn),
            (403, "AccessDenied", Classification::Hold),
            (403, "", Classification::Hold),
            (400, "KMS.DisabledException", Classification::Hold),
            (301, "PermanentRedirect", Classification::Hold),
            (307, "TemporaryRedirect", Classification::Hold),
            (404, "NoSuchBucket", Classification::Hold),
            (404, "NoSuchKey", Classification::Park(ParkReason::FileGone)),
            (
                403,
                "InvalidObjectState",
                Classification::Park(ParkReason::FileArchived),
            ),
            (412, "PreconditionFailed", Classification::Overwritten),
            (416, "InvalidRange", Classification::Behind),
            (429, "", Classification::Retry),
            (503, "SlowDown", Classification::Retry),
            (400, "SlowDown", Classification::Retry),
            (500, "InternalError", Classification::Retry),
            (0, "", Classification::Retry),
            (404, "", Classification::Retry),
        ] {
            assert_eq!(of(status, code), wanted, "{status} {code}");
        }
        // Nothing but these is read, held or parked.
        for status in 0..=999 {
            let wanted = match status {
                200 | 206 => Classification::ReadOn,
                301 | 307 | 403 => Classification::Hold,
                412 => Classification::Overwritten,
                416 => Classification::Behind,
                _ => Classification::Retry,
            };
            assert_eq!(of(status, "Other"), wanted, "{status}");
        }
    }
}
