//! What the platform hands a function with a URL (payload 2.0), and what it takes back.
//!
//! The shapes are our own: the usual crate puts headers into a `HeaderMap`, which fails the whole invocation for one value
//! that is not ASCII, and an authentic event with it (RC-007).

use event::Source;
use receipt::{Answer, Request};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What invokes a receiver: a request to its Function URL, or the schedule of the re-ingest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiverEvent {
    #[serde(default)]
    switchyard: Option<String>,
    #[serde(default)]
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    request_context: Option<RequestContext>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// What a receiver is to do.
pub(crate) enum Work {
    /// Answer a request.
    Answer(Request),
    /// Queue what is pending in the fallback bucket.
    Reingest,
}

/// An event that no receiver takes. Who deploys has to look at what invokes the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is neither a Function URL's request nor a task of this function")]
pub(crate) struct ForeignEvent;

impl ReceiverEvent {
    /// What it asks of the receiver of a source.
    ///
    /// # Errors
    /// [`ForeignEvent`], which fails the invocation (RC-001).
    pub(crate) fn work(self, source: Source) -> Result<Work, ForeignEvent> {
        match (self.switchyard.as_deref(), self.request_context) {
            (Some("reingest"), None) if source == Source::Branch => Ok(Work::Reingest),
            (None, Some(RequestContext { request_id, http })) => Ok(Work::Answer(Request {
                method: http.method,
                path: self.raw_path,
                raw_query: self.raw_query_string,
                headers: self.headers.into_iter().collect(),
                source_ip: http.source_ip.parse().ok(),
                request_id,
                body: self.body.unwrap_or_default(),
                is_base64: self.is_base64_encoded,
            })),
            _ => Err(ForeignEvent),
        }
    }
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UrlAnswer {
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

    fn work(event: &str, source: Source) -> Option<Work> {
        serde_json::from_str::<ReceiverEvent>(event)
            .ok()?
            .work(source)
            .ok()
    }

    fn request(event: &str) -> Option<Request> {
        match work(event, Source::Segment)? {
            Work::Answer(request) => Some(request),
            Work::Reingest => None,
        }
    }

    #[test]
    fn a_request_is_read_with_whatever_headers_it_has() {
        event::rules!["RC-001", "RC-007"];
        let request = request(EVENT).unwrap();
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
            r#"{"switchyard":"other"}"#,
        ] {
            assert!(request(other).is_none(), "{other}");
        }
        let bare = r#"{"rawPath":"/","requestContext":{"requestId":"r","http":{"method":"GET"}}}"#;
        let request = request(bare).unwrap();
        assert!(request.body.is_empty() && request.source_ip.is_none());
    }

    #[test]
    fn the_schedule_reaches_branch_and_no_request_plays_it() {
        event::rules!["RC-001", "RC-152"];
        let scheduled = r#"{"switchyard":"reingest"}"#;
        let of_schedule = |source| work(scheduled, source);
        assert!(matches!(of_schedule(Source::Branch), Some(Work::Reingest)));
        assert!(of_schedule(Source::Segment).is_none() && of_schedule(Source::Braze).is_none());
        // A request's body is text: it cannot be the event.
        let posted = EVENT.replace("eyJhIjoxfQ==", &scheduled.replace('"', "\\\""));
        assert!(matches!(work(&posted, Source::Branch), Some(Work::Answer(_))));
    }
}
