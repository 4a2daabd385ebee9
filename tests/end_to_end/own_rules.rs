//! The user's own rules in the functions: what rows make of events at the vendor, in the log, and after a replay.

use sandbox::{Fault, Vendor};

use crate::system::{System, text_at};

const ROWS: &str = r#"
[[segment_to_braze.rules]]
name = "shape"
when = { type = "track" }
rename = { "properties.plan_id" = "properties.plan" }
convert = { "properties.total" = "number" }

[[segment_to_braze.rules]]
name = "test-accounts"
when = { "properties.environment" = ["test", "staging*"] }
drop = true
"#;

/// What is deployed before the replay.
const OTHER_ROWS: &str = r#"
[[segment_to_braze.rules]]
name = "shape-2"
rename = { "properties.plan_id" = "properties.tier" }
set = { "properties.replayed" = true }
"#;

fn track(id: &str, name: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"track","messageId":"{id}","userId":"u-1","event":"{name}","timestamp":"2026-02-03T10:01:00Z","properties":{{{properties}}}}}"#
    )
}

/// The properties of the events that Braze has accepted, by their names.
fn accepted(system: &System) -> Vec<(String, String)> {
    let items = system.sandbox.accepted(Vendor::Braze);
    let part = |json: &str, pointer: &str| text_at(json, pointer).unwrap();
    items
        .iter()
        .map(|item| (part(&item.json, "/name"), part(&item.json, "/properties")))
        .collect()
}

fn pair(name: &str, properties: &str) -> (String, String) {
    (name.to_owned(), properties.to_owned())
}

#[tokio::test]
async fn rows_rename_convert_drop_and_follow_a_replay() {
    event::rules!["OR-001", "OR-015", "OR-090", "OR-092"];
    let system = System::start(ROWS).await;
    system
        .segment_sends(&[
            track(
                "plan-1",
                "Plan Chosen",
                r#""plan_id":7,"total":"19.90","rate":1.50"#,
            ),
            track("test-1", "Plan Chosen", r#""environment":"staging-2""#),
            track("plain-1", "Plain", r#""rate":1.50,"big":9007199254740993"#),
        ])
        .await;
    system.at_rest("three events").await;
    let mut at_braze = accepted(&system);
    at_braze.sort();
    assert_eq!(
        at_braze,
        [
            pair("Plain", r#"{"rate":1.50,"big":9007199254740993}"#),
            pair("Plan Chosen", r#"{"total":19.90,"rate":1.50,"plan":7}"#),
        ]
    );
    let lines = system.stack.log_lines("deliver-braze").await.unwrap();
    let word = |line: &str, name: &str| text_at(line, &format!("/{name}")).unwrap_or_default();
    let of_dropped = lines.iter().find(|line| word(line, "event_id") == "test-1");
    let of_dropped = of_dropped.expect("the dropped event has a line");
    assert_eq!(word(of_dropped, "outcome"), "ignored", "{of_dropped}");
    assert_eq!(word(of_dropped, "reason"), "own_rule", "{of_dropped}");
    assert_eq!(word(of_dropped, "own_rule"), "test-accounts", "{of_dropped}");
    let counted = |name: &str| -> u64 {
        let of_invocations = lines.iter().filter(|line| word(line, "kind") == "invocation");
        of_invocations
            .filter_map(|line| word(line, name).parse::<u64>().ok())
            .sum()
    };
    assert_eq!((counted("rules_changed"), counted("rules_dropped")), (1, 1));

    replay_with_other_rows(&system).await;
    system.assert_ended(&[]).await;
}

/// What is parked is the event as it was received: a replay maps it by the rows that are deployed then.
async fn replay_with_other_rows(system: &System) {
    let fault = Fault::Item {
        array: "events".to_owned(),
        index: 0,
        reason: "is on the blocklist".to_owned(),
    };
    system.sandbox.plan(Some("/users/track"), 1, fault);
    system
        .segment_sends(&[track("parked-1", "Parked", r#""plan_id":8,"total":"3.10""#)])
        .await;
    system.at_rest("parked").await;
    system
        .assert_outcome("deliver-braze parked-1 parked rejected")
        .await;
    let before = accepted(system).len();

    let file = system.change_settings(OTHER_ROWS).await;
    let output = system.switchyard(&["replay", "--settings", file.to_str().unwrap()]);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(printed, "replayed 1 message: 1 to braze\n", "{errors}");
    system.at_rest("replayed").await;
    assert_eq!(
        accepted(system).split_off(before),
        [pair("Parked", r#"{"total":"3.10","tier":8,"replayed":true}"#)]
    );
}
