//! The amended rules of the mapping, judged: a request that breaks what such a rule is for is refused in the vendor's words, or
//! reported as a loss where the vendor takes it in silence. The same request with the right value passes whole.
//!
//! Not judged: whether the consent flags are complete (SR-194) and whether money has a currency (SR-215), unless the event names
//! one elsewhere (SR-214). Branch takes both, and its own pages show both.

use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::judged::{Judged, SeenIds, VendorRequest};
use crate::record::ItemResult;
use crate::{branch, braze, segment};

const ROWS: &str = include_str!("../data/amended.txt");

const KEY: &str = "key";

/// A request that the vendor takes without a loss: endpoint and body.
fn request(name: &str) -> (&'static str, Value) {
    const TRACK: &str = "POST /users/track";
    let of_user = |rest: Value| merged(&json!({"external_id": "u-1"}), rest);
    let at = |rest: Value| merged(&of_user(json!({"time": "2026-02-03T10:00:00.000Z"})), rest);
    match name {
        "attributes" => (TRACK, json!({"attributes": [of_user(json!({"plan": "pro"}))]})),
        "event" => {
            let event = at(json!({"name": "Quiz Started", "properties": {"a": 1}}));
            (TRACK, json!({"events": [event]}))
        }
        "purchase" => {
            let bought = json!({"product_id": "p", "currency": "EUR", "price": 5, "quantity": 1, "properties": {"a": 1}});
            (TRACK, json!({"purchases": [at(bought)]}))
        }
        "order" => {
            let properties = merged(&of_shop(), json!({"order_id": "o-1"}));
            let event = at(json!({"name": "ecommerce.order_placed", "properties": properties}));
            (TRACK, json!({"events": [event]}))
        }
        "cart" => {
            let properties = merged(&of_shop(), json!({"cart_id": "c-1", "action": "add"}));
            let event = at(json!({"name": "ecommerce.cart_updated", "properties": properties}));
            (TRACK, json!({"events": [event]}))
        }
        "subscription" => {
            let group = json!({"subscription_group_id": "sg", "subscription_state": "subscribed", "external_ids": ["u-1"]});
            (
                "POST /v2/subscription/status/set",
                json!({"subscription_groups": [group]}),
            )
        }
        "identified" => {
            let alias = json!({"alias_name": "a-1", "alias_label": "anonymous"});
            let entry = of_user(json!({"user_alias": alias}));
            let body = json!({"aliases_to_identify": [entry], "merge_behavior": "merge"});
            ("POST /users/identify", body)
        }
        "replaced" => (
            "PUT /catalogs/shop/items",
            json!({"items": [{"id": "p-1", "price": 5}]}),
        ),
        "changed" => (
            "PATCH /catalogs/shop/items",
            json!({"items": [{"id": "p-1", "price": 5}]}),
        ),
        "standard" => {
            let item = json!({"$price": 5, "$currency": "EUR", "$custom_fields": "{\"a\":\"1\"}"});
            let event = merged(&of_branch("PURCHASE"), json!({"content_items": [item]}));
            ("POST /v2/event/standard", event)
        }
        "points" => {
            let custom = json!({"revenue": "5", "currency": "points"});
            let event = merged(
                &of_branch("PURCHASE"),
                json!({"custom_data": custom, "event_data": {}}),
            );
            ("POST /v2/event/standard", event)
        }
        "custom" => ("POST /v2/event/custom", of_branch("Plan Upgraded")),
        "segment" => {
            let context = json!({
                "device": {"type": "android", "advertisingId": "7b0a", "adTrackingEnabled": true}, "os": {"version": "15"},
                "location": {"city": "Ulm", "latitude": 48.4}, "page": {"url": "https://a.example"},
                "timezone": "Europe/Berlin", "traits": {"email": "ada@example.com"},
            });
            let event = json!({
                "type": "track", "event": "Order Completed", "messageId": "m-1", "userId": "u-1", "anonymousId": "a-1",
                "timestamp": "2026-02-03T10:00:00.000Z", "properties": {"a": 1}, "context": context,
            });
            let body = json!({"batch": [event], "sentAt": "2026-03-01T12:00:00.000Z"});
            ("POST /v1/batch", body)
        }
        other => panic!("{other} is no request"),
    }
}

/// What an order and a cart have in common.
fn of_shop() -> Value {
    let product =
        json!({"product_id": "p", "product_name": "Lamp", "variant_id": "v", "quantity": 2, "price": 25});
    json!({"total_value": 50, "currency": "USD", "source": "web", "products": [product], "metadata": {"a": 1}})
}

fn of_branch(name: &str) -> Value {
    json!({
        "name": name, "branch_key": KEY, "user_data": {"os": "Android", "aaid": "7b0a2a5e", "developer_identity": "u-1"},
        "event_data": {"currency": "EUR", "revenue": 5}, "custom_data": {"gift": "true"},
    })
}

fn merged(base: &Value, mut more: Value) -> Value {
    let mut merged = base.clone();
    let members = merged.as_object_mut().unwrap();
    members.append(more.as_object_mut().unwrap());
    merged
}

/// What the vendor says against a request: why it refuses or discards it, and what it loses in silence.
fn said(endpoint: &str, body: &Value) -> Vec<String> {
    let reported = judged(endpoint, &body.to_string())
        .items
        .into_iter()
        .flat_map(|item| {
            let reason = match item.result {
                ItemResult::Refused { reason } | ItemResult::Discarded { reason } => Some(reason),
                ItemResult::Accepted | ItemResult::Repeated => None,
            };
            reason.into_iter().chain(item.losses)
        });
    reported.collect()
}

fn judged(endpoint: &str, body: &str) -> Judged {
    let (method, path) = endpoint.split_once(' ').unwrap();
    let is_segment = path == "/v1/batch";
    let authorization = if is_segment {
        "Basic a2V5Og=="
    } else {
        "Bearer key"
    };
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static(authorization));
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let request = VendorRequest {
        method,
        path,
        headers: &headers,
        body,
        item_fault: None,
    };
    if is_segment {
        segment::judge(&request, &[KEY.to_owned()], &mut SeenIds::new())
    } else if path.starts_with("/v2/event/") {
        branch::judge(&request, KEY)
    } else {
        braze::judge(&request, KEY, 75)
    }
}

/// `body` with a value at a pointer.
fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = body.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match changed.pointer_mut(parent).unwrap() {
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        parent => parent[key] = value,
    }
    changed
}

/// A value of the table.
fn value(text: &str) -> Value {
    let long = text
        .strip_prefix("\"<x*")
        .and_then(|rest| rest.strip_suffix(">\""));
    match long {
        Some(count) => json!("x".repeat(count.parse().unwrap())),
        None => serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}")),
    }
}

#[test]
fn a_request_that_breaks_an_amended_rule_is_told_of() {
    let mut count = 0;
    for row in ROWS.lines().filter(|row| !row.starts_with('#')) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [_, name, pointer, right, wrong, words] = cells[..] else {
            panic!("{row}")
        };
        let (endpoint, body) = request(name);
        let good = match right {
            "-" => body.clone(),
            right => with(&body, pointer, value(right)),
        };
        assert_eq!(said(endpoint, &good), [""; 0], "{row}");
        for wrong in wrong.split(" ; ") {
            let reported = said(endpoint, &with(&body, pointer, value(wrong)));
            assert!(
                reported.iter().any(|reported| reported.contains(words)),
                "{wrong} of {row}: {reported:?}"
            );
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}
