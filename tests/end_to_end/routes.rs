//! From Function URL through the queue to the destination, on all four routes.

use sandbox::Vendor;

use crate::senders::currents;
use crate::system::{System, text_at};

const IDENTIFY: &str = r#"{"type":"identify","messageId":"m-1","userId":"u-1","timestamp":"2026-02-03T10:00:00Z","traits":{"firstName":"Ada","plan":"dusk"}}"#;
const ORDER: &str = r#"{"type":"track","messageId":"m-2","userId":"u-1","event":"Order Completed","timestamp":"2026-02-03T10:01:00Z","context":{"device":{"id":"5E0C2A77-3B1D-4C58-9E55-0A6B7C8D9E0F","type":"ios"}},"properties":{"order_id":"GR-1","currency":"EUR","revenue":69.9,"products":[{"product_id":"tulip-12","price":34.95,"quantity":2}]}}"#;
const INSTALL: &str = r#"{"name":"INSTALL","id":"81201","origin":"BRANCH","timestamp":1770112800000,"attributed":true,"user_data":{"os":"ANDROID","android_id":"9f31c07be2a45d10","developer_identity":"u-1"},"last_attributed_touch_data":{"~campaign":"Autumn reactivation"}}"#;
const OPEN: &str = r#"{"event_type":"users.messages.email.Open","id":"c-1","time":1770112800,"user":{"external_user_id":"u-1"},"properties":{"campaign_id":"2f6c8e10"}}"#;

#[tokio::test]
async fn every_route_delivers() {
    let system = System::start("").await;
    system.segment_sends(&[IDENTIFY, ORDER]).await;
    system.branch_sends(INSTALL).await;
    system.braze_sends(&currents(&[OPEN])).await;
    system.at_rest("four routes").await;

    let arrived = |vendor, pointer: &str| -> Vec<_> {
        let accepted = system.sandbox.accepted(vendor);
        let mut arrived: Vec<_> = accepted
            .iter()
            .map(|item| format!("{} {}", item.endpoint, text_at(&item.json, pointer).unwrap()))
            .collect();
        arrived.sort();
        arrived
    };
    assert_eq!(
        arrived(Vendor::Braze, "/external_id"),
        ["POST /users/track u-1", "POST /users/track u-1"]
    );
    assert_eq!(
        arrived(Vendor::Branch, "/name"),
        ["POST /v2/event/standard PURCHASE"]
    );
    assert_eq!(
        arrived(Vendor::Segment, "/event"),
        ["POST /v1/batch Email Opened", "POST /v1/batch branch_INSTALL"]
    );
    assert_eq!(
        system.outcomes().await,
        [
            "deliver-branch m-1 ignored unsupported_type",
            "deliver-branch m-2 delivered",
            "deliver-braze m-1 delivered",
            "deliver-braze m-2 delivered",
            "deliver-segment 81201 delivered",
            "deliver-segment c-1 delivered",
        ]
    );
    system.assert_nothing_lost();
    system.assert_ended(&[]).await;
}
