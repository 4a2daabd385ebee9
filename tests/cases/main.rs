//! The rules of the mappings, case by case: `tests/cases/<route>/<RULE-ID>.json`, the worked examples of the specification's
//! pages, and the proof that no rule is without a test.

mod case_file;
mod json;
mod rule_ids;
mod worked_examples;

use event::Route;
use std::collections::BTreeSet;

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

/// The pages whose rules have a case or a test each, those on delivery included, with those of their rules that are meant.
const COMPLETE: &[(Route, &str, IsMeant)] = &[
    (Route::BranchToSegment, "branch-to-segment.md", |_| true),
    (Route::SegmentToBranch, "segment-to-branch.md", |_| true),
    (Route::BrazeToSegment, "braze-to-segment.md", |_| true),
    // Delivery, and what the page asks of packing and of answers.
    (Route::SegmentToBraze, "segment-to-braze.md", |id| {
        matches!(id, "SB-425" | "SB-426" | "SB-705" | "SB-706" | "SB-708")
            || ("SB-500".."SB-700").contains(&id)
    }),
];

/// Rules of what does not exist yet, with what is missing. A rule that has got its test must leave this list.
const LATER: &[(&str, &str)] = &[
    ("SEG-009", "`switchyard doctor`"),
    ("SR-312", "`switchyard doctor`"),
    ("BZ-228", "the mapping of `segment_to_braze`"),
    ("BZ-424", "the mapping of `segment_to_braze`"),
];

/// Rules of the page on reliability that later issues fulfil, by the reason.
const LATER: &[(&str, &[&str])] = &[
    (
        "the fallback bucket",
        &[
            "RC-150", "RC-151", "RC-152", "RC-153", "RC-154", "RC-155", "RC-156", "RC-157", "RC-158",
            "RC-159", "RC-171", "RI-032", "RI-033",
        ],
    ),
    (
        "breakers, pauses and ramps",
        &[
            "RD-070", "RD-080", "RD-081", "RD-082", "RD-083", "RD-086", "RD-093", "RD-095", "RD-107",
        ],
    ),
    (
        "alarms, dashboard, runbooks and sizes",
        &["RI-038", "RI-040", "RI-041", "RI-042", "RI-044"],
    ),
    (
        "simulation: outages of days, echoes through all routes",
        &["RD-089", "RD-151", "RD-161", "RD-163"],
    ),
    ("`segment_to_braze.loop_guard`", &["RD-162"]),
    (
        "replay and conservation over whole runs",
        &[
            "RD-190", "RD-191", "RD-192", "RP-030", "RP-031", "RP-032", "RP-033",
        ],
    ),
];

#[test]
fn every_rule_of_reliability_has_a_test_that_names_it_or_is_of_a_later_issue() {
    let later: Vec<&str> = LATER.iter().flat_map(|(_, ids)| *ids).copied().collect();
    let named = rule_ids::named_by_tests();
    let mut ids = rule_ids::of_page("../../delivery/spec/reliability.md");
    // RT is about the tests themselves, F and M about what they must meet.
    ids.retain(|id| {
        ["RC-", "RD-", "RS-", "RP-", "RI-"]
            .iter()
            .any(|start| id.starts_with(start))
    });
    assert!(ids.len() > 150, "{}", ids.len());
    let missing: Vec<_> = ids
        .iter()
        .filter(|id| !named.contains(*id) && !later.contains(&id.as_str()))
        .collect();
    assert!(missing.is_empty(), "rules without a test: {missing:?}");
    let strangers: Vec<_> = later.iter().filter(|id| !ids.contains(**id)).collect();
    assert!(strangers.is_empty(), "not on the page: {strangers:?}");
}

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
    let mut later: BTreeSet<&str> = LATER.iter().map(|(id, _)| *id).collect();
    for (route, page, is_meant) in COMPLETE {
        let all = rule_ids::of_page(page);
        let meant: Vec<_> = all.iter().filter(|id| is_meant(id)).collect();
        assert!(!meant.is_empty(), "{page} has no rules");
        let cases = case_file::rules_of(*route);
        let (proved, missing): (Vec<&String>, Vec<&String>) = meant
            .into_iter()
            .partition(|id| cases.contains(*id) || named.contains(*id));
        let missing: Vec<_> = missing
            .into_iter()
            .filter(|id| !later.remove(id.as_str()))
            .collect();
        assert!(
            missing.is_empty(),
            "{page}: rules without a case or test: {missing:?}"
        );
        let proved: Vec<_> = proved
            .into_iter()
            .filter(|id| later.contains(id.as_str()))
            .collect();
        assert!(
            proved.is_empty(),
            "{page}: rules with a test that LATER still lists: {proved:?}"
        );
        let strangers: Vec<_> = cases.iter().filter(|id| !all.contains(*id)).collect();
        assert!(
            strangers.is_empty(),
            "{page}: cases of rules that are not on it: {strangers:?}"
        );
    }
    assert!(
        later.is_empty(),
        "LATER lists rules that are on no page: {later:?}"
    );
}
