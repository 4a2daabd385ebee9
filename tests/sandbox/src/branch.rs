//! Branch's event API: `POST /v2/event/standard` and `POST /v2/event/custom`, one event a request.

mod event;
mod item;

use serde_json::{Value, json};
use std::net::IpAddr;

use crate::form::{Fields, object, present};
use crate::judged::{Judged, JudgedItem, VendorRequest};
use crate::keys::Keys;
use crate::record::ItemResult;

/// Which of the two endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    Standard,
    Custom,
}

/// Judges a request.
pub(crate) fn judge(request: &VendorRequest<'_>, branch_key: &str) -> Judged {
    let endpoint = match (request.method, request.path) {
        ("POST", "/v2/event/standard") => Endpoint::Standard,
        ("POST", "/v2/event/custom") => Endpoint::Custom,
        _ => return refused(404, request, "not found"),
    };
    if !request.is_json() {
        return refused(400, request, "Bad request: the content type is not JSON");
    }
    let body = match serde_json::from_str::<Value>(request.body) {
        Ok(Value::Object(body)) => body,
        _ => return refused(400, request, "Bad request: unable to parse the request"),
    };
    let key = present(&body, "branch_key")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !Keys::fits(branch_key, key) {
        return refused(
            400,
            request,
            "Branch authentication failed: branch_key is not valid",
        );
    }
    let verdict = match request.item_fault {
        Some(fault) => Err(fault.reason.to_owned()),
        None => check_address(request).and_then(|()| event::check(endpoint, &body)),
    };
    let losses = match verdict {
        Ok(losses) => losses,
        Err(reason) => return refused(400, request, &reason),
    };
    Judged {
        status: 200,
        body: json!({"branch_view_enabled": false}).to_string(),
        items: vec![JudgedItem {
            array: String::new(),
            index: 0,
            json: request.body.to_owned(),
            result: match vanishes(&body) {
                Some(reason) => ItemResult::Discarded { reason },
                None => ItemResult::Accepted,
            },
            losses,
        }],
    }
}

/// The address that stands for the sender's own must be one.
fn check_address(request: &VendorRequest<'_>) -> Result<(), String> {
    let Some(given) = request.headers.get("x-ip-override") else {
        return Ok(());
    };
    let address = given.to_str().ok().and_then(|text| text.parse::<IpAddr>().ok());
    match address {
        Some(_) => Ok(()),
        None => Err("Bad request: X-IP-Override is no address".to_owned()),
    }
}

/// Branch answers 200 to an event whose system is blank, and then loses it.
fn vanishes(body: &Fields) -> Option<String> {
    let user = object(body.get("user_data")?, "user_data").ok()?;
    let is_blank = |key: &&str| {
        let value = user.get(*key).and_then(Value::as_str);
        value.is_some_and(|text| text.trim().is_empty())
    };
    let blank = ["os", "os_version"].into_iter().find(is_blank)?;
    Some(format!("'{blank}' is blank"))
}

fn refused(status: u16, request: &VendorRequest<'_>, reason: &str) -> Judged {
    let body = json!({"error": {"code": status, "message": reason}}).to_string();
    Judged::refused(status, body, request, reason)
}

/// A body with its key hidden.
pub(crate) fn without_key(body: &str) -> String {
    let parsed = serde_json::from_str::<Value>(body).unwrap_or_default();
    match parsed.get("branch_key").and_then(Value::as_str) {
        Some(key) if !key.is_empty() => body.replace(key, "<branch_key>"),
        _ => body.to_owned(),
    }
}

#[cfg(test)]
mod tests;
