//! One place of an event, and where its value goes.

use crate::place::Place;
use event::Route;
use event::settings::Settings;
use mapping::printed::print;
use serde_json::Value;
use std::rc::Rc;

/// A place of an event, and the JSON pointer of what it becomes in the body of the call.
#[derive(Clone)]
pub struct Field {
    route: Route,
    event: Value,
    place: Rc<Place>,
    pointer: String,
    /// Lines of the route's table of settings.
    own: String,
}

/// The fields of one event.
pub fn fields<P: AsRef<str>, O: AsRef<str>>(route: Route, event: &str, places: &[(P, O)]) -> Vec<Field> {
    let field = |(place, output): &(P, O)| Field {
        route,
        event: serde_json::from_str(event).unwrap(),
        place: Rc::new(Place::new(place.as_ref())),
        pointer: output.as_ref().to_owned(),
        own: match route {
            // What the tests look at must be sent.
            Route::BranchToSegment => "send_user_id = true\n".to_owned(),
            Route::BrazeToSegment => "anonymous_users = \"send\"\n".to_owned(),
            _ => String::new(),
        },
    };
    places.iter().map(field).collect()
}

impl Field {
    /// The same field under these settings too.
    pub fn with(mut self, own: &str) -> Self {
        self.own.push_str(own);
        self.own.push('\n');
        self
    }

    /// Where the event goes.
    pub const fn route(&self) -> Route {
        self.route
    }

    /// What an error calls it.
    pub fn name(&self) -> String {
        format!("{}: {}", self.route.as_str(), self.place.path())
    }

    /// What a JSON text at the place becomes; `None` if it is left out, or the event is not sent.
    pub fn output(&self, given: &str) -> Option<Value> {
        let settings = Settings::load(&format!("[{}]\n{}", self.route.as_str(), self.own)).unwrap();
        let mut event = self.event.clone();
        let mark = "the value of this place";
        assert!(self.place.set(&mut event, Value::from(mark)));
        // The text itself, as a number may have several.
        let event = event.to_string().replace(&format!("\"{mark}\""), given);
        let line: Value = serde_json::from_str(&print(self.route, &event, &settings, false).line).unwrap();
        line["calls"][0]["body"].pointer(&self.pointer).cloned()
    }
}
