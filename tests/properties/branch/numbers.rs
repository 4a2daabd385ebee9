//! Numbers survive digit by digit, on both routes.

use crate::config::cases;
use crate::printed::{Line, below, object};
use event::Route;
use event::settings::Settings;
use proptest::prelude::*;

/// The text of any JSON number.
fn number() -> impl Strategy<Value = String> {
    let whole = prop_oneof![Just("0".to_owned()), "[1-9][0-9]{0,24}", "90071992547409[0-9]{2}"];
    let fraction = prop_oneof![Just(String::new()), "\\.[0-9]{1,20}"];
    let exponent = prop_oneof![3 => Just(String::new()), 1 => "[eE][+-]?[0-9]{1,2}"];
    (any::<bool>(), whole, fraction, exponent).prop_map(|(negative, whole, fraction, exponent)| {
        format!("{}{whole}{fraction}{exponent}", if negative { "-" } else { "" })
    })
}

/// As it must arrive at Segment: an integer that binary floating point might change as a string.
fn at_segment(number: &str) -> String {
    let is_integer = !number.contains(['.', 'e', 'E']);
    let is_large = number
        .parse::<i128>()
        .is_ok_and(|value| value.abs() > (1 << 53) - 1);
    if is_integer && is_large {
        format!("\"{number}\"")
    } else {
        number.to_owned()
    }
}

proptest! {
    #![proptest_config(cases!(2000, "branch_numbers"))]

    #[test]
    fn numbers_from_branch_keep_every_digit(numbers in prop::collection::vec(number(), 7)) {
        event::rules!["BS-004", "BS-005"];
        let [link, label, device, amount, custom, listed, priced] = &numbers[..] else { unreachable!() };
        let text = object(&[
            ("name", "\"PURCHASE\"".to_owned()),
            ("id", "\"e-1\"".to_owned()),
            ("timestamp", "1760003600000".to_owned()),
            ("attributed", "true".to_owned()),
            ("last_attributed_touch_data", format!(r#"{{"link_n":{link},"~label":{label}}}"#)),
            ("user_data", format!(r#"{{"developer_identity":"u-1","device":{device}}}"#)),
            ("event_data", format!(r#"{{"revenue":{amount},"tax":"{amount}"}}"#)),
            ("custom_data", format!(r#"{{"custom":{custom},"list":[{listed}, {{"deep":[{listed}]}}, "{listed}"]}}"#)),
            ("content_items", format!(r#"[{{"$price":{priced},"$quantity":"{priced}"}}]"#)),
        ]);
        let line = Line::of(Route::BranchToSegment, &text, &Settings::default());
        let properties = below(line.body(), &["properties"]).unwrap();
        let got = |path: &[&str]| below(properties, path).unwrap().raw();
        for (name, number) in [("link_n", link), ("label", label), ("device", device), ("revenue", amount), ("custom", custom)] {
            prop_assert_eq!(got(&[name]), at_segment(number));
        }
        prop_assert_eq!(got(&["list", "0"]), at_segment(listed));
        prop_assert_eq!(got(&["list", "1", "deep", "0"]), at_segment(listed));
        prop_assert_eq!(got(&["list", "2"]), format!("\"{listed}\""));
        prop_assert_eq!(got(&["products", "0", "price"]), at_segment(priced));
        // A spelled number keeps its digits; of its exponent only the letter may change.
        for (path, number) in [(&["tax"][..], amount), (&["products", "0", "quantity"][..], priced)] {
            prop_assert_eq!(got(path).replace('E', "e"), at_segment(number).replace('E', "e"));
        }
    }

    #[test]
    fn numbers_from_segment_keep_every_digit(numbers in prop::collection::vec(number(), 4), id in "[1-9][0-9]{0,30}") {
        event::rules!["SR-003", "SR-004"];
        let [amount, priced, plain, nested] = &numbers[..] else { unreachable!() };
        let text = object(&[
            ("type", "\"track\"".to_owned()),
            ("messageId", id.clone()),
            ("userId", id.clone()),
            ("anonymousId", id.clone()),
            ("event", "\"Order Completed\"".to_owned()),
            ("properties", format!(
                r#"{{"revenue":{amount},"tax":"{amount}","plain":{plain},"nested":{{"b":[{nested} , 1.0],"a":{nested}}},"browser_fingerprint_id":{id},"products":[{{"price":{priced},"sku":{priced},"size":{priced}}}]}}"#
            )),
        ]);
        let mut settings = Settings::default();
        settings.segment_to_branch.custom_fields_as_json = false;
        let line = Line::of(Route::SegmentToBranch, &text, &settings);
        let raw = |path: &[&str]| below(line.body(), path).unwrap().raw();
        let said = |path: &[&str]| below(line.body(), path).unwrap().as_str().unwrap().into_owned();
        prop_assert_eq!(raw(&["event_data", "revenue"]), amount);
        prop_assert_eq!(raw(&["event_data", "tax"]).replace('E', "e"), amount.replace('E', "e"));
        prop_assert_eq!(raw(&["content_items", "0", "$price"]), priced);
        prop_assert_eq!(&said(&["content_items", "0", "$sku"]), priced);
        prop_assert_eq!(&said(&["content_items", "0", "$custom_fields", "size"]), priced);
        prop_assert_eq!(&said(&["custom_data", "plain"]), plain);
        prop_assert_eq!(said(&["custom_data", "nested"]), format!(r#"{{"a":{nested},"b":[{nested},1.0]}}"#));
        for path in [
            &["user_data", "developer_identity"],
            &["user_data", "browser_fingerprint_id"],
            &["custom_data", "$segment_anonymous_id"],
            &["custom_data", "segment_message_id"],
        ] {
            prop_assert_eq!(&said(path), &id);
        }
    }
}
