//! What a text means, it means on every route (FM-001 to FM-009): each form at each field of its kind. The tables of
//! Segment to Braze are in its own test; of that route only amounts of money and places are here.
#![allow(
    clippy::disallowed_types,
    reason = "tests may build and read events in any way"
)]

mod field;
#[path = "../nothing_silent/place.rs"]
#[allow(dead_code, reason = "the other test asks more of a place")]
mod place;

use event::Route;
use field::{Field, fields};
use serde_json::{Value, json};

const FORMS: &str = include_str!("../../../shared/mapping/spec/forms.md");

const BRANCH: &str = r#"{"type":"track","messageId":"m-1","userId":"u-1","event":"Order Completed","context":{"device":{"type":"ios"}},"properties":{"order_id":"o-1"}}"#;
const ORDER: &str = r#"{"type":"track","messageId":"m-1","userId":"u-1","event":"Order Completed","timestamp":"2026-02-03T10:00:00Z","properties":{"order_id":"o-1","total":5,"products":[{"product_id":"p","name":"Lamp","price":5}]}}"#;
const CART: &str = r#"{"type":"track","messageId":"m-1","userId":"u-1","event":"Product Added","timestamp":"2026-02-03T10:00:00Z","properties":{"cart_id":"c-1","product_id":"p","price":5}}"#;
const PROFILE: &str = r#"{"type":"identify","messageId":"m-1","userId":"u-1","traits":{"current_location":{"latitude":1,"longitude":1}}}"#;
const REVIEW: &str = r#"{"type":"track","messageId":"m-1","userId":"u-1","event":"Product Reviewed","context":{"device":{"type":"ios"}},"properties":{"product_id":"p"}}"#;
const PURCHASE: &str = r#"{"name":"PURCHASE","id":"8123400","timestamp":1760003600000,"attributed":true,"user_data":{"os":"IOS"},"last_attributed_touch_data":{"~campaign":"c"},"custom_data":{"$segment_anonymous_id":"a-1"}}"#;
const CLICK: &str = r#"{"event_type":"users.messages.sms.Send","id":"e-1","time":1767254400,"user":{"external_user_id":"u-1"},"properties":{}}"#;

/// JSON texts with the number that each is, if it is one (FM-001).
const NUMBERS: [(&str, Option<f64>); 24] = [
    ("7.5", Some(7.5)),
    ("75e-1", Some(7.5)),
    ("\"7.5\"", Some(7.5)),
    ("\" 7.5 \"", Some(7.5)),
    ("\"+7.5\"", Some(7.5)),
    ("\"007.50\"", Some(7.5)),
    ("\".99\"", Some(0.99)),
    ("\"5.\"", Some(5.0)),
    ("\"1e1\"", Some(10.0)),
    ("\"1E+1\"", Some(10.0)),
    ("\"25e-2\"", Some(0.25)),
    ("\"12,50\"", None),
    ("\"1,299.00\"", None),
    ("\"$5\"", None),
    ("\"7 EUR\"", None),
    ("\"0x10\"", None),
    ("\"1e400\"", None),
    ("\"1e1000\"", None),
    ("\".\"", None),
    ("\"NaN\"", None),
    ("\"Infinity\"", None),
    ("true", None),
    ("[7]", None),
    ("{\"a\":7}", None),
];

/// JSON texts with the boolean that each is, if it is one (FM-002).
const BOOLEANS: [(&str, Option<bool>); 20] = [
    ("true", Some(true)),
    ("1", Some(true)),
    ("1.0", Some(true)),
    ("\"true\"", Some(true)),
    ("\" TRUE \"", Some(true)),
    ("\"1\"", Some(true)),
    ("false", Some(false)),
    ("0", Some(false)),
    ("0e0", Some(false)),
    ("\"false\"", Some(false)),
    ("\"False\"", Some(false)),
    ("\"0 \"", Some(false)),
    ("\"yes\"", None),
    ("\"on\"", None),
    ("\"t\"", None),
    ("\"1.0\"", None),
    ("2", None),
    ("-1", None),
    ("[true]", None),
    ("{\"a\":true}", None),
];

/// Those of events whose output is absent where the value is no number.
fn numbers_for_braze() -> Vec<Field> {
    let of_event = |event: &str, own: &str, places: &[(&str, &str)]| {
        let all = fields(Route::SegmentToBraze, event, places).into_iter();
        all.map(|field| field.with(own)).collect::<Vec<_>>()
    };
    let ecommerce = "orders = \"ecommerce\"";
    let viewed = CART.replace("Product Added", "Product Viewed");
    [
        of_event(
            ORDER,
            "",
            &[("properties.products[0].price", "/purchases/0/price")],
        ),
        of_event(
            ORDER,
            ecommerce,
            &[
                ("properties.tax", "/events/0/properties/tax"),
                ("properties.shipping", "/events/0/properties/shipping"),
                ("properties.subtotal", "/events/0/properties/subtotal_value"),
                ("properties.subtotal_value", "/events/0/properties/subtotal_value"),
                ("properties.discount", "/events/0/properties/total_discounts"),
                (
                    "properties.total_discounts",
                    "/events/0/properties/total_discounts",
                ),
            ],
        ),
        of_event(
            CART,
            ecommerce,
            &[
                ("properties.total", "/events/0/properties/total_value"),
                ("properties.total_value", "/events/0/properties/total_value"),
                ("properties.price", "/events/0/properties/products/0/price"),
            ],
        ),
        of_event(
            &viewed,
            ecommerce,
            &[("properties.price", "/events/0/properties/price")],
        ),
        of_event(
            CART,
            "revenue_purchases = \"instead\"",
            &[("properties.revenue", "/purchases/0/price")],
        ),
        of_event(
            PROFILE,
            "",
            &["latitude", "longitude"]
                .map(|key| {
                    (
                        format!("traits.current_location.{key}"),
                        format!("/attributes/0/current_location/{key}"),
                    )
                })
                .each_ref()
                .map(|(place, output)| (place.as_str(), output.as_str())),
        ),
    ]
    .concat()
}

fn numbers() -> Vec<Field> {
    let mut all = fields(
        Route::SegmentToBranch,
        BRANCH,
        &[
            ("properties.revenue", "/event_data/revenue"),
            ("properties.total", "/event_data/revenue"),
            ("properties.value", "/event_data/revenue"),
            ("properties.shipping", "/event_data/shipping"),
            ("properties.tax", "/event_data/tax"),
            ("properties.products[0].price", "/content_items/0/$price"),
            ("properties.products[0].$price", "/content_items/0/$price"),
            ("properties.products[0].quantity", "/content_items/0/$quantity"),
            ("properties.products[0].$quantity", "/content_items/0/$quantity"),
            ("properties.products[0].rating", "/content_items/0/$rating"),
            ("properties.products[0].$rating", "/content_items/0/$rating"),
        ],
    );
    all.extend(fields(
        Route::SegmentToBranch,
        REVIEW,
        &[("properties.rating", "/content_items/0/$rating")],
    ));
    all.extend(fields(
        Route::SegmentToBranch,
        BRANCH,
        &[
            "latitude",
            "longitude",
            "rating_average",
            "rating_count",
            "rating_max",
        ]
        .map(|key| {
            (
                format!("properties.products[0].${key}"),
                format!("/content_items/0/${key}"),
            )
        }),
    ));
    all.extend(numbers_for_braze());
    let amounts = ["revenue", "revenue_in_usd", "exchange_rate", "shipping", "tax"];
    let of_item = [
        "price",
        "quantity",
        "price_in_usd",
        "rating",
        "rating_average",
        "rating_count",
        "rating_max",
        "value",
        "value_in_usd",
    ];
    let amounts = amounts.map(|key| (format!("event_data.{key}"), format!("/properties/{key}")));
    let of_item = of_item.map(|key| {
        (
            format!("content_items[0].${key}"),
            format!("/properties/products/0/{key}"),
        )
    });
    let of_user = [
        ("screen_width", "screen/width"),
        ("screen_height", "screen/height"),
        ("geo_lat", "location/latitude"),
        ("geo_lon", "location/longitude"),
    ]
    .map(|(key, output)| (format!("user_data.{key}"), format!("/context/{output}")));
    let places: Vec<_> = amounts.into_iter().chain(of_item).chain(of_user).collect();
    all.extend(fields(Route::BranchToSegment, PURCHASE, &places));
    all
}

#[test]
fn every_form_of_a_number_is_one_on_every_route() {
    event::rules![
        "FM-001", "SR-004", "BS-007", "BS-113", "BS-136", "BS-137", "BS-140", "BS-065", "SR-210", "SR-246"
    ];
    for field in numbers() {
        for (given, wanted) in NUMBERS {
            let sent = field.output(given).and_then(|sent| sent.as_f64());
            assert_eq!(sent, wanted, "{given} at {}", field.name());
        }
    }
}

/// The flags that categories of consent give.
const CONSENT_FLAGS: [&str; 2] = ["dma_ad_personalization", "dma_ad_user_data"];

#[test]
fn every_form_of_a_screen_size_is_one() {
    event::rules!["FM-001", "SR-182", "SR-183"];
    let sizes = [("width", "width"), ("height", "height"), ("density", "dpi")].map(|(key, output)| {
        (
            format!("context.screen.{key}"),
            format!("/user_data/screen_{output}"),
        )
    });
    for field in fields(Route::SegmentToBranch, BRANCH, &sizes) {
        for (given, number) in NUMBERS {
            let wanted = number
                .map(|number| (number + 0.5).floor())
                .filter(|size| *size > 0.0);
            let sent = field.output(given).and_then(|sent| sent.as_f64());
            assert_eq!(sent, wanted, "{given} at {}", field.name());
        }
    }
}

fn booleans() -> Vec<Field> {
    let flags = ["dma_eea", "dma_ad_personalization", "dma_ad_user_data"];
    let flags = flags.iter().flat_map(|flag| {
        ["properties", "context", "context.consent"]
            .map(|place| (format!("{place}.{flag}"), format!("/user_data/{flag}")))
    });
    let mut all = fields(Route::SegmentToBranch, BRANCH, &flags.collect::<Vec<_>>());
    let of_item = ["publicly_indexable", "locally_indexable"].map(|key| {
        (
            format!("properties.products[0].${key}"),
            format!("/content_items/0/${key}"),
        )
    });
    all.extend(fields(Route::SegmentToBranch, BRANCH, &of_item));
    for flag in CONSENT_FLAGS {
        let place = [(
            "context.consent.categoryPreferences.ads",
            format!("/user_data/{flag}"),
        )];
        let consent = format!("[segment_to_branch.consent]\n{flag} = [\"ads\"]");
        let of_flag = fields(Route::SegmentToBranch, BRANCH, &place).into_iter();
        all.extend(of_flag.map(|field| field.with(&consent)));
    }
    let own = [
        "attributed",
        "existing_user",
        "first_event_for_user",
        "deep_linked",
    ];
    let own = own.map(|key| (key.to_owned(), format!("/properties/{key}")));
    let of_user = ["limit_ad_tracking", "is_jailbroken", "opted_in", "private_relay"];
    let of_user = of_user.map(|key| (format!("user_data.{key}"), format!("/properties/{key}")));
    let places: Vec<_> = own.into_iter().chain(of_user).collect();
    let everything = "require_attribution = \"install_open\"";
    all.extend(
        fields(Route::BranchToSegment, PURCHASE, &places)
            .into_iter()
            .map(|field| field.with(everything)),
    );
    all.extend(fields(
        Route::BrazeToSegment,
        CLICK,
        &[(
            "properties.ad_tracking_enabled",
            "/context/device/adTrackingEnabled",
        )],
    ));
    let of_group = fields(
        Route::BrazeToSegment,
        CLICK,
        &[("properties.in_control_group", "/properties/in_control_group")],
    );
    all.extend(
        of_group
            .into_iter()
            .map(|field| field.with("in_control_group = \"bool\"")),
    );
    all
}

#[test]
fn every_form_of_a_boolean_is_one_on_every_route() {
    event::rules![
        "FM-002", "SR-005", "SR-184", "SR-189", "BS-006", "BS-085", "BZ-165", "BZ-187", "BZ-038", "BZ-039"
    ];
    for field in booleans() {
        for (given, wanted) in BOOLEANS {
            let sent = field.output(given).and_then(|sent| sent.as_bool());
            assert_eq!(sent, wanted, "{given} at {}", field.name());
        }
    }
    let negated = [
        (
            Route::SegmentToBranch,
            BRANCH,
            "context.device.adTrackingEnabled",
            "/user_data/limit_ad_tracking",
        ),
        (
            Route::BranchToSegment,
            PURCHASE,
            "user_data.limit_ad_tracking",
            "/context/device/adTrackingEnabled",
        ),
    ];
    for (route, event, place, output) in negated {
        for field in fields(route, event, &[(place, output)]) {
            for (given, wanted) in BOOLEANS {
                let sent = field.output(given).and_then(|sent| sent.as_bool());
                assert_eq!(sent, wanted.map(|flag| !flag), "{given} at {}", field.name());
            }
        }
    }
    let unsigned = "last_attributed_touch_data.$fb_data_terms_not_signed";
    for field in fields(Route::BranchToSegment, PURCHASE, &[(unsigned, "/event")]) {
        for (given, flag) in BOOLEANS {
            let is_ignored = field.output(given).is_none();
            assert_eq!(is_ignored, flag == Some(true), "{given} at {}", field.name());
        }
    }
    let opened = CLICK.replace("sms.Send", "email.Open");
    let clicked = CLICK.replace("sms.Send", "email.Click");
    for (event, place) in [
        (opened, "properties.machine_open"),
        (clicked, "properties.is_suspected_bot_click"),
    ] {
        for field in fields(Route::BrazeToSegment, &event, &[(place, "/event")]) {
            let field = field.with("skip_machine_opens = true\nskip_suspected_bot_clicks = true");
            for (given, flag) in BOOLEANS {
                // A text that is neither true nor false names the machine (BZ-038).
                let names = place.ends_with("open") && flag.is_none() && given.starts_with('"');
                let is_ignored = field.output(given).is_none();
                assert_eq!(
                    is_ignored,
                    flag == Some(true) || names,
                    "{given} at {}",
                    field.name()
                );
            }
        }
    }
}

/// The words of FM-003, and texts of `0` and `-`.
fn words() -> Vec<String> {
    let table = FORMS.split_once("Words of FM-003:").unwrap().1;
    let table = table.split_once("Names of FM-008").unwrap().0;
    let cells = table.lines().filter_map(|row| row.split('|').nth(2)).skip(2);
    let mut words: Vec<String> = cells.flat_map(quoted).map(str::to_owned).collect();
    assert!(words.len() > 11, "{words:?}");
    words.extend(["0", "00000000-0000-0000-0000-000000000000", "---"].map(str::to_owned));
    words
}

/// The texts in backticks of a cell.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The fields that hold an id, and whether that is the id of a user: the settings may let such a text pass.
fn ids() -> Vec<(Field, bool)> {
    let android: &str = &BRANCH.replace("ios", "android");
    let unknown: &str = &android.replace(r#""userId":"u-1","#, "");
    let of_android: &str = &PURCHASE.replace("IOS", "ANDROID");
    let unnamed: &str = &PURCHASE.replace(r#","custom_data":{"$segment_anonymous_id":"a-1"}"#, "");
    let (branch, segment) = (Route::SegmentToBranch, Route::BranchToSegment);
    let meta = "meta_anon_id = \"anon\"";
    let device = "missing_identity = \"device\"";
    let rows = [
        (
            branch,
            BRANCH,
            "",
            "userId",
            "/user_data/developer_identity",
            true,
        ),
        (
            branch,
            BRANCH,
            "",
            "anonymousId",
            "/custom_data/$segment_anonymous_id",
            true,
        ),
        (
            branch,
            BRANCH,
            "",
            "messageId",
            "/custom_data/segment_message_id",
            false,
        ),
        (branch, BRANCH, "", "context.device.id", "/user_data/idfv", false),
        (
            branch,
            BRANCH,
            "",
            "context.device.advertisingId",
            "/user_data/idfa",
            false,
        ),
        (
            branch,
            unknown,
            "",
            "context.device.id",
            "/user_data/android_id",
            false,
        ),
        (
            branch,
            unknown,
            "",
            "context.device.advertisingId",
            "/user_data/aaid",
            false,
        ),
        (
            branch,
            BRANCH,
            "",
            "properties.browser_fingerprint_id",
            "/user_data/browser_fingerprint_id",
            false,
        ),
        (
            branch,
            BRANCH,
            "",
            "properties.google_analytics_id",
            "/user_data/google_analytics_id",
            false,
        ),
        (
            branch,
            android,
            "",
            "properties.oaid",
            "/user_data/advertising_ids/oaid",
            false,
        ),
        (
            branch,
            BRANCH,
            meta,
            "properties.anon",
            "/user_data/anon_id",
            false,
        ),
        (
            segment,
            PURCHASE,
            "",
            "user_data.developer_identity",
            "/userId",
            true,
        ),
        (
            segment,
            unnamed,
            "",
            "custom_data.$segment_anonymous_id",
            "/anonymousId",
            true,
        ),
        (
            segment,
            unnamed,
            "",
            "custom_data.segment_anonymous_id",
            "/anonymousId",
            true,
        ),
        (
            segment,
            unnamed,
            "",
            "metadata.$segment_anonymous_id",
            "/anonymousId",
            true,
        ),
        (
            segment,
            unnamed,
            "",
            "user_data.$segment_anonymous_id",
            "/anonymousId",
            true,
        ),
        (segment, unnamed, device, "user_data.idfv", "/anonymousId", false),
        (
            segment,
            unnamed,
            device,
            "user_data.android_id",
            "/anonymousId",
            false,
        ),
        (segment, unnamed, device, "user_data.idfa", "/anonymousId", false),
        (segment, unnamed, device, "user_data.aaid", "/anonymousId", false),
        (segment, PURCHASE, "", "id", "/properties/event_id", false),
        (
            segment,
            PURCHASE,
            "",
            "user_data.idfv",
            "/context/device/id",
            false,
        ),
        (
            segment,
            PURCHASE,
            "",
            "user_data.idfa",
            "/context/device/advertisingId",
            false,
        ),
        (
            segment,
            of_android,
            "",
            "user_data.android_id",
            "/context/device/id",
            false,
        ),
        (
            segment,
            of_android,
            "",
            "user_data.aaid",
            "/context/device/advertisingId",
            false,
        ),
        (
            segment,
            of_android,
            "",
            "user_data.fire_ad_id",
            "/context/device/advertisingId",
            false,
        ),
        (
            segment,
            of_android,
            "",
            "user_data.kindle_aid",
            "/context/device/advertisingId",
            false,
        ),
        (
            Route::BrazeToSegment,
            CLICK,
            "",
            "user.external_user_id",
            "/userId",
            true,
        ),
        (
            Route::BrazeToSegment,
            CLICK,
            "",
            "user.user_id",
            "/anonymousId",
            true,
        ),
        (Route::BrazeToSegment, CLICK, "", "id", "/messageId", false),
        (
            Route::BrazeToSegment,
            CLICK,
            "",
            "user.device_id",
            "/context/device/id",
            false,
        ),
        (
            Route::BrazeToSegment,
            CLICK,
            "",
            "properties.ad_id",
            "/context/device/advertisingId",
            false,
        ),
    ];
    let field = |(route, event, own, place, output, is_of_user)| {
        let field = fields(route, event, &[(place, output)]).remove(0);
        (field.with(own), is_of_user)
    };
    rows.into_iter().map(field).collect()
}

#[test]
fn every_placeholder_is_nobody_on_every_route() {
    event::rules![
        "FM-003", "FM-004", "SR-006", "SR-007", "SR-149", "BS-010", "BS-011", "BS-077", "BZ-112", "BZ-120"
    ];
    for (field, is_of_user) in ids() {
        let somebody = field
            .output("\"somebody-1\"")
            .map(|sent| sent.to_string())
            .unwrap_or_default();
        assert!(somebody.contains("somebody-1"), "{}", field.name());
        for word in words() {
            for spelled in [word.clone(), format!(" {word}\t"), word.to_ascii_uppercase()] {
                let given = json!(spelled).to_string();
                let named = somebody.replace("somebody-1", &given[1..given.len() - 1]);
                let names = |sent: Option<Value>| sent.map(|sent| sent.to_string()).as_ref() == Some(&named);
                assert!(!names(field.output(&given)), "{given} at {}", field.name());
                let open = field.clone().with("reject_placeholder_ids = false");
                // Branch's fields have two words that say nothing (BS-003).
                let is_blank = field.route() == Route::BranchToSegment
                    && ["bnc_no_value", "null"].contains(&spelled.as_str());
                if !is_blank {
                    assert_eq!(
                        names(open.output(&given)),
                        is_of_user,
                        "{given} at {} let pass",
                        field.name()
                    );
                }
            }
        }
    }
}

/// Each name of a currency with its code: the codes, and the names and signs of FM-008.
fn currencies() -> Vec<(String, String)> {
    let codes = event::currency::codes().iter();
    let mut named: Vec<(String, String)> = codes
        .flat_map(|code| {
            [code.to_string(), code.to_ascii_lowercase(), format!(" {code} ")]
                .map(|name| (name, code.to_string()))
        })
        .collect();
    let table = FORMS.split_once("Names of FM-008").unwrap().1;
    let table = table.split_once("Shared signs").unwrap().0;
    for row in table.lines().filter(|row| row.contains('`')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let names = quoted(cells[1]).flat_map(|name| [name.to_owned(), name.to_uppercase()]);
        named.extend(names.map(|name| (name, cells[0].to_owned())));
    }
    named
}

#[test]
fn every_name_of_a_currency_is_its_code_at_braze() {
    event::rules!["FM-008", "FM-009", "SB-175", "SB-212"];
    let purchase = "/purchases/0/currency";
    let of_purchase = [
        ("properties.products[0].currency", purchase),
        ("properties.currency", purchase),
    ];
    let of_purchases = fields(Route::SegmentToBraze, ORDER, &of_purchase);
    let of_event = [("properties.currency", "/events/0/properties/currency")];
    let of_event = fields(Route::SegmentToBraze, ORDER, &of_event).remove(0);
    let of_event = of_event.with("orders = \"ecommerce\"");
    for (name, code) in currencies() {
        let given = json!(name).to_string();
        for field in of_purchases.iter().chain([&of_event]) {
            let wanted = Some(json!(code));
            assert_eq!(field.output(&given), wanted, "{given} at {}", field.name());
        }
    }
    for unknown in ["GBX", "BTC", "points", "978", "x"] {
        let given = json!(unknown).to_string();
        for field in &of_purchases {
            assert_eq!(field.output(&given), None, "{given} at {}", field.name());
        }
        // As it came, in an event of the order's own name.
        assert_eq!(of_event.output(&given), Some(json!(unknown)), "{given}");
    }
}

#[test]
fn every_name_of_a_currency_is_its_code_at_branch() {
    event::rules!["FM-008", "FM-009", "SR-201", "SR-227", "SR-241"];
    let event = BRANCH.replace("\"order_id\"", "\"revenue\":5,\"order_id\"");
    let field = fields(
        Route::SegmentToBranch,
        &event,
        &[("properties.currency", "/event_data/currency")],
    )
    .remove(0);
    let of_product = [
        ("properties.products[0].currency", "/content_items/0/$currency"),
        ("properties.products[0].$currency", "/content_items/0/$currency"),
    ];
    let priced = BRANCH.replace("\"order_id\"", "\"products\":[{\"price\":5}],\"order_id\"");
    let of_products = fields(Route::SegmentToBranch, &priced, &of_product);
    let all = currencies();
    assert!(all.len() > 500, "{}", all.len());
    for (name, code) in all {
        let given = json!(name).to_string();
        for field in of_products.iter().chain([&field]) {
            assert_eq!(
                field.output(&given),
                Some(json!(code)),
                "{given} at {}",
                field.name()
            );
        }
    }
    for unknown in ["GBX", "BTC", "points", "978", "x"] {
        let given = json!(unknown).to_string();
        assert_eq!(field.output(&given), None, "{given}");
    }
}
