//! Objects of S3 for the reader of Currents files: one request a method, no retries, no decisions.

use crate::SystemClock;
use crate::s3_requests::{Refused, S3Request, S3Requests};
use aws_config::SdkConfig;
use currents::limits::ANSWER_MS;
use currents::{Answer, Got, Objects, Range};
use event::Clock;
use event::ports::CallFailed;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap};
use std::time::Duration;

/// Objects of S3, in the region of the function.
pub struct S3<C = SystemClock> {
    requests: S3Requests<C>,
}

/// Which keys of a bucket are listed. What is empty does not narrow it down.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listed<'a> {
    /// Its name at AWS.
    pub bucket: &'a str,
    /// What the keys begin with.
    pub prefix: &'a str,
    /// Keys that have it behind the prefix come as folders.
    pub delimiter: &'a str,
    /// Only keys behind this one.
    pub after: &'a str,
    /// `NextContinuationToken` of the page before.
    pub continuation: &'a str,
}

/// A request that could not be made, or was not answered as a whole.
struct NoAnswer;

impl From<CallFailed> for NoAnswer {
    fn from(_: CallFailed) -> Self {
        Self
    }
}

impl S3 {
    /// Over the region, endpoint and credentials of `config`.
    ///
    /// # Errors
    /// If the system's certificates cannot be read.
    pub fn new(config: &SdkConfig) -> Result<Self, reqwest::Error> {
        Self::with_clock(config, SystemClock)
    }
}

impl<C: Clock + Clone> S3<C> {
    /// The same by another clock.
    ///
    /// # Errors
    /// If the system's certificates cannot be read.
    pub fn with_clock(config: &SdkConfig, clock: C) -> Result<Self, reqwest::Error> {
        Ok(Self {
            requests: S3Requests::new(config, clock, crate::http::build)?,
        })
    }

    /// One `ListObjectsV2`: the XML of up to 1,000 keys, percent-encoded, as a key may hold what XML may not.
    ///
    /// # Errors
    /// The status and code of a refusal; why, if nothing was answered.
    pub async fn list(&self, listed: &Listed<'_>) -> Result<String, CallFailed> {
        const OPERATION: &str = "ListObjectsV2";
        let request = S3Request {
            operation: OPERATION,
            bucket: listed.bucket,
            query: &[
                ("continuation-token", listed.continuation),
                ("delimiter", listed.delimiter),
                ("encoding-type", "url"),
                ("list-type", "2"),
                ("prefix", listed.prefix),
                ("start-after", listed.after),
            ],
            ..S3Request::default()
        };
        let answer = self.requests.send(request).await?;
        if !answer.status().is_success() {
            let Refused { status, code } = self.requests.refused(answer).await;
            return Err(CallFailed {
                operation: OPERATION,
                code: format!("{status} {code}"),
            });
        }
        let body = self.requests.body(OPERATION, answer).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    async fn got(&self, bucket: &str, key: &str, range: Range, etag: Option<&str>) -> Result<Got, NoAnswer> {
        const OPERATION: &str = "GetObject";
        let bytes = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
        let mut headers = vec![("range".to_owned(), bytes)];
        headers.extend(etag.map(|etag| ("if-match".to_owned(), etag.to_owned())));
        let request = S3Request {
            operation: OPERATION,
            bucket,
            key,
            headers,
            ..S3Request::default()
        };
        let answer = self.requests.send(request).await?;
        if !answer.status().is_success() {
            let Refused { status, code } = self.requests.refused(answer).await;
            return Ok(Got::Refused(Answer { status, code }));
        }
        let size = size(answer.headers()).ok_or(NoAnswer)?;
        let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
        let etag = etag.ok_or(NoAnswer)?.to_owned();
        let wanted = range.end.min(size).saturating_sub(range.start);
        let bytes = self.requests.body(OPERATION, answer).await?;
        // A body that ends early is no answer.
        if bytes.len() as u64 != wanted {
            return Err(NoAnswer);
        }
        Ok(Got::Bytes { bytes, etag, size })
    }
}

impl<C: Clock + Clone> Objects for S3<C> {
    async fn get(&self, bucket: &str, key: &str, range: Range, etag: Option<&str>) -> Got {
        let got = self.got(bucket, key, range, etag);
        let in_time = tokio::time::timeout(Duration::from_millis(ANSWER_MS), got).await;
        in_time.unwrap_or(Err(NoAnswer)).unwrap_or_else(|NoAnswer| {
            Got::Refused(Answer {
                status: 0,
                code: String::new(),
            })
        })
    }
}

/// Bytes of the whole object: `Content-Range: bytes 0-99/12345`.
fn size(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit_once('/')?.1.parse().ok()
}
