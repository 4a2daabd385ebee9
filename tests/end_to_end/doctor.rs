//! `switchyard doctor` on a deployed stack: quiet when all is well, and each planted fault is found.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the report of our own command holds no event, and the message has to be old by the real clock"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use sandbox::{Fault, Vendor};
use serde_json::Value;

use crate::local_stack::program;
use crate::system::{System, keys, text_at};

const TRACK: &str = "/users/track";

/// What one look found, as `about: what`; asserts the exit status.
#[track_caller]
fn found(system: &System) -> Vec<String> {
    let output = system.switchyard(&["doctor", "--json"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let report: Value =
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}\n{errors}"));
    let line = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        assert!(!text("remedy").is_empty());
        (text("severity"), format!("{}: {}", text("about"), text("what")))
    };
    let lines: Vec<_> = report["findings"].as_array().unwrap().iter().map(line).collect();
    let has_fault = lines.iter().any(|(severity, _)| severity == "fault");
    assert_eq!(
        output.status.code(),
        Some(i32::from(has_fault)),
        "{lines:#?}\n{errors}"
    );
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Asserts that a look finds these, each by how its line begins and by words in it, and nothing else.
#[track_caller]
fn assert_found(system: &System, step: &str, wanted: &[(&str, &str)]) {
    let mut lines = found(system);
    for (about, words) in wanted {
        let place = lines
            .iter()
            .position(|line| line.starts_with(&format!("{about}: ")) && line.contains(words));
        let place = place.unwrap_or_else(|| panic!("{step}: no {about:?} {words:?} in {lines:#?}"));
        lines.remove(place);
    }
    assert!(lines.is_empty(), "{step}: {lines:#?}");
}

/// A message of an event for Braze that came two hours ago.
fn old_message() -> String {
    let two_hours_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    let millis = two_hours_ago
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let received = event::Timestamp::from_millis(i64::try_from(millis).unwrap());
    format!(
        r#"{{"v":1,"source":"segment","destination":"braze","request_id":"r-old","first_received_at":"{received}","attempt":0,"auth":"token","key":"current","events":[{{"type":"identify","messageId":"i-old","userId":"u-old","traits":{{"plan":"pro"}}}}]}}"#
    )
}

#[tokio::test]
async fn doctor_finds_eight_planted_faults_and_no_other() {
    event::rules!["SEG-009", "RI-040"];
    let system = System::start_with("", &[("Alarms", "true"), ("AlarmEmail", "ops@example.com")]).await;
    system
        .segment_sends(&[r#"{"type":"identify","messageId":"i-1","userId":"u-1"}"#])
        .await;
    system.at_rest("healthy").await;
    let taken = || {
        [Vendor::Braze, Vendor::Branch, Vendor::Segment].map(|vendor| system.sandbox.accepted(vendor).len())
    };
    assert_eq!(taken(), [1, 0, 0]);
    assert_found(&system, "a healthy stack", &[]);
    assert_eq!(taken(), [1, 0, 0], "a look writes nothing at a vendor");

    // A key that is empty, one that is malformed, and two that vendors do not know.
    let store = async |function, secret| system.stack.store_secret(function, secret).await.unwrap();
    store("receive-branch", r#"{"tokens":[" "]}"#).await;
    assert_found(&system, "an empty key", &[("receive-branch", "no usable key")]);
    store("receive-branch", r#"{"tokens":["t"]}"#).await;
    store("receive-braze", r#"{"tokens":"t"}"#).await;
    assert_found(
        &system,
        "a malformed secret",
        &[("receive-braze", "malformed at `tokens`")],
    );
    store("receive-braze", r#"{"tokens":["t"]}"#).await;
    store("deliver-segment", r#"{"write_key":"unknown"}"#).await;
    system.sandbox.set_keys(keys("another-key"));
    let wrong = [
        ("deliver-braze", "Braze refuses `rest_api_key` with 401"),
        ("deliver-segment", "Segment refuses `write_key` with 404"),
    ];
    assert_found(&system, "wrong keys", &wrong);
    system.sandbox.set_keys(keys("braze-key-1"));
    store("deliver-segment", r#"{"write_key":"write-key-1"}"#).await;

    // An instance that does not know the key.
    let status = |status, headers| Fault::Status {
        status,
        headers,
        body: String::new(),
    };
    system.sandbox.plan(Some(TRACK), 1, status(404, Vec::new()));
    assert_found(
        &system,
        "a wrong instance",
        &[("deliver-braze", "answers 404: it does not know")],
    );

    system
        .stack
        .switch_event_source("deliver-branch", false)
        .await
        .unwrap();
    let off = (
        "deliver-branch",
        "its event source is Disabled, and PauseBranch is false",
    );
    assert_found(&system, "an event source that is off", &[off]);
    system
        .stack
        .switch_event_source("deliver-branch", true)
        .await
        .unwrap();

    // Braze fails, and asks for ten minutes: the event that waits came two hours ago.
    let later = vec![("retry-after".to_owned(), "600".to_owned())];
    system.sandbox.plan(Some(TRACK), 1, status(503, later));
    system.stack.queue("braze").send(&old_message()).await.unwrap();
    let waits = |line: &str| text_at(line, "/kind").as_deref() == Some("record");
    system.until_logged("it waits", "deliver-braze", waits).await;
    let age = ("braze", "its oldest event has waited 2h 0m");
    assert_found(&system, "an old event", &[age]);

    // What waits for a person.
    system.stack.queue("parked").send("{}").await.unwrap();
    let parked = ("parked", "1 message set aside");
    assert_found(&system, "a parked message", &[age, parked]);
    system.stack.queue("braze-dead").send("{}").await.unwrap();
    let dead = ("braze-dead", "1 message that Lambda gave up");
    assert_found(&system, "a dead letter", &[age, parked, dead]);

    let screen = system.switchyard(&["doctor"]);
    let screen = String::from_utf8(screen.stdout).unwrap();
    for words in [
        "3 of 3 URLs answer",
        "6 of 6 secrets are filled",
        "0 of 36 alarms fire",
        "switchyard parked",
    ] {
        assert!(screen.contains(words), "{words}\n{screen}");
    }
    assert_eq!(taken(), [1, 0, 0], "the old event waits on");
}

#[tokio::test]
async fn a_watching_doctor_sees_a_change_and_ends_at_ctrl_c() {
    let system = System::start("").await;
    let mut doctor = Command::new(program())
        .args(["doctor", "--watch", "1", "--json"])
        .envs(system.stack.environment())
        .env_remove("AWS_PROFILE")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // A line a look.
    let mut looks = BufReader::new(doctor.stdout.take().unwrap()).lines();
    let mut look = || {
        let report: Value = serde_json::from_str(&looks.next().unwrap().unwrap()).unwrap();
        report["findings"].to_string()
    };
    let healthy = look();
    assert!(!healthy.contains("set aside"), "{healthy}");
    system.stack.queue("parked").send("{}").await.unwrap();
    // The look at work may have counted before the message came.
    let after: Vec<String> = [look(), look(), look()].into();
    assert!(after[2].contains("1 message set aside"), "{after:#?}");

    let interrupted = Command::new("kill")
        .args(["-INT", &doctor.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    assert_eq!(doctor.wait().unwrap().code(), Some(0));
}
