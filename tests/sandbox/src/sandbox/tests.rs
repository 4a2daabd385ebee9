//! The sandbox over HTTP, as the functions see it.

use super::*;
use crate::record::ItemResult;
use serde_json::{Value, json};

const TIMEOUT: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::start(Keys {
        braze_rest_api_key: "key".to_owned(),
        branch_key: "key_live_1".to_owned(),
        segment_write_keys: vec!["write".to_owned()],
    })
    .unwrap()
}

fn request(sandbox: &Sandbox, path: &str, body: &str) -> reqwest::RequestBuilder {
    // A client each: no pooled connection survives a test's faults.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(format!("{}{path}", sandbox.url()))
        .header("content-type", "application/json")
        .body(body.to_owned());
    match Vendor::of(path) {
        Vendor::Braze => request.header("authorization", "Bearer key"),
        Vendor::Branch => request,
        Vendor::Segment => request.header("authorization", "Basic d3JpdGU6"),
    }
}

async fn status(sandbox: &Sandbox, path: &str, body: &str) -> Result<u16, reqwest::Error> {
    let answer = request(sandbox, path, body).send().await?;
    Ok(answer.status().as_u16())
}

const TRACK: &str = "/users/track";
const BRANCH: &str = "/v2/event/custom";
const BATCH: &str = "/v1/batch";

fn attributes(ids: &[&str]) -> String {
    let objects: Vec<_> = ids.iter().map(|id| json!({"external_id": id})).collect();
    json!({ "attributes": objects }).to_string()
}

fn branch_event() -> String {
    json!({"name": "Plant Watered", "branch_key": "key_live_1", "user_data": {"developer_identity": "u-1"}})
        .to_string()
}

fn batch(id: &str) -> String {
    let event = json!({"type": "identify", "userId": "u-1", "messageId": id});
    json!({"batch": [event], "sentAt": "2026-03-01T12:00:00.000Z"}).to_string()
}

#[tokio::test]
async fn one_address_plays_all_three_and_keeps_what_it_took() {
    let sandbox = sandbox();
    assert_eq!(
        status(&sandbox, TRACK, &attributes(&["a", "b"])).await.unwrap(),
        201
    );
    assert_eq!(status(&sandbox, BRANCH, &branch_event()).await.unwrap(), 200);
    assert_eq!(status(&sandbox, BATCH, &batch("m-1")).await.unwrap(), 200);
    let braze = sandbox.accepted(Vendor::Braze);
    assert_eq!(braze.len(), 2);
    assert_eq!(
        (
            braze[1].endpoint.as_str(),
            braze[1].array.as_str(),
            braze[1].json.as_str()
        ),
        ("POST /users/track", "attributes", r#"{"external_id":"b"}"#)
    );
    assert_eq!(sandbox.accepted(Vendor::Branch).len(), 1);
    assert_eq!(sandbox.accepted(Vendor::Segment).len(), 1);
    let requests = sandbox.requests();
    assert_eq!(
        requests.iter().map(|request| request.status).collect::<Vec<_>>(),
        [Some(201), Some(200), Some(200)]
    );
    assert!(sandbox.refused().is_empty() && sandbox.discarded().is_empty() && sandbox.impaired().is_empty());
}

#[tokio::test]
async fn no_key_is_kept() {
    let sandbox = sandbox();
    status(&sandbox, TRACK, &attributes(&["a"])).await.unwrap();
    status(&sandbox, BRANCH, &branch_event()).await.unwrap();
    status(&sandbox, BATCH, &batch("m-1")).await.unwrap();
    let kept = format!("{:?} {:?}", sandbox.requests(), sandbox.accepted(Vendor::Branch));
    assert!(!kept.contains("Bearer") && !kept.contains("key_live_1") && !kept.contains("d3JpdGU6"));
    assert_eq!(
        sandbox.requests()[0].header("content-type"),
        Some("application/json")
    );
}

#[tokio::test]
async fn every_answer_of_braze_tells_of_its_limit() {
    let sandbox = sandbox();
    sandbox.set_rate_limit(
        TRACK,
        RateLimit {
            requests: 1,
            window: Duration::from_secs(1 << 30),
        },
    );
    let taken = request(&sandbox, TRACK, &attributes(&["a"]))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (taken.status().as_u16(), &taken.headers()["x-ratelimit-remaining"]),
        (201, &"0".parse().unwrap())
    );
    assert!(
        taken.headers().contains_key("x-ratelimit-reset")
            && taken.headers().contains_key("x-ratelimit-limit")
    );
    let over = request(&sandbox, TRACK, &attributes(&["b"]))
        .send()
        .await
        .unwrap();
    assert_eq!(over.status().as_u16(), 429);
    assert_eq!(sandbox.accepted(Vendor::Braze).len(), 1);
}

#[tokio::test]
async fn a_revoked_key_is_answered_as_each_vendor_does() {
    let sandbox = sandbox();
    for vendor in [Vendor::Braze, Vendor::Branch, Vendor::Segment] {
        sandbox.revoke(vendor);
    }
    assert_eq!(status(&sandbox, TRACK, &attributes(&["a"])).await.unwrap(), 401);
    assert_eq!(status(&sandbox, BRANCH, &branch_event()).await.unwrap(), 400);
    assert_eq!(status(&sandbox, BATCH, &batch("m-1")).await.unwrap(), 200);
    assert!(sandbox.refused()[1].json.contains("Plant Watered"));
    assert!(
        matches!(&sandbox.discarded()[0].result, ItemResult::Discarded { reason } if reason.contains("write key"))
    );
    sandbox.set_keys(Keys {
        braze_rest_api_key: "key".to_owned(),
        ..Keys::default()
    });
    assert_eq!(status(&sandbox, TRACK, &attributes(&["a"])).await.unwrap(), 201);
}

#[tokio::test]
async fn a_scripted_status_has_its_headers_and_body_and_takes_nothing() {
    let sandbox = sandbox();
    let fault = Fault::Status {
        status: 503,
        headers: vec![("Retry-After".to_owned(), "7".to_owned())],
        body: "later".to_owned(),
    };
    sandbox.plan(Some(TRACK), 1, fault);
    let answer = request(&sandbox, TRACK, &attributes(&["a"]))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (503, &"7".parse().unwrap())
    );
    assert_eq!(answer.text().await.unwrap(), "later");
    assert_eq!(status(&sandbox, TRACK, &attributes(&["a"])).await.unwrap(), 201);
    assert_eq!(sandbox.accepted(Vendor::Braze).len(), 1);
}

#[tokio::test]
async fn a_dropped_connection_gives_no_answer() {
    let sandbox = sandbox();
    sandbox.plan_for(Vendor::Segment, 1, Fault::DropBefore);
    sandbox.plan(None, 1, Fault::DropAfter);
    assert!(status(&sandbox, BATCH, &batch("m-1")).await.is_err());
    assert!(sandbox.accepted(Vendor::Segment).is_empty());
    assert!(status(&sandbox, BATCH, &batch("m-1")).await.is_err());
    assert_eq!(sandbox.accepted(Vendor::Segment).len(), 1);
    // The sender could not know, and sends it again: Segment counts it once.
    assert_eq!(status(&sandbox, BATCH, &batch("m-1")).await.unwrap(), 200);
    assert_eq!(sandbox.accepted(Vendor::Segment).len(), 1);
    let statuses: Vec<_> = sandbox.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [None, None, Some(200)]);
}

#[tokio::test]
async fn one_item_is_refused_by_script() {
    let sandbox = sandbox();
    let fault = |index| Fault::Item {
        array: "attributes".to_owned(),
        index,
        reason: "wrong".to_owned(),
    };
    sandbox.plan(Some(TRACK), 1, fault(1));
    let answer = request(&sandbox, TRACK, &attributes(&["a", "b"]))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        answer["errors"],
        json!([{"type": "wrong", "input_array": "attributes", "index": 1}])
    );
    sandbox.plan_for(Vendor::Branch, 1, fault(0));
    assert_eq!(status(&sandbox, BRANCH, &branch_event()).await.unwrap(), 400);
}

#[tokio::test]
async fn what_is_delayed_is_taken_before_it_is_answered() {
    let sandbox = sandbox();
    sandbox.plan(Some(TRACK), 1, Fault::Delay(Duration::from_secs(3600)));
    let body = attributes(&["a"]);
    tokio::select! {
        answer = status(&sandbox, TRACK, &body) => panic!("answered at once: {answer:?}"),
        taken = sandbox.wait_until(TIMEOUT, |state| state.accepted(Vendor::Braze).count() == 1) => assert!(taken),
    }
}

#[tokio::test]
async fn waiting_ends_with_what_it_waits_for() {
    let sandbox = sandbox();
    let body = attributes(&["a"]);
    let (arrived, items, sent) = tokio::join!(
        sandbox.wait_until(TIMEOUT, |state| state.requests.len() == 1),
        sandbox.items_after(0),
        status(&sandbox, TRACK, &body),
    );
    assert!(arrived && items.len() == 1 && sent.is_ok());
    assert!(
        !sandbox
            .wait_until(Duration::ZERO, |state| state.requests.len() == 2)
            .await
    );
}

#[tokio::test]
async fn a_dropped_sandbox_serves_no_more_and_answers_nobody() {
    let sandbox = sandbox();
    let address = sandbox.address;
    sandbox.plan(Some(TRACK), 1, Fault::Delay(Duration::from_secs(3600)));
    let under_way = request(&sandbox, TRACK, &attributes(&["a"])).send();
    let (answer, ()) = tokio::join!(under_way, async move {
        assert!(
            sandbox
                .wait_until(TIMEOUT, |state| state.requests.len() == 1)
                .await
        );
        drop(sandbox);
    });
    assert!(answer.is_err());
    assert!(std::net::TcpStream::connect(address).is_err());
}
