//! No event goes round for ever: all four routes are on, and every vendor echoes in its export all that it takes.
#![allow(
    clippy::disallowed_types,
    reason = "tests may build and read events in any way"
)]

#[path = "../config.rs"]
mod config;
mod vendors;

use config::cases;
use event::Route;
use event::settings::Settings;
use mapping::printed::print;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use vendors::{Habits, Vendor};

/// Echoes after which the loop counts as endless: more than an order of three products makes three times each.
const ROUNDS: usize = 64;

/// How often an event and its echoes reached Braze, Branch and Segment.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Reached {
    braze: usize,
    branch: usize,
    segment: usize,
}

impl Reached {
    fn most(self) -> usize {
        self.braze.max(self.branch).max(self.segment)
    }
}

/// The bodies of the calls that an event makes on a route.
fn calls(route: Route, event: &Value, settings: &Settings) -> Vec<Value> {
    let line = print(route, &event.to_string(), settings, false).line;
    let mut line: Value = serde_json::from_str(&line).unwrap();
    match line["calls"].take() {
        Value::Array(calls) => calls,
        _ => Vec::new(),
    }
}

/// Follows an event that a vendor exports until nobody takes it any more.
fn follow(from: Vendor, event: Value, settings: &Settings, habits: &Habits) -> Reached {
    let mut reached = Reached::default();
    let mut exported = vec![(from, event)];
    for _ in 0..ROUNDS {
        let Some((vendor, event)) = exported.pop() else {
            break;
        };
        let to_segment = match vendor {
            Vendor::Segment => {
                let to_braze = calls(Route::SegmentToBraze, &event, settings);
                reached.braze += usize::from(!to_braze.is_empty());
                for call in to_braze {
                    let echoes = habits.braze(&call["body"]);
                    exported.extend(echoes.into_iter().map(|echo| (Vendor::Braze, echo)));
                }
                for call in calls(Route::SegmentToBranch, &event, settings) {
                    reached.branch += 1;
                    exported.push((Vendor::Branch, habits.branch(&call["body"], reached.branch)));
                }
                continue;
            }
            Vendor::Braze => Route::BrazeToSegment,
            Vendor::Branch => Route::BranchToSegment,
        };
        for call in calls(to_segment, &event, settings) {
            reached.segment += 1;
            exported.push((Vendor::Segment, habits.segment(call["body"].clone())));
        }
    }
    reached
}

fn choice(key: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(values).prop_map(move |value| match value {
        "" => String::new(),
        value => format!("{key} = {value}\n"),
    })
}

/// Rows of own rules that take marks away, rename, write or drop: none of them defeats the loop guard (OR-003).
fn own_rules() -> impl Strategy<Value = String> {
    let rows = &[
        "",
        "remove = [\"context.*\", \"integrations\"]",
        "remove = [\"properties.*\", \"custom_data.*\", \"origin\"]",
        "set = { event = \"branch_OPEN\", name = \"OPEN\" }",
        "set = { messageId = \"m-9\", id = \"9\" }",
        "rename = { event = \"properties.was\", name = \"custom_data.was\" }",
        "when = { event = \"Order*\" }\ndrop = true",
    ][..];
    let routes = Route::ALL.map(|route| (Just(route), select(rows)));
    let text = |(route, row): (Route, &str)| match row {
        "" => String::new(),
        row => format!("[[{}.rules]]\n{row}\n", route.as_str()),
    };
    routes.prop_map(move |chosen| chosen.map(text).concat())
}

/// Settings over all that bears on loops, types and names; what is refused is left out.
fn allowed_settings() -> impl Strategy<Value = (String, Settings)> {
    let to_braze = (
        choice("loop_guard", &["", "\"strict\""]),
        choice("respect_integrations", &["", "false"]),
        choice(
            "rename_events",
            &[
                "",
                "{ branch_OPEN = \"App Opened\", \"Signed Up\" = \"branch_x\" }",
            ],
        ),
        choice("screens", &["", "\"all\""]),
    );
    let to_branch = (
        choice("markers", &["", "false"]),
        choice("respect_integrations", &["", "false"]),
        choice(
            "rename_events",
            &["", "{ branch_OPEN = \"Opened\", \"Signed Up\" = \"OPEN\" }"],
        ),
    );
    let from_branch = (
        choice("include_segment_origin", &["", "true"]),
        choice("missing_identity", &["", "\"device\""]),
        choice("require_attribution", &["", "\"install_open\""]),
    );
    let from_braze = (
        choice(
            "deny_events",
            &[
                "",
                "[]",
                "[\"users.behaviors.*\"]",
                "[\"users.behaviors.CustomEvent\", \"users.behaviors.Purchase\"]",
            ],
        ),
        choice(
            "event_names",
            &["", "{ \"users.messages.email.Open\" = \"branch_OPEN\" }"],
        ),
        choice("integrations", &["", "{}"]),
    );
    let tables = (to_braze, to_branch, from_branch, from_braze, own_rules());
    tables.prop_filter_map("refused", |(a, b, c, d, rules)| {
        let text = format!(
            "[segment_to_braze]\n{}{}{}{}[segment_to_branch]\n{}{}{}[branch_to_segment]\n{}{}{}[braze_to_segment]\n{}{}{}{rules}",
            a.0, a.1, a.2, a.3, b.0, b.1, b.2, c.0, c.1, c.2, d.0, d.1, d.2
        );
        match Settings::load(&text) {
            Ok(settings) => Some((text, settings)),
            Err(error) => {
                assert!(error.to_string().contains("loop_guard"), "{text}{error}");
                None
            }
        }
    })
}

proptest! {
    #![proptest_config(cases!(1500, "echoes"))]

    #[test]
    fn by_default_an_event_reaches_a_destination_once(
        (from, event) in vendors::first_event(),
        habits in vendors::habits(),
    ) {
        event::rules!["RD-161"];
        let reached = follow(from, event, &Settings::default(), &habits);
        prop_assert!(reached.most() <= 1, "{reached:?}");
    }

    #[test]
    fn no_allowed_settings_send_an_event_more_than_thrice(
        (from, event) in vendors::first_event(),
        habits in vendors::habits(),
        (text, settings) in allowed_settings(),
    ) {
        event::rules!["RD-163", "OR-003"];
        // At Braze each product of an order is a purchase of its own, and so an event of its own in the export.
        let products = event["properties"]["products"].as_array().map_or(1, Vec::len);
        let reached = follow(from, event, &settings, &habits);
        prop_assert!(reached.most() <= 3 * products, "{reached:?} {text}");
    }
}

#[test]
fn without_a_guard_the_vendors_echoes_go_round() {
    // Shows that the echoes are ones that the routes take: these settings are refused at start.
    let mut settings = Settings::default();
    settings.braze_to_segment.deny_events.clear();
    settings.branch_to_segment.include_segment_origin = true;
    let event = json!({"type": "track", "event": "Signed Up", "messageId": "m-1", "userId": "u-1",
        "anonymousId": "a-1", "timestamp": "2026-02-03T10:15:30Z", "properties": {"plan": "gold"}});
    let reached = follow(Vendor::Segment, event.clone(), &settings, &Habits::default());
    assert!(reached.most() > 3, "{reached:?}");
    // With the default settings both destinations have it once, and Segment has nothing back.
    let once = Reached {
        braze: 1,
        branch: 1,
        segment: 0,
    };
    assert_eq!(
        follow(Vendor::Segment, event, &Settings::default(), &Habits::default()),
        once
    );
}
