//! The places that the rules of each route read, and the events in which they stand.

mod branch_to_segment;
mod braze_to_segment;
mod segment_to_branch;
mod segment_to_braze;

use crate::place::Place;
use event::Route;
use serde_json::Value;

/// One route: events to start from, settings to try, places to fill, and what FM-011 does not ask for.
pub struct Sheet {
    pub route: Route,
    /// Lines of the route's table of settings.
    pub settings: &'static [&'static str],
    events: &'static [&'static str],
    places: fn() -> Vec<String>,
    /// Groups of places of which a rule takes the first that it can read.
    rivals: &'static [&'static [&'static str]],
    /// Places of which a rule reads the members that it knows, and no others.
    selective: &'static [&'static str],
    /// Whether the page leaves the value out on purpose, or no rule reads it in such an event.
    excepted: fn(&Probe<'_>) -> bool,
}

/// A value at a place of an event, under some settings.
pub struct Probe<'a> {
    /// The lines of the settings.
    pub own: &'a str,
    pub event: &'a Value,
    pub path: &'a str,
    pub value: &'a Value,
}

impl Probe<'_> {
    /// Whether the place is this one or below it.
    pub fn is_below(&self, path: &str) -> bool {
        crate::place::is_in(self.path, path)
    }

    /// Whether the value is an object, or the JSON text of one.
    fn is_object(&self) -> bool {
        let text = self
            .value
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok());
        let value: Value = text.unwrap_or_else(|| self.value.clone());
        match value.as_array().map(Vec::as_slice) {
            Some([one]) => one.is_object(),
            _ => value.is_object(),
        }
    }
}

pub const ROUTES: &[Sheet] = &[
    segment_to_braze::SHEET,
    segment_to_branch::SHEET,
    branch_to_segment::SHEET,
    braze_to_segment::SHEET,
];

impl Sheet {
    pub fn events(&self) -> Vec<Value> {
        let events = self.events.iter();
        events.map(|event| serde_json::from_str(event).unwrap()).collect()
    }

    pub fn places(&self) -> Vec<String> {
        (self.places)()
    }

    /// Whether both places are candidates for the same field.
    pub fn rivals(&self, one: &Place, other: &Place) -> bool {
        let holds = |group: &&&[&str], place: &Place| group.contains(&place.path());
        self.rivals
            .iter()
            .any(|group| holds(&group, one) && holds(&group, other))
    }

    pub fn excepts(&self, probe: &Probe<'_>) -> bool {
        (self.selective.contains(&probe.path) && probe.is_object()) || (self.excepted)(probe)
    }
}

/// The paths of these keys below a path.
fn below(path: &str, keys: &str) -> Vec<String> {
    let keys = keys.split_ascii_whitespace();
    keys.map(|key| format!("{path}.{key}")).collect()
}
