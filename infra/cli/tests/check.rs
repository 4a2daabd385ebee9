//! `switchyard check`, run as users run it: on the shipped settings, on every recipe, and on what is wrong.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot start the command has failed"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder of the settings that are shipped.
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../settings");
const PAGE: &str = include_str!("../../../shared/mapping/spec/own-rules.md");

fn check(settings: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .arg("check")
        .arg("--settings")
        .arg(settings)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let (out, errors) = (output.stdout.clone(), output.stderr.clone());
    String::from_utf8(out).unwrap() + &String::from_utf8(errors).unwrap()
}

fn recipes() -> Vec<PathBuf> {
    let folder = Path::new(SETTINGS).join("recipes");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut recipes: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    recipes.sort();
    recipes
}

/// A folder with settings and one file of tests.
fn folder(settings: &str, tests: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("switchyard.toml"), settings).unwrap();
    std::fs::create_dir(folder.path().join("tests")).unwrap();
    std::fs::write(folder.path().join("tests/mine.json"), tests).unwrap();
    folder
}

fn check_folder(settings: &str, tests: &str) -> (Option<i32>, String) {
    let folder = folder(settings, tests);
    let output = check(&folder.path().join("switchyard.toml"));
    (output.status.code(), said(&output))
}

#[test]
fn the_shipped_settings_and_every_recipe_pass_their_tests() {
    event::rules!["OR-084", "OR-085"];
    let shipped = check(&Path::new(SETTINGS).join("switchyard.toml"));
    assert_eq!(shipped.status.code(), Some(0), "{}", said(&shipped));
    assert!(said(&shipped).contains("3 tests of"), "{}", said(&shipped));
    let recipes = recipes();
    assert!(recipes.len() > 10);
    for recipe in recipes {
        let output = check(&recipe.join("switchyard.toml"));
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}: {}",
            recipe.display(),
            said(&output)
        );
        assert!(said(&output).contains(" pass"), "{}", recipe.display());
    }
}

#[test]
fn the_folder_of_tests_may_be_named_and_may_be_missing() {
    event::rules!["OR-084"];
    let test = |outcome: &str| {
        format!(
            r#"[{{"name": "n", "route": "segment-to-braze", "event": {{"type": "track"}}, "outcome": "{outcome}"}}]"#
        )
    };
    let passing = folder("", &test("park"));
    let elsewhere = folder("", &test("deliver"));
    let settings = passing.path().join("switchyard.toml");
    assert_eq!(check(&settings).status.code(), Some(0));
    let with_tests = |tests: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_switchyard"))
            .args(["check", "--settings"])
            .arg(&settings)
            .arg("--tests")
            .arg(tests)
            .output()
            .unwrap();
        (output.status.code(), said(&output))
    };
    let (code, failed) = with_tests(&elsewhere.path().join("tests"));
    assert_eq!(code, Some(1), "{failed}");
    assert!(failed.contains("outcome: expected \"deliver\""), "{failed}");
    assert!(failed.contains("got \"park\""), "{failed}");
    let (code, missing) = with_tests(Path::new("/nowhere/tests"));
    assert_eq!(code, Some(2), "{missing}");
    assert!(missing.contains("/nowhere/tests"), "{missing}");
    // Tests may be sorted into folders; a folder without any has been named by mistake.
    let nested = elsewhere.path().join("tests/of/orders");
    std::fs::create_dir_all(&nested).unwrap();
    std::fs::rename(elsewhere.path().join("tests/mine.json"), nested.join("mine.JSON")).unwrap();
    let (code, failed) = with_tests(elsewhere.path());
    assert_eq!(code, Some(1), "{failed}");
    assert!(failed.contains("orders/mine.JSON: n"), "{failed}");
    std::fs::rename(nested.join("mine.JSON"), nested.join("mine.json.bak")).unwrap();
    let (code, empty) = with_tests(elsewhere.path());
    assert_eq!(code, Some(2), "{empty}");
    assert!(empty.contains("there is no file of tests (*.json) in"), "{empty}");
    std::fs::remove_dir_all(passing.path().join("tests")).unwrap();
    let without = check(&settings);
    assert_eq!(without.status.code(), Some(0), "{}", said(&without));
    assert!(said(&without).contains("no tests"), "{}", said(&without));
}

#[test]
fn every_recipe_of_the_page_is_a_file_and_every_file_is_on_it() {
    let (_, section) = PAGE.split_once("## 10. Recipes").unwrap();
    let mut blocks = vec![String::new()];
    for line in section.lines() {
        if line.starts_with("**") {
            blocks.push(String::new());
        } else if let Some(code) = line.strip_prefix("    ") {
            let block = blocks.last_mut().unwrap();
            block.push_str(code);
            block.push('\n');
        }
    }
    blocks.retain(|block| !block.is_empty());
    let mut files: Vec<String> = recipes()
        .iter()
        .map(|recipe| std::fs::read_to_string(recipe.join("switchyard.toml")).unwrap())
        .map(|text| text.split_once("\n\n").unwrap().1.to_owned())
        .collect();
    blocks.sort();
    files.sort();
    assert_eq!(blocks, files);
}

#[test]
fn a_failed_test_tells_its_file_name_path_and_both_values() {
    event::rules!["OR-087"];
    let test = r#"[{"name": "plans are named", "route": "segment-to-braze",
        "event": {"type": "track", "messageId": "m", "userId": "u", "timestamp": "2026-03-01T12:00:00Z", "event": "E",
                  "properties": {"plan": 1}},
        "changed": {"properties": {"plan": "Team"}},
        "calls": [{"body": {"events": [{"properties": {"plan": "Team", "x": "__absent__"}}]}}]}]"#;
    let row = "[[segment_to_braze.rules]]\nvalues = { \"properties.plan\" = { \"1\" = \"Team\" } }\n";
    assert_eq!(check_folder(row, test).0, Some(0));
    let (code, said) = check_folder(&row.replace("Team", "Basic"), test);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "tests/mine.json: plans are named",
        "changed.properties.plan: expected \"Team\"",
        "got \"Basic\"",
        "1 of 1 test fails",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let unchanged = test.replace("\"Team\"", "1");
    assert_eq!(check_folder("", &unchanged).0, Some(0));
    let (_, said) = check_folder("", test);
    assert!(
        said.contains("changed.properties.plan: expected \"Team\""),
        "{said}"
    );
}

#[test]
fn null_is_an_expectation_like_any_other() {
    event::rules!["OR-085", "OR-086"];
    let test = |a: &str, expected: &str| {
        format!(
            r#"[{{"name": "n", "route": "segment_to_braze", "event": {{"type": "track", "messageId": "m", "userId": "u",
              "timestamp": "2026-03-01T12:00:00Z", "event": "E", "properties": {{"a": {a}}}}}, {expected}}}]"#
        )
    };
    let row = "[[segment_to_braze.rules]]\nset = { \"properties.b\" = 1 }\n";
    let changed = r#""changed": {"properties": {"a": null}}"#;
    // Some editors begin a file with a mark of its encoding.
    let (code, said) = check_folder(row, &format!("\u{feff}{}", test("null", changed)));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 test of"), "{said}");
    let (code, said) = check_folder(row, &test("1", changed));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("changed.properties.a: expected null"), "{said}");
    let (code, said) = check_folder(row, &test("1", r#""calls": [{"body": null}]"#));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("calls[0].body: expected null"), "{said}");
}

#[test]
fn an_event_that_is_not_delivered_has_no_calls() {
    event::rules!["OR-085", "OR-086"];
    let row = "[[segment_to_braze.rules]]\nname = \"test-accounts\"\nwhen = { \"properties.test\" = true }\ndrop = true\n";
    let test = |event: &str, expected: &str| {
        let event = format!(
            r#"{{"type": "track", "messageId": "m", "userId": "u", "timestamp": "2026-03-01T12:00:00Z", {event}}}"#
        );
        let test = format!(r#"[{{"name": "n", "route": "segment_to_braze", "event": {event}, {expected}}}]"#);
        check_folder(row, &test)
    };
    let dropped = r#""event": "E", "properties": {"test": true}"#;
    let parked = r#""properties": {}"#;
    let sent = r#""event": "E""#;
    for (event, expected, differs) in [
        (
            dropped,
            r#""outcome": "ignore", "reason": "own_rule", "calls": []"#,
            "",
        ),
        (parked, r#""outcome": "park", "calls": []"#, ""),
        (dropped, r#""calls": [{}]"#, "calls: expected 1 element"),
        (sent, r#""calls": []"#, "calls: expected 0 elements"),
        (
            dropped,
            r#""changed": {"userId": "u"}"#,
            "got nothing: dropped by the row test-accounts",
        ),
        (
            dropped,
            r#""changed": {"userId": {"x": "__absent__"}}"#,
            "got nothing: dropped by the row test-accounts",
        ),
        (
            sent,
            r#""changed": {"userId": "u", "context": {"ip": "__absent__"}}"#,
            "",
        ),
    ] {
        let (code, said) = test(event, expected);
        assert_eq!(
            code,
            Some(i32::from(!differs.is_empty())),
            "{event} {expected}: {said}"
        );
        assert!(said.contains(differs), "{event} {expected}: {said}");
    }
}

#[test]
fn a_recipe_warns_of_a_number_that_is_none() {
    event::rules!["OR-034"];
    let text = std::fs::read_to_string(Path::new(SETTINGS).join("recipes/numbers-as-text/switchyard.toml"));
    let settings = event::settings::Settings::load(&text.unwrap()).unwrap();
    let warned = |total: &str| {
        let event = format!(
            r#"{{"type":"track","messageId":"m","userId":"u","timestamp":"2026-03-01T12:00:00Z","event":"E","properties":{{"total":{total}}}}}"#
        );
        let line = mapping::printed::print(event::Route::SegmentToBraze, &event, &settings, false).line;
        line.contains(r#""warnings":["not_converted"]"#)
    };
    assert!(warned(r#""n/a""#));
    assert!(!warned(r#""19.90""#));
}

#[test]
fn what_cannot_be_used_has_exit_status_2_and_says_what_to_write() {
    event::rules!["OR-014", "OR-085"];
    let event = r#""event": {"type": "track"}"#;
    for (settings, tests, wanted) in [
        (
            "[[segment_to_braze.rules]]\nrenam = { a = \"b\" }\n",
            "[]".to_owned(),
            "`segment_to_braze.rules.0.renam` is no key of a row",
        ),
        ("[brze]\n", "[]".to_owned(), "did you mean `braze`?"),
        (
            "[branch]\nendpoint_url = \"ftp://x\"\n",
            "[]".to_owned(),
            "branch.endpoint_url",
        ),
        ("", "{}".to_owned(), "mine.json is no list of tests"),
        ("", "[]".to_owned(), "there is no test in the files of"),
        (
            "",
            format!(r#"[{{"name": "n", "route": "segment_to_braze", {event}, "outcome": null}}]"#),
            "invalid type: null, expected a string",
        ),
        (
            "",
            format!(r#"[{{"name": "n", "route": "segment_to_braze", {event}, "reason": null}}]"#),
            "invalid type: null, expected a string",
        ),
        (
            "",
            format!(r#"[{{"name": "n", "route": "segment_to_braze", {event}, "calls": null}}]"#),
            "invalid type: null, expected a sequence",
        ),
        (
            "",
            format!(
                r#"[{{"name": "n", "route": "segment_to_braze", {event}, "calls": [{{"endpoint": null}}]}}]"#
            ),
            "invalid type: null, expected a string",
        ),
        (
            "",
            format!(r#"[{{"name": "n", "route": "segment_to_braze", {event}, "changed": null}}]"#),
            "the test \"n\" has null as `changed`",
        ),
        (
            "",
            format!(r#"[{{"name": "n", "route": "segment_to_braze", {event}, "outcom": "park"}}]"#),
            "unknown field `outcom`",
        ),
        (
            "",
            format!(r#"[{{"name": "n", "route": "segment_to_braze", {event}}}]"#),
            "the test \"n\" expects nothing",
        ),
        (
            "",
            format!(r#"[{{"name": "n", "route": "to_braze", {event}, "outcome": "park"}}]"#),
            "the test \"n\" has the route \"to_braze\"; write one of segment-to-braze",
        ),
        (
            "",
            format!(r#"[{{"name": "n", "route": "segment_to_braze", {event}, "outcome": "parked"}}]"#),
            "has the outcome \"parked\"; write one of deliver, ignore, park",
        ),
        (
            "",
            format!(r#"[{{"name": "n", "route": "segment_to_braze", {event}, "calls": [{{"url": ""}}]}}]"#),
            "unknown field `url`",
        ),
    ] {
        let (code, said) = check_folder(settings, &tests);
        assert_eq!(code, Some(2), "{settings}{tests}: {said}");
        assert!(said.contains(wanted), "{settings}{tests}: {said}\n{wanted}");
    }
    let missing = check(Path::new("/nowhere/switchyard.toml"));
    assert_eq!(missing.status.code(), Some(2));
    assert!(said(&missing).contains("/nowhere/switchyard.toml"));
}

#[test]
fn a_test_that_cannot_be_compared_fails() {
    event::rules!["OR-086"];
    let settings = "[[segment_to_braze.rules]]\nset = { \"properties.z\" = 1 }\n";
    for levels in [120, 123, 125, 127, 130] {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let tests = format!(
            r#"[{{"name":"deep","route":"segment_to_braze","event":{{"type":"track","messageId":"m","userId":"u","event":"E","timestamp":"2026-02-03T10:00:00Z","properties":{deep}}},"outcome":"ignore","reason":"nonsense"}}]"#
        );
        let (status, said) = check_folder(settings, &tests);
        assert_ne!(status, Some(0), "{levels}: {said}");
    }
}

/// A folder like `infra`, with this `samconfig.toml`, and what a check of it with these options says.
fn check_parameters(config: &str, options: &[&str]) -> (Option<i32>, String) {
    let infra = tempfile::tempdir().unwrap();
    let template = include_str!("../../template.yaml");
    std::fs::create_dir(infra.path().join("settings")).unwrap();
    for (name, text) in [
        ("settings/switchyard.toml", ""),
        ("template.yaml", template),
        ("samconfig.toml", config),
        ("parameters.json", r#"{"Profil": "busy"}"#),
    ] {
        std::fs::write(infra.path().join(name), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .args(["check", "--settings", "settings/switchyard.toml"])
        .args(options)
        .current_dir(infra.path())
        .output()
        .unwrap();
    (output.status.code(), said(&output))
}

#[test]
fn parameters_that_the_template_takes_are_counted() {
    let config = "[default.deploy.parameters]\nparameter_overrides = \"Profile=busy AlarmEmail=\\\"a@b.example\\\"\"\n\
        [prod.deploy.parameters]\nparameter_overrides = [\"LogRetentionDays=7\", \"RolePath=/apps/\"]\n";
    let options = [
        "--parameter-overrides",
        "Ingress=HttpApi",
        "ParameterKey=ReserveReceivers,ParameterValue=5",
    ];
    let (code, said) = check_parameters(config, &options);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("takes the 6 parameters"), "{said}");
    let (code, said) = check_parameters("", &[]);
    assert_eq!((code, said.contains("parameter")), (Some(0), false), "{said}");
}

#[test]
fn a_parameter_that_cannot_be_used_is_named_with_its_remedy() {
    for (parameter, wanted) in [
        (
            "Profil=busy",
            "`Profil` is no parameter of template.yaml; did you mean \"Profile\"?",
        ),
        (
            "Profile=bussy",
            "Profile=bussy must be one of quiet, busy; did you mean \"busy\"?",
        ),
        ("LogRetentionDays=8", "LogRetentionDays=8 must be one of 1, 3, 5"),
        (
            "ReserveReceivers=0",
            "ReserveReceivers=0 must be a number of 1 or more",
        ),
        (
            "ReserveReceivers=many",
            "ReserveReceivers=many must be a number of 1 or more",
        ),
        (
            "BrazeFilesPrefix=currents",
            "BrazeFilesPrefix=currents must be letters, digits",
        ),
        (
            "RolePath=apps",
            "RolePath=apps must be a path that begins and ends with a slash",
        ),
        ("Profile", "Profile= must be one of quiet, busy"),
        (
            "file://parameters.json",
            "parameters.json: `Profil` is no parameter",
        ),
        ("file://template.yaml", "template.yaml: it must be JSON"),
    ] {
        let (code, said) = check_parameters("", &["--parameter-overrides", parameter]);
        assert_eq!(code, Some(2), "{parameter}: {said}");
        assert!(said.contains(wanted), "{parameter}: {said}");
    }
    let config = "[default.deploy.parameters]\nparameter_overrides = \"Alarms=no Pause=true\"\n";
    let (code, said) = check_parameters(config, &[]);
    assert_eq!(code, Some(2), "{said}");
    for wanted in [
        "samconfig.toml [default.deploy.parameters]: Alarms=no must be one of true, false",
        "`Pause` is no",
    ] {
        assert!(said.contains(wanted), "{said}");
    }
    let (code, said) = check_parameters("[default", &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("samconfig.toml"), "{said}");
    let (code, said) = check_parameters("", &["--template", "settings/switchyard.toml"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no section Parameters"), "{said}");
}
