//! Settings that are valid, but do what their user may not expect: warned of once at start.

use event::Destination;
use event::settings::{Orders, Problem, Settings};
use telemetry::{Line, Sink};

/// Writes one `error` line for each such setting of a destination.
pub(crate) fn startup_warnings(destination: Destination, settings: &Settings, sink: &impl Sink) {
    let counts_twice = destination == Destination::Braze
        && settings.routes.segment_to_braze
        && settings.segment_to_braze.orders == Orders::Both;
    if counts_twice {
        let key = "segment_to_braze.orders";
        sink.line(Line::error("revenue_counted_twice", key, None));
    }
}

/// Writes the one line that says which setting cannot be used, if any, and who says what to write instead. Its value stays out
/// of the log.
pub fn settings_unusable(problems: &[Problem], sink: &impl Sink) {
    if let Some(Problem { key, .. }) = problems.first() {
        let file = "infra/settings/switchyard.toml: run switchyard check";
        let place = format!("{key} in {file}");
        sink.line(Line::error("settings_unusable", place.trim_start(), None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::FakeAws;

    #[test]
    fn revenue_counted_twice_is_warned_of_once_at_start() {
        event::rules!["SB-312"];
        let both = "[segment_to_braze]\norders = \"both\"\n";
        let off = format!("{both}[routes]\nsegment_to_braze = false\n");
        for (destination, settings, warnings) in [
            (Destination::Braze, both, 1),
            (Destination::Braze, &off, 0),
            (Destination::Braze, "", 0),
            (Destination::Branch, both, 0),
            (Destination::Segment, both, 0),
        ] {
            let aws = FakeAws::default();
            startup_warnings(destination, &Settings::load(settings).unwrap(), &aws);
            let named = r#""code":"revenue_counted_twice","place":"segment_to_braze.orders""#;
            let lines = aws.lines_of("error");
            assert_eq!(lines.len(), warnings, "{destination} {settings}");
            assert!(lines.iter().all(|line| line.contains(named)), "{lines:?}");
        }
    }
}
