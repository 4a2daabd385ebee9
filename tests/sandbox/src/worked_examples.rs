//! The worked examples of the rules, judged: what the rules send, the vendors must take, all of it.

use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::path::Path;

use crate::judged::{Judged, SeenIds, VendorRequest};
use crate::record::ItemResult;
use crate::{branch, braze, segment};

const KEY: &str = "key";

/// The calls in the outputs of one page of rules: endpoint and body.
fn calls(page: &str) -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/mapping/spec")
        .join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let outputs = text.lines().filter(|line| line.starts_with(r#"{"id":"#));
    let outputs = outputs.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let calls = outputs.flat_map(|output| output["calls"].as_array().cloned().unwrap_or_default());
    calls
        .map(|call| {
            (
                call["endpoint"].as_str().unwrap().to_owned(),
                call["body"].clone(),
            )
        })
        .collect()
}

fn ask(
    endpoint: &str,
    authorization: &'static str,
    body: &Value,
    judge: impl Fn(&VendorRequest<'_>) -> Judged,
) {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static(authorization));
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let (method, path) = endpoint.split_once(' ').unwrap();
    let body = body.to_string();
    let judged = judge(&VendorRequest {
        method,
        path,
        headers: &headers,
        body: &body,
        item_fault: None,
    });
    assert!(
        judged.status < 300,
        "{endpoint} {body}: {} {}",
        judged.status,
        judged.body
    );
    for item in judged.items {
        assert_eq!(
            (item.result, item.losses),
            (ItemResult::Accepted, Vec::new()),
            "{endpoint} {}",
            item.json
        );
    }
}

#[test]
fn braze_takes_what_the_rules_send() {
    let calls = calls("segment-to-braze.md");
    assert!(calls.len() > 30, "{}", calls.len());
    for (endpoint, body) in calls {
        ask(&endpoint, "Bearer key", &body, |request| {
            braze::judge(request, KEY, 75)
        });
    }
}

#[test]
fn branch_takes_what_the_rules_send() {
    let calls = calls("segment-to-branch.md");
    assert!(calls.len() > 10, "{}", calls.len());
    for (endpoint, mut body) in calls {
        body["branch_key"] = json!(KEY);
        ask(&endpoint, "none", &body, |request| branch::judge(request, KEY));
    }
}

#[test]
fn segment_takes_what_the_rules_send() {
    for page in ["branch-to-segment.md", "braze-to-segment.md"] {
        let calls = calls(page);
        assert!(calls.len() > 5, "{page}: {}", calls.len());
        for (endpoint, body) in calls {
            let batch = json!({"batch": [body], "sentAt": "2026-03-01T12:00:00.000Z"});
            let judge =
                |request: &VendorRequest<'_>| segment::judge(request, &[KEY.to_owned()], &mut SeenIds::new());
            ask(&endpoint, "Basic a2V5Og==", &batch, judge);
        }
    }
}
