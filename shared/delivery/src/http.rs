//! HTTP as a port: one request out, one answer or none back. The real one is in `aws`; it follows no redirect, takes no
//! proxy from the environment, verifies certificates and never repeats a request.

use event::calls::Method;
use telemetry::Secret;

/// One HTTP request.
///
/// It holds a key and customer data, so it cannot be printed, and neither can its answer:
/// ```compile_fail,E0277
/// fn print(request: delivery::http::Request) -> String {
///     format!("{request:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn print(answer: delivery::http::Answer) -> String {
///     format!("{answer:?}")
/// }
/// ```
pub struct Request {
    /// The method.
    pub method: Method,
    /// The complete URL, built from checked settings.
    pub url: String,
    /// The `Authorization` header, if there is one.
    pub authorization: Option<Secret>,
    /// Other headers beside `Content-Type: application/json`, `Accept: application/json` and `User-Agent`, which every
    /// request carries.
    pub headers: Vec<(&'static str, String)>,
    /// The body; it may hold a key (Branch) and always holds customer data.
    pub body: String,
    /// Milliseconds until the whole request, answer included, must have ended.
    pub timeout_ms: u64,
    /// How many bytes of the answer's body are read; beyond, the connection is closed and `cut` is set.
    pub max_answer_bytes: usize,
}

/// What came back: a complete status line and headers, and as much of the body as was allowed.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers by lower-case name; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the body was longer than allowed, or broke off.
    pub cut: bool,
}

impl Answer {
    /// The first header of a lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The request surely was not sent: DNS, connect or TLS failed.
    #[error("no connection")]
    NotSent,
    /// The request was sent, perhaps in part, and no complete answer came: its fate is not known.
    #[error("no answer")]
    Unknown,
}

/// Sends one request.
pub trait Http {
    /// Sends it once.
    async fn send(&self, request: Request) -> Result<Answer, NoAnswer>;
}

impl<H: Http> Http for &H {
    async fn send(&self, request: Request) -> Result<Answer, NoAnswer> {
        (**self).send(request).await
    }
}
