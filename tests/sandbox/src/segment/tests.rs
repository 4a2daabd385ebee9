use super::*;
use crate::judged::ItemFault;
use axum::http::{HeaderMap, HeaderValue};
use serde_json::json;

const GOOD: &str = r#"{"type":"track","event":"Kettle Boiled","messageId":"m-1","userId":"u-1"}"#;

fn post(key: &str, body: &str, item_fault: Option<ItemFault<'_>>, seen: &mut SeenIds) -> Judged {
    let mut headers = HeaderMap::new();
    let basic = format!("Basic {}", STANDARD.encode(format!("{key}:")));
    headers.insert("authorization", HeaderValue::try_from(basic).unwrap());
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let request = VendorRequest {
        method: "POST",
        path: "/v1/batch",
        headers: &headers,
        body,
        item_fault,
    };
    judge(&request, &["w-1".to_owned(), "w-2".to_owned()], seen)
}

fn batch(events: &[&str]) -> String {
    format!(
        r#"{{"batch":[{}],"sentAt":"2026-03-01T12:00:00.000Z"}}"#,
        events.join(",")
    )
}

fn results(judged: Judged) -> Vec<ItemResult> {
    assert_eq!((judged.status, judged.body.as_str()), (200, SUCCESS));
    judged.items.into_iter().map(|item| item.result).collect()
}

#[test]
fn an_event_is_kept_once_with_its_text() {
    let mut seen = SeenIds::new();
    let first = post("w-2", &batch(&[GOOD]), None, &mut seen);
    assert_eq!(first.items[0].json, GOOD);
    assert_eq!(results(first), [ItemResult::Accepted]);
    assert_eq!(
        results(post("w-1", &batch(&[GOOD]), None, &mut seen)),
        [ItemResult::Repeated]
    );
}

#[test]
fn unknown_members_and_a_missing_sentat_are_losses() {
    let other = GOOD.replace("m-1", "m-2");
    let losses = |rest: &str| {
        let body = format!(r#"{{"batch":[{GOOD},{other}]{rest}}}"#);
        let judged = post("w-1", &body, None, &mut SeenIds::new());
        assert_eq!(judged.items.len(), 2, "{rest}");
        assert!(
            judged
                .items
                .iter()
                .all(|item| item.result == ItemResult::Accepted)
        );
        let [first, second] = [0, 1].map(|at| judged.items[at].losses.clone());
        assert_eq!(first, second, "{rest}");
        first
    };
    assert_eq!(losses(r#","sentAt":"2026-03-01T12:00:00.000Z""#), [""; 0]);
    assert_eq!(
        losses(r#","sentAt":"2026-03-01T12:00:00.000Z","writeKey":"w-1""#),
        ["'writeKey' is not known"]
    );
    assert_eq!(losses(""), ["'sentAt' is required"]);
    for unreadable in [r#""yesterday""#, "1772366400", r#""2026-03-01T12:00:00""#] {
        assert_eq!(
            losses(&format!(r#","sentAt":{unreadable}"#)),
            ["'sentAt' is not valid"]
        );
    }
}

#[test]
fn what_destinations_misread_is_a_loss() {
    let losses = |key: &str, value: Value| {
        let mut event: Value = serde_json::from_str(GOOD).unwrap();
        event.as_object_mut().unwrap().insert(key.to_owned(), value);
        let judged = post("w-1", &batch(&[&event.to_string()]), None, &mut SeenIds::new());
        assert_eq!(judged.items[0].result, ItemResult::Accepted, "{event}");
        judged.items[0].losses.clone()
    };
    let good = json!({
        "ip": "203.0.113.7", "timezone": "Europe/Berlin", "device": {"type": "ios", "id": "d-1", "adTrackingEnabled": false},
        "location": {"city": "Ulm", "latitude": 48.4}, "page": {"url": "https://example.com"}, "screen": {"width": 393},
        "traits": {"email": "a@example.com"},
    });
    assert_eq!(losses("context", good), [""; 0]);
    for (context, loss) in [
        (
            json!({"device": {"adTrackingEnabled": "true"}}),
            "adTrackingEnabled",
        ),
        (json!({"device": {"id": "bnc_no_value"}}), "placeholder"),
        (json!({"location": {"latitude": "48.4"}}), "latitude"),
        (json!({"location": {"country": 7}}), "country"),
        (json!({"os": {"version": 34}}), "version"),
        (json!({"page": {"url": ""}}), "url"),
        (json!({"screen": {"width": "393"}}), "width"),
        (
            json!({"timezone": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}),
            "timezone",
        ),
        (json!({"ip": true}), "ip"),
    ] {
        let losses = losses("context", context);
        assert!(
            losses.len() == 1 && losses[0].contains(loss),
            "{loss}: {losses:?}"
        );
    }
    for (key, id) in [
        ("userId", "undefined"),
        ("anonymousId", "bnc_no_value"),
        ("userId", "None"),
    ] {
        assert!(losses(key, json!(id))[0].contains(key), "{id}");
    }
}

#[test]
fn what_segment_discards_is_answered_with_success() {
    let without = |key: &str| {
        let mut event: Value = serde_json::from_str(GOOD).unwrap();
        event.as_object_mut().unwrap().remove(key);
        event.to_string()
    };
    let with = |key: &str, value: Value| {
        let mut event: Value = serde_json::from_str(GOOD).unwrap();
        event.as_object_mut().unwrap().insert(key.to_owned(), value);
        event.to_string()
    };
    let many: Fields = (0..10_001).map(|n| (n.to_string(), json!(0))).collect();
    let bad = [
        "7".to_owned(),
        without("type"),
        without("event"),
        without("messageId"),
        without("userId"),
        with("type", json!("video")),
        with("event", json!(" ")),
        with("messageId", json!("m".repeat(100))),
        with("messageId", json!(1)),
        with("userId", json!(7)),
        with("userId", json!("")),
        with("anonymousId", json!(7)),
        with("timestamp", json!("yesterday")),
        with("properties", json!([])),
        with("properties", json!({"text": "x".repeat(33_000)})),
        with("context", json!("web")),
    ];
    for event in &bad {
        let results = results(post("w-1", &batch(&[event, GOOD]), None, &mut SeenIds::new()));
        assert!(matches!(results[0], ItemResult::Discarded { .. }), "{event}");
        assert_eq!(results[1], ItemResult::Accepted);
    }
    assert!(check(&with("properties", Value::Object(many))).is_err());
}

#[test]
fn an_unknown_key_and_too_many_events_discard_everything() {
    let unknown = results(post("w-9", &batch(&[GOOD]), None, &mut SeenIds::new()));
    assert!(matches!(unknown[..], [ItemResult::Discarded { .. }]));
    let many = vec![r#"{}"#; 2501];
    let judged = post("w-1", &batch(&many), None, &mut SeenIds::new());
    assert!(matches!(&judged.items[0].result, ItemResult::Discarded { reason } if reason.contains("2500")));
}

#[test]
fn what_is_no_batch_is_refused() {
    let status = |key: &str, body: &str| post(key, body, None, &mut SeenIds::new()).status;
    assert_eq!(status("", &batch(&[GOOD])), 401);
    assert_eq!(status("w-1", "{"), 400);
    assert_eq!(status("w-1", r#"{"batch":{}}"#), 400);
    assert_eq!(status("w-1", &batch(&[])), 400);
    assert_eq!(status("w-1", &" ".repeat(500_001)), 413);
}

#[test]
fn a_scripted_item_is_discarded_alone() {
    let fault = ItemFault {
        array: BATCH,
        index: 0,
        reason: "lost",
    };
    let other = GOOD.replace("m-1", "m-2");
    let results = results(post(
        "w-1",
        &batch(&[GOOD, &other]),
        Some(fault),
        &mut SeenIds::new(),
    ));
    let lost = ItemResult::Discarded {
        reason: "lost".to_owned(),
    };
    assert_eq!(results, [lost, ItemResult::Accepted]);
}

#[test]
fn the_settings_of_a_source_tell_whether_its_key_is_known() {
    let headers = HeaderMap::new();
    for (path, method, status) in [
        ("/v1/projects/w-2/settings", "GET", 200),
        ("/v1/projects/w-3/settings", "GET", 404),
        ("/v1/projects/w-2/settings", "POST", 404),
        ("/v1/projects/w-2", "GET", 404),
    ] {
        let request = VendorRequest {
            method,
            path,
            headers: &headers,
            body: "",
            item_fault: None,
        };
        let keys = ["w-1".to_owned(), "w-2".to_owned()];
        assert_eq!(
            judge(&request, &keys, &mut SeenIds::new()).status,
            status,
            "{method} {path}"
        );
    }
}
