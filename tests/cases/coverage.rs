//! What the case files of `segment_to_braze` must hold between them: every field in every state, orders of every size.

use crate::{PAGES, case_file, json};
use event::Route;
use event::json::{Json, Kind, Object};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The traits that the table of standard fields reads, by output: what stands in backticks in its second column.
fn standard_fields() -> Vec<(String, Vec<String>)> {
    let page = std::fs::read_to_string(Path::new(PAGES).join("segment-to-braze.md")).unwrap();
    let section = page.split("### 6.1 Standard fields").nth(1).unwrap();
    let table = section.split("\n\n| id | rule |").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let quoted =
            |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        let own = |cell: &str| -> Vec<String> {
            let mut names = quoted(cell);
            names.retain(|name| !name.starts_with("context.") && !name.contains("_from_context"));
            names
        };
        let outputs = quoted(cells[0]);
        let candidates = if cells[1] == "same name" {
            outputs.clone()
        } else {
            own(cells[1])
        };
        (outputs, candidates, cells[1] == "same name")
    });
    rows.flat_map(|(outputs, candidates, same)| {
        outputs.into_iter().map(move |output| {
            let candidates = if same {
                vec![output.clone()]
            } else {
                candidates.clone()
            };
            (output, candidates)
        })
    })
    .collect()
}

fn at<'a>(traits: &Object<'a>, path: &str) -> Option<Json<'a>> {
    match path.split_once('.') {
        Some((outer, inner)) => traits.get(outer)?.as_object()?.get(inner),
        None => traits.get(path),
    }
}

/// The kinds of value that the cases of identify calls give a trait.
fn kinds(path: &str, texts: &[String]) -> BTreeSet<&'static str> {
    let mut kinds = BTreeSet::new();
    for text in texts {
        let event = Json::parse(text).unwrap();
        let traits = json::at(event, "/traits").and_then(Json::as_object);
        let Some(value) = traits.and_then(|traits| at(&traits, path)) else {
            continue;
        };
        kinds.insert(match value.kind() {
            Kind::Null => "null",
            Kind::Bool => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        });
    }
    kinds
}

#[test]
fn every_standard_field_has_a_case_of_each_kind() {
    event::rules!["SB-700"];
    let texts = case_file::events(Route::SegmentToBraze);
    let fields = standard_fields();
    assert!(fields.len() > 20, "{}", fields.len());
    for (output, candidates) in fields {
        for candidate in &candidates {
            let kinds = kinds(candidate, &texts);
            assert!(
                kinds.contains("null"),
                "{output}: no case with null as {candidate}"
            );
            assert!(
                kinds.len() >= 3,
                "{output}: {candidate} is only ever {kinds:?}: a case of another type is lacking"
            );
        }
        let has_all = |text: &String| {
            let traits = json::at(Json::parse(text).unwrap(), "/traits").and_then(Json::as_object);
            traits.is_some_and(|traits| candidates.iter().all(|path| at(&traits, path).is_some()))
        };
        assert!(
            texts.iter().any(has_all),
            "{output}: no case with all of {candidates:?}"
        );
    }
}

#[test]
fn orders_of_every_size_and_quantity_have_cases() {
    event::rules!["SB-703"];
    let mut sizes: BTreeSet<usize> = BTreeSet::new();
    let mut quantities: BTreeMap<String, usize> = BTreeMap::new();
    for text in case_file::events(Route::SegmentToBraze) {
        let event = Json::parse(&text).unwrap();
        let Some(products) = json::at(event, "/properties/products").and_then(Json::as_array) else {
            continue;
        };
        sizes.insert(products.len());
        for product in &products {
            if let Some(quantity) = json::at(*product, "/quantity") {
                *quantities.entry(quantity.raw().to_owned()).or_default() += 1;
            }
        }
    }
    for size in [0, 1, 76, 200] {
        assert!(sizes.contains(&size), "no order of {size} products");
    }
    for quantity in [
        "0", "1", "100", "101", "250", "1000", "1001", "1.5", "-1", "\"2\"", "\"x\"",
    ] {
        assert!(
            quantities.contains_key(quantity),
            "no product with quantity {quantity}"
        );
    }
}
