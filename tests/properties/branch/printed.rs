//! Mapping one event and looking at what came out.

use event::Route;
use event::json::{Json, ObjectWriter};
use event::settings::Settings;
use mapping::printed::print;

/// What `switchyard map` prints of one event.
pub struct Line(String);

impl Line {
    /// Maps one event.
    pub fn of(route: Route, text: &str, settings: &Settings) -> Self {
        Self(print(route, text, settings, false).line)
    }

    /// The line.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The whole of it.
    pub fn json(&self) -> Json<'_> {
        Json::parse(&self.0).unwrap()
    }

    /// The outcome, with its reason behind a space if it has one.
    pub fn outcome(&self) -> String {
        let said = |key| below(self.json(), &[key]).map(|value| value.as_str().unwrap().into_owned());
        match (said("outcome").unwrap(), said("reason")) {
            (outcome, Some(reason)) => format!("{outcome} {reason}"),
            (outcome, None) => outcome,
        }
    }

    /// The body of the one call.
    pub fn body(&self) -> Json<'_> {
        below(self.json(), &["calls", "0", "body"]).unwrap_or_else(|| panic!("no call: {}", self.0))
    }

    /// Whether this warning is raised.
    pub fn warns(&self, warning: &str) -> bool {
        let warnings = below(self.json(), &["warnings"]).and_then(Json::as_array);
        warnings
            .unwrap_or_default()
            .into_iter()
            .any(|raised| raised.as_str().as_deref() == Some(warning))
    }
}

/// The value below a value, by its keys and places.
pub fn below<'a>(json: Json<'a>, path: &[&str]) -> Option<Json<'a>> {
    path.iter().try_fold(json, |json, key| match json.as_array() {
        Some(array) => array.get(key.parse::<usize>().ok()?).copied(),
        None => json.as_object()?.get(key),
    })
}

/// The text of an object with these members, each with its JSON text.
pub fn object<K: AsRef<str>, V: AsRef<str>>(members: &[(K, V)]) -> String {
    let mut text = String::new();
    let mut out = ObjectWriter::new(&mut text);
    for (key, json) in members {
        out.raw(key.as_ref(), json.as_ref());
    }
    drop(out);
    text
}
