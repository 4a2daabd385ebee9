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
pub enum Meaning {
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

/// The one function from an answer to its meaning.
pub fn meaning(answer: &Answer) -> Meaning {
    match (answer.status, answer.code.as_str()) {
        (200 | 206, _) => Meaning::ReadOn,
        (_, "InvalidObjectState") => Meaning::Park(ParkReason::FileArchived),
        (_, "NoSuchBucket") => Meaning::Hold,
        (_, code) if code.starts_with("KMS.") => Meaning::Hold,
        (_, "SlowDown") => Meaning::Retry,
        (301 | 307 | 403, _) => Meaning::Hold,
        (404, "NoSuchKey") => Meaning::Park(ParkReason::FileGone),
        (412, _) => Meaning::Overwritten,
        (416, _) => Meaning::Behind,
        _ => Meaning::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, code: &str) -> Meaning {
        meaning(&Answer {
            status,
            code: code.to_owned(),
        })
    }

    #[test]
    fn each_answer_of_s3_has_the_outcome_of_the_table() {
        event::rules!["CF-045"];
        for (status, code, wanted) in [
            (200, "", Meaning::ReadOn),
            (206, "", Meaning::ReadOn),
            (403, "AccessDenied", Meaning::Hold),
            (403, "", Meaning::Hold),
            (400, "KMS.DisabledException", Meaning::Hold),
            (301, "PermanentRedirect", Meaning::Hold),
            (307, "TemporaryRedirect", Meaning::Hold),
            (404, "NoSuchBucket", Meaning::Hold),
            (404, "NoSuchKey", Meaning::Park(ParkReason::FileGone)),
            (403, "InvalidObjectState", Meaning::Park(ParkReason::FileArchived)),
            (412, "PreconditionFailed", Meaning::Overwritten),
            (416, "InvalidRange", Meaning::Behind),
            (429, "", Meaning::Retry),
            (503, "SlowDown", Meaning::Retry),
            (400, "SlowDown", Meaning::Retry),
            (500, "InternalError", Meaning::Retry),
            (0, "", Meaning::Retry),
            (404, "", Meaning::Retry),
        ] {
            assert_eq!(of(status, code), wanted, "{status} {code}");
        }
        // Nothing but these is read, held or parked.
        for status in 0..=999 {
            let wanted = match status {
                200 | 206 => Meaning::ReadOn,
                301 | 307 | 403 => Meaning::Hold,
                412 => Meaning::Overwritten,
                416 => Meaning::Behind,
                _ => Meaning::Retry,
            };
            assert_eq!(of(status, "Other"), wanted, "{status}");
        }
    }
}
