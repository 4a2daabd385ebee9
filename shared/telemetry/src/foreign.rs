//! Events of other crates, and panics: logged by code and place only, because their texts may quote a payload.

use std::fmt;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes an `error` line with the place of an event, and nothing of what the event says.
struct PlaceOnly;

impl<S, N> FormatEvent<S, N> for PlaceOnly
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        writeln!(out, "{}", error_text("dependency", metadata.target()))
    }
}

/// Of other crates, errors alone are logged.
pub(crate) fn subscribe() {
    let _ = tracing_subscriber::fmt()
        .with_max_level(Level::ERROR)
        .event_format(PlaceOnly)
        .try_init();
}

pub(crate) fn error(code: &'static str, place: &str) {
    crate::sink::raw_line(&error_text(code, place));
}

fn error_text(code: &str, place: &str) -> String {
    let line = serde_json::json!({
        "timestamp": now(),
        "level": "ERROR",
        "function": crate::sink::function(),
        "version": crate::sink::VERSION,
        "kind": "error",
        "code": code,
        "place": place,
    });
    line.to_string()
}

/// The only place beside the real clock that asks the system for the time: a panic has no clock to ask.
#[allow(
    clippy::disallowed_methods,
    reason = "a panic hook and foreign crates' events are given no clock"
)]
fn now() -> String {
    use tracing_subscriber::fmt::time::FormatTime;
    let mut text = String::new();
    let _ = tracing_subscriber::fmt::time::SystemTime.format_time(&mut Writer::new(&mut text));
    text
}
