//! Mapping one event and looking at what came out.

use event::Route;
use event::json::Json;
use event::settings::Settings;
use mapping::printed::print;

/// The line that `switchyard map` prints.
pub fn line(text: &str, settings: &Settings) -> String {
    print(Route::BrazeToSegment, text, settings, false).line
}

/// The value below a value, by its keys and places.
pub fn below<'a>(json: Json<'a>, path: &[&str]) -> Option<Json<'a>> {
    path.iter().try_fold(json, |json, key| match json.as_array() {
        Some(array) => array.get(key.parse::<usize>().ok()?).copied(),
        None => json.as_object()?.get(key),
    })
}

/// The string there.
pub fn said(line: &str, path: &[&str]) -> Option<String> {
    below(Json::parse(line).unwrap(), path)?
        .as_str()
        .map(|text| text.into_owned())
}

/// The settings of these lines.
pub fn settings(own: &str) -> Settings {
    Settings::load(&format!("[braze_to_segment]\n{own}\n")).unwrap()
}
