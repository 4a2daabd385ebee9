//! S3: one signed request a method, no retries, no decisions.
//!
//! Four requests do not pay for the SDK's crate, which adds 1.1 MB to a zip: `infra/decisions/s3-requests.md`.

use crate::SystemClock;
use crate::pooled::Pooled;
use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use event::Clock;
use event::ports::{CallFailed, Store};
use reqwest::Method;
use std::time::{Duration, UNIX_EPOCH};

/// A request ends after this; the caller's own limit is shorter where somebody waits.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Connecting ends after this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The fallback bucket.
pub struct FallbackBucket<C = SystemClock> {
    client: Pooled<reqwest::Client, C>,
    credentials: Option<SharedCredentialsProvider>,
    region: String,
    /// The bucket's address, without a slash at its end.
    base: String,
    clock: C,
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
        let region = config.region().map_or("us-east-1", |region| region.as_ref());
        let base = match config.endpoint_url() {
            // Emulators have no names for buckets.
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None => format!("https://{bucket}.s3.{region}.{}", domain(region)),
        };
        let first = build()?;
        Ok(Self {
            client: Pooled::new(clock.clone(), move || build().unwrap_or_else(|_| first.clone())),
            credentials: config.credentials_provider(),
            region: region.to_owned(),
            base,
            clock,
        })
    }

    async fn call(
        &self,
        operation: &'static str,
        method: Method,
        path_and_query: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, CallFailed> {
        let failed = |code: &str| CallFailed {
            operation,
            code: code.to_owned(),
        };
        let url = format!("{}{path_and_query}", self.base);
        let headers = self
            .signature(&method, &url, &body)
            .await
            .ok_or_else(|| failed("credentials"))?;
        let mut request = self.client.get().request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.map_err(|error| {
            failed(match () {
                () if error.is_timeout() => CallFailed::TIMEOUT,
                () if error.is_connect() => "connect",
                () => CallFailed::UNREADABLE_ANSWER,
            })
        })?;
        let status = answer.status();
        let body = answer
            .bytes()
            .await
            .map_err(|_| failed(CallFailed::UNREADABLE_ANSWER))?;
        self.client.answered();
        if status.is_success() {
            return Ok(body.into());
        }
        let code = std::str::from_utf8(&body)
            .ok()
            .and_then(|body| texts(body, "Code").pop());
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        Err(failed(&code.unwrap_or_else(|| status.as_u16().to_string())))
    }

    /// The headers that sign a request.
    async fn signature(&self, method: &Method, url: &str, body: &[u8]) -> Option<Vec<(String, String)>> {
        let credentials = self.credentials.as_ref()?.provide_credentials().await.ok()?;
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        // S3 signs the path as it is sent, and wants the body's checksum as a header.
        settings.percent_encoding_mode = aws_sigv4::http_request::PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let millis = u64::try_from(self.clock.now().millis()).unwrap_or_default();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(UNIX_EPOCH + Duration::from_millis(millis))
            .settings(settings)
            .build()
            .ok()?
            .into();
        let body = SignableBody::Bytes(body);
        let request = SignableRequest::new(method.as_str(), url, std::iter::empty(), body).ok()?;
        let (instructions, _) = sign(request, &params).ok()?.into_parts();
        let headers = instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(headers.collect())
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

/// The domain of AWS in the region's partition.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

/// A key as it stands in a path: percent-encoded but for its slashes.
fn path(key: &str) -> String {
    encoded(key, b"/")
}

fn encoded(text: &str, also_plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || also_plain.contains(&byte);
        if is_plain {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend(event::hex([byte]).map(|digit| digit.to_ascii_uppercase()));
        }
    }
    out
}

/// The texts of all elements of this name, in order. Our keys hold no character that XML escapes.
fn texts(xml: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    xml.split(open.as_str())
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(close.as_str())?.0.to_owned()))
        .collect()
}

impl<C: Clock + Clone> Store for FallbackBucket<C> {
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), CallFailed> {
        let path = format!("/{}", path(key));
        self.call("PutObject", Method::PUT, &path, bytes.to_vec())
            .await
            .map(drop)
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, CallFailed> {
        let path = format!("/{}", path(key));
        self.call("GetObject", Method::GET, &path, Vec::new()).await
    }

    async fn delete(&self, key: &str) -> Result<(), CallFailed> {
        let path = format!("/{}", path(key));
        self.call("DeleteObject", Method::DELETE, &path, Vec::new())
            .await
            .map(drop)
    }

    async fn list(&self, prefix: &str, most: usize) -> Result<Vec<String>, CallFailed> {
        const OPERATION: &str = "ListObjectsV2";
        let query = format!("/?list-type=2&max-keys={most}&prefix={}", encoded(prefix, b""));
        let answer = self.call(OPERATION, Method::GET, &query, Vec::new()).await?;
        let answer = String::from_utf8(answer).map_err(|_| CallFailed {
            operation: OPERATION,
            code: CallFailed::UNREADABLE_ANSWER.to_owned(),
        })?;
        Ok(texts(&answer, "Key"))
    }
}
