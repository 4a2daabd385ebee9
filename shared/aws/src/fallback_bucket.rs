//! The fallback bucket: one request to S3 a method, one a page of a list, no retries, no decisions.

use crate::SystemClock;
use crate::s3_requests::{S3Request, S3Requests, texts};
use aws_config::SdkConfig;
use event::Clock;
use event::ports::{CallFailed, Store};
use reqwest::Method;
use std::time::Duration;

/// A request ends after this; the caller's own limit is shorter where somebody waits.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Connecting ends after this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// S3, for what SQS cannot take now or not at this size.
pub struct FallbackBucket<C = SystemClock> {
    requests: S3Requests<C>,
    bucket: String,
}

impl FallbackBucket {
    /// The bucket of this name.
    ///
    /// # Errors
    /// If the system's certificates cannot be read.
    pub fn new(config: &SdkConfig, bucket: &str) -> Result<Self, reqwest::Error> {
        Self::with_clock(config, bucket, SystemClock)
    }
}

impl<C: Clock + Clone> FallbackBucket<C> {
    /// The same by another clock.
    ///
    /// # Errors
    /// If the system's certificates cannot be read.
    pub fn with_clock(config: &SdkConfig, bucket: &str, clock: C) -> Result<Self, reqwest::Error> {
        Ok(Self {
            requests: S3Requests::new(config, clock, build)?,
            bucket: bucket.to_owned(),
        })
    }

    fn request<'a>(&'a self, operation: &'static str, method: Method, key: &'a str) -> S3Request<'a> {
        S3Request {
            operation,
            method,
            bucket: &self.bucket,
            key,
            ..S3Request::default()
        }
    }
}

fn build() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .build()
}

impl<C: Clock + Clone> Store for FallbackBucket<C> {
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), CallFailed> {
        let request = S3Request {
            body: Some(bytes.to_vec()),
            ..self.request("PutObject", Method::PUT, key)
        };
        self.requests.whole(request).await.map(drop)
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, CallFailed> {
        let request = self.request("GetObject", Method::GET, key);
        self.requests.whole(request).await
    }

    async fn delete(&self, key: &str) -> Result<(), CallFailed> {
        let request = self.request("DeleteObject", Method::DELETE, key);
        self.requests.whole(request).await.map(drop)
    }

    async fn list(&self, prefix: &str, after: &str, most: usize) -> Result<Vec<String>, CallFailed> {
        const OPERATION: &str = "ListObjectsV2";
        let mut keys: Vec<String> = Vec::new();
        loop {
            let (given, left) = (keys.len(), most.saturating_sub(keys.len()).to_string());
            let request = S3Request {
                query: &[
                    ("list-type", "2"),
                    ("max-keys", &left),
                    ("prefix", prefix),
                    ("start-after", keys.last().map_or(after, String::as_str)),
                ],
                ..self.request(OPERATION, Method::GET, "")
            };
            let answer = self.requests.whole(request).await?;
            let answer = String::from_utf8(answer).map_err(|_| CallFailed {
                operation: OPERATION,
                code: CallFailed::UNREADABLE_ANSWER.to_owned(),
            })?;
            // Our keys hold no character that XML escapes.
            keys.extend(texts(&answer, "Key").map(str::to_owned));
            // S3 may give fewer keys than asked for, and says that there are more.
            let has_more = texts(&answer, "IsTruncated").any(|text| text == "true");
            if !has_more || keys.len() >= most || keys.len() == given {
                return Ok(keys);
            }
        }
    }
}
