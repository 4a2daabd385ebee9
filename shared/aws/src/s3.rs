//! S3: one request a method, signed, no retries, no decisions.
//!
//! The SDK for S3 would add a megabyte to every zip (`currents-files.md`, CF-144): a signature and a request are enough.

use crate::SystemClock;
use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use currents::limits::ANSWER_MS;
use currents::{Answer, Got, Objects, Range};
use event::Clock;
use event::ports::CallFailed;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap};
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

/// Objects of S3, in the region of the function.
pub struct S3 {
    client: reqwest::Client,
    config: SdkConfig,
}

/// How much of an error document is read: its `Code` stands at its beginning.
const ERROR_BYTES: usize = 4096;

/// A request that could not be made, or was not answered.
struct NoAnswer;

impl S3 {
    /// Over the region, endpoint and credentials of `config`.
    ///
    /// # Errors
    /// If the system's certificates cannot be read.
    pub fn new(config: &SdkConfig) -> Result<Self, reqwest::Error> {
        Ok(Self {
            client: crate::http::build()?,
            config: config.clone(),
        })
    }

    /// One `ListObjectsV2`: the XML of up to 1,000 keys that begin with `prefix` and come behind `after`. With a delimiter,
    /// those that have it behind the prefix come as folders.
    ///
    /// # Errors
    /// The status and code of a refusal; `connect` if nothing was answered.
    pub async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        delimiter: &str,
        after: &str,
    ) -> Result<String, CallFailed> {
        let failed = |code: String| CallFailed {
            operation: "ListObjectsV2",
            code,
        };
        // In the order in which they are signed.
        let mut url = self.url(bucket, "");
        for (place, (name, value)) in [
            ("delimiter", delimiter),
            ("list-type", "2"),
            ("prefix", prefix),
            ("start-after", after),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .enumerate()
        {
            let separator = if place == 0 { '?' } else { '&' };
            let _ = write!(url, "{separator}{name}=");
            encode(value, b"-._~", &mut url);
        }
        let answer = async {
            let response = self.get(&url, Vec::new()).await?;
            let status = response.status();
            let text = response.text().await.map_err(|_| NoAnswer)?;
            Ok((status, text))
        };
        match answer.await {
            Ok((status, text)) if status.is_success() => Ok(text),
            Ok((status, text)) => Err(failed(format!("{} {}", status.as_u16(), code(&text)))),
            Err(NoAnswer) => Err(failed("connect".to_owned())),
        }
    }

    /// Sends one signed request without a body, and gives its answer once its head is there.
    async fn get(
        &self,
        url: &str,
        mut headers: Vec<(String, String)>,
    ) -> Result<reqwest::Response, NoAnswer> {
        self.sign(url, &mut headers).await?;
        let mut request = self.client.get(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await.map_err(|_| NoAnswer)
    }

    async fn get_range(
        &self,
        bucket: &str,
        key: &str,
        range: &Range,
        etag: Option<&str>,
    ) -> Result<reqwest::Response, NoAnswer> {
        let range = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
        let mut headers = vec![("range".to_owned(), range)];
        headers.extend(etag.map(|etag| ("if-match".to_owned(), etag.to_owned())));
        self.get(&self.url(bucket, key), headers).await
    }

    /// A bucket with a dot in its name has no certificate of its own.
    fn url(&self, bucket: &str, key: &str) -> String {
        let region = self.region();
        let mut url = match self.config.endpoint_url() {
            Some(endpoint) => format!("{}/{bucket}/", endpoint.trim_end_matches('/')),
            None => {
                let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
                if bucket.contains('.') {
                    format!("https://s3.{region}.amazonaws.com{suffix}/{bucket}/")
                } else {
                    format!("https://{bucket}.s3.{region}.amazonaws.com{suffix}/")
                }
            }
        };
        encode(key, b"-._~/", &mut url);
        url
    }

    fn region(&self) -> &str {
        self.config.region().map_or("us-east-1", AsRef::as_ref)
    }

    /// Adds the headers that sign a request without a body.
    async fn sign(&self, url: &str, headers: &mut Vec<(String, String)>) -> Result<(), NoAnswer> {
        let provider = self.config.credentials_provider().ok_or(NoAnswer)?;
        let credentials = provider.provide_credentials().await.map_err(|_| NoAnswer)?;
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        // S3 signs the path as it is sent.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let now = u64::try_from(SystemClock.now().millis()).unwrap_or_default();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region())
            .name("s3")
            .time(UNIX_EPOCH + Duration::from_millis(now))
            .settings(settings)
            .build()
            .map_err(|_| NoAnswer)?
            .into();
        let given = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let signable = SignableRequest::new("GET", url, given, SignableBody::Bytes(b""));
        let signed = sign(signable.map_err(|_| NoAnswer)?, &parameters).map_err(|_| NoAnswer)?;
        let (instructions, _) = signed.into_parts();
        let signed = instructions.headers();
        let signed: Vec<_> = signed
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        headers.extend(signed);
        Ok(())
    }

    async fn got(&self, bucket: &str, key: &str, range: Range, etag: Option<&str>) -> Result<Got, NoAnswer> {
        let mut response = self.get_range(bucket, key, &range, etag).await?;
        let status = response.status().as_u16();
        if !response.status().is_success() {
            let mut body = Vec::new();
            while body.len() < ERROR_BYTES
                && let Ok(Some(part)) = response.chunk().await
            {
                body.extend_from_slice(&part);
            }
            let code = code(&String::from_utf8_lossy(&body)).to_owned();
            return Ok(Got::Refused(Answer { status, code }));
        }
        let size = size(response.headers()).ok_or(NoAnswer)?;
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
        let etag = etag.ok_or(NoAnswer)?.to_owned();
        let wanted = range.end.min(size).saturating_sub(range.start);
        let bytes = response.bytes().await.map_err(|_| NoAnswer)?;
        // A body that ends early is no answer.
        if bytes.len() as u64 != wanted {
            return Err(NoAnswer);
        }
        Ok(Got::Bytes {
            bytes: bytes.into(),
            etag,
            size,
        })
    }
}

impl Objects for S3 {
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

/// Writes a text as a URL has it, with these and letters and digits as they are.
fn encode(text: &str, plain: &[u8], url: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

/// Bytes of the whole object: `Content-Range: bytes 0-99/12345`.
fn size(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit_once('/')?.1.parse().ok()
}

/// The text of `Code` in an error document.
fn code(document: &str) -> &str {
    let code = document.split_once("<Code>").map(|(_, rest)| rest);
    code.and_then(|rest| rest.split_once("</Code>"))
        .map_or("", |(code, _)| code)
}
