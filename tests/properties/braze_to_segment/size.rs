//! At the limit, one byte below and one byte above.

use crate::printed::{below, line, said};
use event::json::{Json, compact_size};
use event::settings::Settings;

const LIMIT: usize = 32_768;

/// What delivery adds to a call without a time.
const TIMESTAMP: usize = 39;

fn text(properties: &str, time: &str) -> String {
    format!(
        r#"{{"event_type":"users.messages.sms.Send","id":"e",{time}"user":{{"external_user_id":"u"}},"properties":{{{properties}}}}}"#
    )
}

const TIMED: &str = r#""time":1767254400,"#;

/// The size of the body that is sent, and the names of what was left out.
fn sent(text: &str, settings: &Settings) -> (usize, Vec<String>) {
    let got = line(text, settings);
    assert_eq!(said(&got, &["outcome"]).as_deref(), Some("deliver"), "{got}");
    let printed = Json::parse(&got).unwrap();
    let body = below(printed, &["calls", "0", "body"]).unwrap();
    let names = below(body, &["properties", "truncated"])
        .and_then(Json::as_array)
        .unwrap_or_default();
    let names: Vec<_> = names
        .iter()
        .filter_map(|name| name.as_str())
        .map(|name| name.into_owned())
        .collect();
    let warned = got.contains(r#""trimmed""#);
    assert_eq!(warned, !names.is_empty());
    (compact_size(body.raw()), names)
}

#[test]
fn one_byte_over_the_limit_is_trimmed_and_the_limit_passes() {
    event::rules!["BZ-415"];
    for (time, added) in [(TIMED, 0), ("", TIMESTAMP)] {
        for limit in [LIMIT, 1000] {
            let mut settings = Settings::default();
            settings.segment.max_event_bytes = limit;
            for unit in ["x", "\u{e9}", "\u{1f600}", "\\n"] {
                let (frame, _) = sent(&text(r#""a":"","b":"""#, time), &settings);
                let room = limit - added - frame;
                let filled = unit.repeat(room / unit.len());
                let rest = "y".repeat(room % unit.len());
                let exact = text(&format!(r#""a":"{filled}","b":"{rest}""#), time);
                assert_eq!(sent(&exact, &settings), (limit - added, vec![]), "{unit}");
                let more = text(&format!(r#""a":"{filled}","b":"{rest}z""#), time);
                let (size, names) = sent(&more, &settings);
                assert_eq!(names, ["a"], "{unit}");
                assert!(size + added <= limit);
            }
        }
    }
}

#[test]
fn white_space_and_long_escapes_do_not_count() {
    event::rules!["BZ-415"];
    let padded = text(&format!(r#""a":{{ {}"b":"\u0041" }}"#, " ".repeat(LIMIT)), TIMED);
    assert!(sent(&padded, &Settings::default()).1.is_empty());
}

#[test]
fn properties_go_one_by_one_and_no_more_than_needed() {
    event::rules!["BZ-250", "BZ-251", "BZ-252"];
    let first = [
        "message_extras",
        "raw_response",
        "output",
        "input",
        "tool_arguments",
        "flow_response_json",
        "custom_properties",
        "purchase_properties",
    ];
    // Each is as large as the limit, so that all go; then the largest of the rest.
    let mut properties: Vec<String> = first
        .iter()
        .rev()
        .map(|key| format!(r#""{key}":"{}""#, "f".repeat(900)))
        .collect();
    properties.push(format!(r#""small":"{}""#, "s".repeat(150)));
    properties.push(format!(r#""middle":"{}""#, "m".repeat(300)));
    properties.push(format!(r#""large":"{}""#, "l".repeat(400)));
    properties.push(format!(r#""campaign_name":"{}""#, "c".repeat(100)));
    let mut settings = Settings::default();
    settings.segment.max_event_bytes = 1000;
    let (size, names) = sent(&text(&properties.join(","), TIMED), &settings);
    let mut wanted: Vec<&str> = first.to_vec();
    wanted.extend(["large", "middle"]);
    assert_eq!(names, wanted);
    assert!(size <= 1000);
}

#[test]
fn an_event_that_cannot_be_made_to_fit_is_parked() {
    event::rules!["BZ-253"];
    let documented = text(&format!(r#""campaign_name":"{}""#, "c".repeat(LIMIT)), TIMED);
    let got = line(&documented, &Settings::default());
    assert_eq!(said(&got, &["reason"]).as_deref(), Some("event_too_large"));
}
