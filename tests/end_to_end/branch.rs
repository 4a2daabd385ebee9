//! Branch, both ways: what arrives is what the specification's pages say.

use sandbox::Vendor;

use crate::page::example;
use crate::system::{System, assert_same};

const FROM_BRANCH: &str = "branch-to-segment.md";
const TO_BRANCH: &str = "segment-to-branch.md";

/// Sends a Branch event alone, and compares what Segment gets because of it with its example.
async fn arrives_at_segment(system: &System, step: &str, id: &str) {
    let known = system.sandbox.accepted(Vendor::Segment).len();
    let example = example(FROM_BRANCH, id);
    system.branch_sends(&example.event).await;
    system.at_rest(step).await;
    let arrived = system.sandbox.accepted(Vendor::Segment).split_off(known);
    assert_eq!(arrived.len(), 1, "{step}: {arrived:#?}");
    assert_same(step, &example.body(), &arrived[0].json);
}

/// Sends a Segment event alone, and compares what Branch gets because of it with its example.
async fn arrives_at_branch(system: &System, step: &str, id: &str) {
    let known = system.sandbox.accepted(Vendor::Branch).len();
    let example = example(TO_BRANCH, id);
    system.segment_sends(&[&example.event]).await;
    system.at_rest(step).await;
    let arrived = system.sandbox.accepted(Vendor::Branch).split_off(known);
    assert_eq!(arrived.len(), 1, "{step}: {arrived:#?}");
    let (endpoint, body) = example.calls().remove(0);
    assert_eq!(arrived[0].endpoint, endpoint, "{step}");
    // The key enters at sending.
    let body = body.replacen('{', r#"{"branch_key":"<branch_key>","#, 1);
    assert_same(step, &body, &arrived[0].json);
}

/// What the receiver wrote before an outage that has outlasted `max_age`.
async fn late(system: &System) -> String {
    let event = r#"{"type":"track","messageId":"late-1","userId":"member-1","event":"Order Completed","properties":{"order_id":"GR-1","revenue":5}}"#;
    let envelope = format!(
        r#"{{"v":1,"source":"segment","destination":"branch","request_id":"r-late","first_received_at":"2025-10-09T12:00:00.000Z","attempt":0,"auth":"signature","key":"current","events":[{event}]}}"#
    );
    let known = system.sandbox.requests().len();
    system.stack.queue("branch").send(&envelope).await.unwrap();
    system.at_rest("a late event").await;
    assert_eq!(
        system.requests_after(known, Vendor::Branch).len(),
        0,
        "it is not sent"
    );
    system
        .assert_outcome("deliver-branch late-1 parked too_late")
        .await;
    format!("too_late at deliver-branch: {event}")
}

#[tokio::test]
async fn both_routes_of_branch_deliver_as_their_pages_say() {
    let system = System::start("").await;
    arrives_at_segment(
        &system,
        "an install whose link names device fields",
        "812340077312456701",
    )
    .await;
    arrives_at_segment(&system, "a purchase with texts for numbers", "812340077312456702").await;
    arrives_at_branch(
        &system,
        "an order with texts for numbers",
        "ajs-next-1760010000000-aa01",
    )
    .await;
    arrives_at_branch(
        &system,
        "a web search with a fingerprint beyond 2^53",
        "ajs-next-1760010060000-aa02",
    )
    .await;
    let parked = late(&system).await;
    system.assert_nothing_lost();
    system.assert_ended(&[parked]).await;
}
