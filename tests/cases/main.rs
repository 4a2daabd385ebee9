//! The rules of the mappings, case by case: `tests/cases/<route>/<RULE-ID>.json`, the worked examples of the specification's
//! pages, and the proof that no rule is without a test.

mod case_file;
mod completeness;
mod coverage;
mod explained;
mod explained_decisions;
mod explained_rules;
mod explained_to_branch;
mod json;
mod migration;
mod paths;
mod rule_ids;
mod worked_examples;

use event::Route;
use event::json::Json;
use event::settings::Settings;
use mapping::printed::print;

/// The folder of this test.
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");

/// The folder of the specification's pages.
const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/mapping/spec");

/// The routes whose worked examples come out as their pages show them.
const SHOWN: &[(Route, &str)] = &[
    (Route::BrazeToSegment, "braze-to-segment.md"),
    (Route::BranchToSegment, "branch-to-segment.md"),
    (Route::SegmentToBranch, "segment-to-branch.md"),
    (Route::SegmentToBraze, "segment-to-braze.md"),
];

#[test]
fn every_case_comes_out_as_its_file_says() {
    let mut failures = Vec::new();
    let mut count = 0;
    for route in Route::ALL {
        for file in case_file::of_route(route) {
            count += file.run(route, &mut failures);
        }
    }
    for file in case_file::of_folder(case_file::OWN_RULES) {
        count += file.run(Route::SegmentToBraze, &mut failures);
    }
    assert!(count > 0, "there are no cases");
    assert!(
        failures.is_empty(),
        "{} of {count} cases fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Hands over every event of a route's cases and worked examples, with its title and settings.
fn each_event(route: Route, page: &str, see: &mut impl FnMut(&str, &str, &Settings)) {
    for file in case_file::of_route(route) {
        file.each(see);
    }
    for example in worked_examples::of_page(page) {
        example.each(route, see);
    }
}

/// The gaps of all explanations of a route; `gaps` finds those of one line.
fn explanation_gaps(
    route: Route,
    page: &str,
    gaps: impl Fn(&str, Json<'_>, &Settings) -> Vec<String>,
) -> Vec<String> {
    let mut found = Vec::new();
    each_event(
        route,
        page,
        &mut |title: &str, text: &str, settings: &Settings| {
            let line = print(route, text, settings, true).line;
            let gaps = gaps(text, Json::parse(&line).unwrap(), settings);
            found.extend(gaps.into_iter().map(|gap| format!("{title}: {gap}\n  {text}")));
        },
    );
    found
}

fn assert_none(gaps: &[String]) {
    assert!(gaps.is_empty(), "{}\n{}", gaps.len(), gaps.join("\n"));
}

#[test]
fn every_field_and_every_loss_is_explained() {
    event::rules!["SB-302"];
    assert_none(&explanation_gaps(
        Route::SegmentToBraze,
        "segment-to-braze.md",
        explained::gaps,
    ));
}

#[test]
fn a_setting_that_makes_a_name_is_named() {
    event::rules!["SB-030", "SB-242"];
    let note = |settings: &str, event: &str, note: &str| {
        let settings = Settings::load(&format!("[segment_to_braze]\n{settings}")).unwrap();
        let line = print(Route::SegmentToBraze, event, &settings, true).line;
        assert!(line.contains(note), "{note} is not in {line}");
    };
    note(
        "rename_events = {E = \"Renamed\"}",
        r#"{"type":"track","userId":"u","timestamp":"2026-03-01T12:00:00Z","event":"E"}"#,
        r#"{"rule":"SB-030","path":"settings.segment_to_braze.rename_events","result":"event is read as Renamed"}"#,
    );
    for (name, setting) in [("", "page_event_unnamed"), (r#""name":"Home","#, "page_event")] {
        let event = format!(r#"{{{name}"type":"page","userId":"u","timestamp":"2026-03-01T12:00:00Z"}}"#);
        let path = format!(r#"{{"rule":"SB-242","path":"settings.segment_to_braze.{setting}","#);
        note("pages = \"all\"", &event, &path);
    }
}

#[test]
fn every_property_and_all_custom_data_is_explained() {
    event::rules!["SR-252", "SR-253", "SR-254", "SR-256"];
    assert_none(&explanation_gaps(
        Route::SegmentToBranch,
        "segment-to-branch.md",
        |event, line, _| explained_to_branch::gaps(event, line),
    ));
}

#[test]
fn what_decided_and_where_is_explained_on_the_routes_to_segment() {
    for (route, page, rules) in [
        (Route::BranchToSegment, "branch-to-segment.md", "BS-"),
        (Route::BrazeToSegment, "braze-to-segment.md", "BZ-"),
    ] {
        assert_none(&explanation_gaps(route, page, |_, line, _| {
            let mut gaps = Vec::new();
            explained::told(line, rules, &mut gaps);
            gaps
        }));
    }
}

#[test]
fn every_worked_example_comes_out_as_its_page_says() {
    let mut failures = Vec::new();
    for (route, page) in SHOWN {
        let examples = worked_examples::of_page(page);
        assert!(!examples.is_empty(), "{page} has no worked examples");
        for example in examples {
            example.run(*route, &mut failures);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
