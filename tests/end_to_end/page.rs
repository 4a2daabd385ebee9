//! The worked examples of the specification's pages, by event id: what goes in, and the calls that must arrive.

use std::path::Path;

use crate::system::text_at;

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/mapping/spec");

/// One event of a worked example.
pub struct Example {
    /// The event, as its source sends it.
    pub event: String,
    /// The line that `switchyard map` prints for it.
    pub line: String,
}

impl Example {
    /// The calls: method and path, and the body.
    pub fn calls(&self) -> Vec<(String, String)> {
        let call = |number: usize| {
            let endpoint = text_at(&self.line, &format!("/calls/{number}/endpoint"))?;
            Some((endpoint, text_at(&self.line, &format!("/calls/{number}/body"))?))
        };
        (0..).map_while(call).collect()
    }

    /// The body of the only call.
    pub fn body(&self) -> String {
        let mut calls = self.calls();
        assert_eq!(calls.len(), 1, "{}", self.line);
        calls.remove(0).1
    }
}

/// The example of a page, such as `branch-to-segment.md`, whose event has this id.
pub fn example(page: &str, id: &str) -> Example {
    let text = std::fs::read_to_string(Path::new(PAGES).join(page)).unwrap();
    // The blocks of a page, each without its language's line; one pair after the other of input and output.
    let blocks: Vec<&str> = text
        .split("\n### EX-")
        .skip(1)
        .flat_map(|section| section.split("\n```").skip(1).step_by(2))
        .filter(|block| block.starts_with("json"))
        .map(|block| block.split_once('\n').unwrap().1)
        .collect();
    let has_id = |line: &&str| text_at(line, "/id").as_deref() == Some(id);
    let example = blocks.chunks(2).find_map(|pair| {
        let lines = pair[0].lines().zip(pair[1].lines());
        lines.into_iter().find(|(_, line)| has_id(line))
    });
    let (event, line) = example.unwrap_or_else(|| panic!("{page} has no example {id}"));
    Example {
        event: event.to_owned(),
        line: with_version(line),
    }
}

/// The pages show the version of their day.
fn with_version(line: &str) -> String {
    let library = |version: &str| format!(r#""library":{{"name":"switchyard","version":"{version}"}}"#);
    line.replace(&library("0.1.0"), &library(env!("CARGO_PKG_VERSION")))
}
