//! The events of an input, each as the exact text that it has there.

use super::Error;
use currents::{WholeFile, read_whole_file};
use event::json::RawKey;
use event::{Route, Source};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::Read as _;
use std::path::Path;

/// The key of a Braze request body that holds its events.
const EVENTS: &str = "events";

/// What some editors put before a text in UTF-8; receipt drops it too.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What an Avro file begins with.
const AVRO: &[u8] = b"Obj\x01";

/// The input of a run.
pub(super) enum Input {
    /// JSON.
    Text(String),
    /// A Currents file.
    File(WholeFile),
}

impl Input {
    /// Reads a file, or standard input.
    pub(super) fn read(route: Route, file: Option<&Path>) -> Result<Self, Error> {
        let bytes = bytes(file)?;
        if route != Route::BrazeToSegment || !bytes.starts_with(AVRO) {
            return Ok(Self::Text(text(bytes)?));
        }
        let path = file.map(|file| file.display().to_string()).unwrap_or_default();
        let read = read_whole_file(&path, &bytes).map_err(|reason| Error::CurrentsFile {
            reason: reason.as_str(),
        })?;
        Ok(Self::File(read))
    }

    /// Its events, in order.
    pub(super) fn events(&self, source: Source) -> Vec<&str> {
        match self {
            Self::Text(text) => events(source, text),
            Self::File(file) => file.events.iter().map(String::as_str).collect(),
        }
    }

    /// What of a Currents file cannot be read: a line a part.
    pub(super) fn set_aside(&self) -> Vec<String> {
        let Self::File(file) = self else {
            return Vec::new();
        };
        let line = |(reason, bytes): &(event::reasons::ParkReason, std::ops::Range<usize>)| {
            format!(
                r#"{{"outcome":"park","reason":"{}","offset":{},"to":{}}}"#,
                reason.as_str(),
                bytes.start,
                bytes.end
            )
        };
        file.set_aside.iter().map(line).collect()
    }
}

fn bytes(file: Option<&Path>) -> Result<Vec<u8>, Error> {
    match file {
        Some(file) => std::fs::read(file).map_err(|source| Error::Events {
            file: file.to_owned(),
            source,
        }),
        None => {
            let mut input = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut input)
                .map_err(Error::StandardInput)?;
            Ok(input)
        }
    }
}

/// The text, without the mark that some editors put before it.
fn text(input: Vec<u8>) -> Result<String, Error> {
    let mut text = String::from_utf8(input).map_err(|error| Error::NoText {
        at: error.utf8_error().valid_up_to() + 1,
    })?;
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len_utf8());
    }
    Ok(text)
}

/// The events of an input, in order (BZ-011 to BZ-013). An input that is one JSON document is read as that document,
/// however many lines it has; any other as one document a line.
pub fn events(source: Source, input: &str) -> Vec<&str> {
    let Ok(document) = serde_json::from_str::<&RawValue>(input) else {
        let lines = input.split('\n').filter(|line| !line.trim().is_empty());
        return lines
            .flat_map(|line| batch(source, line).unwrap_or_else(|| vec![line]))
            .collect();
    };
    let document = document.get();
    let Some(elements) = elements(document) else {
        return batch(source, document).unwrap_or_else(|| vec![document]);
    };
    elements
        .into_iter()
        .flat_map(|element| batch(source, element).unwrap_or_else(|| vec![element]))
        .collect()
}

/// The events of a Braze request body: an object with one key `events`, which holds an array.
fn batch(source: Source, document: &str) -> Option<Vec<&str>> {
    if source != Source::Braze {
        return None;
    }
    let mut json = serde_json::Deserializer::from_str(document);
    let list = json.deserialize_map(EventsMember).ok()??;
    json.end().ok()?;
    elements(list)
}

fn elements(array: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(array).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// The value of the key `events`, if there is exactly one.
struct EventsMember;

impl<'a> Visitor<'a> for EventsMember {
    type Value = Option<&'a str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut found, mut count) = (None, 0_usize);
        while let Some(key) = map.next_key::<RawKey<'a>>()? {
            if key.is(EVENTS) {
                count += 1;
                found = Some(map.next_value::<&'a RawValue>()?.get());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found.filter(|_| count == 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_whole_and_other_input_by_lines() {
        event::rules!["BZ-011", "BZ-012", "BZ-013", "BZ-413"];
        for (input, wanted) in [
            ("", vec![]),
            (" \n\n", vec![]),
            ("{}", vec!["{}"]),
            ("null", vec!["null"]),
            ("[]", vec![]),
            (r#"{"events":[]}"#, vec![]),
            (r#"{"events":null}"#, vec![r#"{"events":null}"#]),
            (r#"{"events":{}}"#, vec![r#"{"events":{}}"#]),
            (r#"{"events":"x"}"#, vec![r#"{"events":"x"}"#]),
            (r#"[{"events":[1, 2]},{"id":3}]"#, vec!["1", "2", r#"{"id":3}"#]),
            (r#"[{"a":1},7]"#, vec![r#"{"a":1}"#, "7"]),
            (
                "{\n \"events\": [\n  1.50,\n  {\"a\": 1}\n ]\n}",
                vec!["1.50", "{\"a\": 1}"],
            ),
            ("7", vec!["7"]),
            ("no JSON", vec!["no JSON"]),
            (
                r#"{"events":[1],"events":[2]}"#,
                vec![r#"{"events":[1],"events":[2]}"#],
            ),
            (
                r#"[{"events":[1],"events":[2]},3]"#,
                vec![r#"{"events":[1],"events":[2]}"#, "3"],
            ),
            ("{\"events\":[1]}\n{\"events\":[2,3]}", vec!["1", "2", "3"]),
            (
                "{\"a\":1}\n\n[1,2]\nno JSON\n",
                vec!["{\"a\":1}", "[1,2]", "no JSON"],
            ),
            (r#"{"\ud800":1,"events":["\ud800"]}"#, vec![r#""\ud800""#]),
            (r#"{"ev\u0065nts":[1e400]}"#, vec!["1e400"]),
        ] {
            assert_eq!(events(Source::Braze, input), wanted, "{input}");
        }
    }

    #[test]
    fn a_body_of_segment_or_branch_is_one_event_or_an_array() {
        for source in [Source::Segment, Source::Branch] {
            assert_eq!(events(source, "[{\"a\":1}, 7]"), ["{\"a\":1}", "7"]);
            assert_eq!(events(source, "{\"events\":[1]}"), ["{\"events\":[1]}"]);
            assert_eq!(
                events(source, "{\"a\":1}\n{\"b\":2}\n"),
                ["{\"a\":1}", "{\"b\":2}"]
            );
        }
    }
}
