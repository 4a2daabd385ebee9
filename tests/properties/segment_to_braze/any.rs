//! Any event and any settings.

use crate::calls::check;
use crate::config::cases;
use crate::explained::gaps;
use crate::json_text::{members, scalar, value};
use crate::printed::{Line, below, object};
use crate::settings::any_settings;
use event::Route;
use event::json::Json;
use event::settings::Settings;
use mapping::printed::print;
use proptest::prelude::*;
use proptest::sample::select;

/// Most are what most events are.
const TYPES: &[&str] = &[
    "identify", "identify", "identify", "track", "track", "track", "track", "track", "track", "page",
    "screen", "group", "alias", "delete", " Track", "batch", "",
];

const NAMES: &[&str] = &[
    "Order Completed",
    "completed order",
    "Product Viewed",
    "Product Added",
    "Checkout Started",
    "Order Refunded",
    "Order Cancelled",
    "Create Alias",
    "Identify User",
    "Email Opened",
    "x",
    "$x",
    "$",
    " ",
];

const KEYS: &[&str] = &[
    "first_name",
    "firstName",
    "email",
    "phone",
    "gender",
    "dob",
    "birthday",
    "country",
    "address",
    "city",
    "avatar",
    "language",
    "email_subscribe",
    "subscription_groups",
    "braze_subscription_groups",
    "subscription_group_id",
    "subscription_state",
    "push_tokens",
    "token",
    "app_id",
    "current_location",
    "latitude",
    "longitude",
    "facebook",
    "external_id",
    "braze_id",
    "user_alias",
    "alias_name",
    "alias_label",
    "_merge_objects",
    "plan",
    "$plan",
    "$$plan",
    "a.b",
    "a b",
    "$add",
    "$time",
    "$identifier_key",
    "time",
    "event_name",
    "name",
    "category",
    "products",
    "product_id",
    "sku",
    "id",
    "price",
    "quantity",
    "currency",
    "revenue",
    "total",
    "value",
    "order_id",
    "discounts",
    "type",
    "metadata",
    "email_to_identify",
    "prioritization",
    "dispatch_id",
    "",
    " ",
    "\\ud800",
    "__proto__",
];

fn objects() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => members(KEYS, value(KEYS), 14),
        1 => scalar(),
    ]
}

fn id() -> impl Strategy<Value = String> {
    let words = select(&["\"u-1\"", "\"u-1\"", "\"u-2\"", "7", "\"null\"", "null"][..]);
    prop_oneof![8 => words.prop_map(str::to_owned), 1 => scalar()]
}

fn time() -> impl Strategy<Value = String> {
    let times = select(
        &[
            "\"2026-02-03T10:00:00Z\"",
            "1770112800",
            "\"2026-02-03\"",
            "\"soon\"",
        ][..],
    );
    prop_oneof![12 => times.prop_map(str::to_owned), 1 => scalar()]
}

/// An order's products.
fn products() -> impl Strategy<Value = String> {
    let product = (scalar(), scalar(), scalar(), objects()).prop_map(|(id, price, quantity, other)| {
        object(&[
            ("sku", id),
            ("price", price),
            ("quantity", quantity),
            ("plan", other),
        ])
    });
    prop::collection::vec(product, 0..4).prop_map(|products| format!("[{}]", products.join(",")))
}

fn context() -> impl Strategy<Value = String> {
    (objects(), objects(), select(&["ios", "android", "x"][..]), id()).prop_map(
        |(traits, page, device, id)| {
            let device = object(&[("type", format!("\"{device}\"")), ("token", id.clone())]);
            let external = format!("[{{\"type\":\"brazeExternalId\",\"id\":{id}}}]");
            object(&[
                ("traits", traits),
                ("page", page),
                ("device", device),
                ("locale", "\"de-DE\"".to_owned()),
                ("externalId", external),
            ])
        },
    )
}

/// Texts from no JSON at all to events that are sent.
fn text() -> impl Strategy<Value = String> {
    let shaped = (
        (select(TYPES), select(NAMES), id(), id(), id(), time()),
        (objects(), objects(), products(), any::<bool>()),
        prop::option::of(context()),
        prop::option::of(objects()),
    )
        .prop_map(
            |((kind, name, user, anonymous, other, time), parts, context, integration)| {
                let (properties, traits, products, has_products) = parts;
                let properties = match properties.strip_suffix('}') {
                    Some(open) if has_products => {
                        let comma = if open.len() > 1 { "," } else { "" };
                        format!("{open}{comma}\"products\":{products}}}")
                    }
                    _ => properties,
                };
                let mut members = vec![
                    ("type", format!("\"{kind}\"")),
                    ("event", format!("\"{name}\"")),
                    ("messageId", other.clone()),
                    ("userId", user),
                    ("anonymousId", anonymous),
                    ("previousId", other.clone()),
                    ("groupId", other),
                    ("timestamp", time),
                    ("properties", properties),
                    ("traits", traits),
                ];
                members.extend(context.map(|context| ("context", context)));
                members.extend(integration.map(|own| ("integrations", object(&[("Braze", own)]))));
                object(&members)
            },
        );
    prop_oneof![1 => any::<String>(), 2 => value(KEYS), 12 => shaped]
}

fn texts(json: Json<'_>, key: &str) -> Vec<String> {
    let list = below(json, &[key]).and_then(Json::as_array).unwrap_or_default();
    list.iter().map(|element| element.raw().to_owned()).collect()
}

/// Whoever asks why gets the same outcome, a path for every warning, and where every field comes from.
fn check_explained(text: &str, settings: &Settings, line: &Line) {
    let explained = print(Route::SegmentToBraze, text, settings, true).line;
    let explained = Json::parse(&explained).unwrap();
    for key in ["id", "outcome", "reason", "calls"] {
        let (one, other) = (below(line.json(), &[key]), below(explained, &[key]));
        assert_eq!(one.map(Json::raw), other.map(Json::raw), "{key} differs");
    }
    let mut reasons: Vec<String> = Vec::new();
    for warning in below(explained, &["warnings"])
        .and_then(Json::as_array)
        .unwrap_or_default()
    {
        let path = below(warning, &["path"]).and_then(Json::as_str).unwrap();
        assert!(!path.is_empty(), "a warning without a path");
        reasons.push(below(warning, &["reason"]).unwrap().raw().to_owned());
    }
    reasons.dedup();
    assert_eq!(reasons, texts(line.json(), "warnings"));
    let gaps = gaps(text, explained, settings);
    assert!(gaps.is_empty(), "{gaps:#?}\n{}", explained.raw());
}

proptest! {
    #![proptest_config(cases!(4000, "segment_to_braze_any"))]

    #[test]
    fn any_event_has_one_outcome_the_same_each_time(
        text in text(),
        settings in any_settings(),
    ) {
        event::rules!["SB-709", "SB-001", "SB-002", "SB-041", "SB-300", "SB-303", "SB-702"];
        let line = Line::of(Route::SegmentToBraze, &text, &settings);
        let again = Line::of(Route::SegmentToBraze, &text, &settings);
        prop_assert_eq!(line.text(), again.text());
        prop_assert!(below(line.json(), &["id"]).and_then(Json::as_str).is_some_and(|id| !id.trim().is_empty()));
        match line.outcome().split_once(' ') {
            None => {
                prop_assert_eq!(line.outcome(), "deliver");
                check(&line, &settings);
            }
            Some((outcome, _)) => {
                prop_assert!(matches!(outcome, "ignore" | "park"), "{}", line.text());
                prop_assert!(below(line.json(), &["warnings"]).is_none() && below(line.json(), &["calls"]).is_none());
            }
        }
        check_explained(&text, &settings, &line);
    }
}

#[test]
fn each_event_is_mapped_alone_though_another_has_its_id() {
    event::rules!["SB-306"];
    let text = r#"{"type":"identify","messageId":"m-1","userId":"u-1","traits":{"plan":"gold"}}"#;
    let input = format!("{text}\n{text}\n");
    let events = switchyard::map::events(event::Source::Segment, &input)
        .into_iter()
        .map(|event| Line::of(Route::SegmentToBraze, event, &Settings::default()));
    let outcomes: Vec<String> = events.map(|line| line.outcome()).collect();
    assert_eq!(outcomes, ["deliver", "deliver"]);
}
