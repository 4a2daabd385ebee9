//! The user's own rules in the functions: what rows make of events at the vendor, in the log, and after a replay.

use sandbox::{Fault, Vendor};

use crate::senders::currents;
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
name = "old-plans"
when = { "properties.plan_id" = { at_least = 9 } }
drop = true

[[segment_to_braze.rules]]
name = "shape-2"
rename = { "properties.plan_id" = "properties.tier" }
set = { "properties.replayed" = true }
"#;

/// Rows of the three other routes, which leave the first alone.
const ROWS_OF_OTHER_ROUTES: &str = r#"
[[segment_to_branch.rules]]
rename = { "properties.code" = "properties.coupon" }
convert = { "context.ip" = "mask_ip" }
[[segment_to_branch.rules]]
name = "test-orders"
when = { "properties.environment" = "test" }
drop = true

[[branch_to_segment.rules]]
rename = { "user_data.crm_id" = "user_data.developer_identity" }
convert = { "user_data.developer_identity" = "upper" }
[[branch_to_segment.rules]]
name = "no-opens"
when = { name = "OPEN" }
drop = true

[[braze_to_segment.rules]]
rename = { "properties.score" = "properties.lead_score" }
convert = { "properties.lead_score" = "number" }
[[braze_to_segment.rules]]
name = "no-clicks"
when = { event_type = "*.email.Click" }
drop = true
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
            track("text-1", "Plan Chosen", r#""plan_id":8,"total":"n/a""#),
            track("test-1", "Plan Chosen", r#""environment":"staging-2""#),
            track("plain-1", "Plain", r#""rate":1.50,"big":9007199254740993"#),
        ])
        .await;
    system.at_rest("four events").await;
    let mut at_braze = accepted(&system);
    at_braze.sort();
    assert_eq!(
        at_braze,
        [
            pair("Plain", r#"{"rate":1.50,"big":9007199254740993}"#),
            pair("Plan Chosen", r#"{"total":"n/a","plan":8}"#),
            pair("Plan Chosen", r#"{"total":19.90,"rate":1.50,"plan":7}"#),
        ]
    );
    assert_changed(&system, "deliver-braze", "plan-1", ["delivered", ""]).await;
    assert_changed(&system, "deliver-braze", "text-1", ["warned", "not_converted"]).await;
    assert_dropped(&system, "deliver-braze", &[("test-1", "test-accounts")]).await;
    assert_counted(&system, "deliver-braze", 2, 1).await;

    replay_with_other_rows(&system).await;
    system.assert_ended(&[]).await;
}

/// Asserts that an event's line has this outcome and reason, and that the line of its invocation counts a changed event.
async fn assert_changed(system: &System, function: &str, id: &str, wanted: [&str; 2]) {
    let lines = system.stack.log_lines(function).await.unwrap();
    let word = |line: &String, name: &str| text_at(line, &format!("/{name}")).unwrap_or_default();
    let line = lines.iter().rfind(|line| word(line, "event_id") == id);
    let line = line.unwrap_or_else(|| panic!("{id} has no line"));
    assert_eq!(
        ["outcome", "reason"].map(|name| word(line, name)),
        wanted,
        "{line}"
    );
    let invocation = word(line, "aws_request_id");
    let mut of_invocation = lines
        .iter()
        .filter(|line| word(line, "aws_request_id") == invocation);
    let counts_it = |line: &String| {
        word(line, "rules_changed")
            .parse::<u64>()
            .is_ok_and(|count| count > 0)
    };
    assert!(
        of_invocation.any(counts_it),
        "{id}: {invocation} counts no changed event"
    );
}

/// Asserts that rows of these names dropped these events, as the log tells.
async fn assert_dropped(system: &System, function: &str, wanted: &[(&str, &str)]) {
    let lines = system.stack.log_lines(function).await.unwrap();
    let word = |line: &str, name: &str| text_at(line, &format!("/{name}")).unwrap_or_default();
    for (id, row) in wanted {
        let line = lines.iter().rfind(|line| word(line, "event_id") == *id);
        let line = line.unwrap_or_else(|| panic!("{id} has no line"));
        let logged = ["outcome", "reason", "own_rule"].map(|name| word(line, name));
        assert_eq!(logged, ["ignored", "own_rule", row], "{line}");
    }
}

/// Asserts how many events rows changed and dropped, as the lines of a function's invocations count them.
async fn assert_counted(system: &System, function: &str, changed: u64, dropped: u64) {
    let lines = system.stack.log_lines(function).await.unwrap();
    let counted = |name: &str| -> u64 {
        let of_line = |line: &String| text_at(line, &format!("/{name}"))?.parse::<u64>().ok();
        lines.iter().filter_map(of_line).sum()
    };
    let counts = (counted("rules_changed"), counted("rules_dropped"));
    assert_eq!(counts, (changed, dropped), "{function}");
}

/// What of the items that a vendor has accepted stands at these pointers, sorted.
fn arrived(system: &System, vendor: Vendor, pointers: &[&str]) -> Vec<String> {
    let items = system.sandbox.accepted(vendor);
    let of_item = |json: &str| -> String {
        let parts = pointers
            .iter()
            .map(|pointer| text_at(json, pointer).unwrap_or_default());
        parts.collect::<Vec<_>>().join(" ")
    };
    let mut arrived: Vec<String> = items.iter().map(|item| of_item(&item.json)).collect();
    arrived.sort();
    arrived
}

#[tokio::test]
async fn rows_rename_convert_and_drop_on_the_other_routes() {
    event::rules!["OR-001", "OR-090", "OR-092"];
    let system = System::start(ROWS_OF_OTHER_ROUTES).await;
    let order = |id: &str, environment: &str| {
        format!(
            r#"{{"type":"track","messageId":"{id}","userId":"u-1","event":"Order Completed","timestamp":"2026-02-03T10:01:00Z","context":{{"ip":"203.0.113.42","device":{{"id":"5E0C2A77-3B1D-4C58-9E55-0A6B7C8D9E0F","type":"ios"}}}},"properties":{{"order_id":"{id}","currency":"EUR","revenue":69.90,"code":"SPRING","environment":"{environment}"}}}}"#
        )
    };
    system
        .segment_sends(&[order("o-1", "live"), order("o-2", "test")])
        .await;
    for (name, id) in [("INSTALL", "b-1"), ("OPEN", "b-2")] {
        let event = format!(
            r#"{{"name":"{name}","id":"{id}","origin":"BRANCH","timestamp":1770112800000,"attributed":true,"user_data":{{"os":"ANDROID","android_id":"9f31c07be2a45d10","crm_id":"u-1"}},"last_attributed_touch_data":{{"~campaign":"Autumn reactivation"}}}}"#
        );
        system.branch_sends(&event).await;
    }
    let mail = |kind: &str, id: &str| {
        format!(
            r#"{{"event_type":"users.messages.email.{kind}","id":"{id}","time":1770112800,"user":{{"external_user_id":"u-2"}},"properties":{{"campaign_id":"2f6c8e10","score":"7.50"}}}}"#
        )
    };
    system
        .braze_sends(&currents(&[mail("Open", "c-1"), mail("Click", "c-2")]))
        .await;
    system.at_rest("three routes").await;

    let order = [
        "/event_data/transaction_id",
        "/event_data/coupon",
        "/user_data/ip",
    ];
    assert_eq!(
        arrived(&system, Vendor::Branch, &order),
        ["o-1 SPRING 203.0.113.0"]
    );
    let call = ["/event", "/userId", "/properties/lead_score", "/properties/score"];
    assert_eq!(
        arrived(&system, Vendor::Segment, &call),
        ["Email Opened u-2 7.50 ", "branch_INSTALL U-1  "]
    );
    // Rows of one route do nothing on another: Braze gets both orders as they came.
    assert_eq!(
        arrived(&system, Vendor::Braze, &["/name", "/properties/code"]),
        ["Order Completed SPRING", "Order Completed SPRING"]
    );
    for (function, id) in [
        ("deliver-branch", "o-1"),
        ("deliver-segment", "b-1"),
        ("deliver-segment", "c-1"),
    ] {
        assert_changed(&system, function, id, ["delivered", ""]).await;
    }
    assert_dropped(&system, "deliver-branch", &[("o-2", "test-orders")]).await;
    let dropped = [("b-2", "no-opens"), ("c-2", "no-clicks")];
    assert_dropped(&system, "deliver-segment", &dropped).await;
    // What is dropped was changed by the row before, and is counted as dropped alone.
    assert_counted(&system, "deliver-branch", 1, 1).await;
    assert_counted(&system, "deliver-segment", 2, 2).await;
    system.assert_nothing_lost();
    system.assert_ended(&[]).await;
}

/// What is parked is the event as it was received: a replay maps it by the rows that are deployed then.
async fn replay_with_other_rows(system: &System) {
    for (id, plan) in [("parked-1", 8), ("parked-2", 9)] {
        let fault = Fault::Item {
            array: "events".to_owned(),
            index: 0,
            reason: "is on the blocklist".to_owned(),
        };
        system.sandbox.plan(Some("/users/track"), 1, fault);
        let properties = format!(r#""plan_id":{plan},"total":"3.10""#);
        system.segment_sends(&[track(id, "Parked", &properties)]).await;
        system.at_rest(id).await;
        let parked = format!("deliver-braze {id} parked rejected");
        system.assert_outcome(&parked).await;
    }
    let before = accepted(system).len();

    let file = system.change_settings(OTHER_ROWS).await;
    let output = system.switchyard(&["replay", "--settings", file.to_str().unwrap()]);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(printed, "replayed 2 messages: 2 to braze\n", "{errors}");
    system.at_rest("replayed").await;
    assert_eq!(
        accepted(system).split_off(before),
        [pair("Parked", r#"{"total":"3.10","tier":8,"replayed":true}"#)]
    );
    assert_dropped(system, "deliver-braze", &[("parked-2", "old-plans")]).await;
}
