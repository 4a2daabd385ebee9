use super::*;
use axum::http::{HeaderMap, HeaderValue};

const KEY: &str = "key_live_1";

fn post(path: &str, body: &str) -> Judged {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let request = VendorRequest {
        method: "POST",
        path,
        headers: &headers,
        body,
        item_fault: None,
    };
    judge(&request, KEY)
}

fn purchase() -> Value {
    json!({
        "name": "PURCHASE", "branch_key": KEY,
        "user_data": {"os": "iOS", "os_version": "18.2", "idfv": "5E0C", "developer_identity": "u-1", "screen_width": 393, "limit_ad_tracking": false},
        "event_data": {"transaction_id": "o-1", "currency": "EUR", "revenue": 69.9},
        "content_items": [{"$content_schema": "COMMERCE_PRODUCT", "$price": 34.95, "$product_category": "Home & Garden", "$custom_fields": {"position": "2"}}],
        "custom_data": {"gift": "true"},
    })
}

/// The purchase with something else at a pointer; `null` removes it.
fn with(pointer: &str, value: Value) -> Value {
    let mut event = purchase();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => parent.remove(key),
        value => parent.insert(key.to_owned(), value),
    };
    event
}

fn standard(event: &Value) -> Judged {
    post("/v2/event/standard", &event.to_string())
}

#[test]
fn a_whole_purchase_is_taken_without_a_loss() {
    let judged = standard(&purchase());
    assert_eq!(judged.status, 200);
    assert_eq!(
        (&judged.items[0].result, judged.items[0].losses.len()),
        (&ItemResult::Accepted, 0)
    );
}

#[test]
fn wrong_names_types_and_values_are_refused_with_branchs_words() {
    for (pointer, value) in [
        ("/name", Value::Null),
        ("/name", json!("Plant Watered")),
        ("/name", json!(7)),
        ("/user_data", Value::Null),
        ("/user_data", json!([])),
        ("/user_data/os", Value::Null),
        ("/user_data/os", json!("Windows")),
        ("/user_data/developer_identity", json!(7)),
        ("/user_data/os_version", json!(18)),
        ("/user_data/screen_width", json!("393")),
        ("/user_data/screen_width", json!(1.5)),
        ("/user_data/limit_ad_tracking", json!("false")),
        ("/event_data", json!([])),
        ("/event_data/revenue", json!("69.90")),
        ("/event_data/currency", json!("eur")),
        ("/event_data/transaction_id", json!(1)),
        ("/event_data/ad_type", json!("banner")),
        ("/content_items", json!({})),
        ("/content_items/0/$price", json!("34.95")),
        ("/content_items/0/$content_schema", json!("PRODUCT")),
        ("/content_items/0/$product_category", json!("Pots")),
        ("/content_items/0/$condition", json!("mint")),
        ("/content_items/0/$custom_fields", json!({"position": 2})),
        ("/content_items/0/position", json!("2")),
        ("/content_items/0/$custom_fields", json!("position=2")),
        ("/content_items/0/$custom_fields", json!("{\"position\":2}")),
        ("/user_data/dma_eea", json!("granted")),
        ("/user_data/google_analytics_id", json!(7)),
        ("/user_data/advertising_ids", json!("o-1")),
        ("/user_data/advertising_ids", json!({"oaid": 7})),
        ("/event_data/currency", json!("€")),
        ("/custom_data/gift", json!(true)),
        ("/custom_data", json!("gift")),
    ] {
        let event = if let Some(key) = pointer.strip_prefix("/content_items/0/") {
            let mut event = purchase();
            event["content_items"][0][key] = value;
            event
        } else {
            with(pointer, value)
        };
        let judged = standard(&event);
        assert_eq!(judged.status, 400, "{event}");
        assert!(judged.body.contains("Bad request"), "{}", judged.body);
        assert!(matches!(judged.items[0].result, ItemResult::Refused { .. }));
    }
}

#[test]
fn standard_and_custom_names_have_their_own_endpoints() {
    let custom = |name: &str| post("/v2/event/custom", &with("/name", json!(name)).to_string());
    assert_eq!(custom("PURCHASE").status, 400);
    assert_eq!(custom("Custom Event").status, 400);
    let taken = custom("Plant Watered");
    assert_eq!(taken.status, 200);
    assert!(taken.items[0].losses[0].contains("content_items"));
    assert_eq!(post("/v2/event/other", "{}").status, 404);
}

#[test]
fn a_wrong_key_is_told_in_a_400() {
    for key in [json!("key_live_2"), json!(""), Value::Null] {
        let judged = standard(&with("/branch_key", key));
        assert_eq!(judged.status, 400);
        assert!(judged.body.contains("authentication failed"));
    }
    assert_eq!(post("/v2/event/standard", "[]").status, 400);
}

#[test]
fn somebody_must_be_named() {
    let mut event = purchase();
    event["user_data"] = json!({"os": "iOS", "ip": "198.51.100.23"});
    assert_eq!(standard(&event).status, 400);
    event["user_data"] = json!({"browser_fingerprint_id": "1193046471193046473"});
    assert_eq!(standard(&event).status, 200);
}

#[test]
fn an_event_with_a_blank_system_vanishes_without_an_error() {
    for key in ["os", "os_version"] {
        let judged = standard(&with(&format!("/user_data/{key}"), json!("")));
        assert_eq!(judged.status, 200);
        assert!(
            matches!(judged.items[0].result, ItemResult::Discarded { .. }),
            "{key}"
        );
    }
}

#[test]
fn unknown_members_are_losses() {
    for (pointer, loss) in [
        ("/timestamp", "timestamp"),
        ("/user_data/anon", "anon"),
        ("/event_data/total", "total"),
    ] {
        let judged = standard(&with(pointer, json!("1")));
        assert!(judged.items[0].losses[0].contains(loss), "{pointer}");
    }
}

#[test]
fn the_amended_members_are_known_and_no_loss() {
    for (pointer, value) in [
        ("/user_data/google_analytics_id", json!("GA1.2.3")),
        ("/user_data/anon_id", json!("XZ-1")),
        ("/user_data/advertising_ids", json!({"oaid": "o-1"})),
        ("/user_data/dma_eea", json!(true)),
    ] {
        let judged = standard(&with(pointer, value));
        assert_eq!(
            (judged.status, judged.items[0].losses.len()),
            (200, 0),
            "{pointer}"
        );
    }
    let mut event = purchase();
    event["content_items"][0]["$custom_fields"] = json!("{\"position\":\"2\"}");
    assert_eq!(standard(&event).items[0].losses, [""; 0]);
}

#[test]
fn a_placeholder_as_an_id_is_a_loss() {
    for (key, id) in [
        ("developer_identity", "bnc_no_value"),
        ("developer_identity", " NULL"),
        ("idfv", "00000000-0000-0000-0000-000000000000"),
        ("browser_fingerprint_id", "undefined"),
    ] {
        let judged = standard(&with(&format!("/user_data/{key}"), json!(id)));
        assert_eq!(judged.status, 200, "{key}");
        assert!(judged.items[0].losses[0].contains(key), "{key} {id}");
    }
}

#[test]
fn what_overrides_the_senders_address_is_an_address() {
    let status = |address: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("x-ip-override", HeaderValue::from_static(address));
        let body = purchase().to_string();
        let request = VendorRequest {
            method: "POST",
            path: "/v2/event/standard",
            headers: &headers,
            body: &body,
            item_fault: None,
        };
        judge(&request, KEY).status
    };
    assert_eq!(status("203.0.113.7"), 200);
    assert_eq!(status("2001:db8::7"), 200);
    assert_eq!(status("unknown"), 400);
}

#[test]
fn the_key_is_hidden_in_the_record() {
    let kept = without_key(&purchase().to_string());
    assert!(!kept.contains(KEY) && kept.contains("<branch_key>"));
}
