//! One event is one request (SR-303, SR-304).

use event::calls::BranchCall;
use event::json::write_string;

/// The body that is sent: the call's, with the key (SR-304).
pub fn body(call: &BranchCall, branch_key: &str) -> String {
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

/// A request as `switchyard map --packed` prints it (SR-306).
pub struct PackedEvent {
    /// The complete URL.
    pub url: String,
    /// The body, with `"branch_key": "<branch_key>"`.
    pub body: String,
}

/// The request of one call.
pub fn packed(call: &BranchCall, base_url: &str) -> PackedEvent {
    PackedEvent {
        url: format!("{base_url}{}", call.endpoint.path()),
        body: body(call, "<branch_key>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::calls::BranchEndpoint;

    #[test]
    fn sr_303_sr_304_sr_306_one_request_holds_one_event_and_the_key() {
        let call = BranchCall {
            endpoint: BranchEndpoint::Standard,
            body: r#"{"name":"LOGIN"}"#.into(),
            ip: None,
            timestamp: None,
            user: None,
        };
        let packed = packed(&call, "https://api2.branch.io");
        assert_eq!(packed.url, "https://api2.branch.io/v2/event/standard");
        assert_eq!(packed.body, r#"{"branch_key":"<branch_key>","name":"LOGIN"}"#);
    }
}
