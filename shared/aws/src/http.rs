//! HTTP out: one client a container.

use crate::pooled::IDLE_MS;
use delivery::http::{Http, NoResponse, Request, Response};
use event::calls::Method;
use event::{Clock, Timestamp};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::time::Duration;

/// A client without redirects, proxies, compression or repetitions, with verified certificates.
pub struct Client<C> {
    pool: RefCell<reqwest::Client>,
    last_response: Cell<Timestamp>,
    clock: C,
}

/// Connecting ends after this (RD-171).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long opening a connection ahead may take.
const WARM_TIMEOUT: Duration = Duration::from_secs(2);

impl<C: Clock> Client<C> {
    /// A client.
    ///
    /// # Errors
    /// If the system's certificates cannot be read.
    pub fn new(clock: C) -> Result<Self, reqwest::Error> {
        Ok(Self {
            pool: RefCell::new(build()?),
            last_response: Cell::new(clock.now()),
            clock,
        })
    }

    fn fresh(&self) -> reqwest::Client {
        if self.clock.now().millis_since(self.last_response.get()) > IDLE_MS
            && let Ok(client) = build()
        {
            *self.pool.borrow_mut() = client;
        }
        self.pool.borrow().clone()
    }
}

/// Why a request got no answer. The client tells DNS from TCP, and one fault of an answer from another, in words alone; a test
/// holds them.
fn why(error: &reqwest::Error) -> NoResponse {
    let mut words = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push(inner.to_string());
        cause = inner.source();
    }
    let says = |start: &str| words.iter().any(|word| word.starts_with(start));
    match () {
        () if error.is_connect() && says("dns error") => NoResponse::Dns,
        () if error.is_builder() || error.is_timeout() && error.is_connect() || says("tcp connect error") => {
            NoResponse::Connect
        }
        () if error.is_connect() => NoResponse::Tls,
        () if error.is_timeout() => NoResponse::Timeout,
        () if says("message head is too large") => NoResponse::TooLarge,
        () if says("invalid") => NoResponse::Headers,
        () => NoResponse::Reset,
    }
}

pub(crate) fn build() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("switchyard/", env!("CARGO_PKG_VERSION")))
        .build()
}

impl<C: Clock> Http for Client<C> {
    async fn send(&self, request: Request) -> Result<Response, NoResponse> {
        let method = match request.method {
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let json = HeaderValue::from_static("application/json");
        let mut out = self
            .fresh()
            .request(method, &request.url)
            .timeout(Duration::from_millis(request.timeout_ms))
            .header(CONTENT_TYPE, json.clone())
            .header(ACCEPT, json);
        for (name, value) in &request.headers {
            out = out.header(*name, value);
        }
        if let Some(authorization) = &request.authorization {
            let mut value = authorization
                .lend(HeaderValue::from_str)
                .map_err(|_| NoResponse::Connect)?;
            value.set_sensitive(true);
            out = out.header(AUTHORIZATION, value);
        }
        let sent = out.body(request.body).send().await;
        self.last_response.set(self.clock.now());
        let mut response = sent.map_err(|error| why(&error))?;
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let (mut body, mut cut) = (Vec::new(), false);
        while !cut {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = request.max_response_bytes.saturating_sub(body.len());
                    cut = chunk.len() > room;
                    body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
                }
                Ok(None) => break,
                Err(_) => cut = true,
            }
        }
        self.last_response.set(self.clock.now());
        Ok(Response {
            status: response.status().as_u16(),
            headers,
            body,
            cut,
        })
    }

    /// Only over TLS: elsewhere there is nothing to save. The response does not matter.
    async fn warm(&self, base_url: &str) {
        if base_url.starts_with("https://") {
            let client = self.pool.borrow().clone();
            let _ = client.head(base_url).timeout(WARM_TIMEOUT).send().await;
            self.last_response.set(self.clock.now());
        }
    }
}
