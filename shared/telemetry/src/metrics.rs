//! Metrics in CloudWatch's embedded format: one more log line, from which CloudWatch makes the metrics.

use crate::sink::Head;
use serde_json::json;
use std::collections::BTreeMap;

/// Where CloudWatch lists them.
pub const NAMESPACE: &str = "Switchyard";

/// The unit of a metric, as CloudWatch spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things, such as events.
    Count,
    /// A time of up to a few minutes.
    Milliseconds,
    /// An age.
    Seconds,
    /// The size of a body.
    Bytes,
    /// A share or a factor.
    None,
}

/// One metric that exists: the table of the telemetry page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// As CloudWatch shows it, in snake case.
    pub name: &'static str,
    /// What one of its values counts.
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
    /// HTTP requests refused; the line says why.
    REQUESTS_REFUSED = "requests_refused", Count, ["Source"];
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
    SECRET_AGE = "secret_age", Seconds, [];
    /// Fetches of the secret that failed.
    SECRET_FETCH_FAILED = "secret_fetch_failed", Count, [];
    /// Fetches whose value was not of the documented form.
    SECRET_MALFORMED = "secret_malformed", Count, [];
    /// How far apart the counts of what came in and what went out are: never anything but 0.
    CONSERVATION_GAP = "conservation_gap", Count, [];
    /// Panics caught.
    PANICS = "panics", Count, [];
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

    /// The metrics in the embedded format. They are members of the invocation's own line where its members leave room; what
    /// does not fit, such as a second value of one dimension, goes into lines of kind `metric`.
    pub(crate) fn lines(&self, head: &Head<'_>, line: Object) -> Vec<String> {
        let mut documents = vec![Document::new(line)];
        for (set, series) in self.sets() {
            let mut rest: Vec<(Metric, &[f64])> = series
                .iter()
                .map(|series| (series.metric, series.values.as_slice()))
                .collect();
            while !rest.is_empty() {
                let now: Vec<(Metric, &[f64])> = rest
                    .iter()
                    .map(|(metric, values)| (*metric, values.split_at(values.len().min(VALUES_A_LINE)).0))
                    .collect();
                if !documents
                    .iter_mut()
                    .any(|document| document.take(head.stack, &set, &now))
                {
                    let mut document = Document::new(head.of_metrics());
                    document.take(head.stack, &set, &now);
                    documents.push(document);
                }
                rest = rest
                    .into_iter()
                    .filter_map(|(metric, values)| Some((metric, values.get(VALUES_A_LINE..)?)))
                    .filter(|(_, values)| !values.is_empty())
                    .collect();
            }
        }
        documents
            .into_iter()
            .map(|document| document.text(head.millis))
            .collect()
    }

    /// The series by the names and values of their dimensions.
    fn sets(&self) -> BTreeMap<Dimensions<'_>, Vec<&Series>> {
        let mut sets: BTreeMap<Dimensions<'_>, Vec<&Series>> = BTreeMap::new();
        for ((_, values), series) in &self.series {
            let names = series.metric.dimensions.iter().copied();
            let set = names.zip(values.iter().copied()).collect();
            sets.entry(set).or_default().push(series);
        }
        sets
    }
}

/// Values of one metric in one line (CloudWatch).
const VALUES_A_LINE: usize = 100;
/// Bytes of metrics in one line, so that the whole stays under 4 KB.
const METRIC_BYTES: usize = 3000;

/// A line in the making: its text in the order of its members, which are looked up by name.
#[allow(clippy::disallowed_types, reason = "a line is ours: no payload is in it")]
#[derive(Default)]
pub(crate) struct Object {
    text: String,
    members: serde_json::Map<String, serde_json::Value>,
}

#[allow(clippy::disallowed_types, reason = "a line is ours: no payload is in it")]
impl Object {
    /// Adds a member, unless there is one of that name.
    pub(crate) fn insert(&mut self, name: &str, value: serde_json::Value) {
        if !self.members.contains_key(name) {
            let separator = if self.text.is_empty() { '{' } else { ',' };
            self.text.push_str(&format!("{separator}\"{name}\":{value}"));
            self.members.insert(name.to_owned(), value);
        }
    }

    /// Adds the members of what serialises to an object.
    pub(crate) fn append(&mut self, object: &impl serde::Serialize) {
        let text = serde_json::to_string(object).unwrap_or_default();
        if let (Some(own), serde_json::Value::Object(mut members)) = (
            text.strip_prefix('{').and_then(|text| text.strip_suffix('}')),
            json!(object),
        ) {
            self.text.push(if self.text.is_empty() { '{' } else { ',' });
            self.text.push_str(own);
            self.members.append(&mut members);
        }
    }

    fn get(&self, name: &str) -> Option<&serde_json::Value> {
        self.members.get(name)
    }

    pub(crate) fn into_text(self) -> String {
        self.text + "}"
    }
}

/// One line that holds metrics.
#[allow(clippy::disallowed_types, reason = "a line is ours: no payload is in it")]
struct Document {
    members: Object,
    directives: Vec<serde_json::Value>,
    bytes: usize,
}

impl Document {
    fn new(members: Object) -> Self {
        Self {
            members,
            directives: Vec::new(),
            bytes: 0,
        }
    }

    /// Takes metrics of one set of dimensions, unless a member of that name says something else.
    fn take(&mut self, stack: &str, set: &[(&str, &str)], metrics: &[(Metric, &[f64])]) -> bool {
        let stack = ("Stack", stack);
        let is_free = |(name, value): &(&str, &str)| {
            self.members
                .get(name)
                .is_none_or(|own| own.as_str() == Some(*value))
        };
        let values: usize = metrics.iter().map(|(_, values)| values.len()).sum();
        let bytes = 100 + 60 * metrics.len() + 16 * values;
        let has_room = self.bytes == 0 || self.bytes + bytes <= METRIC_BYTES;
        let are_new = metrics
            .iter()
            .all(|(metric, _)| self.members.get(metric.name).is_none());
        if !(has_room && are_new && std::iter::once(&stack).chain(set).all(is_free)) {
            return false;
        }
        self.bytes += bytes;
        for (name, value) in std::iter::once(&stack).chain(set) {
            self.members.insert(name, json!(value));
        }
        for (metric, values) in metrics {
            let value = match values {
                [one] => json!(one),
                many => json!(many),
            };
            self.members.insert(metric.name, value);
        }
        let names: Vec<&str> = std::iter::once(&stack)
            .chain(set)
            .map(|(name, _)| *name)
            .collect();
        let list: Vec<_> = metrics
            .iter()
            .map(|(metric, _)| json!({"Name": metric.name, "Unit": format!("{:?}", metric.unit)}))
            .collect();
        self.directives
            .push(json!({"Namespace": NAMESPACE, "Dimensions": [names], "Metrics": list}));
        true
    }

    fn text(mut self, millis: i64) -> String {
        if !self.directives.is_empty() {
            let aws = json!({"Timestamp": millis, "CloudWatchMetrics": self.directives});
            self.members.insert("_aws", aws);
        }
        self.members.into_text()
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_types,
    reason = "a line is read as any reader of the log does"
)]
mod tests {
    use super::*;

    const HEAD: Head<'_> = Head {
        stack: "test",
        function: "receive-segment",
        millis: 5,
        timestamp: "1970-01-01T00:00:00.005Z",
    };

    fn lines(metrics: &Metrics) -> Vec<String> {
        let lines = metrics.lines(&HEAD, HEAD.of_metrics());
        for line in &lines {
            assert_eq!(crate::schema::faults(line), Vec::<String>::new(), "{line}");
        }
        lines
    }

    #[test]
    fn a_line_holds_at_most_a_hundred_values_and_4_kb() {
        event::rules!["RP-001"];
        let mut metrics = Metrics::new();
        for n in 0..250 {
            metrics.add(EVENT_AGE, &["braze"], 864_000_000.0 + f64::from(n));
            metrics.add(VENDOR_MS, &["braze"], 30_000.0);
        }
        let lines = lines(&metrics);
        assert_eq!(lines.len(), 3);
        let mut ages = Vec::new();
        for line in &lines {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let values = line["event_age"].as_array().unwrap();
            assert!(values.len() <= 100);
            ages.extend(values.iter().map(|value| value.as_f64().unwrap()));
        }
        ages.sort_by(f64::total_cmp);
        let all = (0..250).map(|n| 864_000_000.0 + f64::from(n));
        assert_eq!(ages, all.collect::<Vec<_>>());
    }

    #[test]
    fn sets_of_dimensions_share_a_line_unless_they_contradict() {
        event::rules!["RP-001"];
        let mut metrics = Metrics::new();
        metrics.count(EVENTS_RECEIVED, &["segment"], 2);
        metrics.count(EVENTS_RECEIVED, &["segment"], 3);
        metrics.count(EVENTS_QUEUED, &["segment"], 0);
        metrics.add(RECEIPT_MS, &["segment"], 7.0);
        metrics.count(REQUESTS, &["segment", "200"], 1);
        let [line] = lines(&metrics).try_into().unwrap();
        assert!(line.contains(r#""events_received":5.0"#) && line.contains(r#""receipt_ms":7.0"#));
        assert!(line.contains(r#""Stack":"test""#) && line.contains(r#""Status":"200""#));
        metrics.count(REQUESTS, &["segment", "401"], 1);
        metrics.count(EVENTS, &["braze", "parked"], 1);
        metrics.count(EVENTS, &["braze", "retry"], 1);
        assert_eq!(lines(&metrics).len(), 2, "a second status, a second outcome");
    }

    #[test]
    fn no_metric_has_two_units() {
        event::rules!["RP-020"];
        for (at, metric) in ALL_METRICS.iter().enumerate() {
            for other in &ALL_METRICS[at + 1..] {
                let are_one = metric.name == other.name;
                assert!(!are_one || metric.unit == other.unit, "{}", metric.name);
            }
        }
    }
}
