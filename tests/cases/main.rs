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

/// A module of tests for each route, so that `cargo test` runs one route's alone by its name.
macro_rules! routes {
    ($($name:ident: $route:ident, $page:literal;)*) => {
        /// Each route with its page.
        const PAGE_OF_ROUTE: [(Route, &str); Route::ALL.len()] = [$((Route::$route, $page)),*];

        $(mod $name {
            use event::Route;

            #[test]
            fn every_case_comes_out_as_its_file_says() {
                crate::run_cases(Route::$route, Route::$route.as_str());
            }

            #[test]
            fn every_worked_example_comes_out_as_its_page_says() {
                crate::run_worked_examples(Route::$route, $page);
            }
        })*
    };
}

routes! {
    segment_to_braze: SegmentToBraze, "segment-to-braze.md";
    segment_to_branch: SegmentToBranch, "segment-to-branch.md";
    branch_to_segment: BranchToSegment, "branch-to-segment.md";
    braze_to_segment: BrazeToSegment, "braze-to-segment.md";
}

#[test]
fn every_case_of_own_rules_comes_out_as_its_file_says() {
    run_cases(Route::SegmentToBraze, case_file::OWN_RULES);
}

#[test]
fn every_route_has_its_module() {
    assert!(
        Route::ALL
            .iter()
            .all(|route| PAGE_OF_ROUTE.iter().any(|(of, _)| of == route))
    );
}

/// Runs the cases of a folder; those that name no route are of this one.
fn run_cases(route: Route, folder: &str) {
    let mut failures = Vec::new();
    let mut count = 0;
    for file in case_file::of_folder(folder) {
        count += file.run(route, &mut failures);
    }
    assert!(count > 0, "there are no cases");
    let (failing, list) = (failures.len(), failures.join("\n"));
    assert!(failures.is_empty(), "{failing} of {count} cases fail:\n{list}");
}

fn run_worked_examples(route: Route, page: &str) {
    let mut failures = Vec::new();
    let examples = worked_examples::of_page(page);
    assert!(!examples.is_empty(), "{page} has no worked examples");
    for example in examples {
        example.run(route, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
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
    let shows = |settings: &str, event: &str, entry: &str| {
        let settings = Settings::load(&format!("[segment_to_braze]\n{settings}")).unwrap();
        let line = print(Route::SegmentToBraze, event, &settings, true).line;
        assert!(line.contains(entry), "{entry} is not in {line}");
    };
    shows(
        "rename_events = {E = \"Renamed\"}",
        r#"{"type":"track","userId":"u","timestamp":"2026-03-01T12:00:00Z","event":"E"}"#,
        r#"{"rule":"SB-030","path":"settings.segment_to_braze.rename_events","result":"event is read as Renamed"}"#,
    );
    for (name, setting) in [("", "page_event_unnamed"), (r#""name":"Home","#, "page_event")] {
        let event = format!(r#"{{{name}"type":"page","userId":"u","timestamp":"2026-03-01T12:00:00Z"}}"#);
        let path = format!(r#"{{"rule":"SB-242","path":"settings.segment_to_braze.{setting}","#);
        shows("pages = \"all\"", &event, &path);
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
            explained::explanation(line, rules, &mut gaps);
            gaps
        }));
    }
}
