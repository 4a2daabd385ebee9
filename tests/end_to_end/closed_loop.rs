//! The closed loop Segment → Braze → Currents → Segment, with Branch beside it: every vendor sends on all that it took, and it
//! ends after one pass. Custom events and purchases of Braze are let through, which by default they are not.

use event::json::Json;
use sandbox::{Item, Vendor};

use crate::senders::currents;
use crate::system::{System, text_at};

const SETTINGS: &str = "[braze_to_segment]\ndeny_events = []";

const FROM_SEGMENT: [&str; 3] = [
    r#"{"type":"identify","messageId":"m-1","userId":"u-1","traits":{"plan":"dusk","email_subscribe":"unsubscribed"}}"#,
    r#"{"type":"track","messageId":"m-2","userId":"u-1","event":"Lesson Finished","timestamp":"2026-02-03T10:01:00Z","properties":{"lesson":"B2"}}"#,
    r#"{"type":"track","messageId":"m-3","userId":"u-1","event":"Order Completed","timestamp":"2026-02-03T10:02:00Z","properties":{"order_id":"GR-1","currency":"EUR","products":[{"product_id":"tulip-12","price":34.95,"quantity":2}]}}"#,
];

/// A member's JSON text.
fn member(item: &Item, key: &str) -> String {
    let object = Json::parse(&item.json).unwrap().as_object().unwrap();
    object
        .get(key)
        .map_or_else(|| "null".to_owned(), |value| value.raw().to_owned())
}

/// What Currents exports because of an object that Braze took.
fn exported_by_braze(number: usize, item: &Item) -> String {
    let (kind, properties) = match item.array.as_str() {
        "attributes" => (
            "users.behaviors.subscription.GlobalStateChange",
            r#"{"subscription_status":"Unsubscribed","channel":"email"}"#.to_owned(),
        ),
        "events" => (
            "users.behaviors.CustomEvent",
            format!(
                r#"{{"name":{},"custom_properties":{}}}"#,
                member(item, "name"),
                member(item, "properties")
            ),
        ),
        "purchases" => (
            "users.behaviors.Purchase",
            format!(
                r#"{{"product_id":{},"price":{},"currency":{},"purchase_properties":{}}}"#,
                member(item, "product_id"),
                member(item, "price"),
                member(item, "currency"),
                member(item, "properties")
            ),
        ),
        other => panic!("Currents exports nothing of {other}"),
    };
    format!(
        r#"{{"event_type":"{kind}","id":"currents-{number}","time":1770113000,"user":{{"user_id":"65f1c0aa91b2d3004e7a1101","external_user_id":{}}},"properties":{properties}}}"#,
        member(item, "external_id")
    )
}

/// What Branch's webhook exports of an event that it took. Branch promises no `origin` for events of its API.
fn exported_by_branch(number: usize, item: &Item) -> String {
    format!(
        r#"{{"name":{},"id":"7700{number}","timestamp":1770113000000,"attributed":true,"user_data":{},"event_data":{},"content_items":{},"custom_data":{}}}"#,
        member(item, "name"),
        member(item, "user_data"),
        member(item, "event_data"),
        member(item, "content_items"),
        member(item, "custom_data")
    )
}

/// What Segment's webhook sends of an event that it took.
fn sent_on_by_segment(item: &Item) -> String {
    let own = r#"{"receivedAt":"2026-02-03T10:05:00.000Z","originalTimestamp":"2026-02-03T10:04:59.000Z","channel":"server","version":2,"#;
    item.json.replacen('{', own, 1)
}

fn names(items: &[Item], pointer: &str) -> Vec<String> {
    let mut names: Vec<_> = items
        .iter()
        .map(|item| text_at(&item.json, pointer).unwrap())
        .collect();
    names.sort();
    names
}

async fn branch_echoes(system: &System, items: &[Item], first: usize) {
    for (number, item) in (first..).zip(items) {
        system.branch_sends(&exported_by_branch(number, item)).await;
    }
}

#[tokio::test]
async fn all_four_routes_in_a_loop_end_after_one_pass() {
    let system = System::start(SETTINGS).await;
    let taken = |vendor| system.sandbox.accepted(vendor);

    system.segment_sends(&FROM_SEGMENT).await;
    system.at_rest("Segment sends").await;
    let (braze, branch) = (taken(Vendor::Braze), taken(Vendor::Branch));
    let mut arrays: Vec<_> = braze.iter().map(|item| item.array.as_str()).collect();
    arrays.sort_unstable();
    assert_eq!(arrays, ["attributes", "events", "purchases"]);
    assert_eq!(names(&branch, "/name"), ["Lesson Finished", "PURCHASE"]);

    let exported: Vec<_> = (0..)
        .zip(&braze)
        .map(|(number, item)| exported_by_braze(number, item))
        .collect();
    system.braze_sends(&currents(&exported)).await;
    branch_echoes(&system, &branch, 0).await;
    system.at_rest("Braze and Branch export").await;
    let segment = taken(Vendor::Segment);
    assert_eq!(
        names(&segment, "/event"),
        [
            "Global Subscription State Changed",
            "Lesson Finished",
            "Purchased"
        ],
        "Braze's events, and none of Branch's: it had them of Segment"
    );

    let sent_on: Vec<_> = segment.iter().map(sent_on_by_segment).collect();
    system.segment_sends(&sent_on).await;
    system.at_rest("Segment sends on").await;
    for number in 0..3 {
        system
            .assert_outcome(&format!("deliver-braze currents-{number} ignored loop"))
            .await;
    }
    assert_eq!(taken(Vendor::Braze).len(), 3, "nothing further for Braze");

    // What is new to Branch are messages' events; their echo ends here.
    let new = taken(Vendor::Branch).split_off(branch.len());
    assert_eq!(names(&new, "/name"), names(&segment, "/event"));
    branch_echoes(&system, &new, branch.len()).await;
    system.at_rest("Branch exports again").await;
    for number in 0..branch.len() + new.len() {
        system
            .assert_outcome(&format!("deliver-segment 7700{number} ignored loop"))
            .await;
    }
    assert_eq!(taken(Vendor::Segment).len(), 3, "nothing further for Segment");
    assert_eq!(system.sandbox.items().len(), 3 + 3 + 5, "and nothing else at all");
    system.assert_nothing_lost();
    system.assert_ended(&[]).await;
}
