//! Settings that are valid, but do what their user may not expect: told once at start.

use event::Destination;
use event::settings::{Orders, Settings};
use telemetry::{ErrorLine, Line, Sink};

/// Writes one `fault` line for each such setting of a destination.
pub fn tell_cautions(destination: Destination, settings: &Settings, sink: &impl Sink) {
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

        fn metrics(&self, _: Metrics) {}
    }

    fn told(destination: Destination, settings: &str) -> Vec<String> {
        let kept = Kept::default();
        tell_cautions(destination, &Settings::load(settings).unwrap(), &kept);
        kept.0.into_inner()
    }

    #[test]
    fn sb_312_that_revenue_is_counted_twice_is_told_once_at_the_start_of_the_one_deliverer() {
        let both = "[segment_to_braze]\norders = \"both\"\n";
        let off = format!("{both}[routes]\nsegment_to_braze = false\n");
        let line = r#"{"kind":"error","code":"revenue_counted_twice","place":"segment_to_braze.orders"}"#;
        assert_eq!(told(Destination::Braze, both), [line]);
        assert!(told(Destination::Braze, &off).is_empty());
        assert!(told(Destination::Braze, "").is_empty());
        assert!(told(Destination::Branch, both).is_empty());
        assert!(told(Destination::Segment, both).is_empty());
    }
}
