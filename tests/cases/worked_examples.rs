//! The worked examples, read from the pages themselves.

use crate::{PAGES, json};
use event::Route;
use event::json::Json;
use event::settings::Settings;
use mapping::printed::print;
use std::path::Path;
use switchyard::map::{events, packed};

/// What a page gives: settings, the input, and the lines that must come out.
pub struct Example {
    title: String,
    /// Whether the section says that `--packed` is used.
    is_packed: bool,
    settings: String,
    input: String,
    output: String,
}

pub fn of_page(page: &str) -> Vec<Example> {
    let text = std::fs::read_to_string(Path::new(PAGES).join(page)).unwrap();
    let sections = text.split("\n### EX-").skip(1);
    sections.flat_map(of_section).collect()
}

/// A section has settings or none, and then pairs of an input and its output.
fn of_section(section: &str) -> Vec<Example> {
    let title = section.lines().next().unwrap_or_default();
    let section = section
        .split("\n## ")
        .next()
        .unwrap_or(section)
        .split("\n# ")
        .next()
        .unwrap_or(section);
    let is_packed = section
        .split("\n```")
        .next()
        .is_some_and(|words| words.contains("--packed"));
    let mut examples = Vec::new();
    let (mut settings, mut input) = (String::new(), None);
    for block in section.split("\n```").skip(1).step_by(2) {
        let (language, body) = block.split_once('\n').unwrap();
        match (language.split(' ').next().unwrap(), input.take()) {
            ("toml", _) => settings = body.to_owned(),
            ("json", None) => input = Some(body.to_owned()),
            ("json", Some(input)) => examples.push(Example {
                title: title.to_owned(),
                is_packed,
                settings: settings.clone(),
                input,
                output: body.to_owned(),
            }),
            (other, _) => panic!("EX-{title}: a block of {other}"),
        }
    }
    assert!(
        input.is_none() && !examples.is_empty(),
        "EX-{title}: no pair of input and output"
    );
    examples
}

impl Example {
    /// Hands every event over with its title and settings.
    pub fn each(&self, route: Route, see: &mut impl FnMut(&str, &str, &Settings)) {
        let settings = Settings::load(&self.settings).unwrap();
        for event in events(route.source(), &self.input) {
            see(&format!("EX-{}", self.title), event, &settings);
        }
    }

    /// Maps the input as `switchyard map` does and compares line by line.
    pub fn run(&self, route: Route, failures: &mut Vec<String>) {
        let settings =
            Settings::load(&self.settings).unwrap_or_else(|error| panic!("EX-{}: {error}", self.title));
        let events = events(route.source(), &self.input);
        let lines: Vec<String> = if self.is_packed {
            let packed = packed(route, &events, None, &settings);
            packed
                .unwrap_or_else(|problem| panic!("EX-{}: {problem}", self.title))
                .requests
        } else {
            let print = |event: &&str| print(route, event, &settings, false).line;
            events.iter().map(print).collect()
        };
        let wanted: Vec<String> = self.output.lines().map(with_version).collect();
        if lines.len() != wanted.len() {
            failures.push(format!(
                "EX-{}: wanted {} lines, got {}",
                self.title,
                wanted.len(),
                lines.len()
            ));
        }
        for (wanted, got) in wanted.iter().zip(&lines) {
            let difference = json::difference(Json::parse(wanted).unwrap(), Json::parse(got).unwrap());
            if let Some(difference) = difference {
                failures.push(format!("EX-{}: {difference}\n  {got}", self.title));
            }
        }
    }
}

/// The pages show the version of their day.
fn with_version(line: &str) -> String {
    let library = |version: &str| format!(r#""library":{{"name":"switchyard","version":"{version}"}}"#);
    line.replace(&library("0.1.0"), &library(env!("CARGO_PKG_VERSION")))
}
