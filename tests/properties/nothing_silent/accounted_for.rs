//! Whether a value of an event is sent, warned of, or left out for a reason.

use crate::place::Place;
use crate::routes::{Probe, Sheet};
use event::Route;
use event::settings::Settings;
use mapping::printed::print;
use serde_json::Value;

/// What came out of an event, for a person who asks why.
struct Line(Value);

impl Line {
    fn of(route: Route, event: &Value, settings: &Settings) -> Self {
        let line = print(route, &event.to_string(), settings, true).line;
        Self(serde_json::from_str(&line).unwrap())
    }

    fn is_sent(&self) -> bool {
        self.0["outcome"] == "deliver"
    }

    fn calls(&self) -> String {
        self.0["calls"].to_string()
    }

    /// The warnings with their paths.
    fn warnings(&self) -> &[Value] {
        self.0["warnings"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// The settings of these lines of a route's table.
pub fn settings(route: Route, own: &str) -> Settings {
    Settings::load(&format!("[{}]\n{own}\n", route.as_str()))
        .unwrap_or_else(|error| panic!("{own}: {error:?}"))
}

/// Whether the value at a place is in the output, or warned of, or keeps the event from being sent with a reason, or is an
/// exception of the page.
///
/// A text or number that is sent in another form (a time, a boolean) is known by the difference that it makes.
pub fn is_accounted_for(sheet: &Sheet, probe: &Probe<'_>, place: &Place, settings: &Settings) -> bool {
    let Probe { event, value, .. } = probe;
    let line = Line::of(sheet.route, event, settings);
    if !line.is_sent() || sheet.excepts(probe) {
        return true;
    }
    let is_warned = |warning: &Value| {
        let path = warning["path"].as_str().unwrap_or_default();
        place.is_named_by(path)
    };
    if line.warnings().iter().any(is_warned) {
        return true;
    }
    let calls = line.calls();
    if mark_of(value).is_some_and(|mark| calls.contains(&mark)) {
        return true;
    }
    let mut without = (*event).clone();
    place.clear(&mut without);
    let without = Line::of(sheet.route, &without, settings);
    let is_container = value.is_object() || value.is_array();
    !is_container && without.calls() != calls
}

/// What is like nothing else in a value.
fn mark_of(value: &Value) -> Option<String> {
    let text = value.to_string();
    match text.find("mark-") {
        Some(from) => {
            let to = text[from..].find('q')?;
            Some(text[from..=from + to].to_owned())
        }
        None => value
            .as_f64()
            .filter(|number| number.fract() != 0.0)
            .map(|number| number.abs().to_string()),
    }
}
