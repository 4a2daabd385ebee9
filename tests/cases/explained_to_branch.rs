//! What `--explain` owes to whoever asks why an event for Branch came out as it did.

use crate::explained::explanation;
use crate::paths::value_at;
use event::json::Json;

/// What is missing in the explanation of an event for Branch: what every explanation must have, a property that is gone
/// without a word, a member of `custom_data` that comes from nowhere.
pub fn gaps(event: &str, line: Json<'_>) -> Vec<String> {
    let mut gaps = Vec::new();
    let (explanation, is_sent) = explanation(line, "SR-", &mut gaps);
    if !is_sent {
        return gaps;
    }
    let shaped = event::json::well_formed(event);
    let event = Json::parse(&shaped).unwrap();
    let members = |of, path| value_at(of, path).and_then(Json::as_object).unwrap_or_default();
    for (key, value) in members(event, "properties") {
        let path = format!("properties.{key}");
        if !is_blank(value) && !explanation.names(&path) {
            gaps.push(format!("{path} is gone without a word"));
        }
    }
    for (key, _) in members(line, "calls[0].body.custom_data") {
        let path = format!("custom_data.{key}");
        if !explanation.gives(&path) {
            gaps.push(format!("{path} comes from nowhere"));
        }
    }
    gaps
}

/// Whether there is nothing in a value.
fn is_blank(value: Json<'_>) -> bool {
    let is_empty = value.as_array().is_some_and(|array| array.is_empty())
        || value.as_object().is_some_and(|object| object.is_empty());
    value.is_null() || is_empty || value.as_str().is_some_and(|text| text.trim().is_empty())
}
