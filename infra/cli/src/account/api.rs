//! Signed calls to AWS, or to an emulator of it.
//!
//! The functions use the AWS SDKs. The command line needs a dozen operations of four services, for which a signature and a
//! request are enough; it takes credentials and region from the SDK's standard chain.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use event::ports::Store as _;
use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::{AccountOptions, Error};
use crate::wall_clock::system_time;

/// The keys of MiniStack's root user.
pub(crate) const ACCESS_KEY: &str = "test";
/// The keys of MiniStack's root user.
pub(crate) const SECRET_KEY: &str = "test";
/// MiniStack's region.
pub(crate) const REGION: &str = "us-east-1";

/// The versions of the two APIs with a query protocol, by service.
const QUERY_VERSIONS: [(&str, &str); 2] = [("cloudformation", "2010-05-15"), ("monitoring", "2010-08-01")];
const LAMBDA_VERSION: &str = "2015-03-31";
/// How many characters of a refusal are shown.
const SHOWN: usize = 600;
/// Credentials that end sooner are fetched again first.
const CREDENTIALS_LEFT: Duration = Duration::from_secs(60);

/// The AWS APIs of one region.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    /// An emulator's address, such as `http://127.0.0.1:4566`, or that of AWS_ENDPOINT_URL.
    endpoint: Option<String>,
    region: String,
    credentials: Chain,
    /// What the functions' own clients are made of; `None` for an emulator that this process has started.
    config: Option<SdkConfig>,
}

/// Where credentials come from, and those of now.
#[derive(Debug)]
struct Chain {
    provider: SharedCredentialsProvider,
    current: Mutex<Option<Credentials>>,
}

impl Api {
    /// An emulator on this machine.
    pub(crate) fn local(address: SocketAddr) -> Result<Self, Error> {
        // Proxies of the environment do not apply to this machine.
        let client = client(Client::builder().no_proxy())?;
        let keys = Credentials::from_keys(ACCESS_KEY, SECRET_KEY, None);
        Ok(Self {
            client,
            endpoint: Some(format!("http://{address}")),
            region: REGION.to_owned(),
            credentials: Chain::of(SharedCredentialsProvider::new(keys)),
            config: None,
        })
    }

    /// The account that the standard chain of credentials leads to.
    pub(crate) async fn of_account(options: &AccountOptions) -> Result<Self, Error> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &options.region {
            loader = loader.region(aws_config::Region::new(region.clone()));
        }
        let config = loader.load().await;
        let region = config.region().ok_or(Error::NoRegion)?.to_string();
        let provider = config
            .credentials_provider()
            .ok_or_else(|| Error::NoCredentials("the chain of credentials is empty".into()))?;
        Ok(Self {
            client: client(Client::builder())?,
            endpoint: config
                .endpoint_url()
                .map(|url| url.trim_end_matches('/').to_owned()),
            region,
            credentials: Chain::of(provider),
            config: Some(config),
        })
    }

    /// For requests that are not the AWS API's, such as those to Function URLs.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The address that AWS_ENDPOINT_URL names, if it does.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// The emulator's address.
    pub(crate) fn base(&self) -> &str {
        self.endpoint.as_deref().unwrap_or_default()
    }

    /// Where a service takes requests.
    fn url(&self, service: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => {
                let suffix = if self.region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://{service}.{}.amazonaws.com{suffix}", self.region)
            }
        }
    }

    /// Puts an object, or makes a bucket if `path` names one alone.
    pub(crate) async fn put(&self, path: &str, body: Vec<u8>) -> Result<(), Error> {
        let url = format!("{}/{path}", self.url("s3"));
        self.send("s3", &format!("PUT {path}"), Method::PUT, url, &[], body)
            .await
            .map(drop)
    }

    /// An object as the functions read it; `None` if there is none.
    pub(crate) async fn object(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let unexpected = |detail: String| Error::Unexpected {
            operation: format!("GetObject {key}"),
            detail,
        };
        let config = self.config.as_ref().ok_or(Error::NoRegion)?;
        let store =
            aws::FallbackBucket::new(config, bucket).map_err(|error| unexpected(error.to_string()))?;
        match store.get(key).await {
            Ok(bytes) => Ok(Some(bytes)),
            // Without s3:ListBucket, S3 says AccessDenied of what is gone.
            Err(failed) if ["NoSuchKey", "AccessDenied"].contains(&failed.code.as_str()) => Ok(None),
            Err(failed) => Err(unexpected(failed.code)),
        }
    }

    /// One action of CloudFormation; the answer is XML.
    pub(crate) async fn cloudformation(
        &self,
        action: &str,
        form: &[(String, String)],
    ) -> Result<String, Error> {
        self.query("cloudformation", action, form).await
    }

    /// One action of a service with the query protocol: CloudFormation, or CloudWatch (`monitoring`); the answer is XML.
    pub(crate) async fn query(
        &self,
        service: &str,
        action: &str,
        form: &[(String, String)],
    ) -> Result<String, Error> {
        let version = QUERY_VERSIONS.iter().find(|(name, _)| *name == service);
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("Action", action)
            .append_pair(
                "Version",
                version.map(|(_, version)| *version).unwrap_or_default(),
            )
            .extend_pairs(form);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let url = format!("{}/", self.url(service));
        let body = body.finish().into_bytes();
        self.send(service, action, Method::POST, url, &headers, body)
            .await
    }

    /// One operation of Lambda, such as `PUT event-source-mappings/<id>`.
    pub(crate) async fn lambda<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<T, Error> {
        self.lambda_of(LAMBDA_VERSION, method, path, body).await
    }

    /// The same of an operation whose API version is another one.
    pub(crate) async fn lambda_of<T: DeserializeOwned>(
        &self,
        version: &str,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<T, Error> {
        let operation = format!("{method} {path}");
        let url = format!("{}/{version}/{path}", self.url("lambda"));
        let headers = [("content-type", "application/json")];
        let answer = self
            .send("lambda", &operation, method, url, &headers, body)
            .await?;
        serde_json::from_str(&answer).map_err(|error| Error::Unexpected {
            operation,
            detail: error.to_string(),
        })
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
        let url = format!("{}/", self.url(service));
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
        let credentials = self.credentials.current().await?;
        sign_request(service, &self.region, credentials, &mut request)
            .map_err(|error| unexpected(error.to_string()))?;
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

fn client(builder: reqwest::ClientBuilder) -> Result<Client, Error> {
    builder.build().map_err(|source| Error::NoAnswer {
        operation: "the HTTP client".to_owned(),
        source,
    })
}

impl Chain {
    fn of(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            current: Mutex::new(None),
        }
    }

    /// Credentials that are good for a while: those of a role end after an hour.
    async fn current(&self) -> Result<Credentials, Error> {
        let mut current = self.current.lock().await;
        let is_good = |credentials: &&Credentials| lasts(credentials.expiry(), system_time());
        if let Some(credentials) = current.as_ref().filter(is_good) {
            return Ok(credentials.clone());
        }
        let fetched = self.provider.provide_credentials().await;
        let fetched = fetched.map_err(|error| Error::NoCredentials(error.into()))?;
        Ok(current.insert(fetched).clone())
    }
}

fn lasts(expiry: Option<SystemTime>, now: SystemTime) -> bool {
    expiry.is_none_or(|expiry| expiry > now + CREDENTIALS_LEFT)
}

fn sign_request(
    service: &str,
    region: &str,
    credentials: Credentials,
    request: &mut http::Request<Vec<u8>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let identity = credentials.into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
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
