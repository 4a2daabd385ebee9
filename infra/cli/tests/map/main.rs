//! `switchyard map`, run as users run it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot start the command has failed"
)]

mod packed;

use sandbox::currents_file::{Codec, CurrentsFile, Plan};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn switchyard(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .arg("map")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A call that is refused ends before it reads.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const SENT: &str = r#"{"event_type":"users.messages.sms.Send","id":"s-1","time":1767254400,"user":{"external_user_id":"u"},"properties":{"app_id":7}}"#;
const IGNORED: &str = r#"{"event_type":"users.messages.sms.Send","id":"s-2","time":1767254400}"#;
const ROUTE: [&str; 2] = ["--route", "braze-to-segment"];

#[test]
fn each_event_gets_one_line_and_a_parked_one_exit_status_1() {
    let input = format!("{SENT}\n{IGNORED}\nno JSON\n");
    for route in ["braze-to-segment", "braze_to_segment"] {
        let output = switchyard(&["--route", route], input.as_bytes());
        let lines = out(&output);
        assert_eq!(lines.len(), 3, "{lines:?} {}", errors(&output));
        assert!(lines[0].starts_with(
            r#"{"id":"s-1","outcome":"deliver","calls":[{"endpoint":"POST /v1/batch","body":{"#
        ));
        assert_eq!(
            lines[1],
            r#"{"id":"s-2","outcome":"ignore","reason":"no_identity"}"#
        );
        assert!(
            lines[2].ends_with(r#""outcome":"park","reason":"malformed_event"}"#),
            "{}",
            lines[2]
        );
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn without_packed_each_event_is_mapped_alone() {
    event::rules!["BZ-227"];
    let output = switchyard(&ROUTE, format!("{SENT}\n{SENT}").as_bytes());
    let lines = out(&output);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], lines[1]);
    assert!(lines[0].contains(r#""outcome":"deliver""#), "{}", lines[0]);
}

#[test]
fn a_vendor_body_is_read_and_nothing_parked_is_exit_status_0() {
    let output = switchyard(
        &ROUTE,
        format!("{{\n\"events\": [{SENT}, {IGNORED}]\n}}").as_bytes(),
    );
    assert_eq!(out(&output).len(), 2);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn files_of_events_and_of_settings_are_read() {
    let folder = std::env::temp_dir().join(format!("switchyard-map-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (events, settings) = (folder.join("events.ndjson"), folder.join("settings.toml"));
    std::fs::write(&events, SENT).unwrap();
    std::fs::write(&settings, "[braze_to_segment]\ndeny_events = [\"*.sms.*\"]\n").unwrap();
    let files = ["--settings", settings.to_str().unwrap(), events.to_str().unwrap()];
    let output = switchyard(&[&ROUTE[..], &files[..]].concat(), b"");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        out(&output),
        [r#"{"id":"s-1","outcome":"ignore","reason":"event_type_denied"}"#]
    );
}

#[test]
fn explain_names_the_rules_and_the_paths() {
    let output = switchyard(&[&ROUTE[..], &["--explain"]].concat(), SENT.as_bytes());
    let line = &out(&output)[0];
    for wanted in [
        r#"{"rule":"BZ-051","path":"event_type","result":"event = SMS Sent"}"#,
        r#"{"rule":"BZ-100","path":"user.external_user_id","result":"userId"}"#,
        r#"{"rule":"BZ-159","path":"properties.app_id","result":"\"7\""}"#,
    ] {
        assert!(line.contains(wanted), "{wanted}: {line}");
    }
    let output = switchyard(
        &[&ROUTE[..], &["--explain"]].concat(),
        SENT.replace("1767254400", "0").as_bytes(),
    );
    let line = &out(&output)[0];
    assert!(
        line.contains(r#""warnings":[{"reason":"time_unreadable","rule":"BZ-133","path":"time"}]"#),
        "{line}"
    );
}

#[test]
fn a_wrong_call_or_wrong_settings_end_with_exit_status_2() {
    event::rules!["OR-014"];
    let folder = std::env::temp_dir().join(format!("switchyard-map-wrong-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let wrong = folder.join("wrong.toml");
    std::fs::write(&wrong, "[braze_to_segment]\nanonymus_users = \"send\"\n").unwrap();
    let row = folder.join("row.toml");
    std::fs::write(&row, "[[segment_to_braze.rules]]\nremove = []\n").unwrap();
    let cases: [(&[&str], &[u8], &str); 6] = [
        (
            &["--route", "segment-to-braze", "--settings", row.to_str().unwrap()],
            b"",
            "`segment_to_braze.rules.0.remove` is an empty list, which does nothing; write a list of paths",
        ),
        (
            &["--route", "braze-to-branch"],
            b"",
            "write one of segment-to-braze",
        ),
        (&[], b"", "--route"),
        (
            &[
                "--route",
                "braze-to-segment",
                "--settings",
                wrong.to_str().unwrap(),
            ],
            b"",
            "did you mean `braze_to_segment.anonymous_users`",
        ),
        (
            &["--route", "braze-to-segment", "no/such/file"],
            b"",
            "no/such/file",
        ),
        (&["--route", "braze-to-segment"], b"{}\n\xff", "byte 4"),
    ];
    for (arguments, input, wanted) in cases {
        let output = switchyard(arguments, input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            errors(&output).contains(wanted),
            "{arguments:?}: {}",
            errors(&output)
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// README's line shows them.
#[test]
fn the_sample_events_of_every_route_are_delivered() {
    for route in event::Route::ALL {
        let route = route.as_str().replace('_', "-");
        let file = format!("{}/../samples/{route}.ndjson", env!("CARGO_MANIFEST_DIR"));
        let output = switchyard(&["--route", &route, "--explain", &file], b"");
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let lines = out(&output);
        assert!(!lines.is_empty(), "{route}");
        for line in lines {
            assert!(line.contains(r#""outcome":"deliver""#), "{line}");
        }
    }
}

#[test]
fn a_currents_file_is_mapped_like_the_same_events_as_json() {
    let file = CurrentsFile::write(&Plan {
        events: 20,
        codec: Codec::Snappy,
        ..Plan::of("users.messages.email.Click")
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.avro");
    std::fs::write(&path, &file.container.bytes).unwrap();
    let path = path.to_str().unwrap();
    let json = file.events.join("\n");
    for more in [&[][..], &["--explain"], &["--packed"]] {
        let by_file = switchyard(&[&ROUTE[..], more, &[path]].concat(), b"");
        let by_text = switchyard(&[&ROUTE[..], more].concat(), json.as_bytes());
        assert!(!by_file.stdout.is_empty(), "{}", errors(&by_file));
        assert_eq!(out(&by_file), out(&by_text));
        assert_eq!(by_file.stderr, by_text.stderr);
        assert_eq!(by_file.status.code(), by_text.status.code());
    }
}

#[test]
fn what_cannot_be_read_of_a_currents_file_is_told() {
    let file = CurrentsFile::write(&Plan::of("users.messages.email.Click"));
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let third = file.container.blocks[2].clone();
    let cut = write("cut.avro", &file.container.bytes[..third.end - 1]);
    let output = switchyard(&[&ROUTE[..], &[&cut]].concat(), b"");
    assert_eq!(out(&output).len(), 20);
    let wanted = format!(
        r#"{{"outcome":"park","reason":"file_damaged","offset":{},"to":{}}}"#,
        third.start,
        third.end - 1
    );
    assert_eq!(errors(&output).trim(), wanted);
    assert_eq!(output.status.code(), Some(1));

    let other = write("event_type=users.messages.sms.Send/1.avro", &file.container.bytes);
    let output = switchyard(&[&ROUTE[..], &[&other]].concat(), b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains("file_type_conflict"),
        "{}",
        errors(&output)
    );
}
