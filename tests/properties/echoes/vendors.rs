//! What each vendor exports of what it takes, by its pages of fields.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Vendor {
    Segment,
    Braze,
    Branch,
}

/// What the vendors do in ways that no page promises.
#[derive(Debug, Clone, Default)]
pub struct Habits {
    /// What Branch writes as `origin` of an event that was posted to its API; none: it leaves the field out.
    pub origin: Option<&'static str>,
    /// Segment delivers without `integrations`, as in a replay.
    pub is_replay: bool,
}

/// A list of the vendor's, or nothing.
fn list<'a>(body: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    body[key].as_array().into_iter().flatten()
}

/// The members of `from` that stand in `keys`.
fn carried(from: &Value, keys: &[&str]) -> Map<String, Value> {
    let kept = keys
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), from.get(key)?.clone())));
    kept.collect()
}

fn currents(event_type: &str, about: &Value, properties: Map<String, Value>) -> Value {
    json!({
        "event_type": event_type,
        "id": "8b0e3d52-7f0a-4c1e-9a57-2d6f5b1c9e01",
        "time": 1_770_113_730,
        "user": {"user_id": "65f1c0aa91b2d3004e7a1101", "external_user_id": about.get("external_id")},
        "properties": properties,
    })
}

impl Habits {
    /// What Segment delivers of a call: all of it, `messageId` and `context` included.
    pub fn segment(&self, mut call: Value) -> Value {
        if let (true, Some(call)) = (self.is_replay, call.as_object_mut()) {
            call.remove("integrations");
        }
        call
    }

    /// What Currents exports of a body of `/users/track`: one event for each event and purchase, and one for a changed
    /// subscription or profile.
    pub fn braze(&self, body: &Value) -> Vec<Value> {
        let events = list(body, "events").map(|event| {
            let mut properties = carried(event, &["name", "app_id"]);
            properties.insert("custom_properties".to_owned(), event["properties"].clone());
            currents("users.behaviors.CustomEvent", event, properties)
        });
        let purchases = list(body, "purchases").map(|purchase| {
            let mut properties = carried(purchase, &["product_id", "price", "currency", "app_id"]);
            properties.insert("purchase_properties".to_owned(), purchase["properties"].clone());
            currents("users.behaviors.Purchase", purchase, properties)
        });
        let attributes = list(body, "attributes").map(|attributes| match attributes.get("email_subscribe") {
            Some(state) => {
                let mut properties = carried(attributes, &["app_id"]);
                properties.insert("subscription_status".to_owned(), state.clone());
                currents(
                    "users.behaviors.subscription.GlobalStateChange",
                    attributes,
                    properties,
                )
            }
            None => currents("users.profile.Update", attributes, Map::new()),
        });
        events.chain(purchases).chain(attributes).collect()
    }

    /// What Branch exports of an event of its API: the fields that it was sent under an id of its own, and the attribution
    /// without which no event is exported to Segment.
    pub fn branch(&self, body: &Value, number: usize) -> Value {
        let keys = [
            "name",
            "user_data",
            "event_data",
            "content_items",
            "custom_data",
            "customer_event_alias",
        ];
        let mut event = carried(body, &keys);
        event.insert(
            "id".to_owned(),
            json!(format!("{}", 812_340_077_312_456_701 + number)),
        );
        event.insert("timestamp".to_owned(), json!(1_770_113_731_000_u64));
        event.insert("attributed".to_owned(), json!(true));
        event.insert(
            "last_attributed_touch_data".to_owned(),
            json!({"~id": 77, "~campaign": "spring"}),
        );
        if let Some(origin) = self.origin {
            event.insert("origin".to_owned(), json!(origin));
        }
        Value::Object(event)
    }
}

pub fn habits() -> impl Strategy<Value = Habits> {
    let origins = [
        None,
        Some("SEGMENT"),
        Some("segment"),
        Some("BRANCH"),
        Some("API"),
    ];
    (select(origins.to_vec()), any::<bool>()).prop_map(|(origin, is_replay)| Habits { origin, is_replay })
}

/// An event as it happens at one of the vendors. Each product of an order is a purchase of its own at Braze.
pub fn first_event() -> impl Strategy<Value = (Vendor, Value)> {
    prop_oneof![
        of_segment().prop_map(|event| (Vendor::Segment, event)),
        of_braze().prop_map(|event| (Vendor::Braze, event)),
        of_branch().prop_map(|event| (Vendor::Branch, event)),
    ]
}

const NAMES: &[&str] = &[
    "Signed Up",
    "Order Completed",
    "Product Viewed",
    "Application Opened",
    "Application Installed",
    "branch_OPEN",
    "Email Opened",
    "OPEN",
    "PURCHASE",
    "Push Notification Tapped",
];

fn device() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"device": {"type": "ios", "id": "5E0C2A77-3B1D-4C58-9E55-0A6B7C8D9E0F"}, "os": {"name": "iOS"}}),
        json!({"device": {"type": "android", "id": "9f31c07be2a45d10"}, "traits": {"email": "ada@example.com"}}),
        json!({"userAgent": "Mozilla/5.0", "page": {"url": "https://shop.example/"}, "library": {"name": "analytics.js"}}),
    ])
}

fn of_segment() -> impl Strategy<Value = Value> {
    let kind = select(&["track", "track", "track", "identify", "screen", "page"][..]);
    let properties = select(vec![
        json!({}),
        json!({"plan": "gold", "segment_message_id": "theirs"}),
        json!({"order_id": "o-1", "revenue": 9.5, "currency": "EUR", "products": [{"product_id": "p-1", "price": 9.5}]}),
        json!({"order_id": "o-1", "revenue": 30, "products": [{"product_id": "p-1", "price": 9.5},
            {"product_id": "p-2", "price": 0.5, "quantity": 1}, {"sku": "p-3", "price": 20}]}),
        json!({"email": "ada@example.com", "email_subscribe": "unsubscribed"}),
    ]);
    (kind, select(NAMES), device(), properties, any::<bool>()).prop_map(|(kind, name, context, properties, is_known)| {
        let mut event = json!({"type": kind, "messageId": "ajs-next-1760010000000-aa01", "anonymousId": "a-1",
            "timestamp": "2026-02-03T10:15:30Z", "context": context, "properties": properties, "traits": properties});
        event[if kind == "track" { "event" } else { "name" }] = json!(name);
        if is_known {
            event["userId"] = json!("u-1");
        }
        event
    })
}

fn of_braze() -> impl Strategy<Value = Value> {
    let types = &[
        "users.messages.email.Open",
        "users.messages.pushnotification.Open",
        "users.canvas.Entry",
        "users.behaviors.CustomEvent",
        "users.behaviors.Purchase",
        "users.behaviors.subscription.GlobalStateChange",
        "users.behaviors.app.FirstSession",
        "users.unheard.Of",
    ][..];
    (select(types), select(NAMES), select(vec![json!(null), json!("u-1")])).prop_map(|(event_type, name, id)| {
        let properties = carried(
            &json!({"name": name, "dispatch_id": "d-1", "product_id": "p-1", "price": 9.5, "currency": "EUR"}),
            if event_type.starts_with("users.behaviors") { &["name", "product_id", "price", "currency"] } else { &["dispatch_id"] },
        );
        currents(event_type, &json!({"external_id": id}), properties)
    })
}

fn of_branch() -> impl Strategy<Value = Value> {
    let names = &["OPEN", "INSTALL", "PURCHASE", "VIEW_ITEM", "Signed Up", "CLICK"][..];
    let user = select(vec![
        json!({"os": "IOS", "idfv": "5E0C2A77-3B1D-4C58-9E55-0A6B7C8D9E0F", "developer_identity": "u-1"}),
        json!({"os": "ANDROID", "android_id": "9f31c07be2a45d10"}),
    ]);
    let custom = select(vec![
        json!({}),
        json!({"$segment_anonymous_id": "a-1"}),
        json!({"plan": "gold"}),
    ]);
    let origin = select(&["BRANCH", "SEGMENT", "MPARTICLE"][..]);
    (select(names), user, custom, origin).prop_map(|(name, user, custom, origin)| {
        json!({"name": name, "id": "812340077312456700", "origin": origin, "timestamp": 1_770_113_730_000_u64,
            "attributed": true, "last_attributed_touch_data": {"~id": 77, "~campaign": "spring"},
            "user_data": user, "custom_data": custom,
            "event_data": {"revenue": 9.5, "currency": "EUR", "transaction_id": "o-1"},
            "content_items": [{"$sku": "p-1", "$price": 9.5}]})
    })
}
