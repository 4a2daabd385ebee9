//! Settings that are valid, but do what their user may not expect: warned of once at start.

use event::Destination;
use event::settings::{Orders, Problem, Settings};
use telemetry::{ErrorLine, Line, Sink};

/// Writes one `error` line for each such setting of a destination.
pub(crate) fn startup_warnings(destination: Destination, settings: &Settings, sink: &impl Sink) {
    let counts_twice = destination == Destination::Braze
        && settings.routes.segment_to_braze
        && settings.segment_to_braze.orders == Orders::Both;
    if counts_twice {
        sink.line(Line::Error(ErrorLine {
            code: "revenue_counted_twice",
            place: "segment_to_braze.orders".to_owned(),
            request_id: None,
        }));
    }
}

/// Writes the one line that says which setting cannot be used, if any, and who says what to write instead. Its value stays out
/// of the log.
pub(crate) fn settings_unusable(problems: &[Problem], sink: &impl Sink) {
    if let Some(Problem { key, .. }) = problems.first() {
        let file = "infra/settings/switchyard.toml: run switchyard check";
        sink.line(Line::Error(ErrorLine {
            code: "settings_unusable",
            place: format!("{key} in {file}").trim_start().to_owned(),
            request_id: None,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use telemetry::Metrics;

    #[derive(Default)]
    struct Kept(RefCell<Vec<String>>);

    impl Sink for Kept {
        fn line(&self, line: Line) {
            self.0.borrow_mut().push(serde_json::to_string(&line).unwrap());
        }

        fn summary(&self, _: Line, _: Metrics) {}
    }

    fn warnings(destination: Destination, settings: &str) -> Vec<String> {
        let kept = Kept::default();
        startup_warnings(destination, &Settings::load(settings).unwrap(), &kept);
        kept.0.into_inner()
    }

    #[test]
    fn revenue_counted_twice_is_warned_of_once_at_start() {
        event::rules!["SB-312"];
        let both = "[segment_to_braze]\norders = \"both\"\n";
        let off = format!("{both}[routes]\nsegment_to_braze = false\n");
        let line = r#"{"kind":"error","code":"revenue_counted_twice","place":"segment_to_braze.orders"}"#;
        assert_eq!(warnings(Destination::Braze, both), [line]);
        assert!(warnings(Destination::Braze, &off).is_empty());
        assert!(warnings(Destination::Braze, "").is_empty());
        assert!(warnings(Destination::Branch, both).is_empty());
        assert!(warnings(Destination::Segment, both).is_empty());
    }
}
