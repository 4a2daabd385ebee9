//! The front door: what README.md points at is there.

use std::path::{Path, PathBuf};

const README: &str = include_str!("../../README.md");
const TEMPLATE: &str = include_str!("../../infra/template.yaml");
const ALIASES: &str = include_str!("../../.cargo/config.toml");
const METRICS: &str = include_str!("../../shared/delivery/spec/reliability.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The targets of all links, such as `shared/event/README.md#heading`.
fn links() -> Vec<&'static str> {
    README
        .split("](")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap())
        .collect()
}

/// What a heading is linked by.
fn anchor(heading: &str) -> String {
    let letters = heading.trim_start_matches('#').trim().to_lowercase();
    letters
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// What stands between single backticks.
fn code() -> impl Iterator<Item = &'static str> {
    README.split('`').skip(1).step_by(2)
}

#[test]
fn every_link_leads_somewhere() {
    assert!(links().len() > 15);
    for link in links() {
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        let path = root().join(file);
        assert!(path.exists(), "{link}");
        if !heading.is_empty() {
            let text = std::fs::read_to_string(path).unwrap();
            let found = text
                .lines()
                .any(|line| line.starts_with('#') && anchor(line) == heading);
            assert!(found, "{link}");
        }
    }
}

#[test]
fn every_command_of_cargo_is_one() {
    for command in README.lines().filter_map(|line| line.strip_prefix("    cargo ")) {
        let word = command.split(' ').next().unwrap();
        let is_alias = ALIASES
            .lines()
            .any(|line| line.starts_with(&format!("{word} = ")));
        assert!(is_alias || ["run", "test"].contains(&word), "cargo {word}");
    }
}

#[test]
fn every_secret_output_and_parameter_is_the_templates() {
    let mut secrets = 0;
    for name in code().filter_map(|code| code.strip_prefix("switchyard/")) {
        assert!(
            TEMPLATE.contains(&format!("${{AWS::StackName}}/{name}")),
            "{name}"
        );
        secrets += 1;
    }
    assert!(secrets >= 6);
    for name in [
        "ReceiveSegmentUrl",
        "ReceiveBranchUrl",
        "ReceiveBrazeUrl",
        "ParkedQueueUrl",
        "PauseBraze",
    ] {
        assert!(
            README.contains(name) && TEMPLATE.contains(&format!("  {name}:\n")),
            "{name}"
        );
    }
}

#[test]
fn every_metric_is_listed_on_the_page_of_rules() {
    let section = README.split("Metrics in the namespace").nth(1).unwrap();
    let section = section.split("\n* ").next().unwrap();
    let metrics: Vec<_> = section.split('`').skip(3).step_by(2).collect();
    assert!(metrics.len() > 4, "{metrics:?}");
    for metric in metrics {
        assert!(METRICS.contains(&format!("`{metric}`")), "{metric}");
    }
}
