//! What holds for every event and all rows.

#[path = "../config.rs"]
mod config;
#[path = "../branch/json_text.rs"]
mod json_text;

mod misspelled;
mod packed;
mod rows;
mod untouched;

use config::cases;
use event::Route;
use event::json::{Json, well_formed};
use event::settings::Settings;
use json_text::{members, value};
use mapping::printed::print;
use proptest::prelude::*;
use proptest::sample::select;
use rows::{KEYS, rows, settings};
use untouched::{is_named, leaves};

fn route() -> impl Strategy<Value = Route> {
    select(Route::ALL.to_vec())
}

fn member(line: &str, key: &str) -> Option<String> {
    let value = Json::parse(line).unwrap().as_object().unwrap().get(key)?;
    Some(value.raw().to_owned())
}

fn said(line: &str) -> [Option<String>; 2] {
    [member(line, "outcome"), member(line, "reason")]
}

fn of_own_rule() -> [Option<String>; 2] {
    ["\"ignore\"", "\"own_rule\""].map(|text| Some(text.to_owned()))
}

fn of_loop() -> [Option<String>; 2] {
    ["\"ignore\"", "\"loop\""].map(|text| Some(text.to_owned()))
}

proptest! {
    #![proptest_config(cases!(500, "own_rules"))]

    #[test]
    fn no_row_breaks_an_event_or_changes_its_id(
        route in route(),
        rows in rows(),
        event in value(KEYS),
    ) {
        event::rules!["OR-002", "OR-005", "OR-038"];
        let with = settings(route, &rows);
        let line = print(route, &event, &with, true).line;
        prop_assert_eq!(&line, &print(route, &event, &with, true).line);
        let plain = print(route, &event, &Settings::default(), false).line;
        prop_assert_eq!(member(&line, "id"), member(&plain, "id"));
        if said(&line) == of_own_rule() {
            prop_assert!(rows.iter().any(|row| row.lines.contains("drop")));
            prop_assert!(member(&line, "own_rule").is_some() && member(&line, "changed").is_none());
        } else if let Some(changed) = member(&line, "changed") {
            // What rows gave is mapped as any event is: rows park nothing of their own.
            let again = print(route, &changed, &Settings::default(), false).line;
            prop_assert_eq!(said(&line), said(&again));
            prop_assert!(Json::parse(&changed).unwrap().as_object().is_some());
        } else if said(&line) != of_loop() {
            // With rows the loop rules come before everything else, so also of an event without a name.
            prop_assert_eq!(said(&line), said(&plain));
        }
    }

    #[test]
    fn what_no_row_names_keeps_every_character(
        route in route(),
        rows in rows(),
        deep in (select(KEYS), value(KEYS), 0_usize..40),
        rest in members(KEYS, value(KEYS), 8),
    ) {
        event::rules!["OR-007", "OR-008"];
        let (key, kept, depth) = deep;
        let kept = format!("{}{kept}{}", "{\"k\":[".repeat(depth), "]}".repeat(depth));
        let separator = if rest == "{}" { "" } else { "," };
        let event = rest.replacen('{', &format!("{{\"{key}\":{{\"untouched\":{kept}}}{separator}"), 1);
        let line = print(route, &event, &settings(route, &rows), true).line;
        if let Some(changed) = member(&line, "changed") {
            let (mut before, mut after) = (Vec::new(), Vec::new());
            leaves(Json::parse(&well_formed(&event)).unwrap(), &mut Vec::new(), &mut before);
            leaves(Json::parse(&changed).unwrap(), &mut Vec::new(), &mut after);
            before.retain(|(way, _)| !is_named(way, &rows));
            after.retain(|(way, _)| !is_named(way, &rows));
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn no_row_touches_a_neighbour(
        route in route(),
        rows in rows(),
        event in value(KEYS),
        neighbour in value(KEYS),
    ) {
        event::rules!["OR-005", "OR-008"];
        // What one thread maps after another event is what it maps alone, digit for digit.
        let settings = settings(route, &rows);
        let alone = std::thread::scope(|scope| {
            let alone = scope.spawn(|| print(route, &neighbour, &settings, true).line);
            alone.join().unwrap()
        });
        let changed = print(route, &event, &settings, true).line;
        prop_assert_eq!(&print(route, &neighbour, &settings, true).line, &alone);
        prop_assert_eq!(&print(route, &event, &settings, true).line, &changed);
    }

    #[test]
    fn no_row_takes_away_what_the_loop_guard_reads(
        rows in rows(),
        marked in select(&[
            (Route::SegmentToBraze, r#"{"type":"track","messageId":"m","context":{"integration":{"name":"braze"}}}"#),
            (Route::SegmentToBraze, r#"{"type":"track","messageId":"m","event":"Email Opened","properties":{"dispatch_id":"d"}}"#),
            (Route::SegmentToBranch, r#"{"type":"track","messageId":"branch-1122334455","event":"branch_OPEN"}"#),
            (Route::SegmentToBranch, r#"{"type":"track","event":"Branch_OPEN","properties":{"event_id":"469939270182891107"}}"#),
            (Route::SegmentToBranch, r#"{"type":"track","messageId":"m","event":"E","context":{"library":{"name":"switchyard"},"integration":{"name":"Branch"}}}"#),
            (Route::BranchToSegment, r#"{"name":"OPEN","id":"b","origin":"SEGMENT"}"#),
            (Route::BranchToSegment, r#"{"name":"OPEN","id":"b","custom_data":{"segment_message_id":"m"}}"#),
        ][..]),
    ) {
        event::rules!["OR-003", "OR-062"];
        let (route, event) = marked;
        prop_assert_eq!(said(&print(route, event, &Settings::default(), false).line), of_loop());
        prop_assert_eq!(said(&print(route, event, &settings(route, &rows), false).line), of_loop());
    }
}
