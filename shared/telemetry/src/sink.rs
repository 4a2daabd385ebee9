//! Where lines and metrics go.

use crate::metrics::Frame;
use crate::{Line, Metrics};
use std::io::Write;
use std::sync::OnceLock;

/// Takes what receipt and delivery have to tell.
pub trait Sink {
    /// One log line.
    fn line(&self, line: Line);

    /// The metrics of one invocation.
    fn metrics(&self, metrics: Metrics);
}

impl<S: Sink> Sink for &S {
    fn line(&self, line: Line) {
        (**self).line(line);
    }

    fn metrics(&self, metrics: Metrics) {
        (**self).metrics(metrics);
    }
}

/// Writes JSON lines to standard output, from where Lambda takes them to CloudWatch.
pub struct Stdout<T> {
    stack: String,
    function: String,
    now: T,
}

/// The version in every line.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

impl<T: Fn() -> (i64, String)> Stdout<T> {
    /// For a function of a stack. `now` gives the time in milliseconds since 1970 and as text.
    pub const fn new(stack: String, function: String, now: T) -> Self {
        Self { stack, function, now }
    }
}

impl<T: Fn() -> (i64, String)> Sink for Stdout<T> {
    fn line(&self, line: Line) {
        let (_, ts) = (self.now)();
        write_line(&line_text(&ts, &self.function, line));
    }

    fn metrics(&self, metrics: Metrics) {
        let (ts_millis, ts) = (self.now)();
        let frame = Frame {
            stack: &self.stack,
            function: &self.function,
            ts_millis,
            ts: &ts,
        };
        for line in metrics.lines(&frame) {
            write_line(&line);
        }
    }
}

/// A log line as it is written, without its end.
pub fn line_text(ts: &str, function: &str, line: Line) -> String {
    // Every member serialises; there is no map with keys that are not strings.
    serde_json::to_string(&Head {
        ts,
        function,
        version: VERSION,
        line,
    })
    .unwrap_or_default()
}

#[derive(serde::Serialize)]
struct Head<'l> {
    ts: &'l str,
    function: &'l str,
    version: &'static str,
    #[serde(flatten)]
    line: Line,
}

/// Writes one line at once, so that lines of other writers cannot cut it. A closed pipe loses the line: there is nobody
/// left to tell.
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
        crate::foreign::fault("panic", &place);
    }));
}

pub(crate) fn function() -> &'static str {
    FUNCTION.get().map_or("", String::as_str)
}

pub(crate) fn raw_line(text: &str) {
    write_line(text);
}
