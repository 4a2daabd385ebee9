//! A request to Branch's v2 event API and what its response means, its `Retry-After` included.

use super::limits::{MAX_RESPONSE_BYTES, MAX_RETRY_AFTER_S};
use super::{Batch, Branch, BranchItem, response};
use crate::backoff::parse_retry_after;
use crate::exchange::{Ambiguous, Exchange, Reading, RetryAfter};
use crate::http::{Request, Response};
use event::Timestamp;
use event::calls::{BranchCall, Method};
use event::json::write_string;
use event::settings::OnAmbiguous;

impl Exchange for Branch {
    fn request(&self, batch: &Batch, key: &str, now: Option<Timestamp>) -> Request {
        let call = batch.items().next().map(|item| &item.item.call);
        let ip = call
            .and_then(|call| call.ip.clone())
            .filter(|_| self.settings.ip_override_header);
        let key = if now.is_some() { key } else { KEY_PLACEHOLDER };
        Request {
            method: Method::Post,
            url: format!("{}{}", self.base_url, batch.target.path()),
            authorization: None,
            headers: ip.map(|ip| ("X-IP-Override", ip)).into_iter().collect(),
            body: call.map_or_else(String::new, |call| body(call, key)),
            timeout_ms: self.settings.timeout.as_millis(),
            max_response_bytes: MAX_RESPONSE_BYTES,
        }
    }

    fn read(&self, _: &Batch, response: &Response) -> Reading {
        response::classify(response).reading(response)
    }

    /// SR-340.
    fn retry_after(&self, response: &Response, now: Timestamp) -> Option<RetryAfter> {
        let obeyed = response.status == 429 || response.status >= 500;
        let seconds = parse_retry_after(response.header("retry-after")?, now).filter(|_| obeyed)?;
        Some(RetryAfter {
            seconds: seconds.clamp(1.0, MAX_RETRY_AFTER_S),
            pauses_group: false,
        })
    }

    /// SR-330.
    fn ambiguous(&self, _: &BranchItem) -> Ambiguous {
        match self.settings.on_ambiguous {
            OnAmbiguous::Park => Ambiguous::Park,
            OnAmbiguous::Retry => Ambiguous::RepeatMayCountTwice,
        }
    }
}

/// The body that is sent: the call's, with the key (SR-304).
fn body(call: &BranchCall, branch_key: &str) -> String {
    let rest = call.body.strip_prefix('{').unwrap_or(&call.body);
    let mut body = String::with_capacity(call.body.len() + branch_key.len() + 18);
    body.push_str("{\"branch_key\":");
    write_string(&mut body, branch_key);
    if !rest.trim_start().starts_with('}') {
        body.push(',');
    }
    body.push_str(rest);
    body
}

/// What stands for the key where it must not be shown.
const KEY_PLACEHOLDER: &str = "<branch_key>";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::Destination;
    use crate::destinations::{Branch, packed};
    use event::calls::BranchEndpoint;
    use event::reasons::IgnoreReason;
    use event::settings::Settings;
    use event::{EventId, Outcome};

    fn call(endpoint: BranchEndpoint, body: &str) -> BranchCall {
        BranchCall {
            endpoint,
            body: body.to_owned(),
            ip: None,
            timestamp: None,
            user: None,
        }
    }

    #[test]
    fn one_request_holds_one_event_and_the_key() {
        event::rules!["SR-303", "SR-304", "SR-306"];
        let standard = call(BranchEndpoint::Standard, r#"{"name":"LOGIN"}"#);
        let custom = || call(BranchEndpoint::Custom, r#"{"name":"x"}"#);
        let events = vec![
            (EventId::given("a"), vec![standard]),
            (EventId::given("b"), vec![custom()]),
            (EventId::given("a"), vec![custom()]),
        ];
        let packing = packed(&Branch::new(&Settings::default()).unwrap(), events);
        let url = |path: &str| format!("https://api2.branch.io/v2/event/{path}");
        let (standard, custom) = (url("standard"), url("custom"));
        let bodies = ["LOGIN", "x"].map(|name| format!(r#"{{"branch_key":"<branch_key>","name":"{name}"}}"#));
        let wanted = [
            ("POST", standard.as_str(), &[0][..], bodies[0].as_str()),
            ("POST", custom.as_str(), &[1], &bodies[1]),
        ];
        assert_eq!(packing.shown(), wanted);
        let repeated = Outcome::Ignored(IgnoreReason::DuplicateInInvocation);
        assert_eq!(packing.not_sent, [(2, repeated)]);
    }
}
