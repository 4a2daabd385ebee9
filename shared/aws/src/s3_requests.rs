//! Signed requests to S3: one request a call, no retries, no decisions.
//!
//! A few requests do not pay for the SDK's crate, which adds 1.1 MB to a zip: `infra/decisions/s3-requests.md`.

use crate::SystemClock;
use crate::pooled::Pooled;
use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use event::Clock;
use event::ports::CallFailed;
use reqwest::{Method, Response};
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

/// How much of an error document is read: its `Code` stands at its beginning.
const ERROR_BYTES: usize = 4096;
/// What a URL holds as it is, beside letters and digits (RFC 3986, 2.3).
const UNRESERVED: &[u8] = b"-._~";

/// Sends requests to S3, over the region, endpoint and credentials of a configuration.
pub(crate) struct S3Requests<C = SystemClock> {
    client: Pooled<reqwest::Client, C>,
    credentials: Option<SharedCredentialsProvider>,
    region: String,
    endpoint: Option<String>,
    clock: C,
}

/// One request. What is absent is empty.
#[derive(Default)]
pub(crate) struct S3Request<'a> {
    /// Such as `GetObject`, for errors.
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) bucket: &'a str,
    /// Empty for a request to the bucket itself.
    pub(crate) key: &'a str,
    /// Parameters without a value are left out.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Signed with the request.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

/// What S3 said when it refused a request.
pub(crate) struct Refused {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The code of the error document, such as `NoSuchKey`; empty if there is none.
    pub(crate) code: String,
}

impl<C: Clock + Clone> S3Requests<C> {
    /// Sends over clients that `build` makes.
    ///
    /// # Errors
    /// If the system's certificates cannot be read.
    pub(crate) fn new(
        config: &SdkConfig,
        clock: C,
        build: fn() -> Result<reqwest::Client, reqwest::Error>,
    ) -> Result<Self, reqwest::Error> {
        let first = build()?;
        let endpoint = config.endpoint_url();
        Ok(Self {
            client: Pooled::new(clock.clone(), move || build().unwrap_or_else(|_| first.clone())),
            credentials: config.credentials_provider(),
            region: config.region().map_or("us-east-1", AsRef::as_ref).to_owned(),
            endpoint: endpoint.map(|url| url.trim_end_matches('/').to_owned()),
            clock,
        })
    }

    /// Sends a request, and gives its answer once its head is there.
    ///
    /// # Errors
    /// Only if nothing was answered: `credentials`, `timeout`, `connect` or `unreadable answer`.
    pub(crate) async fn send(&self, request: S3Request<'_>) -> Result<Response, CallFailed> {
        let operation = request.operation;
        let url = url(&self.region, self.endpoint.as_deref(), &request);
        let signature = self.signature(&request, &url).await;
        let signature = signature.ok_or_else(|| failed(operation, "credentials"))?;
        let mut out = self.client.get().request(request.method, url);
        for (name, value) in request.headers.into_iter().chain(signature) {
            out = out.header(name, value);
        }
        if let Some(body) = request.body {
            out = out.body(body);
        }
        let answer = out.send().await.map_err(|error| {
            let code = match () {
                () if error.is_timeout() => CallFailed::TIMEOUT,
                () if error.is_connect() => "connect",
                () => CallFailed::UNREADABLE_ANSWER,
            };
            failed(operation, code)
        })?;
        self.client.answered();
        Ok(answer)
    }

    /// Sends a request, and gives the whole body of a success.
    ///
    /// # Errors
    /// Those of [`Self::send`]; for a refusal its code, or its status if it has no code.
    pub(crate) async fn whole(&self, request: S3Request<'_>) -> Result<Vec<u8>, CallFailed> {
        let operation = request.operation;
        let answer = self.send(request).await?;
        if !answer.status().is_success() {
            let Refused { status, code } = self.refused(answer).await;
            let code = if code.is_empty() { status.to_string() } else { code };
            return Err(failed(operation, &code));
        }
        self.body(operation, answer).await
    }

    /// The body of an answer.
    ///
    /// # Errors
    /// `unreadable answer` if it breaks off.
    pub(crate) async fn body(
        &self,
        operation: &'static str,
        answer: Response,
    ) -> Result<Vec<u8>, CallFailed> {
        let body = answer.bytes().await;
        let body = body.map_err(|_| failed(operation, CallFailed::UNREADABLE_ANSWER))?;
        self.client.answered();
        Ok(body.into())
    }

    /// Reads a refusal. One whose body breaks off has its status alone.
    pub(crate) async fn refused(&self, mut answer: Response) -> Refused {
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while body.len() < ERROR_BYTES
            && let Ok(Some(part)) = answer.chunk().await
        {
            body.extend_from_slice(&part);
        }
        self.client.answered();
        let code = texts(&String::from_utf8_lossy(&body), "Code")
            .next()
            .map(str::to_owned);
        // Nothing but a code, such as `NoSuchKey` or `KMS.DisabledException`, may reach a log.
        let code = code.filter(|code| {
            code.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        });
        Refused {
            status,
            code: code.unwrap_or_default(),
        }
    }

    /// The headers that sign a request.
    async fn signature(&self, request: &S3Request<'_>, url: &str) -> Option<Vec<(String, String)>> {
        let credentials = self.credentials.as_ref()?.provide_credentials().await.ok()?;
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        // S3 signs the path as it is sent, and wants the body's checksum as a header.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let millis = u64::try_from(self.clock.now().millis()).unwrap_or_default();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(UNIX_EPOCH + Duration::from_millis(millis))
            .settings(settings)
            .build()
            .ok()?
            .into();
        let body = SignableBody::Bytes(request.body.as_deref().unwrap_or_default());
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
        let signable = SignableRequest::new(request.method.as_str(), url, headers, body).ok()?;
        let (instructions, _) = sign(signable, &parameters).ok()?.into_parts();
        let headers = instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(headers.collect())
    }
}

fn failed(operation: &'static str, code: &str) -> CallFailed {
    CallFailed {
        operation,
        code: code.to_owned(),
    }
}

/// Where a request goes. Emulators have no names for buckets, and a bucket with a dot in its name has no certificate of its own.
fn url(region: &str, endpoint: Option<&str>, request: &S3Request<'_>) -> String {
    let bucket = request.bucket;
    // The domain of AWS in the region's partition.
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    let mut url = match endpoint {
        Some(endpoint) => format!("{endpoint}/{bucket}/"),
        None if bucket.contains('.') => format!("https://s3.{region}.{domain}/{bucket}/"),
        None => format!("https://{bucket}.s3.{region}.{domain}/"),
    };
    encode(request.key, b"/", &mut url);
    let given = request.query.iter().filter(|(_, value)| !value.is_empty());
    for (place, (name, value)) in given.enumerate() {
        let separator = if place == 0 { '?' } else { '&' };
        // Writing to a String cannot fail.
        let _ = write!(url, "{separator}{name}=");
        encode(value, b"", &mut url);
    }
    url
}

/// Adds a text to a URL, percent-encoded but for these.
fn encode(text: &str, also_plain: &[u8], url: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || UNRESERVED.contains(&byte) || also_plain.contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

/// The texts of all elements of this name, in order, as they stand in the document.
pub(crate) fn texts<'a>(xml: &'a str, element: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_once(open.as_str())?;
        let (text, behind) = behind.split_once(close.as_str())?;
        rest = behind;
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_endpoint_region_partition_and_bucket() {
        event::rules!["CF-144"];
        for (region, endpoint, bucket, wanted) in [
            ("eu-west-1", None, "b", "https://b.s3.eu-west-1.amazonaws.com/"),
            (
                "cn-north-1",
                None,
                "b",
                "https://b.s3.cn-north-1.amazonaws.com.cn/",
            ),
            (
                "eu-west-1",
                None,
                "b.c",
                "https://s3.eu-west-1.amazonaws.com/b.c/",
            ),
            (
                "cn-north-1",
                None,
                "b.c",
                "https://s3.cn-north-1.amazonaws.com.cn/b.c/",
            ),
            (
                "eu-west-1",
                Some("http://localhost:9"),
                "b.c",
                "http://localhost:9/b.c/",
            ),
        ] {
            let request = S3Request {
                bucket,
                ..S3Request::default()
            };
            assert_eq!(url(region, endpoint, &request), wanted);
        }
    }

    #[test]
    fn keys_and_parameters_are_percent_encoded() {
        let request = S3Request {
            bucket: "b",
            key: "a b/ü+~%2F=.avro",
            query: &[("delimiter", "/"), ("prefix", "x&y="), ("start-after", "")],
            ..S3Request::default()
        };
        assert_eq!(
            url("eu-west-1", Some("http://h"), &request),
            "http://h/b/a%20b/%C3%BC%2B~%252F%3D.avro?delimiter=%2F&prefix=x%26y%3D"
        );
    }

    #[test]
    fn the_texts_of_an_element_are_read_in_order() {
        let xml = "<E><Key>a</Key><Keys>x</Keys><Key></Key><Key>b</Key><Key>cut";
        assert_eq!(texts(xml, "Key").collect::<Vec<_>>(), ["a", "", "b"]);
        assert_eq!(texts(xml, "Code").next(), None);
    }
}
