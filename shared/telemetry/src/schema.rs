//! Lines against their schema, `schema.json`: the kinds and fields that exist, what each may hold, and how long a line is.
//! For tests alone: every test that sees a line checks it here.
//!
//! A field whose name ends in `?` may be left out. Words: `time`, `function`, `version`, `number`, `flag`, `id` (as
//! `LoggedId` writes it), `key` (of an object), `type` (of a Currents event), `word` (of a closed list), `place` (in our code,
//! or an operation of AWS), else the words themselves, separated by `|`.
#![allow(
    clippy::disallowed_types,
    reason = "a line is read as any reader of the log does"
)]

use crate::metrics::{ALL_METRICS, NAMESPACE};
use serde_json::{Map, Value};

const SCHEMA: &str = include_str!("schema.json");
const LINE_BYTES: usize = 600;
/// A line about a file may hold an object's key.
const FILE_LINE_BYTES: usize = 1024;
const METRIC_BYTES: usize = 4096;

/// All that is wrong with a line; empty if it is as it may be.
pub fn faults(line: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let parsed: Option<Map<String, Value>> = serde_json::from_str(line).ok();
    let Some(members) = parsed.filter(|_| !line.contains('\n')) else {
        return vec!["no JSON object on one line".to_owned()];
    };
    let kind = members.get("kind").and_then(Value::as_str).unwrap_or_default();
    let most = match kind {
        "metric" => METRIC_BYTES,
        "file" => FILE_LINE_BYTES,
        _ => LINE_BYTES,
    };
    if line.len() > most {
        faults.push(format!("{} bytes, {most} are allowed", line.len()));
    }
    let schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    let of_kind = schema.get("kinds").and_then(|kinds| kinds.get(kind));
    let fields: Vec<(&String, &Value)> = [schema.get("all"), of_kind]
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flatten()
        .collect();
    let known = |name: &str| {
        let own = fields.iter().find(|(own, _)| own.trim_end_matches('?') == name)?;
        own.1.as_str()
    };
    if kind != "metric" && of_kind.is_none() {
        faults.push(format!("`{kind}` is no kind"));
    }
    for (name, value) in &members {
        match known(name) {
            Some(form) if !holds(form, value) => faults.push(format!("`{name}` is {value}, not a {form}")),
            Some(_) => {}
            None if kind == "metric" => faults.extend(metric_fault(&members, name, value)),
            None => faults.push(format!("`{kind}` has no field `{name}`")),
        }
    }
    let missing = fields
        .iter()
        .filter(|(name, _)| !name.ends_with('?') && !members.contains_key(*name));
    faults.extend(missing.map(|(name, _)| format!("`{name}` is missing")));
    faults
}

fn holds(form: &str, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let of = |extra: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    let filled = (1..=100).contains(&text.len());
    match form {
        "number" => value.is_u64(),
        "flag" => value.is_boolean(),
        "time" => text.len() == 24 && text.ends_with('Z') && of("-:."),
        "function" => {
            ["receive-", "deliver-", "read-"]
                .iter()
                .any(|start| text.starts_with(start))
                && of("-")
        }
        "version" => filled && of(".-+"),
        "word" => filled && of("_-"),
        "id" => filled && of("._:-"),
        "type" => filled && of("._"),
        "key" => (1..=300).contains(&text.len()) && of("=+._/-"),
        "place" => (1..=300).contains(&text.len()) && of(" ._:-/<>"),
        words => words.split('|').any(|word| word == text),
    }
}

/// A line of metrics has the members that its `_aws` declares: its dimensions and its metrics.
fn metric_fault(members: &Map<String, Value>, name: &str, value: &Value) -> Option<String> {
    let declared = members.get("_aws")?.get("CloudWatchMetrics")?.get(0)?;
    if name == "_aws" {
        return (declared.get("Namespace")? != NAMESPACE).then(|| "another namespace".to_owned());
    }
    let dimensions = declared.get("Dimensions")?.get(0)?.as_array()?;
    if dimensions.iter().any(|dimension| dimension == name) {
        let fits = name == "Stack" || holds("word", value);
        return (!fits).then(|| format!("the dimension {name} is {value}"));
    }
    let stated = declared.get("Metrics")?.as_array()?;
    let stated = stated
        .iter()
        .any(|metric| metric.get("Name").is_some_and(|own| own == name));
    let exists = ALL_METRICS.iter().any(|metric| {
        let others = dimensions.iter().filter(|dimension| *dimension != "Stack");
        metric.name == name && others.eq(metric.dimensions.iter())
    });
    let number = value.is_number()
        || value
            .as_array()
            .is_some_and(|all| all.iter().all(Value::is_number));
    (!(stated && exists && number)).then(|| format!("{name} is no metric of {dimensions:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaultLine, Line, LoggedId, line_text};

    fn fault_line(place: &str) -> String {
        let fault = FaultLine {
            code: "aws_call",
            place: place.to_owned(),
            request_id: Some(LoggedId::technical("r-1")),
        };
        line_text("2026-03-01T12:00:00.000Z", "receive-braze", Line::Fault(fault))
    }

    #[test]
    fn rp_001_a_line_is_of_a_known_kind_with_known_fields_and_short() {
        let good = fault_line("SendMessageBatch failed: timeout");
        assert_eq!(faults(&good), Vec::<String>::new());
        for (from, to) in [
            (r#""kind":"fault""#, r#""kind":"note""#),
            (r#""code":"aws_call","#, ""),
            (r#""code""#, r#""email":"a","code""#),
            ("2026-03-01T12:00:00.000Z", "now"),
            ("receive-braze", "somebody"),
            ("aws_call", "ada@example.com"),
            ("timeout", "{\\\"userId\\\":1}"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good);
            assert!(!faults(&bad).is_empty(), "{bad}");
        }
        assert!(!faults(&fault_line(&"x".repeat(600))).is_empty());
        assert!(!faults("not json").is_empty());
    }

    #[test]
    fn rp_020_a_metric_exists_under_its_name_and_dimensions_alone() {
        let mut metrics = crate::Metrics::new();
        metrics.count(crate::metrics::REQUESTS, &["segment", "200"], 1);
        let frame = crate::metrics::Frame {
            stack: "yard",
            function: "receive-segment",
            ts_millis: 5,
            ts: "1970-01-01T00:00:00.005Z",
        };
        let [line] = metrics.lines(&frame).try_into().unwrap();
        assert_eq!(faults(&line), Vec::<String>::new());
        for (from, to) in [
            ("requests", "wishes"),
            ("Status", "Reason"),
            ("Switchyard", "Other"),
        ] {
            assert!(!faults(&line.replace(from, to)).is_empty(), "{to}");
        }
    }
}
