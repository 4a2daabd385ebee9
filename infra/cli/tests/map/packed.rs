//! `switchyard map --packed`.

use crate::{IGNORED, SENT, errors, out, switchyard};
use std::process::Output;

/// Runs a route with `--packed` and the text of a settings file.
fn packed(route: &str, settings: &str, input: &str) -> Output {
    run(&["--route", route, "--packed"], settings, input)
}

fn run(arguments: &[&str], settings: &str, input: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    std::fs::write(&file, settings).unwrap();
    let arguments = [arguments, &["--settings", file.to_str().unwrap()]].concat();
    switchyard(&arguments, input.as_bytes())
}

fn lines_of_errors(output: &Output) -> Vec<String> {
    errors(output).lines().map(str::to_owned).collect()
}

#[test]
fn a_batch_holds_each_id_once_and_the_rest_is_listed() {
    event::rules!["SEG-023", "BZ-226", "BZ-420"];
    let other = SENT.replace("s-1", "s-3");
    let input = format!("{SENT}\n{IGNORED}\n{SENT}\nno JSON\n{other}\n");
    let output = packed("braze-to-segment", "", &input);
    let requests = out(&output);
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(
        requests[0]
            .starts_with(r#"{"method":"POST","url":"https://api.segment.io/v1/batch","body":{"batch":[{"#),
        "{}",
        requests[0]
    );
    assert!(
        requests[0].ends_with(r#"}],"sentAt":"<now>"},"ids":["s-1","s-3"]}"#),
        "{}",
        requests[0]
    );
    assert_eq!(requests[0].matches(r#""messageId":"#).count(), 2);
    let not_sent = lines_of_errors(&output);
    assert_eq!(
        not_sent[..2],
        [
            r#"{"id":"s-2","outcome":"ignore","reason":"no_identity"}"#,
            r#"{"id":"s-1","outcome":"ignore","reason":"duplicate_in_request"}"#,
        ]
    );
    assert!(
        not_sent[2].ends_with(r#""outcome":"park","reason":"malformed_event"}"#),
        "{not_sent:?}"
    );
    assert_eq!((not_sent.len(), output.status.code()), (3, Some(1)));
}

#[test]
fn a_full_batch_is_closed() {
    event::rules!["SEG-041", "SEG-042"];
    let events: Vec<String> = (0..5).map(|n| SENT.replace("s-1", &format!("s-{n}"))).collect();
    let settings = "[segment]\nregion = \"eu\"\nmax_batch_events = 2\n";
    let output = packed("braze-to-segment", settings, &events.join("\n"));
    let requests = out(&output);
    let ids: Vec<&str> = requests
        .iter()
        .map(|request| request.rsplit_once(r#""ids":"#).unwrap().1)
        .collect();
    assert_eq!(ids, [r#"["s-0","s-1"]}"#, r#"["s-2","s-3"]}"#, r#"["s-4"]}"#]);
    assert!(
        requests
            .iter()
            .all(|request| request.contains("https://events.eu1.segmentapis.com/v1/batch"))
    );
    assert_eq!((errors(&output).as_str(), output.status.code()), ("", Some(0)));
}

#[test]
fn branch_events_are_packed_as_for_one_write_key() {
    event::rules!["SEG-023"];
    let event = |id: &str, os: &str| {
        format!(
            r#"{{"name":"OPEN","id":"{id}","timestamp":1760004600000,"attributed":true,"user_data":{{"os":"{os}","developer_identity":"m"}},"last_attributed_touch_data":{{"~campaign":"c"}}}}"#
        )
    };
    let input = format!("[{},{}]", event("1", "IOS"), event("2", "ANDROID"));
    let output = packed("branch_to_segment", "", &input);
    let requests = out(&output);
    assert_eq!(requests.len(), 1, "{}", errors(&output));
    assert!(requests[0].ends_with(r#""ids":["1","2"]}"#), "{}", requests[0]);
    assert!(!requests[0].contains("Authorization"));
}

#[test]
fn one_request_an_event_without_the_key() {
    event::rules!["SR-303", "SR-306", "SR-311"];
    let event = |id: &str, name: &str| {
        format!(r#"{{"type":"track","messageId":"{id}","userId":"m","event":"{name}"}}"#)
    };
    let events = [
        event("a", "Login"),
        event("b", "Seed Swapped"),
        event("a", "Login"),
        r#"{"type":"page","messageId":"c","userId":"m"}"#.to_owned(),
    ];
    let settings = "[branch]\nregion = \"eu\"\n[segment_to_branch]\nmarkers = false\n";
    let output = packed("segment-to-branch", settings, &events.join("\n"));
    let user = r#""user_data":{"developer_identity":"m"}"#;
    let request = |path: &str, name: &str, id: &str| {
        format!(
            r#"{{"method":"POST","url":"https://api3-eu.branch.io{path}","body":{{"branch_key":"<branch_key>","name":"{name}",{user}}},"ids":["{id}"]}}"#
        )
    };
    assert_eq!(
        out(&output),
        [
            request("/v2/event/standard", "LOGIN", "a"),
            request("/v2/event/custom", "Seed Swapped", "b"),
        ]
    );
    assert_eq!(
        lines_of_errors(&output),
        [
            r#"{"id":"a","outcome":"ignore","reason":"duplicate_in_invocation"}"#,
            r#"{"id":"c","outcome":"ignore","reason":"unsupported_type"}"#,
        ]
    );
    assert_eq!(output.status.code(), Some(0));
}

const NEITHER: &str = "";
const BOTH: &str = "[braze]\ninstance = \"US-01\"\nendpoint_url = \"https://rest.iad-01.braze.com\"\n";
const UNKNOWN: &str = "[braze]\ninstance = \"US-99\"\n";

#[test]
fn only_packed_needs_the_address_of_braze() {
    event::rules!["SB-311", "SB-527"];
    for (settings, named) in [
        (NEITHER, "`braze.instance` is not set, nor is braze.endpoint_url"),
        (BOTH, "braze.instance are both set"),
        (UNKNOWN, "\"US-99\" is no instance of Braze"),
    ] {
        let output = packed("segment-to-braze", settings, "");
        assert_eq!(output.status.code(), Some(2), "{settings}");
        assert!(errors(&output).contains(named), "{}", errors(&output));
        assert!(output.stdout.is_empty());
    }
    let plain = |settings| run(&["--route", "segment-to-braze"], settings, "").status.code();
    assert_eq!(
        (plain(NEITHER), plain(BOTH), plain(UNKNOWN)),
        (Some(0), Some(0), Some(2))
    );
    let output = packed("segment-to-braze", "[braze]\ninstance = \"eu-01\"\n", "");
    assert_eq!((out(&output).len(), output.status.code()), (0, Some(0)));
}

#[test]
fn the_address_of_the_settings_is_used_or_refused() {
    event::rules!["SEG-002", "SR-301"];
    let local = "[segment]\nendpoint_url = \"http://127.0.0.1:4000\"\n";
    let output = packed("braze-to-segment", local, SENT);
    assert!(out(&output)[0].contains(r#""url":"http://127.0.0.1:4000/v1/batch""#));
    for (route, section) in [("braze-to-segment", "segment"), ("segment-to-branch", "branch")] {
        let wrong = format!("[{section}]\nendpoint_url = \"http://example.com\"\n");
        let output = packed(route, &wrong, SENT);
        assert_eq!(output.status.code(), Some(2));
        let named = format!("`{section}.endpoint_url` must be https");
        assert!(errors(&output).contains(&named), "{}", errors(&output));
    }
}

#[test]
fn own_rules_change_and_drop_what_is_packed() {
    event::rules!["OR-001", "OR-080"];
    let settings = r#"
[braze]
endpoint_url = "https://rest.iad-01.braze.com"
[[segment_to_braze.rules]]
rename = { "properties.plan_id" = "properties.plan" }
[[segment_to_braze.rules]]
name = "test-accounts"
when = { "properties.environment" = "test" }
drop = true
"#;
    let track = |id: &str, properties: &str| {
        format!(
            r#"{{"type":"track","messageId":"{id}","userId":"u-1","event":"E","timestamp":"2026-03-01T12:00:00Z","properties":{{{properties}}}}}"#
        )
    };
    let input = [
        track("t-1", r#""plan_id":1.50"#),
        track("t-2", r#""environment":"test","plan_id":2"#),
        track("t-3", r#""rate":1.0E+2"#),
    ];
    let output = packed("segment-to-braze", settings, &input.join("\n"));
    let requests = out(&output);
    assert_eq!(requests.len(), 1, "{requests:?}");
    for part in [
        r#""properties":{"plan":1.50}"#,
        r#""properties":{"rate":1.0E+2}"#,
        r#""ids":["t-1","t-3"]"#,
    ] {
        assert!(requests[0].contains(part), "{part} is not in {}", requests[0]);
    }
    let not_sent = lines_of_errors(&output);
    assert_eq!(
        not_sent[0],
        r#"{"id":"t-2","outcome":"ignore","reason":"own_rule","own_rule":"test-accounts"}"#
    );
}
