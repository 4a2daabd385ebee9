//! The files of cases.

use crate::{CASES, json};
use event::json::Json;
use event::settings::Settings;
use event::{Route, Timestamp};
use mapping::printed::print_received;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Characters of a line of a case file.
const LONGEST_LINE: usize = 400;

/// The cases of one rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    rule: String,
    #[allow(dead_code, reason = "for the reader of the file")]
    why: String,
    #[serde(deserialize_with = "rows_written_out")]
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    why: String,
    /// A table: one case for each row, with the row's first value for every `"$1"`, its second for `"$2"`, and so on.
    #[serde(default)]
    rows: Vec<Vec<Box<RawValue>>>,
    /// The route, where it is not that of the folder.
    route: Option<String>,
    /// Becomes a settings file.
    #[serde(default)]
    settings: toml::Table,
    #[serde(default, deserialize_with = "one_line")]
    event: Option<String>,
    /// When the event was received.
    received_at: Option<String>,
    /// The event's exact text, where it is no JSON or has bytes that a file of JSON would not keep.
    text: Option<String>,
    /// What the refusal of the settings says; then there is no event.
    #[serde(default)]
    refused: Vec<String>,
    #[serde(default)]
    expect: Expect,
}

/// What must come out. What is not given is not looked at, but for `warnings`, which are none then.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    id: Option<String>,
    #[serde(default)]
    outcome: String,
    reason: Option<String>,
    calls: Option<Box<RawValue>>,
    /// Values of the first call's body by JSON pointer; `null` for nothing there.
    #[serde(default)]
    body: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    warnings: Vec<String>,
    /// Values of the line of `switchyard map --explain`, by JSON pointer.
    #[serde(default)]
    explained: BTreeMap<String, Box<RawValue>>,
}

/// An event, which may be broken into lines after any comma: it is mapped as one line.
fn one_line<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    let event = Box::<RawValue>::deserialize(source)?;
    let lines: Vec<&str> = event.get().lines().map(str::trim_start).collect();
    Ok(Some(lines.join(" ")))
}

/// The cases, those with rows written out.
fn rows_written_out<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Case>, D::Error> {
    let mut cases = Vec::new();
    for text in Vec::<Box<RawValue>>::deserialize(source)? {
        let read = |text: &str| serde_json::from_str::<Case>(text).map_err(D::Error::custom);
        let mut case = read(text.get())?;
        let rows = std::mem::take(&mut case.rows);
        if rows.is_empty() {
            cases.push(case);
            continue;
        }
        for row in rows {
            let mut written = text.get().to_owned();
            for (column, value) in (1..).zip(&row) {
                let place = format!("\"${column}\"");
                if !written.contains(&place) {
                    return Err(D::Error::custom(format!(
                        "nothing in {:?} takes {place}",
                        case.why
                    )));
                }
                written = written.replace(&place, value.get());
            }
            let mut case = read(&written)?;
            let cells: Vec<&str> = row.iter().map(|value| value.get()).collect();
            case.why = format!("{}: {}", case.why, cells.join(", "));
            cases.push(case);
        }
    }
    Ok(cases)
}

/// The text of a file with `<x*600>` written out: 600 times what stands before the star.
fn repeated(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        written.push_str(before);
        let mark = from.split_once('>').and_then(|(mark, after)| {
            let (unit, count) = mark[1..].rsplit_once('*')?;
            Some((unit.repeat(count.parse().ok()?), after))
        });
        let (text, after) = mark.unwrap_or_else(|| ("<".to_owned(), &from[1..]));
        written.push_str(&text);
        rest = after;
    }
    written + rest
}

/// The folder of the cases whose rules hold for all routes. Each names its route, or is one of Segment to Braze.
pub const OWN_RULES: &str = "own_rules";

fn files(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(PathBuf::from(CASES).join(folder)) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The rules that have a file in a folder.
pub fn rules_of(folder: &str) -> BTreeSet<String> {
    files(folder)
        .iter()
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

pub fn of_route(route: Route) -> Vec<CaseFile> {
    of_folder(route.as_str())
}

pub fn of_folder(folder: &str) -> Vec<CaseFile> {
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = repeated(&text.replace("<version>", env!("CARGO_PKG_VERSION")));
        let read: CaseFile =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(
            Some(read.rule.as_str()),
            file.file_stem().unwrap().to_str(),
            "the file is named by its rule"
        );
        assert!(!read.cases.is_empty(), "{} has no cases", file.display());
        read
    };
    files(folder).into_iter().map(read).collect()
}

/// The events of a route's cases that are valid JSON.
pub fn events(route: Route) -> Vec<String> {
    let files = of_route(route);
    let cases = files.into_iter().flat_map(|file| file.cases);
    cases.filter_map(|case| case.event).collect()
}

#[test]
fn no_line_of_a_case_file_is_too_long_to_read() {
    for file in Route::ALL
        .into_iter()
        .map(Route::as_str)
        .chain([OWN_RULES])
        .flat_map(files)
    {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            let length = line.chars().count();
            assert!(
                length <= LONGEST_LINE,
                "{}:{number} has {length} characters, {LONGEST_LINE} are allowed: break it after a comma, and write a \
                 long run of one text as `<x*600>`",
                file.display()
            );
        }
    }
}

#[test]
fn each_row_of_a_table_is_a_case_that_can_fail() {
    let file = |sent: &str| -> CaseFile {
        let cases = r#"[{"why": "w", "event": {"type": "track", "event": "E", "messageId": "m", "userId": "$1",
            "timestamp": "2026-03-01T12:00:00Z"}, "expect": {"outcome": "deliver", "body": {"/events/0/external_id": "$2"}},
            "rows": [["a", "a"], [1.50, SENT]]}]"#;
        let text = format!(
            r#"{{"rule": "R", "why": "", "cases": {}}}"#,
            cases.replace("SENT", sent)
        );
        serde_json::from_str(&text).unwrap()
    };
    let failures = |sent: &str| {
        let mut failures = Vec::new();
        assert_eq!(file(sent).run(Route::SegmentToBraze, &mut failures), 2);
        failures
    };
    assert_eq!(failures("\"1.50\""), Vec::<String>::new());
    let [failure] = failures("\"1.5\"").try_into().unwrap();
    assert!(failure.starts_with("R case 1 (w: 1.50, \"1.5\"): "), "{failure}");
}

#[test]
fn a_run_of_one_text_may_be_written_short() {
    for (given, wanted) in [
        ("a<x*3>b", "axxxb"),
        ("<\\u0041*2>", "\\u0041\\u0041"),
        ("<version> <*> <y*0>< 2", "<version> <*> < 2"),
    ] {
        assert_eq!(repeated(given), wanted);
    }
}

impl CaseFile {
    /// Runs every case and tells how many there are.
    pub fn run(&self, route: Route, failures: &mut Vec<String>) -> usize {
        for (at, case) in self.cases.iter().enumerate() {
            if let Some(failure) = case.failure(route) {
                failures.push(format!("{} case {at} ({}): {failure}", self.rule, case.why));
            }
        }
        self.cases.len()
    }

    /// The rule that the cases are of.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Hands every event over with its title and settings.
    pub fn each(&self, see: &mut impl FnMut(&str, &str, &Settings)) {
        for (at, case) in self.cases.iter().enumerate() {
            let title = format!("{} case {at} ({})", self.rule, case.why);
            see(&title, case.text().unwrap(), &case.settings().unwrap());
        }
    }
}

impl Case {
    fn settings(&self) -> Result<Settings, String> {
        let text = toml::to_string(&self.settings).unwrap();
        Settings::load(&text).map_err(|error| error.to_string())
    }

    fn text(&self) -> Result<&str, String> {
        match (&self.event, &self.text) {
            (Some(event), None) => Ok(event),
            (None, Some(text)) => Ok(text),
            _ => Err("has not exactly one of `event` and `text`".into()),
        }
    }

    fn failure(&self, route: Route) -> Option<String> {
        let named = Route::ALL
            .into_iter()
            .find(|route| self.route.as_deref() == Some(route.as_str()));
        let route = named.unwrap_or(route);
        if !self.refused.is_empty() {
            let error = self.settings().err().unwrap_or_default();
            let missing = self.refused.iter().find(|words| !error.contains(*words));
            return missing.map(|words| format!("wanted {words:?} in {error:?}"));
        }
        let (settings, text) = match (self.settings(), self.text()) {
            (Ok(settings), Ok(text)) => (settings, text),
            (Err(error), _) | (_, Err(error)) => return Some(error),
        };
        let received_at = self
            .received_at
            .as_deref()
            .map(|at| Timestamp::parse(at).unwrap());
        let line = print_received(route, text, received_at, &settings, false).line;
        let printed = Json::parse(&line).unwrap();
        let said = |pointer: &str| json::at(printed, pointer).and_then(|value| value.as_str());
        let expect = &self.expect;
        if said("/outcome").as_deref() != Some(&expect.outcome)
            || (expect.reason.is_some() && said("/reason").as_deref() != expect.reason.as_deref())
            || (expect.id.is_some() && said("/id").as_deref() != expect.id.as_deref())
        {
            return Some(line);
        }
        let warnings = json::at(printed, "/warnings")
            .and_then(Json::as_array)
            .unwrap_or_default();
        let warnings: Vec<_> = warnings.iter().filter_map(|warning| warning.as_str()).collect();
        if warnings != expect.warnings {
            return Some(format!("wanted warnings {:?}, got {warnings:?}", expect.warnings));
        }
        if let Some(calls) = &expect.calls {
            let difference = json::difference(
                Json::parse(calls.get()).unwrap(),
                json::at(printed, "/calls").unwrap_or(Json::NULL),
            );
            if difference.is_some() {
                return difference;
            }
        }
        let explained = print_received(route, text, received_at, &settings, true).line;
        let explained = Json::parse(&explained).unwrap();
        differing(&expect.body, printed, "/calls/0/body")
            .or_else(|| differing(&expect.explained, explained, ""))
    }
}

/// The first of these values that a line does not have at its pointer below `root`.
fn differing(wanted: &BTreeMap<String, Box<RawValue>>, line: Json<'_>, root: &str) -> Option<String> {
    wanted.iter().find_map(|(pointer, wanted)| {
        let got = json::at(line, &format!("{root}{pointer}")).unwrap_or(Json::NULL);
        let difference = json::difference(Json::parse(wanted.get()).unwrap(), got);
        difference.map(|difference| format!("{pointer}{difference}"))
    })
}
