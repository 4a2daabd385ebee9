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
    let has_metrics = members.contains_key("_aws");
    let most = match kind {
        _ if has_metrics => METRIC_BYTES,
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
            None if has_metrics => faults.extend(metric_fault(&members, name, value)),
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
        "row" => (1..=40).contains(&text.len()) && of("._-"),
        "id" => filled && of("._:-"),
        "type" => filled && of("._"),
        "key" => (1..=300).contains(&text.len()) && of("=+._/-"),
        "place" => (1..=300).contains(&text.len()) && of(" ._:-/<>"),
        words => words.split('|').any(|word| word == text),
    }
}

/// Whether a member that is no field is one that `_aws` declares: a dimension, or a metric that exists with the dimensions of
/// its directive.
fn metric_fault(members: &Map<String, Value>, name: &str, value: &Value) -> Option<String> {
    let directives = members.get("_aws")?.get("CloudWatchMetrics")?.as_array()?;
    if name == "_aws" {
        let is_ours = |directive: &Value| directive.get("Namespace").is_some_and(|own| own == NAMESPACE);
        return (!directives.iter().all(is_ours)).then(|| "another namespace".to_owned());
    }
    let dimensions = |directive: &Value| -> Vec<String> {
        let names = directive
            .get("Dimensions")
            .and_then(|sets| sets.get(0)?.as_array());
        names
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    };
    if directives
        .iter()
        .any(|directive| dimensions(directive).iter().any(|own| own == name))
    {
        let fits = name == "Stack" || holds("word", value);
        return (!fits).then(|| format!("the dimension {name} is {value}"));
    }
    let stated = directives.iter().find(|directive| {
        let metrics = directive
            .get("Metrics")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        metrics
            .into_iter()
            .any(|metric| metric.get("Name").is_some_and(|own| own == name))
    });
    let exists = stated.is_some_and(|directive| {
        let own = dimensions(directive);
        ALL_METRICS.iter().any(|metric| {
            let others = own.iter().filter(|dimension| *dimension != "Stack");
            metric.name == name && others.eq(metric.dimensions.iter())
        })
    });
    let number = value.is_number()
        || value
            .as_array()
            .is_some_and(|all| all.iter().all(Value::is_number));
    (!(exists && number)).then(|| format!("{name} is no metric with such dimensions"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Container, Decision, ErrorLine, Head, Line, LoggedId, Metrics, RequestLine, metrics};

    const fn head() -> Head<'static> {
        Head {
            stack: "test",
            function: "receive-braze",
            millis: 5,
            timestamp: "2026-03-01T12:00:00.000Z",
        }
    }

    fn error_line(place: &str) -> String {
        let error = ErrorLine {
            code: "aws_call",
            place: place.to_owned(),
            request_id: Some(LoggedId::technical("r-1")),
        };
        head().line_text(Line::Error(error))
    }

    #[test]
    fn a_line_is_of_a_known_kind_with_known_fields_and_short() {
        event::rules!["RP-001"];
        let good = error_line("SendMessageBatch failed: timeout");
        assert_eq!(faults(&good), Vec::<String>::new());
        for (from, to) in [
            (r#""kind":"error""#, r#""kind":"note""#),
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
        assert!(!faults(&error_line(&"x".repeat(600))).is_empty());
        assert!(!faults("not json").is_empty());
    }

    #[test]
    fn a_request_is_one_line_with_its_metrics_in_it() {
        event::rules!["RP-001", "RP-020", "RI-047"];
        let mut metrics = Metrics::new();
        metrics.count(metrics::REQUESTS, &["segment", "200"], 1);
        metrics.count(metrics::EVENTS_RECEIVED, &["segment"], 2);
        metrics.add(metrics::SECRET_AGE, &[], 7.0);
        let line = || {
            Line::Request(RequestLine {
                source: "segment",
                request_id: LoggedId::technical("r-1"),
                status: 200,
                decision: Decision::Queued,
                reason: None,
                count: None,
                auth: None,
                key: None,
                events: 2,
                queued: 2,
                parked: 0,
                ignored: 0,
                spilled: 0,
                bytes: 9,
                ms: 3,
                cold: true,
                reingested: None,
                lost_at_sender: None,
                maybe_queued: None,
            })
        };
        let container = Container {
            init_ms: Some(14),
            rss_mb: Some(21),
        };
        let [text] = head()
            .summary_texts(line(), &metrics, container)
            .try_into()
            .unwrap();
        assert_eq!(faults(&text), Vec::<String>::new());
        for member in [
            r#""timestamp":"2026-03-01T12:00:00.000Z""#,
            r#""level":"INFO""#,
            r#""init_ms":14"#,
            r#""rss_mb":21"#,
            r#""events_received":2.0"#,
        ] {
            assert!(text.contains(member), "{member} in {text}");
        }
        for (from, to) in [
            (r#""requests":"#, r#""wishes":"#),
            (r#"["Stack","Source","Status"]"#, r#"["Stack","Source"]"#),
            ("Switchyard", "Other"),
            (r#""level":"INFO""#, r#""level":"LOUD""#),
        ] {
            let bad = text.replace(from, to);
            assert_ne!(bad, text, "{from}");
            assert!(!faults(&bad).is_empty(), "{to}");
        }
    }
}
