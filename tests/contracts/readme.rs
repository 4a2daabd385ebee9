//! The pages for people: what they link to, call and name is there.

use std::path::{Path, PathBuf};

const TEMPLATE: &str = include_str!("../../infra/template.yaml");
const ALIASES: &str = include_str!("../../.cargo/config.toml");
const RULES: &str = include_str!("../../shared/delivery/spec/reliability.md");
const OPERATION: &str = include_str!("../../infra/README.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every page but the specification, with its path in the repository.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_foreign = [
                "target",
                ".git",
                "node_modules",
                "cdk.out",
                ".aws-sam",
                "spec",
                "dist",
            ]
            .contains(&name.as_str());
            if path.is_dir() && !is_foreign {
                folders.push(path);
            } else if name.ends_with(".md") {
                let text = std::fs::read_to_string(&path).unwrap();
                pages.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    pages
}

/// The targets of all links, such as `shared/event/README.md#heading`.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let rest = page.split("](").skip(1);
    rest.filter_map(|rest| rest.split(')').next())
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

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut count = 0;
    for (page, text) in pages() {
        for link in links(&text).filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let path = match file {
                "" => root().join(&page),
                file => root().join(page.parent().unwrap()).join(file),
            };
            assert!(path.exists(), "{}: {link}", page.display());
            if !heading.is_empty() {
                let text = std::fs::read_to_string(path).unwrap();
                let is_heading = |line: &str| line.starts_with('#') && anchor(line) == heading;
                assert!(text.lines().any(is_heading), "{}: {link}", page.display());
            }
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn every_folder_at_the_top_has_a_readme() {
    for folder in ["functions", "shared", "infra", "tests"] {
        assert!(root().join(folder).join("README.md").exists(), "{folder}");
    }
}

#[test]
fn every_command_of_cargo_exists() {
    for (page, text) in pages() {
        for command in text.lines().filter_map(|line| line.strip_prefix("    cargo ")) {
            let word = command.split(' ').next().unwrap();
            let is_alias = ALIASES
                .lines()
                .any(|line| line.starts_with(&format!("{word} = ")));
            let is_known = is_alias || ["run", "test"].contains(&word);
            assert!(is_known, "{}: cargo {word}", page.display());
        }
    }
}

#[test]
fn every_secret_of_the_template_is_explained_and_no_other() {
    let explained = |name: &str| OPERATION.contains(&format!("| `switchyard/{name}` |"));
    let names: Vec<&str> = TEMPLATE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Name: !Sub ${AWS::StackName}/"))
        .collect();
    assert!(names.len() >= 6);
    for name in &names {
        assert!(explained(name), "{name}");
    }
    let rows = OPERATION
        .lines()
        .filter(|line| line.starts_with("| `switchyard/"));
    assert_eq!(rows.count(), names.len());
}

#[test]
fn every_output_and_parameter_that_is_named_exists() {
    let code = OPERATION.split('`').skip(1).step_by(2);
    let is_name = |code: &&str| {
        ["Receive", "Pause", "Parked", "Reserve"]
            .iter()
            .any(|start| code.starts_with(start))
    };
    let mut count = 0;
    for name in code.filter(is_name) {
        assert!(TEMPLATE.contains(&format!("\n  {name}:\n")), "{name}");
        count += 1;
    }
    assert!(count > 5, "{count}");
}

#[test]
fn terraforms_lines_name_what_the_template_has() {
    let block = OPERATION.split("```hcl\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    assert!(
        block.lines().filter(|line| !line.is_empty()).count() < 18,
        "{block}"
    );
    let parameters = block
        .split("parameters   = { ")
        .nth(1)
        .unwrap()
        .split(" }")
        .next()
        .unwrap();
    let outputs = block
        .split("outputs[\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    let names: Vec<&str> = parameters
        .split(", ")
        .map(|pair| pair.split(" = ").next().unwrap())
        .chain(outputs)
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    for name in names {
        assert!(TEMPLATE.contains(&format!("\n  {name}:\n")), "{name}");
    }
}

#[test]
fn deploying_begins_with_a_check() {
    for (page, text) in [
        ("README.md", include_str!("../../README.md")),
        ("infra/README.md", OPERATION),
    ] {
        let blocks = text.split("\n\n").filter(|block| block.starts_with("    "));
        let deploys: Vec<&str> = blocks.filter(|block| block.contains("    sam deploy")).collect();
        assert!(!deploys.is_empty(), "{page}");
        for block in deploys {
            let first = block.lines().next().unwrap();
            assert!(
                first.contains("switchyard") && first.ends_with(" check"),
                "{page}: {first}"
            );
        }
    }
}

#[test]
fn every_metric_that_is_named_is_in_the_rules() {
    let section = OPERATION.split("Metrics in the namespace").nth(1).unwrap();
    let section = section.split("\n* ").next().unwrap();
    let metrics: Vec<_> = section.split('`').skip(3).step_by(2).collect();
    assert!(metrics.len() > 4, "{metrics:?}");
    for metric in metrics {
        assert!(RULES.contains(&format!("`{metric}`")), "{metric}");
    }
}

/// Each way in which a request of Branch is lost all the same.
#[test]
fn the_page_says_what_ends_branchs_second_chance() {
    let row = OPERATION
        .lines()
        .find(|line| line.starts_with("| Branch's events survive"));
    let ends = row.unwrap().rsplit('|').nth(1).unwrap();
    for end in [
        "`[receipt.branch] fallback = false`",
        "S3 is away too",
        "over 20 requests a second and container",
        "503 `unconfigured`",
        "Lambda's own 429",
        "30 days",
    ] {
        assert!(ends.contains(end), "{end}");
    }
    assert!(TEMPLATE.contains("ExpirationInDays: 30\n"));
}

/// The days of the page's table are those of the template.
#[test]
fn queues_keep_messages_for_as_long_as_the_page_says() {
    for (row, days) in [
        ("| A paused destination loses nothing", 12),
        ("| A parked event can be", 14),
    ] {
        let row = OPERATION.lines().find(|line| line.starts_with(row)).unwrap();
        assert!(row.contains(&format!("{days} days")), "{row}");
        let kept = format!("MessageRetentionPeriod: {}\n", days * 86_400);
        assert!(TEMPLATE.contains(&kept), "{kept}");
    }
}
