//! Custom data holds strings only, and every property is somewhere.

use crate::config::cases;
use crate::json_text::value;
use crate::printed::{Line, below, object};
use event::Route;
use event::json::{Json, Kind, equal, well_formed};
use event::settings::Settings;
use proptest::prelude::*;

const KEYS: &[&str] = &["b", "a", "\u{e9}", "products", ""];

fn is_blank(json: Json<'_>) -> bool {
    match json.kind() {
        Kind::Null => true,
        Kind::String => json.as_str().unwrap().trim().is_empty(),
        Kind::Array => json.as_array().unwrap().is_empty(),
        Kind::Object => json.as_object().unwrap().is_empty(),
        _ => false,
    }
}

proptest! {
    #![proptest_config(cases!(2000, "branch_custom_data"))]

    #[test]
    fn a_custom_event_keeps_every_property_as_text(
        properties in prop::collection::btree_map("[a-z$~.]{1,9}", value(KEYS), 0..12),
    ) {
        event::rules!["SR-250", "SR-251"];
        let members: Vec<_> = properties.iter().collect();
        let text = object(&[
            ("type", "\"track\""),
            ("messageId", "\"m-1\""),
            ("userId", "\"u-1\""),
            ("event", "\"Plant Watered\""),
            ("properties", &object(&members)),
        ]);
        let line = Line::of(Route::SegmentToBranch, &text, &Settings::default());
        let custom = below(line.body(), &["custom_data"]).unwrap().as_object().unwrap();
        let mut kept = 0;
        for (key, given) in &properties {
            let given = well_formed(given);
            let given = Json::parse(&given).unwrap();
            let Some(got) = custom.get(key) else {
                prop_assert!(is_blank(given), "{} is lost", key);
                continue;
            };
            kept += 1;
            prop_assert_eq!(got.kind(), Kind::String);
            let text = got.as_str().unwrap();
            match given.kind() {
                Kind::String => prop_assert_eq!(text, given.as_str().unwrap()),
                Kind::Number | Kind::Bool => prop_assert_eq!(text, given.raw()),
                _ => prop_assert!(equal(Json::parse(&text).unwrap(), given), "{} became {}", given.raw(), text),
            }
        }
        prop_assert_eq!(custom.len(), kept + 1, "and the mark, nothing else");
    }

    #[test]
    fn a_standard_event_loses_no_property(
        order in value(KEYS), revenue in value(KEYS), currency in value(KEYS), note in value(KEYS), price in value(KEYS), sku in value(KEYS),
    ) {
        event::rules!["SR-248", "SR-250"];
        let given = [("order_id", &order), ("revenue", &revenue), ("currency", &currency), ("note", &note), ("price", &price), ("sku", &sku)];
        let text = object(&[
            ("type", "\"track\""),
            ("messageId", "\"m-1\""),
            ("userId", "\"u-1\""),
            ("event", "\"Product Added\""),
            ("properties", &object(&given)),
        ]);
        let line = Line::of(Route::SegmentToBranch, &text, &Settings::default());
        for (key, value) in given {
            let shaped = well_formed(value);
            if is_blank(Json::parse(&shaped).unwrap()) {
                continue;
            }
            let field = match key {
                "order_id" => Some(["event_data", "transaction_id"]),
                "revenue" | "currency" => Some(["event_data", key]),
                _ => None,
            };
            let item = ["content_items", "0", if key == "price" { "$price" } else { "$sku" }];
            let is_sent = field.is_some_and(|path| below(line.body(), &path).is_some())
                || matches!(key, "price" | "sku") && below(line.body(), &item).is_some();
            let is_kept = below(line.body(), &["custom_data", key]).is_some();
            prop_assert!(is_sent != is_kept, "{} is lost or there twice: {}", key, line.text());
        }
    }
}
