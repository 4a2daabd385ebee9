//! Signed calls to the AWS APIs that MiniStack offers.
//!
//! The functions use the AWS SDKs; what deploys and watches them here needs a dozen operations of one server, for which a
//! signature and a request are enough.

use std::net::SocketAddr;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Error;
use super::wall_clock::system_time;

/// The keys of MiniStack's root user.
pub(crate) const ACCESS_KEY: &str = "test";
/// The keys of MiniStack's root user.
pub(crate) const SECRET_KEY: &str = "test";
/// The region that everything is in.
pub(crate) const REGION: &str = "us-east-1";

const CLOUDFORMATION_VERSION: &str = "2010-05-15";
/// How much of a refusal is shown.
const SHOWN: usize = 600;

/// The AWS APIs at one address.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: Client,
    base: String,
}

impl Api {
    pub(crate) fn new(address: SocketAddr) -> Result<Self, Error> {
        // Proxies of the environment have no business on this machine.
        let client = Client::builder().no_proxy().build();
        let client = client.map_err(|source| Error::NoAnswer {
            operation: "the HTTP client".to_owned(),
            source,
        })?;
        Ok(Self {
            client,
            base: format!("http://{address}"),
        })
    }

    /// For requests that are not the AWS API's, such as those to Function URLs.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The address, as `http://127.0.0.1:4566`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Puts an object, or makes a bucket if `path` names one alone.
    pub(crate) async fn put(&self, path: &str, body: Vec<u8>) -> Result<(), Error> {
        let url = format!("{}/{path}", self.base);
        self.send("s3", &format!("PUT {path}"), Method::PUT, url, &[], body)
            .await
            .map(drop)
    }

    /// One action of CloudFormation; the answer is XML.
    pub(crate) async fn cloudformation(
        &self,
        action: &str,
        form: &[(String, String)],
    ) -> Result<String, Error> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("Action", action)
            .append_pair("Version", CLOUDFORMATION_VERSION)
            .extend_pairs(form);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let url = format!("{}/", self.base);
        let body = body.finish().into_bytes();
        self.send("cloudformation", action, Method::POST, url, &headers, body)
            .await
    }

    /// One operation of a service with a JSON protocol, such as `AmazonSQS.SendMessage` of `sqs`.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        service: &str,
        target: &str,
        input: &impl Serialize,
    ) -> Result<T, Error> {
        let unexpected = |detail: serde_json::Error| Error::Unexpected {
            operation: target.to_owned(),
            detail: detail.to_string(),
        };
        let body = serde_json::to_vec(input).map_err(unexpected)?;
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", target),
        ];
        let url = format!("{}/", self.base);
        let answer = self
            .send(service, target, Method::POST, url, &headers, body)
            .await?;
        let answer = if answer.trim().is_empty() { "{}" } else { &answer };
        serde_json::from_str(answer).map_err(unexpected)
    }

    async fn send(
        &self,
        service: &str,
        operation: &str,
        method: Method,
        url: String,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<String, Error> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let unexpected = |detail: String| Error::Unexpected {
            operation: operation.to_owned(),
            detail,
        };
        let mut request = request
            .body(body)
            .map_err(|error| unexpected(error.to_string()))?;
        sign_request(service, &mut request).map_err(|error| unexpected(error.to_string()))?;
        let no_answer = |source| Error::NoAnswer {
            operation: operation.to_owned(),
            source,
        };
        let request = reqwest::Request::try_from(request).map_err(no_answer)?;
        let answer = self.client.execute(request).await.map_err(no_answer)?;
        let status = answer.status();
        let text = answer.text().await.map_err(no_answer)?;
        if status.is_success() {
            return Ok(text);
        }
        let body = text.chars().take(SHOWN).collect();
        Err(Error::Refused {
            operation: operation.to_owned(),
            status: status.as_u16(),
            body,
        })
    }
}

fn sign_request(
    service: &str,
    request: &mut http::Request<Vec<u8>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let identity = Credentials::from_keys(ACCESS_KEY, SECRET_KEY, None).into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(service)
        .time(system_time())
        .settings(settings)
        .build()?
        .into();
    let uri = request.uri().to_string();
    let headers = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    // Zips are large and stay on this machine.
    let body = if service == "s3" {
        SignableBody::UnsignedPayload
    } else {
        SignableBody::Bytes(request.body())
    };
    let signable = SignableRequest::new(request.method().as_str(), uri, headers, body)?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}

/// An answer of which nothing is needed.
#[derive(Deserialize)]
pub(crate) struct Empty {}
