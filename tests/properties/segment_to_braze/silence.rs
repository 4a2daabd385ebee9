//! Nothing is silent (FM-011): a value that a rule reads is sent, or warned of.

use crate::printed::{Line, below, object};
use crate::settings::settings;
use event::Route;
use event::json::Json;
use event::settings::Settings;

/// Values of every kind; the texts and numbers are like nothing else in the output.
const VALUES: [&str; 14] = [
    "\"mark-7q\"",
    "\" mark-7q \"",
    "7007.25",
    "-7007.25",
    "\"7007.25\"",
    "true",
    "false",
    "[\"mark-7q\"]",
    "[[\"mark-7q\"]]",
    "{\"mark-7q\":1}",
    "[{\"mark-7q\":1}]",
    "\"[{\\\"mark-7q\\\":1}]\"",
    "{\"$time\":\"mark-7q\"}",
    "{\"inc\":null}",
];

/// What of a value must be seen in the output if it is sent as it is.
const MARKS: [&str; 2] = ["mark-7q", "7007.25"];

/// Traits that some rule reads, and one that none does.
const TRAITS: [&str; 38] = [
    "first_name",
    "firstName",
    "last_name",
    "lastName",
    "email",
    "phone",
    "gender",
    "dob",
    "birthday",
    "country",
    "home_city",
    "image_url",
    "avatar",
    "language",
    "time_zone",
    "email_subscribe",
    "push_subscribe",
    "subscription_groups",
    "braze_subscription_groups",
    "push_tokens",
    "email_open_tracking_disabled",
    "email_click_tracking_disabled",
    "date_of_first_session",
    "date_of_last_session",
    "marked_email_as_spam_at",
    "current_location",
    "facebook",
    "twitter",
    "external_id",
    "_update_existing_only",
    "push_token_import",
    "braze_sdk_auth_signature",
    "braze_id",
    "user_alias",
    "_merge_objects",
    "userId",
    "anonymousId",
    "plan",
];

/// The one call's body with the names of the members of its attributes object.
fn attributes(line: &Line) -> Vec<String> {
    let object = below(line.json(), &["calls"])
        .and_then(Json::as_array)
        .unwrap_or_default();
    let track = object
        .last()
        .and_then(|call| below(*call, &["body", "attributes", "0"]));
    let members = track.and_then(Json::as_object).unwrap_or_default();
    members.iter().map(|(name, _)| name.to_owned()).collect()
}

fn has_warnings(line: &Line) -> bool {
    below(line.json(), &["warnings"]).is_some()
}

fn is_seen(line: &Line) -> bool {
    MARKS.iter().any(|mark| line.text().contains(mark))
}

#[test]
fn every_trait_of_every_kind_is_sent_or_warned_of() {
    event::rules!["FM-011", "SB-082", "SB-111"];
    for name in TRAITS {
        for value in VALUES {
            let traits = object(&[(name, value)]);
            let event = format!(r#"{{"type":"identify","messageId":"m","userId":"u-1","traits":{traits}}}"#);
            let line = Line::of(Route::SegmentToBraze, &event, &Settings::default());
            assert_eq!(line.outcome(), "deliver", "{event}");
            let is_sent = attributes(&line).len() > 1 || is_seen(&line);
            // A braze_id that an external id beat is an exception of the page.
            let is_beaten = name == "braze_id"
                && !has_warnings(&line)
                && matches!(value.as_bytes()[0], b'"' | b'7' | b'-');
            assert!(
                is_sent || has_warnings(&line) || is_beaten,
                "{event} gives {}",
                line.text()
            );
        }
    }
}

/// Properties of orders that some rule reads.
const PROPERTIES: [&str; 29] = [
    "products",
    "currency",
    "revenue",
    "total",
    "total_value",
    "value",
    "order_id",
    "checkout_id",
    "cart_id",
    "source",
    "subtotal",
    "subtotal_value",
    "tax",
    "shipping",
    "discount",
    "total_discounts",
    "discounts",
    "discount_items",
    "cancel_reason",
    "reason",
    "type",
    "time",
    "event_name",
    "product_id",
    "price",
    "quantity",
    "metadata",
    "coupon",
    "alias_name",
];
const COVERED: [&str; 2] = ["product_id", "price"];
const OF_PRODUCTS: [&str; 15] = [
    "product_id",
    "sku",
    "id",
    "name",
    "title",
    "variant",
    "price",
    "quantity",
    "currency",
    "image_url",
    "url",
    "time",
    "event_name",
    "value",
    "brand",
];

#[test]
fn every_property_of_every_kind_is_sent_or_warned_of() {
    event::rules!["FM-011", "SB-180", "SB-186", "SB-206"];
    let names = [
        "Order Completed",
        "Product Viewed",
        "Product Added",
        "Product Removed",
        "Checkout Started",
        "Order Refunded",
        "Order Cancelled",
        "Plan Upgraded",
    ];
    for own in [
        "",
        "orders = \"ecommerce\"",
        "orders = \"both\"",
        "revenue_purchases = \"instead\"",
        "orders = \"both\"\nrevenue_purchases = \"also\"",
    ] {
        let settings = settings(own);
        for name in names {
            for value in VALUES {
                // What the one product says comes before what its order says of the same key (SB-180).
                let whole = PROPERTIES.iter().filter(|key| !COVERED.contains(key)).map(|key| {
                    let mut members = vec![
                        ("order_id", "\"o-1\""),
                        ("checkout_id", "\"k-1\""),
                        ("total", "10"),
                        ("product_id", "\"p\""),
                        ("price", "5"),
                        ("products", "[{\"product_id\":\"p\",\"price\":5}]"),
                    ];
                    members.retain(|(own, _)| own != key);
                    members.push((key, value));
                    object(&members)
                });
                let products = OF_PRODUCTS.iter().map(|key| {
                    let mut members = vec![("product_id", "\"p\""), ("price", "5")];
                    members.retain(|(own, _)| own != key);
                    members.push((key, value));
                    let products = format!("[{}]", object(&members));
                    object(&[
                        ("order_id", "\"o-1\""),
                        ("checkout_id", "\"k-1\""),
                        ("products", &products),
                    ])
                });
                for properties in whole.chain(products) {
                    let event = format!(
                        r#"{{"type":"track","messageId":"m","userId":"u-1","timestamp":"2026-02-03T10:00:00Z","event":"{name}","properties":{properties}}}"#
                    );
                    let line = Line::of(Route::SegmentToBraze, &event, &settings);
                    assert_eq!(line.outcome(), "deliver", "{event}");
                    let must_be_seen = MARKS.iter().any(|mark| properties.contains(mark));
                    let is_told = is_seen(&line) || has_warnings(&line);
                    assert!(!must_be_seen || is_told, "{own} {event} gives {}", line.text());
                }
            }
        }
    }
}
