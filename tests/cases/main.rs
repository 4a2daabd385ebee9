//! The rules of the mappings, case by case: `tests/cases/<route>/<RULE-ID>.json`, the worked examples of the specification's
//! pages, and the proof that no rule is without a test.

mod case_file;
mod json;
mod rule_ids;
mod worked_examples;

use event::Route;

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

/// Whether the rule of an id is one of those that are looked at.
type IsMeant = fn(&str) -> bool;

/// The pages whose rules have a case or a test each, with those of their rules that are meant: the ones on delivery are not
/// the mapping's.
const COMPLETE: &[(Route, &str, IsMeant)] = &[
    (Route::BranchToSegment, "branch-to-segment.md", |id| {
        id.starts_with("BS-")
    }),
    (Route::SegmentToBranch, "segment-to-branch.md", |id| id < "SR-300"),
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

#[test]
fn every_rule_has_a_case_or_a_test_that_names_it() {
    let named = rule_ids::named_by_tests();
    for (route, page, is_meant) in COMPLETE {
        let mut ids = rule_ids::of_page(page);
        ids.retain(|id| is_meant(id));
        assert!(!ids.is_empty(), "{page} has no rules");
        let cases = case_file::rules_of(*route);
        let missing: Vec<_> = ids
            .iter()
            .filter(|id| !cases.contains(*id) && !named.contains(*id))
            .collect();
        assert!(
            missing.is_empty(),
            "{page}: rules without a case or test: {missing:?}"
        );
        let strangers: Vec<_> = cases.iter().filter(|id| !ids.contains(*id)).collect();
        assert!(
            strangers.is_empty(),
            "{page}: cases of rules that are not on it: {strangers:?}"
        );
    }
}
