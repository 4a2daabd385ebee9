//! What is too much is left out, with a warning.

use crate::config::cases;
use crate::printed::{Line, below, object};
use crate::settings::settings;
use event::Route;
use event::json::{Json, compact_size};
use event::settings::Settings;
use proptest::prelude::*;

fn track(name: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"track","userId":"u","event":"{name}","timestamp":1770112800,"properties":{properties}}}"#
    )
}

/// An object with a text of so many bytes.
fn padded(bytes: usize) -> String {
    object(&[("text", format!("\"{}\"", "x".repeat(bytes)))])
}

proptest! {
    #![proptest_config(cases!(60, "segment_to_braze_limits"))]

    #[test]
    fn only_the_first_256_properties_are_sent(count in 0_usize..600) {
        event::rules!["SB-147"];
        let members: Vec<_> = (0..count).map(|at| (format!("k{at}"), at.to_string())).collect();
        let line = Line::of(Route::SegmentToBraze, &track("x", &object(&members)), &Settings::default());
        let sent = below(line.body(), &["events", "0", "properties"]).and_then(Json::as_object);
        let sent: Vec<String> = sent.unwrap_or_default().iter().map(|(key, _)| key.to_owned()).collect();
        let wanted: Vec<String> = members.into_iter().take(256).map(|(key, _)| key).collect();
        prop_assert_eq!(sent, wanted);
        prop_assert_eq!(line.warns("too_many_properties"), count > 256);
    }

    #[test]
    fn properties_of_a_purchase_over_51200_bytes_are_left_out(over in -40_i64..40) {
        event::rules!["SB-181"];
        let bytes = usize::try_from(51_200 - i64::try_from(padded(0).len()).unwrap() + over).unwrap();
        let product = padded(bytes).replacen('{', r#"{"product_id":"p","price":1,"#, 1);
        let line = Line::of(
            Route::SegmentToBraze,
            &track("Order Completed", &format!(r#"{{"products":[{product}]}}"#)),
            &settings("purchase_properties = \"product\""),
        );
        let sent = below(line.body(), &["purchases", "0", "properties"]);
        prop_assert_eq!(sent.is_none(), over > 0);
        prop_assert_eq!(line.warns("properties_removed"), over > 0);
    }

    #[test]
    fn an_item_over_its_limit_parks_the_event(limit in 1024_usize..6000, bytes in 0_usize..8000) {
        event::rules!["SB-290"];
        let own = settings(&format!("\n[braze]\nmax_item_bytes = {limit}"));
        let text = track("x", &padded(bytes));
        let item = Line::of(Route::SegmentToBraze, &text, &Settings::default());
        let size = compact_size(below(item.body(), &["events", "0"]).unwrap().raw());
        let wanted = if size > limit { "park too_large" } else { "deliver" };
        prop_assert_eq!(Line::of(Route::SegmentToBraze, &text, &own).outcome(), wanted);
    }
}

/// An order of so many products with so many properties beside them.
fn order(products: usize, properties: usize) -> String {
    let mut members: Vec<_> = (0..properties)
        .map(|at| (format!("key_{at}"), "1".to_owned()))
        .collect();
    let list = vec![r#"{"id":1,"price":1,"quantity":1000}"#; products].join(",");
    members.push(("products".into(), format!("[{list}]")));
    track("Order Completed", &object(&members))
}

#[test]
fn an_order_that_would_fill_the_memory_with_copies_is_parked() {
    event::rules!["SB-290"];
    let outcome = |text: &str| Line::of(Route::SegmentToBraze, text, &Settings::default()).outcome();
    assert_eq!(outcome(&order(200, 100)), "deliver");
    assert_eq!(outcome(&order(20_000, 20_000)), "park too_large");
}
