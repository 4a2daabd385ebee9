//! What `--explain` says of rules: each warning has that of the page's list of reasons, and each rule that was amended after
//! reports of real users is named for an event of its own case file. The forms that all routes share (FM) are named by the
//! rule of the route that reads a value by them.

use crate::{PAGE_OF_ROUTE, PAGES, case_file, each_event};
use event::Route;
use event::json::Json;
use mapping::printed::print;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The forms of table 6.2, whose rows the list of reasons names by the table.
const FORMS: [&str; 8] = [
    "SB-062", "SB-090", "SB-092", "SB-093", "SB-094", "SB-095", "SB-096", "SB-129",
];

/// The rules that public reports of real users changed or added, by route.
const AMENDED: [(Route, &[&str]); 4] = [
    (
        Route::SegmentToBraze,
        &[
            "SB-001", "SB-012", "SB-024", "SB-043", "SB-048", "SB-061", "SB-062", "SB-074", "SB-092",
            "SB-093", "SB-094", "SB-095", "SB-096", "SB-111", "SB-119", "SB-120", "SB-125", "SB-126",
            "SB-129", "SB-130", "SB-171", "SB-173", "SB-174", "SB-175", "SB-180", "SB-182", "SB-183",
            "SB-186", "SB-187", "SB-188", "SB-204", "SB-206", "SB-208", "SB-211", "SB-212", "SB-253",
            "SB-255", "SB-262", "SB-264", "SB-265", "SB-428", "SB-429",
        ],
    ),
    (
        Route::SegmentToBranch,
        &[
            "SR-004", "SR-005", "SR-006", "SR-007", "SR-012", "SR-033", "SR-043", "SR-045", "SR-149",
            "SR-150", "SR-153", "SR-155", "SR-159", "SR-161", "SR-168", "SR-185", "SR-186", "SR-189",
            "SR-190", "SR-191", "SR-192", "SR-193", "SR-194", "SR-201", "SR-211", "SR-214", "SR-215",
            "SR-217", "SR-220", "SR-227", "SR-236", "SR-241", "SR-247", "SR-250", "SR-307",
        ],
    ),
    (
        Route::BranchToSegment,
        &[
            "BS-001", "BS-003", "BS-006", "BS-007", "BS-010", "BS-011", "BS-015", "BS-016", "BS-040",
            "BS-047", "BS-054", "BS-063", "BS-064", "BS-065", "BS-066", "BS-077", "BS-082", "BS-084",
            "BS-089", "BS-113", "BS-136", "BS-137", "BS-140", "BS-152",
        ],
    ),
    (
        Route::BrazeToSegment,
        &[
            "BZ-019", "BZ-027", "BZ-038", "BZ-039", "BZ-112", "BZ-120", "BZ-165", "BZ-166", "BZ-182",
            "BZ-187", "BZ-197",
        ],
    ),
];

/// Amended rules that explain nothing, and why.
const NOT_NAMED: [(&str, &str); 13] = [
    ("SB-001", "of the mapping as a whole"),
    ("SR-004", FORM),
    ("SR-005", FORM),
    ("SR-006", FORM),
    ("SR-007", FORM),
    ("SR-190", "what no rule reads has no entry"),
    ("SR-307", "a header of the request, which delivery writes"),
    ("BS-001", FORM),
    ("BS-003", FORM),
    ("BS-006", FORM),
    ("BS-007", FORM),
    ("BS-010", FORM),
    ("BS-011", FORM),
];

const FORM: &str = "a form of values: the rule that reads a value by it is named";

/// The rules that a line of `switchyard map --explain` names, those of its warnings with their reasons.
fn named(line: &str) -> (Vec<String>, Vec<(String, String)>) {
    let line = Json::parse(line).unwrap().as_object().unwrap();
    let list = |key| line.get(key).and_then(Json::as_array).unwrap_or_default();
    let text = |entry: &Json<'_>, key| {
        let entry = entry.as_object().unwrap();
        entry
            .get(key)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .into_owned()
    };
    let explained = list("explain").iter().map(|entry| text(entry, "rule")).collect();
    let warned = list("warnings");
    let warned = warned
        .iter()
        .map(|entry| (text(entry, "reason"), text(entry, "rule")))
        .collect();
    (explained, warned)
}

/// The rules that a page's list of reasons gives for each warning.
fn rules_of_warnings(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(Path::new(PAGES).join(page)).unwrap();
    let mut rules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in text.lines() {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let (reasons, ids) = match cells[..] {
            ["warn", reasons, ids] | [reasons, "warn", ids] => (reasons, ids),
            _ => continue,
        };
        let mut listed: BTreeSet<String> = BTreeSet::new();
        for id in ids.split([',', ' ']).filter(|id| !id.is_empty()) {
            match id.split_once("..") {
                Some((first, last)) => {
                    let (page, number) = first.split_once('-').unwrap();
                    let numbers = number.parse::<u16>().unwrap()..=last.parse().unwrap();
                    listed.extend(numbers.map(|number| format!("{page}-{number:03}")));
                }
                None if id == "6.2" => listed.extend(FORMS.map(str::to_owned)),
                None => listed.extend([id.to_owned()]),
            }
        }
        for reason in reasons.split(", ") {
            rules
                .entry(reason.trim_matches('`').to_owned())
                .or_default()
                .extend(listed.clone());
        }
    }
    rules
}

#[test]
fn every_warning_has_a_rule_of_its_page() {
    event::rules!["SB-302"];
    let mut strange = BTreeSet::new();
    for (route, page) in PAGE_OF_ROUTE {
        let rules = rules_of_warnings(page);
        assert!(rules.len() > 5, "{page}: {rules:?}");
        let mut seen = BTreeSet::new();
        each_event(route, page, &mut |title, text, settings| {
            for (reason, rule) in named(&print(route, text, settings, true).line).1 {
                if rules.get(&reason).is_none_or(|rules| !rules.contains(&rule)) {
                    strange.insert(format!("{page}: {reason} by {rule:?}: {title}"));
                }
                seen.insert(reason);
            }
        });
        assert!(seen.len() > 5, "{page}: cases show only {seen:?}");
    }
    let strange: Vec<String> = strange.into_iter().collect();
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}

#[test]
fn every_amended_rule_is_named_for_a_case_of_its_own() {
    let mut wrong = Vec::new();
    for (route, amended) in AMENDED {
        let files = case_file::of_route(route);
        for id in amended {
            let is_excepted = NOT_NAMED.iter().any(|(excepted, _)| excepted == id);
            let mut is_named = false;
            for file in files.iter().filter(|file| file.rule() == *id) {
                file.each(&mut |_, text, settings| {
                    let (explained, warned) = named(&print(route, text, settings, true).line);
                    let warned = warned.into_iter().map(|(_, rule)| rule);
                    is_named |= explained.into_iter().chain(warned).any(|rule| rule == *id);
                });
            }
            if is_named == is_excepted {
                wrong.push(format!(
                    "{id} is {}",
                    if is_named {
                        "named, and excepted"
                    } else {
                        "not named"
                    }
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
