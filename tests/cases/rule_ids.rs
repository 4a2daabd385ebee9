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

/// The ids in the names of all test functions of the workspace.
pub fn named_by_tests() -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for folder in ["functions", "infra/cli", "shared", "tests"] {
        collect(&root.join(folder), &mut ids);
    }
    ids
}

fn collect(folder: &Path, ids: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path
                .file_name()
                .is_some_and(|name| name != "target" && name != "node_modules")
            {
                collect(&path, ids);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let names = text.lines().filter_map(|line| {
                let line = line.trim_start();
                let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
                name.split('(').next()
            });
            names.for_each(|name| ids_in(name, ids));
        }
    }
}

/// `bz_120_bz_121_some_words` names two.
fn ids_in(name: &str, ids: &mut BTreeSet<String>) {
    let words: Vec<&str> = name.split('_').collect();
    for pair in words.windows(2) {
        let id = format!("{}-{}", pair[0].to_uppercase(), pair[1]);
        if is_id(&id) {
            ids.insert(id);
        }
    }
}
