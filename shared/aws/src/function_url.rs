//! What the platform hands a function with a URL (payload 2.0), and what it takes back.
//!
//! The shapes are our own: the usual crate puts headers into a `HeaderMap`, which fails the whole invocation for one value
//! that is not ASCII, and an authentic event with it (RC-007).

use receipt::{Answer, Request};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One request to a Function URL.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UrlRequest {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: RequestContext,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    request_id: String,
    http: HttpContext,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpContext {
    method: String,
    #[serde(default)]
    source_ip: String,
}

impl From<UrlRequest> for Request {
    fn from(request: UrlRequest) -> Self {
        let RequestContext { request_id, http } = request.request_context;
        Self {
            method: http.method,
            path: request.raw_path,
            raw_query: request.raw_query_string,
            headers: request.headers.into_iter().collect(),
            source_ip: http.source_ip.parse().ok(),
            request_id,
            body: request.body.unwrap_or_default(),
            is_base64: request.is_base64_encoded,
        }
    }
}

/// One answer of a Function URL.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UrlAnswer {
    status_code: u16,
    headers: BTreeMap<&'static str, String>,
    body: String,
    is_base64_encoded: bool,
}

impl From<Answer> for UrlAnswer {
    fn from(answer: Answer) -> Self {
        Self {
            status_code: answer.status,
            headers: answer.headers.into_iter().collect(),
            body: answer.body,
            is_base64_encoded: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"version":"2.0","routeKey":"$default","rawPath":"/t/x","rawQueryString":"token=a%20b",
        "headers":{"x-signature":"ab","x-name":"Zoë","content-type":"application/json"},
        "requestContext":{"accountId":"anonymous","apiId":"u","requestId":"r-9","stage":"$default","timeEpoch":1,
            "http":{"method":"POST","path":"/t/x","protocol":"HTTP/1.1","sourceIp":"203.0.113.9","userAgent":"x"}},
        "body":"eyJhIjoxfQ==","isBase64Encoded":true}"#;

    #[test]
    fn a_request_is_read_with_whatever_headers_it_has() {
        event::rules!["RC-001", "RC-007"];
        let request = Request::from(serde_json::from_str::<UrlRequest>(EVENT).unwrap());
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/t/x"));
        assert_eq!(
            (request.raw_query.as_str(), request.request_id.as_str()),
            ("token=a%20b", "r-9")
        );
        assert_eq!(request.source_ip, "203.0.113.9".parse().ok());
        assert!(request.is_base64 && request.body == "eyJhIjoxfQ==");
        assert_eq!(request.header("X-Name"), Some("Zoë"));
    }

    #[test]
    fn what_is_no_function_url_event_fails_the_invocation() {
        event::rules!["RC-001"];
        for other in [
            r#"{"Records":[]}"#,
            "{}",
            r#"{"rawPath":"/","requestContext":{}}"#,
        ] {
            assert!(serde_json::from_str::<UrlRequest>(other).is_err(), "{other}");
        }
        let bare = r#"{"rawPath":"/","requestContext":{"requestId":"r","http":{"method":"GET"}}}"#;
        let request = Request::from(serde_json::from_str::<UrlRequest>(bare).unwrap());
        assert!(request.body.is_empty() && request.source_ip.is_none());
    }
}
