//! `infra/settings/switchyard.toml` against the code: every setting stands there, with its default.

use event::settings::{MAX_BRANCH_TIMEOUT, MAX_TIMEOUT, Settings};
use toml::{Table, Value};

const FILE: &str = include_str!("../../infra/settings/switchyard.toml");
const TEMPLATE: &str = include_str!("../../infra/template.yaml");

fn flat(prefix: &str, table: &Table, into: &mut Vec<(String, Value)>) {
    for (key, value) in table {
        let path = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            Value::Table(inner) if !inner.is_empty() => flat(&path, inner, into),
            value => into.push((path, value.clone())),
        }
    }
}

fn entries(table: &Table) -> Vec<(String, Value)> {
    let mut entries = Vec::new();
    flat("", table, &mut entries);
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    entries
}

/// The file with the settings that stand there behind a `#`, because `compat` may choose them.
fn with_choices_of_compat() -> String {
    let is_setting = |line: &str| {
        let behind = line.strip_prefix('#');
        behind.is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_lowercase()))
    };
    let bare = |line: &'static str| {
        if is_setting(line) {
            line.trim_start_matches('#')
        } else {
            line
        }
    };
    FILE.lines().map(bare).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_compat_may_choose_stands_in_the_file_behind_a_hash() {
    event::rules!["SB-310"];
    let full: Table = with_choices_of_compat().parse().unwrap();
    let own = |table: &Table| table["segment_to_braze"].as_table().unwrap().clone();
    let (stated, full) = (own(&FILE.parse().unwrap()), own(&full));
    let mut hidden: Vec<_> = full
        .keys()
        .filter(|key| !stated.contains_key(*key))
        .cloned()
        .collect();
    let mut chosen: Vec<String> = Vec::new();
    for compat in ["segment-actions", "segment-classic", "rudderstack"] {
        let text = format!("[segment_to_braze]\ncompat = \"{compat}\"");
        let settings = Settings::load(&text).unwrap().segment_to_braze;
        let settings = Table::try_from(settings).unwrap();
        chosen.extend(
            settings
                .into_iter()
                .filter(|(key, value)| full[key] != *value)
                .map(|(key, _)| key),
        );
    }
    chosen.retain(|key| key != "compat");
    hidden.sort();
    chosen.sort();
    assert_eq!(hidden, chosen);
}

#[test]
fn the_file_holds_every_setting_with_its_default() {
    Settings::load(FILE).unwrap();
    let defaults = Table::try_from(Settings::default()).unwrap();
    let (stated, defaults) = (
        entries(&with_choices_of_compat().parse().unwrap()),
        entries(&defaults),
    );
    let missing: Vec<_> = defaults.iter().filter(|entry| !stated.contains(entry)).collect();
    assert!(
        missing.is_empty(),
        "the code has these, the file does not: {missing:#?}"
    );
    let outdated: Vec<_> = stated.iter().filter(|entry| !defaults.contains(entry)).collect();
    assert!(
        outdated.is_empty(),
        "the file has these, the code does not: {outdated:#?}"
    );
}

#[test]
fn every_setting_of_the_file_is_explained() {
    let mut explained = false;
    for line in FILE.lines().skip_while(|line| !line.starts_with('[')) {
        let starts_again = line.is_empty() || line.starts_with('[');
        if line.starts_with('#') {
            explained = true;
        } else if starts_again {
            // The routes speak for themselves; a source's table follows the one that is explained.
            explained = line.starts_with("[routes") || line.starts_with("[receipt.b");
        } else {
            assert!(explained, "no comment above `{line}`");
        }
    }
}

/// The seconds that the template gives a function.
fn time_out_s(folder: &str) -> u64 {
    let function = TEMPLATE
        .split(&format!("CodeUri: ../target/lambda/{folder}\n"))
        .nth(1)
        .unwrap();
    let line = function
        .lines()
        .find_map(|line| line.trim().strip_prefix("Timeout: "))
        .unwrap();
    line.parse().unwrap()
}

#[test]
fn functions_outlive_what_they_wait_for() {
    event::rules!["RI-016"];
    let settings = Settings::load(FILE).unwrap();
    let deliveries = [
        ("deliver-braze", settings.braze.timeout, MAX_TIMEOUT),
        ("deliver-branch", settings.branch.timeout, MAX_BRANCH_TIMEOUT),
        ("deliver-segment", settings.segment.timeout, MAX_TIMEOUT),
    ];
    for (folder, timeout, longest) in deliveries {
        assert!(timeout <= longest, "{folder}");
        assert_eq!(time_out_s(folder), longest.as_secs() * 2 + 4, "{folder}");
    }
    let receipts = [
        ("receive-segment", settings.receipt.segment.answer_within_ms),
        ("receive-braze", settings.receipt.braze.answer_within_ms),
        ("receive-branch", settings.receipt.branch.answer_within_ms),
    ];
    for (folder, answer_within_ms) in receipts {
        assert!(time_out_s(folder) * 1000 >= answer_within_ms * 2, "{folder}");
    }
}
