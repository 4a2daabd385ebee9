//! HTTP as a port: one request out, one answer or none back. The real one is in `aws`; it follows no redirect, takes no
//! proxy from the environment, verifies certificates and never repeats a request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::calls::Method;
use telemetry::Secret;
use url::form_urlencoded::byte_serialize;

/// One HTTP request.
///
/// It holds a key and customer data, so it cannot be printed, and neither can its answer:
/// ```compile_fail,E0277
/// fn print(request: delivery::http::Request) -> String {
///     format!("{request:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn print(response: delivery::http::Response) -> String {
///     format!("{response:?}")
/// }
/// ```
pub struct Request {
    /// The verb that the endpoint documents.
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
    pub max_response_bytes: usize,
}

/// What came back: a complete status line and headers, and as much of the body as was allowed.
pub struct Response {
    /// As it was sent, 100 to 599.
    pub status: u16,
    /// Headers by lower-case name; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// Its first bytes, at most `max_response_bytes` of them, uncompressed.
    pub body: Vec<u8>,
    /// Whether the body was longer than allowed, or broke off.
    pub cut: bool,
}

impl Response {
    /// The first header of a lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What stands for a key where it must not be shown.
pub const KEY_PLACEHOLDER: &str = "<key>";

impl Response {
    /// The response without the key, which the destination or a proxy may quote from the request: verbatim, as `Basic`, or
    /// percent-encoded (RS-033).
    #[must_use]
    pub fn without_key(self, key: &str) -> Self {
        let basic = STANDARD.encode(format!("{key}:"));
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let mut text = String::from_utf8_lossy(&self.body).into_owned();
        for form in [encoded(&basic), encoded(key), basic, key.to_owned()] {
            text = text.replace(&form, KEY_PLACEHOLDER);
            // Where a response breaks off, so may the key.
            let starts = form.char_indices().rev().filter_map(|(end, _)| form.get(..end));
            let kept = starts
                .filter(|start| self.cut && !start.is_empty())
                .find_map(|start| text.strip_suffix(start));
            if let Some(kept) = kept {
                text = format!("{kept}{KEY_PLACEHOLDER}");
            }
        }
        Self {
            body: text.into_bytes(),
            ..self
        }
    }
}

/// Why there is no answer (RD-130).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoResponse {
    /// The name of the host was not found. Like the next two: the request surely was not sent.
    Dns,
    /// No connection.
    Connect,
    /// No TLS: the certificate is not trusted, or the other side speaks another protocol.
    Tls,
    /// The time was up. Like those that follow: the request was sent, perhaps in part, and nobody knows whether it was accepted.
    Timeout,
    /// The connection ended before the answer, or nobody knows how far the request came.
    Reset,
    /// The answer's head is longer than an HTTP client takes.
    TooLarge,
    /// The answer has no head that can be read.
    Headers,
}

impl NoResponse {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Reset,
        Self::TooLarge,
        Self::Headers,
    ];

    /// The word in lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::TooLarge => "too_large",
            Self::Headers => "headers",
        }
    }

    /// Whether the other side may have it.
    pub const fn was_sent(self) -> bool {
        !matches!(self, Self::Dns | Self::Connect | Self::Tls)
    }
}

/// Sends one request.
pub trait Http {
    /// Sends it once.
    async fn send(&self, request: Request) -> Result<Response, NoResponse>;

    /// Opens a connection ahead, so that the first request has no handshake to wait for.
    async fn warm(&self, base_url: &str);
}

#[cfg(test)]
mod tests {
    use crate::fake_vendor::respond;
    use crate::http::Response;

    #[test]
    fn a_quoted_key_is_kept_in_no_form() {
        event::rules!["RS-033"];
        let key = "key_live_é1";
        let of = |body: &str, cut| {
            let response = respond(404, &[], body).unwrap();
            let body = Response { cut, ..response }.without_key(key).body;
            String::from_utf8(body).unwrap()
        };
        assert_eq!(of("key_live_é1, key_live_é1, key_", false), "<key>, <key>, key_");
        assert_eq!(of("a key_live_é", true), "a <key>");
        assert_eq!(of("a key_live_é1", true), "a <key>");
        assert_eq!(of("a k", true), "a <key>");
        assert_eq!(of("a b", true), "a b");
        assert_eq!(
            of("Basic a2V5X2xpdmVfw6kxOg==, key_live_%C3%A91", false),
            "Basic <key>, <key>"
        );
        assert_eq!(of("Basic a2V5X2xpdmVfw6kxOg%3D%3D", false), "Basic <key>");
        assert_eq!(of("Basic a2V5X2xpdmVf", true), "Basic <key>");
    }
}
