//! Where lines and metrics go.

use crate::metrics::Object;
use crate::{Line, Metrics};
use serde::Serialize;
use serde_json::json;
use std::cell::Cell;
use std::io::Write;
use std::sync::OnceLock;

/// Takes the lines and metrics of receipt and delivery.
pub trait Sink {
    /// One log line.
    fn line(&self, line: Line);

    /// The line of a request or an invocation, with its metrics in it (RP-001).
    fn summary(&self, line: Line, metrics: Metrics);
}

impl<S: Sink> Sink for &S {
    fn line(&self, line: Line) {
        (**self).line(line);
    }

    fn summary(&self, line: Line, metrics: Metrics) {
        (**self).summary(line, metrics);
    }
}

/// Writes JSON lines to standard output, from where Lambda takes them to CloudWatch.
pub struct Stdout<T> {
    stack: String,
    function: String,
    now: T,
    /// Milliseconds of the container's start, until they are written.
    init_ms: Cell<Option<u64>>,
}

/// The version in every line.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

impl<T: Fn() -> (i64, String)> Stdout<T> {
    /// For a function of a stack. `now` gives the time in milliseconds since 1970 and as text.
    pub const fn new(stack: String, function: String, now: T) -> Self {
        Self {
            stack,
            function,
            now,
            init_ms: Cell::new(None),
        }
    }

    /// Notes how long the start took, for the container's first summary (RI-047).
    pub fn started(&self, init_ms: u64) {
        self.init_ms.set(Some(init_ms));
    }
}

impl<T: Fn() -> (i64, String)> Sink for Stdout<T> {
    fn line(&self, line: Line) {
        let (millis, timestamp) = (self.now)();
        let head = Head {
            stack: &self.stack,
            function: &self.function,
            millis,
            timestamp: &timestamp,
        };
        write_line(&head.line_text(line));
    }

    fn summary(&self, line: Line, metrics: Metrics) {
        let (millis, timestamp) = (self.now)();
        let head = Head {
            stack: &self.stack,
            function: &self.function,
            millis,
            timestamp: &timestamp,
        };
        let container = Container {
            init_ms: self.init_ms.take(),
            rss_mb: peak_rss_mb(),
        };
        for text in head.summary_texts(line, &metrics, container) {
            write_line(&text);
        }
    }
}

/// What the platform's own report line would say of the container.
#[derive(Debug, Clone, Copy, Default)]
pub struct Container {
    /// Milliseconds from the start of the process until it took events; in the first summary alone.
    pub init_ms: Option<u64>,
    /// The most memory that the process has held, in MB.
    pub rss_mb: Option<u64>,
}

/// The most memory that this process has held, in MB, where the system says so.
fn peak_rss_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kb: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kb.div_ceil(1024))
}

/// What every line begins with.
pub struct Head<'h> {
    /// The stack, a dimension of every metric.
    pub stack: &'h str,
    /// The function that writes.
    pub function: &'h str,
    /// Now, in milliseconds since 1970.
    pub millis: i64,
    /// Now, as text.
    pub timestamp: &'h str,
}

impl Head<'_> {
    /// A log line as it is written, without its end.
    pub fn line_text(&self, line: Line) -> String {
        let beginning = serde_json::to_string(&self.beginning(line.level())).unwrap_or_default();
        let own = serde_json::to_string(&line).unwrap_or_default();
        // One object of both.
        let (beginning, own) = (beginning.trim_end_matches('}'), own.trim_start_matches('{'));
        [beginning, ",", own].concat()
    }

    /// The line of a request or an invocation with its metrics, and further lines for metrics that it has no room for.
    pub fn summary_texts(&self, line: Line, metrics: &Metrics, container: Container) -> Vec<String> {
        let mut members = self.with(line);
        for (name, value) in [("init_ms", container.init_ms), ("rss_mb", container.rss_mb)] {
            if let Some(value) = value {
                members.insert(name, json!(value));
            }
        }
        metrics.lines(self, members)
    }

    fn with(&self, line: Line) -> Object {
        let mut members = Object::default();
        members.append(&self.beginning(line.level()));
        members.append(&line);
        members
    }

    /// The beginning of a line that holds metrics alone.
    pub(crate) fn of_metrics(&self) -> Object {
        let mut members = Object::default();
        members.append(&self.beginning("INFO"));
        members.insert("kind", json!("metric"));
        members
    }

    const fn beginning<'b>(&'b self, level: &'b str) -> Beginning<'b> {
        Beginning {
            timestamp: self.timestamp,
            level,
            function: self.function,
            version: VERSION,
        }
    }
}

/// The members that every line has, but its kind.
#[derive(Serialize)]
struct Beginning<'h> {
    timestamp: &'h str,
    level: &'h str,
    function: &'h str,
    version: &'static str,
}

/// Writes one line at once, so that lines of other writers cannot cut it. A closed pipe loses the line: there is nobody
/// left to read it.
fn write_line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out
        .write_all(format!("{text}\n").as_bytes())
        .and_then(|()| out.flush());
}

static FUNCTION: OnceLock<String> = OnceLock::new();

/// Makes the lines of foreign crates (`tracing`) and of panics safe and uniform: nothing of foreign crates is written
/// but the fact of an error and where, and a panic gives its place, not its message.
pub fn install(function: &str) {
    let _ = FUNCTION.set(function.to_owned());
    crate::foreign::subscribe();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        crate::foreign::error("panic", &place);
    }));
}

pub(crate) fn function() -> &'static str {
    FUNCTION.get().map_or("", String::as_str)
}

pub(crate) fn raw_line(text: &str) {
    write_line(text);
}
