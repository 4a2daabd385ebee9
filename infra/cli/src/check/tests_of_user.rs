//! The user's own tests: events, and what is expected of them.

use super::Error;
pub(super) use super::difference::Difference as Failure;
use super::difference::difference;
use crate::map::route;
use event::Route;
use event::json::{Json, well_formed};
use event::settings::Settings;
use mapping::printed::print;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// What `outcome` may be.
const OUTCOMES: [&str; 3] = ["deliver", "ignore", "park"];

pub(super) struct UserTest {
    /// The file that holds it.
    pub(super) file: PathBuf,
    pub(super) name: String,
    route: Route,
    event: String,
    /// What is expected, as a JSON object of `outcome`, `reason`, `changed` and `calls`.
    expected: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    route: String,
    event: Box<RawValue>,
    #[serde(default, deserialize_with = "given")]
    outcome: Option<String>,
    #[serde(default, deserialize_with = "given")]
    reason: Option<String>,
    #[serde(default, deserialize_with = "given")]
    changed: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    calls: Option<Vec<WrittenCall>>,
}

#[derive(Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenCall {
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
}

/// What is written, null too: an expectation that asks nothing would always pass.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(read: D) -> Result<Option<T>, D::Error> {
    T::deserialize(read).map(Some)
}

/// The tests of all JSON files of a folder and of the folders in it, in the order of the files' names.
///
/// # Errors
/// What cannot be read, and a folder without any test: who names one expects that it has some.
pub(super) fn read(folder: &Path) -> Result<Vec<UserTest>, Error> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    let mut tests = Vec::new();
    for file in &files {
        tests.extend(read_file(file)?);
    }
    if tests.is_empty() {
        let folder = folder.to_owned();
        return Err(if files.is_empty() {
            Error::NoFiles { folder }
        } else {
            Error::NoTests { folder }
        });
    }
    Ok(tests)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |source| Error::Folder {
        folder: folder.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        if entry.file_type().map_err(unreadable)?.is_dir() {
            list(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn read_file(file: &Path) -> Result<Vec<UserTest>, Error> {
    let text = std::fs::read_to_string(file).map_err(|source| Error::File {
        file: file.to_owned(),
        source,
    })?;
    let form = |source| Error::Form {
        file: file.to_owned(),
        source,
    };
    // Some editors begin a file with a mark of its encoding.
    let text = text.trim_start_matches('\u{feff}');
    let written: Vec<Written> = serde_json::from_str(text).map_err(form)?;
    let read = |test: Written| {
        let name = test.name.clone();
        UserTest::new(file, test).map_err(|wrong| Error::Test {
            file: file.to_owned(),
            name,
            wrong,
        })
    };
    written.into_iter().map(read).collect()
}

impl UserTest {
    fn new(file: &Path, test: Written) -> Result<Self, String> {
        let route =
            route(&test.route).map_err(|remedy| format!("has the route \"{}\"; {remedy}", test.route))?;
        if let Some(outcome) = &test.outcome
            && !OUTCOMES.contains(&outcome.as_str())
        {
            return Err(format!(
                "has the outcome \"{outcome}\"; write one of {}",
                OUTCOMES.join(", ")
            ));
        }
        let text = |text: &String| serde_json::to_string(text).map_err(|error| error.to_string());
        let mut expected = Vec::new();
        if let Some(outcome) = &test.outcome {
            expected.push(("outcome", text(outcome)?));
        }
        if let Some(reason) = &test.reason {
            expected.push(("reason", text(reason)?));
        }
        if let Some(changed) = &test.changed {
            if !changed.get().starts_with('{') {
                return Err(format!(
                    "has {} as `changed`; write the event after own rules, or the part of it that counts: an object",
                    changed.get()
                ));
            }
            expected.push(("changed", well_formed(changed.get()).into_owned()));
        }
        if let Some(calls) = &test.calls {
            let calls = serde_json::to_string(calls).map_err(|error| error.to_string())?;
            expected.push(("calls", well_formed(&calls).into_owned()));
        }
        if expected.is_empty() {
            return Err("expects nothing; write `outcome`, `reason`, `changed` or `calls`".to_owned());
        }
        Ok(Self {
            file: file.to_owned(),
            name: test.name,
            route,
            event: test.event.get().to_owned(),
            expected,
        })
    }

    /// The first thing that is not as expected.
    pub(super) fn failure(&self, settings: &Settings) -> Option<Failure> {
        let printed = print(self.route, &self.event, settings, true).line;
        let Some(line) = Json::parse(&printed).ok().and_then(|line| line.as_object()) else {
            return Some(Failure::unread());
        };
        let received = well_formed(&self.event);
        let own_rule = line.get("own_rule").and_then(|row| row.as_str());
        let mut expected = self.expected.iter();
        expected.find_map(|(key, value)| {
            let actual = match (*key, line.get(key)) {
                // A row that dropped the event left nothing that could be mapped.
                ("changed", _) if own_rule.is_some() => {
                    return Some(Failure::dropped(
                        key,
                        value,
                        own_rule.as_deref().unwrap_or_default(),
                    ));
                }
                // What no rule has changed is mapped as it was received.
                ("changed", None) => Json::parse(&received).ok(),
                // What is not delivered has no calls.
                ("calls", None) => Some(Json::known("[]")),
                (_, actual) => actual,
            };
            match Json::parse(value) {
                Ok(value) => difference(key, value, actual),
                Err(_) => Some(Failure::unread()),
            }
        })
    }
}
