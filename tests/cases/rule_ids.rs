//! The ids of the rules, and where tests name them.

use crate::PAGES;
use std::collections::BTreeSet;
use std::path::Path;

/// The ids that head a row of the page's tables, such as `BZ-120`.
pub fn of_page(page: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(Path::new(PAGES).join(page)).unwrap();
    let cells = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.filter(|cell| is_id(cell)).map(str::to_owned).collect()
}

fn is_id(cell: &str) -> bool {
    cell.split_once('-').is_some_and(|(letters, digits)| {
        matches!(letters.len(), 2 | 3)
            && letters.bytes().all(|letter| letter.is_ascii_uppercase())
            && digits.len() == 3
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// What the tests of the workspace say about rules.
#[derive(Default)]
pub struct Named {
    /// The ids in `rules!` lines of tests that run.
    pub lines: BTreeSet<String>,
    /// Lines that prove nothing: outside a test, or in one that is ignored or compiled for some targets alone.
    pub misplaced: Vec<String>,
}

/// Reads all Rust files of the workspace.
pub fn named_by_tests() -> Named {
    let mut named = Named::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for folder in ["functions", "infra/cli", "shared", "tests"] {
        collect(&root.join(folder), &mut named);
    }
    named
}

fn collect(folder: &Path, named: &mut Named) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path
                .file_name()
                .is_some_and(|name| name != "target" && name != "node_modules")
            {
                collect(&path, named);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            read(&text, &path.display().to_string(), named);
        }
    }
}

/// Reads one file: the line `rules!["RD-022"];` counts for the function in whose body it is the first line.
fn read(text: &str, file: &str, named: &mut Named) {
    let (mut attributes, mut is_test) = (String::new(), false);
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let line = line.trim_start();
        if line.starts_with("#[") {
            attributes.push_str(line);
        } else if is_function(line) {
            let runs = !attributes.contains("#[ignore") && !attributes.contains("#[cfg");
            is_test = runs && (attributes.contains("#[test]") || attributes.contains("#[tokio::test"));
            attributes.clear();
        } else if let Some(mut list) = rules_line(line).map(str::to_owned) {
            while !list.contains(']') {
                list.push_str(lines.next().unwrap().1);
            }
            if is_test {
                let quoted = list.split('"').skip(1).step_by(2);
                named.lines.extend(quoted.map(str::to_owned));
            } else {
                named.misplaced.push(format!("{file}:{number}"));
            }
        } else if !line.is_empty() && !line.starts_with("//") {
            attributes.clear();
        }
    }
}

fn is_function(line: &str) -> bool {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    line.strip_prefix("async ").unwrap_or(line).starts_with("fn ")
}

fn rules_line(line: &str) -> Option<&str> {
    let line = ["event::", "crate::"]
        .iter()
        .find_map(|path| line.strip_prefix(path))
        .unwrap_or(line);
    line.strip_prefix("rules![")
}

#[test]
fn only_a_test_that_runs_proves_a_rule() {
    let body = |attributes: &str, line: &str| format!("{attributes}\nfn name() {{\n    {line}\n}}\n");
    let cases = [
        ("#[test]", "rules![\"RD-001\", \"RD-002\"];", 2, 0),
        (
            "#[tokio::test(start_paused = true)]\n// Why.",
            "event::rules![\n\"RD-001\",\n];",
            1,
            0,
        ),
        ("#[test]", "let x = 1;", 0, 0),
        ("", "rules![\"RD-001\"];", 0, 1),
        (
            "#[test]\n#[ignore = \"slow\"]",
            "crate::rules![\"RD-001\"];",
            0,
            1,
        ),
        ("#[cfg(windows)]\n#[test]", "rules![\"RD-001\"];", 0, 1),
        ("#[test]\nfn first() {}\n", "rules![\"RD-001\"];", 0, 1),
    ];
    for (attributes, line, ids, misplaced) in cases {
        let mut named = Named::default();
        read(&body(attributes, line), "file.rs", &mut named);
        assert_eq!(
            (named.lines.len(), named.misplaced.len()),
            (ids, misplaced),
            "{attributes} {line}"
        );
    }
}
