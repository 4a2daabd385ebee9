//! Metrics in CloudWatch's embedded format: one more log line, from which CloudWatch makes the metrics.

use serde_json::json;
use std::collections::BTreeMap;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Switchyard";

/// The unit of a metric, as CloudWatch spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `Count`
    Count,
    /// `Milliseconds`
    Milliseconds,
    /// `Seconds`
    Seconds,
    /// `Bytes`
    Bytes,
    /// `None`
    None,
}

/// One metric that exists: the table of the telemetry page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// The names of its dimensions beside `Stack`.
    pub dimensions: &'static [&'static str],
}

const fn metric(name: &'static str, unit: Unit, dimensions: &'static [&'static str]) -> Metric {
    Metric {
        name,
        unit,
        dimensions,
    }
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $unit:ident, [$($dimension:literal),*];)*) => {
        $($(#[$doc])* pub const $constant: Metric = metric($name, Unit::$unit, &[$($dimension),*]);)*

        /// Every metric there is.
        pub const ALL_METRICS: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    /// HTTP requests by status.
    REQUESTS = "requests", Count, ["Source", "Status"];
    /// HTTP requests refused, by reason.
    REQUESTS_REFUSED = "requests_refused", Count, ["Source", "Reason"];
    /// Events in requests.
    EVENTS_RECEIVED = "events_received", Count, ["Source"];
    /// Events acknowledged by a destination's queue.
    EVENTS_QUEUED = "events_queued", Count, ["Source"];
    /// Events 2..n of signed arrays taken unproven.
    UNSIGNED_TAIL_EVENTS = "unsigned_tail_events", Count, ["Source"];
    /// Requests proved by an older key.
    KEY_OLDER_USED = "key_older_used", Count, ["Source"];
    /// Requests of another version of Currents than 1.
    CURRENTS_VERSION_OTHER = "currents_version_other", Count, ["Source"];
    /// Requests kept in the fallback bucket.
    FALLBACK_WRITTEN = "fallback_written", Count, ["Source"];
    /// Requests queued out of the fallback bucket.
    FALLBACK_REINGESTED = "fallback_reingested", Count, ["Source"];
    /// Objects left in the fallback bucket.
    FALLBACK_PENDING = "fallback_pending", Count, ["Source"];
    /// Requests that their sender will not send again and that could not be kept.
    LOST_AT_SENDER = "lost_at_sender", Count, ["Source"];
    /// From a request to its answer.
    RECEIPT_MS = "receipt_ms", Milliseconds, ["Source"];
    /// Bytes of bodies as received.
    BYTES_RECEIVED = "bytes_received", Bytes, ["Source"];
    /// Events by outcome.
    EVENTS = "events", Count, ["Destination", "Outcome"];
    /// Events by outcome and reason, at delivery.
    EVENTS_BY_REASON = "events_by_reason", Count, ["Destination", "Outcome", "Reason"];
    /// Events by outcome and reason, at receipt.
    EVENTS_BY_REASON_AT_RECEIPT = "events_by_reason", Count, ["Source", "Outcome", "Reason"];
    /// From the request that brought an event to its final outcome.
    EVENT_AGE = "event_age", Milliseconds, ["Destination"];
    /// Age of the oldest event that an invocation leaves waiting.
    WAITING_AGE = "waiting_age", Seconds, ["Destination"];
    /// Requests to a destination by class of status.
    VENDOR_REQUESTS = "vendor_requests", Count, ["Destination", "StatusClass"];
    /// What they took.
    VENDOR_MS = "vendor_ms", Milliseconds, ["Destination"];
    /// 1 while a destination is held.
    HOLD = "hold", None, ["Destination"];
    /// 1 while a breaker is open.
    BREAKER_OPEN = "breaker_open", None, ["Destination"];
    /// Events that may count twice.
    MAYBE_DUPLICATE = "maybe_duplicate", Count, ["Destination"];
    /// New messages with what was left of a record.
    REMAINDERS = "remainders", Count, ["Destination"];
    /// Requests beyond the first packing.
    EXTRA_REQUESTS = "extra_requests", Count, ["Destination"];
    /// Visibility changes that SQS did not take.
    VISIBILITY_FAILED = "visibility_failed", Count, ["Destination"];
    /// Records that could not be opened.
    RECORDS_UNREADABLE = "records_unreadable", Count, ["Destination"];
    /// Messages about Currents files by outcome.
    FILES = "files", Count, ["Outcome"];
    /// Messages about Currents files by outcome and reason.
    FILES_BY_REASON = "files_by_reason", Count, ["Outcome", "Reason"];
    /// From the first message about a file to its end.
    FILE_AGE = "file_age", Milliseconds, [];
    /// Bytes of files got from S3.
    FILE_BYTES = "file_bytes", Bytes, [];
    /// Age of the secret in use.
    SECRET_AGE = "secret_age", Seconds, ["Function"];
    /// Fetches of the secret that failed.
    SECRET_FETCH_FAILED = "secret_fetch_failed", Count, ["Function"];
    /// What came in less what went out: never anything but 0.
    CONSERVATION_GAP = "conservation_gap", Count, ["Function"];
    /// Panics caught.
    PANICS = "panics", Count, ["Function"];
}

/// The metrics of one invocation.
#[derive(Default)]
pub struct Metrics {
    series: BTreeMap<(&'static str, Vec<&'static str>), Series>,
}

struct Series {
    metric: Metric,
    values: Vec<f64>,
}

/// Names and values of dimensions.
type Dimensions<'d> = Vec<(&'d str, &'d str)>;

impl Metrics {
    /// Without any value.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one value. `dimensions` are the values of the metric's dimensions, in their order; all are words of closed
    /// lists, so that the number of series is bounded.
    pub fn add(&mut self, metric: Metric, dimensions: &[&'static str], value: f64) {
        debug_assert_eq!(metric.dimensions.len(), dimensions.len(), "{}", metric.name);
        let key = (metric.name, dimensions.to_vec());
        let series = self.series.entry(key).or_insert_with(|| Series {
            metric,
            values: Vec::new(),
        });
        match (metric.unit, series.values.first_mut()) {
            (Unit::Count, Some(sum)) => *sum += value,
            _ => series.values.push(value),
        }
    }

    /// Adds a count, if it is not zero.
    pub fn count(&mut self, metric: Metric, dimensions: &[&'static str], count: u64) {
        if count > 0 {
            self.add(metric, dimensions, count as f64);
        }
    }

    /// What was added for a metric and its dimensions.
    pub fn values(&self, metric: Metric, dimensions: &[&'static str]) -> &[f64] {
        self.series
            .get(&(metric.name, dimensions.to_vec()))
            .map_or(&[], |series| &series.values)
    }

    /// The lines in the embedded format, one for each set of dimension values, which is all that CloudWatch reads of a line,
    /// and one more for every hundred values of a metric, which is all that it reads of an array.
    pub fn lines(&self, frame: &Frame<'_>) -> Vec<String> {
        let mut sets: BTreeMap<Dimensions<'_>, Vec<&Series>> = BTreeMap::new();
        for ((_, values), series) in &self.series {
            let set = series
                .metric
                .dimensions
                .iter()
                .copied()
                .zip(values.iter().copied())
                .collect();
            sets.entry(set).or_default().push(series);
        }
        let mut lines = Vec::new();
        for (set, series) in &sets {
            let mut rest: Vec<(Metric, &[f64])> = series
                .iter()
                .map(|series| (series.metric, series.values.as_slice()))
                .collect();
            while !rest.is_empty() {
                let now: Vec<(Metric, &[f64])> = rest
                    .iter()
                    .map(|(metric, values)| (*metric, values.split_at(values.len().min(VALUES_A_LINE)).0))
                    .collect();
                lines.push(line(frame, set, &now));
                rest = rest
                    .into_iter()
                    .filter_map(|(metric, values)| Some((metric, values.get(VALUES_A_LINE..)?)))
                    .filter(|(_, values)| !values.is_empty())
                    .collect();
            }
        }
        lines
    }
}

/// Values of one metric in one line (CloudWatch).
const VALUES_A_LINE: usize = 100;

/// What every line of metrics says beside them.
pub struct Frame<'f> {
    /// The stack, a dimension of every metric.
    pub stack: &'f str,
    /// The function that writes the line.
    pub function: &'f str,
    /// Now, in milliseconds since 1970.
    pub ts_millis: i64,
    /// Now, as text.
    pub ts: &'f str,
}

fn line(frame: &Frame<'_>, set: &[(&str, &str)], metrics: &[(Metric, &[f64])]) -> String {
    let names: Vec<&str> = std::iter::once("Stack")
        .chain(set.iter().map(|(name, _)| *name))
        .collect();
    let list: Vec<_> = metrics
        .iter()
        .map(|(metric, _)| json!({"Name": metric.name, "Unit": format!("{:?}", metric.unit)}))
        .collect();
    let mut root = json!({
        "_aws": {
            "Timestamp": frame.ts_millis,
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [names], "Metrics": list}],
        },
        "kind": "metric",
        "ts": frame.ts,
        "function": frame.function,
        "version": crate::VERSION,
        "Stack": frame.stack,
    });
    if let Some(members) = root.as_object_mut() {
        for (name, value) in set {
            members.insert((*name).to_owned(), json!(value));
        }
        for (metric, values) in metrics {
            let value = match values {
                [one] => json!(one),
                many => json!(many),
            };
            members.insert(metric.name.to_owned(), value);
        }
    }
    root.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame<'_> = Frame {
        stack: "yard",
        function: "receive-segment",
        ts_millis: 5,
        ts: "1970-01-01T00:00:00.005Z",
    };

    #[test]
    #[allow(
        clippy::disallowed_types,
        reason = "a line is read as any reader of the log does"
    )]
    fn rp_001_a_line_holds_at_most_a_hundred_values_and_4_kb() {
        let mut metrics = Metrics::new();
        for n in 0..250 {
            metrics.add(EVENT_AGE, &["braze"], 864_000_000.0 + f64::from(n));
            metrics.add(VENDOR_MS, &["braze"], 30_000.0);
        }
        let lines = metrics.lines(&FRAME);
        assert_eq!(lines.len(), 3);
        let mut ages = Vec::new();
        for line in &lines {
            assert_eq!(crate::schema::faults(line), Vec::<String>::new());
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let values = line["event_age"].as_array().unwrap();
            assert!(values.len() <= 100);
            ages.extend(values.iter().map(|value| value.as_f64().unwrap()));
        }
        assert_eq!(
            ages,
            (0..250).map(|n| 864_000_000.0 + f64::from(n)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn one_line_holds_one_set_of_dimensions_and_counts_are_summed() {
        let mut metrics = Metrics::new();
        metrics.count(EVENTS_RECEIVED, &["segment"], 2);
        metrics.count(EVENTS_RECEIVED, &["segment"], 3);
        metrics.count(EVENTS_QUEUED, &["segment"], 0);
        metrics.add(RECEIPT_MS, &["segment"], 7.0);
        metrics.count(REQUESTS, &["segment", "200"], 1);
        let lines = metrics.lines(&FRAME);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().any(|line| line.contains(r#""events_received":5.0"#) && line.contains(r#""receipt_ms":7.0"#)));
        assert!(
            lines
                .iter()
                .all(|line| line.contains(r#""Stack":"yard""#) && line.len() < 4096)
        );
    }

    #[test]
    fn rp_020_no_metric_has_two_units() {
        for (at, metric) in ALL_METRICS.iter().enumerate() {
            for other in &ALL_METRICS[at + 1..] {
                assert!(
                    metric.name != other.name || metric.unit == other.unit,
                    "{}",
                    metric.name
                );
            }
        }
    }
}
