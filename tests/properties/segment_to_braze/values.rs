//! What no rule changes arrives as it was sent.

use crate::config::cases;
use crate::json_text::{scalar, value};
use crate::printed::{Line, below, object};
use event::Route;
use event::json::{Json, Kind, well_formed};
use event::settings::Settings;
use proptest::prelude::*;

fn track(properties: String) -> String {
    object(&[
        ("type", "\"track\"".to_owned()),
        ("userId", "\"u-1\"".to_owned()),
        ("event", "\"Quiz Started\"".to_owned()),
        ("timestamp", "\"2026-02-03T10:00:00Z\"".to_owned()),
        ("properties", properties),
    ])
}

proptest! {
    #![proptest_config(cases!(500, "segment_to_braze_values"))]

    #[test]
    fn a_property_passes_byte_for_byte(
        key in "[a-z]{1,9}_x",
        value in value(&["a", "b.c", "$d", "", "time"]),
    ) {
        event::rules!["SB-003", "SB-143"];
        let line = Line::of(Route::SegmentToBraze, &track(object(&[(&key, &value)])), &Settings::default());
        let sent = below(line.body(), &["events", "0", "properties", &key]).unwrap();
        let shaped = well_formed(&value);
        prop_assert_eq!(sent.raw(), Json::parse(&shaped).unwrap().raw());
    }

    #[test]
    fn a_single_value_passes_as_a_custom_attribute(key in "[a-z]{1,9}_x", value in scalar()) {
        event::rules!["SB-003", "SB-110", "SB-113"];
        let text = object(&[("type", "\"identify\""), ("userId", "\"u-1\""), ("traits", &object(&[(&key, &value)]))]);
        let line = Line::of(Route::SegmentToBraze, &text, &Settings::default());
        let sent = below(line.body(), &["attributes", "0", &key]).unwrap();
        prop_assert_eq!(sent.raw(), &*well_formed(&value));
    }

    #[test]
    fn no_null_and_no_refused_key_is_left_inside_an_attribute(
        value in value(&["a", "b.c", "b c", "$d", "_d", ""]),
    ) {
        event::rules!["SB-114", "SB-115"];
        let text = object(&[("type", "\"identify\""), ("userId", "\"u-1\""), ("traits", &object(&[("own", &value)]))]);
        let line = Line::of(Route::SegmentToBraze, &text, &Settings::default());
        if let Some(sent) = below(line.body(), &["attributes", "0", "own"]) {
            prop_assert!(is_tidy(sent, true), "{}", line.text());
        } else {
            prop_assert!(line.warns("unsupported_value"));
        }
    }
}

/// Whether Braze takes an attribute's value; null alone unsets the attribute.
fn is_tidy(json: Json<'_>, is_whole: bool) -> bool {
    match json.kind() {
        Kind::Null => is_whole,
        Kind::Array => json
            .as_array()
            .unwrap()
            .into_iter()
            .all(|element| is_tidy(element, false)),
        Kind::Object => json
            .as_object()
            .unwrap()
            .iter()
            .all(|(key, value)| !key.contains([' ', '.', '$']) && is_tidy(value, false)),
        _ => true,
    }
}
