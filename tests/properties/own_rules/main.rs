//! What holds for every event and all rows.

#[path = "../config.rs"]
mod config;
#[path = "../branch/json_text.rs"]
mod json_text;

use config::cases;
use event::Route;
use event::json::{Json, well_formed};
use event::settings::Settings;
use json_text::{members, value};
use mapping::printed::print;
use proptest::prelude::*;
use proptest::sample::select;

/// Keys of events and of rows alike, so that paths meet something.
const KEYS: &[&str] = &[
    "type",
    "event",
    "userId",
    "name",
    "messageId",
    "id",
    "timestamp",
    "properties",
    "traits",
    "context",
    "origin",
    "integration",
    "library",
    "products",
    "custom_data",
    "segment_message_id",
    "user_data",
    "event_type",
    "user",
    "a",
    "b",
    "a.b",
];

const FORMS: &[&str] = &[
    "text", "number", "boolean", "lower", "upper", "trim", "date_dmy", "date_mdy", "mask_ip", "sha256",
    "json",
];

/// A path of one to four parts.
fn path() -> impl Strategy<Value = String> + Clone {
    let part = (select(KEYS), select(&["", "", "", "[*]"][..]));
    proptest::collection::vec(part, 1..4).prop_map(|parts| {
        let quoted = |(key, each): (&str, &str)| match key.contains('.') {
            true => format!("\"{key}\"{each}"),
            false => format!("{key}{each}"),
        };
        parts.into_iter().map(quoted).collect::<Vec<_>>().join(".")
    })
}

/// A path without `[*]`.
fn plain_path() -> impl Strategy<Value = String> + Clone {
    path().prop_map(|path| path.replace("[*]", ""))
}

/// A row as TOML; most of them change something.
fn row() -> impl Strategy<Value = String> {
    let key = |path: &str| format!("'{path}'");
    prop_oneof![
        (plain_path(), plain_path()).prop_filter_map("two paths", move |(from, to)| {
            (from != to).then(|| format!("rename = {{ {} = {} }}", key(&from), key(&to)))
        }),
        (plain_path(), plain_path()).prop_filter_map("two paths", move |(from, to)| {
            (from != to).then(|| format!("copy = {{ {} = {} }}", key(&from), key(&to)))
        }),
        path().prop_map(move |path| format!(
            "values = {{ {} = {{ \"a\" = 1.50, \"*\" = {{ x = [true] }} }} }}",
            key(&path)
        )),
        (path(), select(FORMS))
            .prop_map(move |(path, form)| format!("convert = {{ {} = \"{form}\" }}", key(&path))),
        path().prop_map(move |path| format!("default = {{ {} = \"track\" }}", key(&path))),
        path().prop_map(move |path| format!("set = {{ {} = {{ a = [1, 2.0] }} }}", key(&path))),
        path().prop_map(move |path| format!("remove = [{}]", key(&path))),
        (path(), plain_path()).prop_map(move |(path, other)| format!(
            "when = {{ {} = {{ exists = true }} }}\nremove = [{}]",
            key(&path),
            key(&other)
        )),
    ]
}

fn settings(route: Route, rows: &[String]) -> Settings {
    let rows: String = rows
        .iter()
        .map(|row| format!("[[{route}.rules]]\n{row}\n"))
        .collect();
    Settings::load(&rows).unwrap_or_else(|error| panic!("{rows}{error}"))
}

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

fn of_loop() -> [Option<String>; 2] {
    ["\"ignore\"", "\"loop\""].map(|text| Some(text.to_owned()))
}

proptest! {
    #![proptest_config(cases!(500, "own_rules"))]

    #[test]
    fn no_row_breaks_an_event_or_changes_its_id(
        route in route(),
        rows in proptest::collection::vec(row(), 1..6),
        event in value(KEYS),
    ) {
        event::rules!["OR-002", "OR-005", "OR-038"];
        let with = settings(route, &rows);
        let line = print(route, &event, &with, true).line;
        prop_assert_eq!(&line, &print(route, &event, &with, true).line);
        let plain = print(route, &event, &Settings::default(), false).line;
        prop_assert_eq!(member(&line, "id"), member(&plain, "id"));
        if let Some(changed) = member(&line, "changed") {
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
        rows in proptest::collection::vec(row(), 1..6),
        kept in value(KEYS),
        rest in members(KEYS, value(KEYS), 6),
    ) {
        event::rules!["OR-008"];
        let separator = if rest == "{}" { "" } else { "," };
        let event = rest.replacen('{', &format!("{{\"untouched\":{kept}{separator}"), 1);
        let line = print(Route::SegmentToBraze, &event, &settings(Route::SegmentToBraze, &rows), true).line;
        if let Some(changed) = member(&line, "changed") {
            prop_assert_eq!(member(&changed, "untouched"), Some(well_formed(&kept).into_owned()));
        }
    }

    #[test]
    fn no_row_touches_a_neighbour(
        route in route(),
        rows in proptest::collection::vec(row(), 1..6),
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
        rows in proptest::collection::vec(row(), 1..6),
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

    #[test]
    fn a_misspelled_row_is_refused_with_place_and_right_word(
        route in route(),
        word in select(&[
            ("rename = { a = 'b' }", "rename"),
            ("values = { a = { b = 1 } }", "values"),
            ("convert = { a = 'text' }", "convert"),
            ("default = { a = 1 }", "default"),
            ("remove = ['a']", "remove"),
            ("set = { a = 1 }\nwhen = { a = { at_least = 1 } }", "at_least"),
            ("set = { a = 1 }\nwhen = { a = { percent = 1 } }", "percent"),
            ("set = { a = 1 }\nwhen = { a = { contains = 1 } }", "contains"),
            ("convert = { a = 'number' }", "number"),
            ("convert = { a = 'boolean' }", "boolean"),
        ][..]),
        at in 0_usize..5,
        before in 0_usize..3,
    ) {
        event::rules!["OR-011"];
        let (row, word) = word;
        let mut wrong = word.to_owned();
        let at = at.min(wrong.len() - 1);
        wrong.remove(at);
        let text = format!("[[{route}.rules]]\nset = {{ a = 1 }}\n").repeat(before)
            + &format!("[[{route}.rules]]\n{}\n", row.replacen(word, &wrong, 1));
        let error = Settings::load(&text).map(|_| ()).unwrap_err().to_string();
        let place = format!("{route}.rules.{before}");
        prop_assert!(error.contains(&place), "{}\n{}", text, error);
        let remedy = format!("did you mean \"{word}\"?");
        prop_assert!(error.contains(&remedy), "{}\n{}", text, error);
    }
}
