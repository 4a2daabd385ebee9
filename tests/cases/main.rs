//! The rules of the mappings, case by case: `tests/cases/<route>/<RULE-ID>.json`, the worked examples of the specification's
//! pages, and the proof that no rule is without a test.

mod case_file;
mod completeness;
mod coverage;
mod explained;
mod json;
mod paths;
mod rule_ids;
mod worked_examples;

use event::Route;
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
    assert!(count > 0, "there are no cases");
    assert!(
        failures.is_empty(),
        "{} of {count} cases fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn sb_302_every_field_and_every_loss_is_explained() {
    let route = Route::SegmentToBraze;
    let mut failures = Vec::new();
    let mut check = |title: &str, text: &str, settings: &Settings| {
        let line = print(route, text, settings, true).line;
        for gap in explained::gaps(text, event::json::Json::parse(&line).unwrap(), settings) {
            failures.push(format!("{title}: {gap}\n  {text}"));
        }
    };
    for file in case_file::of_route(route) {
        file.each(&mut check);
    }
    for example in worked_examples::of_page("segment-to-braze.md") {
        example.each(route, &mut check);
    }
    assert!(failures.is_empty(), "{}\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn what_decided_and_where_is_explained_on_every_route() {
    let mut failures = Vec::new();
    for (route, page, rules) in [
        (Route::SegmentToBranch, "segment-to-branch.md", "SR-"),
        (Route::BranchToSegment, "branch-to-segment.md", "BS-"),
        (Route::BrazeToSegment, "braze-to-segment.md", "BZ-"),
    ] {
        let mut check = |title: &str, text: &str, settings: &Settings| {
            let line = print(route, text, settings, true).line;
            for gap in explained::unsaid(event::json::Json::parse(&line).unwrap(), rules) {
                failures.push(format!("{title}: {gap}\n  {text}"));
            }
        };
        for file in case_file::of_route(route) {
            file.each(&mut check);
        }
        for example in worked_examples::of_page(page) {
            example.each(route, &mut check);
        }
    }
    assert!(failures.is_empty(), "{}\n{}", failures.len(), failures.join("\n"));
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
