//! No rule is without a test: every id that heads a row of a page has a case file of its name, or is named by a `rules!` line
//! in the body of a test that runs.

use crate::{case_file, rule_ids};
use std::collections::BTreeSet;

/// The pages, with the folder of the cases of the page's rules.
const PAGES: [(&str, Option<&str>); 8] = [
    ("forms.md", None),
    ("segment-to-braze.md", Some("segment_to_braze")),
    ("segment-to-branch.md", Some("segment_to_branch")),
    ("branch-to-segment.md", Some("branch_to_segment")),
    ("braze-to-segment.md", Some("braze_to_segment")),
    ("own-rules.md", Some(case_file::OWN_RULES)),
    ("../../delivery/spec/reliability.md", None),
    ("../../currents/spec/currents-files.md", None),
];

/// Rules of what does not exist yet, by what is missing. A rule that has got its test must leave this list.
const LATER: &[(&str, &[&str])] = &[];

/// Rules of what the guides say and of what there is not: a reader sees them kept, a test could only look for words.
const SAID: [&str; 1] = ["CF-101"];

/// Rules of speed: a bench names each, since no test asserts a time.
const BENCHED: [&str; 1] = ["CF-141"];

/// What the page on reliability asks of the tests themselves.
fn is_about_tests(id: &str) -> bool {
    id.starts_with("RT-")
}

#[test]
fn every_rule_has_a_case_or_a_test_that_names_it() {
    let rule_ids::Named {
        lines: named,
        misplaced,
    } = rule_ids::named_by_tests();
    assert!(
        misplaced.is_empty(),
        "`rules!` must be the first line of a test that runs: {misplaced:?}"
    );
    let mut strangers = named.clone();
    let mut later: BTreeSet<&str> = LATER.iter().flat_map(|(_, ids)| *ids).copied().collect();
    for (page, folder) in PAGES {
        let mut ids = rule_ids::of_page(page);
        strangers.retain(|id| !ids.contains(id));
        let cases = folder.map(case_file::rules_of).unwrap_or_default();
        let without_page: Vec<_> = cases.difference(&ids).collect();
        assert!(
            without_page.is_empty(),
            "{page}: cases of rules that are not on it: {without_page:?}"
        );
        ids.retain(|id| {
            let without = [&SAID[..], &BENCHED].concat();
            !is_about_tests(id) && !without.contains(&id.as_str())
        });
        assert!(ids.len() > 10, "{page} has few rules: {}", ids.len());
        let is_proved = |id: &String| cases.contains(id) || named.contains(id);
        let early: Vec<_> = ids
            .iter()
            .filter(|id| is_proved(id) && later.contains(id.as_str()))
            .collect();
        assert!(
            early.is_empty(),
            "{page}: rules with a test that LATER still lists: {early:?}"
        );
        let missing: Vec<_> = ids
            .iter()
            .filter(|id| !is_proved(id) && !later.remove(id.as_str()))
            .collect();
        assert!(
            missing.is_empty(),
            "{page}: rules without a case or test: {missing:?}"
        );
    }
    assert!(
        strangers.is_empty(),
        "tests name rules that are on no page: {strangers:?}"
    );
    assert!(
        later.is_empty(),
        "LATER lists rules that are on no page: {later:?}"
    );
}

#[test]
fn every_rule_of_speed_is_named_by_a_bench() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("benches");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let benches: String = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    for id in BENCHED {
        assert!(benches.contains(id), "{id}");
    }
}
