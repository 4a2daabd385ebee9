//! Segment → Braze: what arrives is what the specification's page says, call by call.

use sandbox::Vendor;

use crate::page::example;
use crate::system::{System, assert_same};

const PAGE: &str = "segment-to-braze.md";

/// In euro, by the order's own currency; the second product has no price.
const ORDER: &str = r#"{"type":"track","messageId":"order-eur","userId":"cust-401","event":"Order Completed","timestamp":"2026-02-03T12:00:00Z","properties":{"order_id":"ord-90","currency":"eur","coupon":"ORDER5","products":[{"product_id":"p-1","name":"Mug","price":"12.50","quantity":2},{"product_id":"p-2","name":"Lost","quantity":1},{"sku":"S-3","name":"Straw","price":2,"coupon":"STRAW10"}]}}"#;
const PURCHASES: &str = r#"{"purchases":[{"external_id":"cust-401","product_id":"p-1","currency":"EUR","price":12.50,"quantity":2,"time":"2026-02-03T12:00:00.000Z","properties":{"order_id":"ord-90","coupon":"ORDER5","name":"Mug"}},{"external_id":"cust-401","product_id":"S-3","currency":"EUR","price":2,"quantity":1,"time":"2026-02-03T12:00:00.000Z","properties":{"order_id":"ord-90","coupon":"STRAW10","sku":"S-3","name":"Straw"}}]}"#;

const UNSUBSCRIBE: &str = r#"{"type":"identify","messageId":"unsubscribe","userId":"cust-402","traits":{"email_subscribe":"unsubscribed","braze_subscription_groups":[{"subscription_group_id":"sg-news","subscription_group_state":"Unsubscribed"}]}}"#;
const UNSUBSCRIBED: &str = r#"{"attributes":[{"external_id":"cust-402","email_subscribe":"unsubscribed","subscription_groups":[{"subscription_group_id":"sg-news","subscription_state":"unsubscribed"}]}]}"#;

const TRACK: &str = "POST /users/track";

/// Sends an event alone, and compares what Braze gets because of it with these calls.
async fn becomes(system: &System, step: &str, event: &str, calls: &[(String, String)]) {
    let known = system.sandbox.requests().len();
    system.segment_sends(&[event]).await;
    system.at_rest(step).await;
    let requests = system.requests_after(known, Vendor::Braze);
    assert_eq!(requests.len(), calls.len(), "{step}: {requests:#?}");
    for (request, (endpoint, body)) in requests.iter().zip(calls) {
        assert_eq!(&request.endpoint(), endpoint, "{step}");
        assert_same(step, body, &request.body);
        let is_taken = request.status.is_some_and(|status| (200..300).contains(&status));
        assert!(is_taken, "{step}: {} {}", request.endpoint(), request.answer);
    }
}

async fn example_becomes(system: &System, step: &str, id: &str) {
    let example = example(PAGE, id);
    becomes(system, step, &example.event, &example.calls()).await;
}

fn tracked(body: &str) -> [(String, String); 1] {
    [(TRACK.to_owned(), body.to_owned())]
}

#[tokio::test]
async fn five_kinds_of_calls_arrive_as_the_page_says() {
    let system = System::start("").await;
    example_becomes(&system, "identify", "i-1").await;
    becomes(&system, "an order in euro", ORDER, &tracked(PURCHASES)).await;
    system
        .assert_outcome("deliver-braze order-eur warned product_skipped")
        .await;
    example_becomes(&system, "a group", "g-1").await;
    becomes(&system, "an unsubscribe", UNSUBSCRIBE, &tracked(UNSUBSCRIBED)).await;
    example_becomes(&system, "a delete", "d-1").await;
    system.assert_nothing_lost();
    system.assert_ended(&[]).await;
}

const SETTINGS: &str = r#"
[segment_to_braze]
alias = "merge"
anonymous = "alias"
group = "subscription"

[segment_to_braze.app_ids]
android = "app-android-7"
"#;

#[tokio::test]
async fn aliases_and_subscription_groups_arrive_as_the_page_says() {
    let system = System::start(SETTINGS).await;
    example_becomes(&system, "an anonymous user's event", "a-1").await;
    example_becomes(&system, "anonymous to known", "a-2").await;
    example_becomes(&system, "alias of an anonymous user", "a-3").await;
    example_becomes(&system, "alias of a known user", "l-1").await;
    example_becomes(&system, "a new alias", "l-2").await;
    example_becomes(&system, "all subscriptions of an identify", "i-2").await;
    example_becomes(&system, "a group as subscription", "g-2").await;
    system.assert_nothing_lost();
    system.assert_ended(&[]).await;
}
