//! One event is one request (SR-303, SR-304).

use event::calls::BranchCall;
use event::json::write_string;

/// The body that is sent: the call's, with the key (SR-304).
pub(super) fn body(call: &BranchCall, branch_key: &str) -> String {
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
pub(super) const KEY_PLACEHOLDER: &str = "<branch_key>";

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
        assert_eq!(packing.unsent, [(2, repeated)]);
    }
}
