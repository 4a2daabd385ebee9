//! What goes from Branch to Segment comes back to nobody, and the other way round.

use crate::printed::{Line, below, object};
use event::Route;
use event::branch_events::{STANDARD_EVENTS, normalized_name};
use event::json::{Json, write_string};
use event::settings::Settings;
use std::collections::BTreeSet;

/// The table of `segment-to-branch.md`: rule, Segment's events, Branch's words, name of the API, whether it is imported.
const TABLE: &str = include_str!("../../../shared/mapping/data/segment_to_branch.tsv");

/// Names of nobody's.
const OWN_NAMES: [&str; 2] = ["Plant Watered", "lesson finished"];

/// Names that are Branch's own, but no standard events.
const BRANCH_NAMES: [&str; 17] = [
    "INSTALL",
    "OPEN",
    "REINSTALL",
    "CLICK",
    "WEB_SESSION_START",
    "PAGEVIEW",
    "PAGE_VIEW",
    "IMPRESSION",
    "BRANCH_CTA_VIEW",
    "CTA_VIEW",
    "WEB_TO_APP_AUTO_REDIRECT",
    "SMS_SENT",
    "UNINSTALL",
    "CUSTOM",
    "account_blocked",
    "branch_visited",
    "Straße",
];

/// Every name in the rows of the table that say `imported`, Segment's and Branch's.
fn table_names(imported: &str) -> Vec<&'static str> {
    let rows = TABLE.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let rows = rows.filter(|row| row[4] == imported);
    let names = rows.flat_map(|row| row[1].split(';').chain(row[2].split(';')));
    names.filter(|name| !matches!(*name, "" | "*" | "-")).collect()
}

/// Every event name of both pages.
fn names() -> Vec<&'static str> {
    let standard = STANDARD_EVENTS.iter().map(|event| event.name);
    let table = table_names("yes").into_iter().chain(table_names("no"));
    standard
        .chain(table)
        .chain(OWN_NAMES)
        .chain(BRANCH_NAMES)
        .collect()
}

/// All that may be sent is sent: the guards alone stop the loop.
fn open_settings(markers: bool, include_segment_origin: bool) -> Settings {
    let mut settings = Settings::default();
    settings.branch_to_segment.also_send_events = BRANCH_NAMES.map(str::to_owned).into();
    settings.branch_to_segment.include_segment_origin = include_segment_origin;
    settings.segment_to_branch.markers = markers;
    settings
}

fn quoted(text: &str) -> String {
    let mut json = String::new();
    write_string(&mut json, text);
    json
}

/// What Branch exports of an event of an app.
fn branch_event(name: &str) -> String {
    object(&[
        ("name", quoted(name)),
        ("id", "812340077312456701".into()),
        ("timestamp", "1760003600000".into()),
        ("attributed", "true".into()),
        ("origin", "\"BRANCH\"".into()),
        (
            "user_data",
            r#"{"os":"IOS","idfv":"v-1","developer_identity":"u-1"}"#.into(),
        ),
        ("last_attributed_touch_data", r#"{"~campaign":"c"}"#.into()),
        ("custom_data", r#"{"$segment_anonymous_id":"a-1"}"#.into()),
    ])
}

/// What Branch exports of an event that was posted to its API: the call's own parts, with what Branch adds.
fn exported(call: Json<'_>, origin: &str) -> String {
    let part = |key| below(call, &[key]).map_or("{}", Json::raw).to_owned();
    object(&[
        ("name", part("name")),
        ("id", "\"e-2\"".into()),
        ("timestamp", "1760003600000".into()),
        ("attributed", "true".into()),
        ("origin", quoted(origin)),
        ("user_data", part("user_data")),
        ("event_data", part("event_data")),
        ("custom_data", part("custom_data")),
        ("last_attributed_touch_data", r#"{"~campaign":"c"}"#.into()),
    ])
}

/// The call that Segment forwards, under another name if one is given.
fn forwarded(call: Json<'_>, renamed: Option<&str>) -> String {
    let members: Vec<(String, String)> = call
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| match (key, renamed) {
            ("event", Some(name)) => (key.to_owned(), quoted(name)),
            _ => (key.to_owned(), value.raw().to_owned()),
        })
        .collect();
    object(&members)
}

fn segment_event(name: &str) -> String {
    object(&[
        ("type", "\"track\"".to_owned()),
        ("messageId", "\"m-1\"".to_owned()),
        ("userId", "\"u-1\"".to_owned()),
        ("anonymousId", "\"a-1\"".to_owned()),
        ("event", quoted(name)),
        ("timestamp", "\"2025-10-09T11:40:00.000Z\"".to_owned()),
        ("context", r#"{"device":{"type":"ios","id":"v-1"}}"#.to_owned()),
        (
            "properties",
            r#"{"order_id":"o-1","revenue":5,"sku":"s"}"#.to_owned(),
        ),
    ])
}

#[test]
fn branch_to_segment_to_branch_ends_after_one_pass() {
    event::rules!["BS-033", "SR-033", "SR-034"];
    for (markers, include_origin) in [(true, false), (false, false), (true, true), (false, true)] {
        let settings = open_settings(markers, include_origin);
        for name in names() {
            let line = Line::of(Route::BranchToSegment, &branch_event(name), &settings);
            assert_eq!(line.outcome(), "deliver", "{name}");
            for renamed in [None, Some("Order Completed"), Some("PURCHASE"), Some("anything")] {
                let back = Line::of(
                    Route::SegmentToBranch,
                    &forwarded(line.body(), renamed),
                    &settings,
                );
                assert_eq!(back.outcome(), "ignore loop", "{name} as {renamed:?}");
            }
        }
    }
}

#[test]
fn segment_to_branch_to_segment_ends_after_one_pass() {
    event::rules!["BS-034", "SR-253"];
    let settings = open_settings(true, false);
    let not_imported: BTreeSet<String> = table_names("no").into_iter().map(normalized_name).collect();
    for name in names() {
        let line = Line::of(Route::SegmentToBranch, &segment_event(name), &settings);
        if not_imported.contains(&normalized_name(name)) {
            assert_eq!(line.outcome(), "ignore not_imported", "{name}");
            continue;
        }
        assert_eq!(line.outcome(), "deliver", "{name}");
        // Branch does not promise to name the origin.
        for origin in ["SEGMENT", "BRANCH", ""] {
            let back = Line::of(Route::BranchToSegment, &exported(line.body(), origin), &settings);
            assert_eq!(back.outcome(), "ignore loop", "{name} of {origin}");
        }
    }
}

#[test]
fn without_the_guards_of_the_way_back_a_loop_ends_in_one_round() {
    event::rules!["SR-033"];
    let settings = open_settings(false, true);
    for name in names() {
        let line = Line::of(Route::SegmentToBranch, &segment_event(name), &settings);
        if line.outcome() != "deliver" {
            continue;
        }
        let round = Line::of(
            Route::BranchToSegment,
            &exported(line.body(), "SEGMENT"),
            &settings,
        );
        assert_eq!(round.outcome(), "deliver", "{name}");
        let again = Line::of(Route::SegmentToBranch, &forwarded(round.body(), None), &settings);
        assert_eq!(again.outcome(), "ignore loop", "{name}");
    }
}
