//! What `--explain` owes to whoever asks: where each field comes from, and what became of each property and trait.

use crate::paths::{is_there, value_at};
use event::json::{Json, Object};
use event::settings::Settings;

/// What is explained of one event.
pub struct Explanation {
    /// Input paths with what they gave.
    entries: Vec<(String, String)>,
    warned: Vec<String>,
}

/// The objects of an event whose members are accounted for one by one.
const SOURCES: [&[&str]; 3] = [&["properties"], &["traits"], &["context", "traits"]];

/// Places that a rule reads something of though nothing is there.
const DEFAULTS: [&str; 6] = [
    // A product without a quantity is one piece.
    ".quantity",
    // Braze requires one of an order that is cancelled.
    "properties.reason",
    // Both have words that stand for none.
    "properties.merge_behavior",
    "properties.prioritization",
    // An address that is null unsets both.
    "traits.address.city",
    "traits.address.country",
];

/// What is missing in the explanation of an event for Braze: what every explanation must have, a source that is not there, a
/// field that comes from nowhere, a property or trait that is gone without a word. `line` is what `switchyard map --explain`
/// prints.
pub fn gaps(event: &str, line: Json<'_>, settings: &Settings) -> Vec<String> {
    let mut gaps = Vec::new();
    let (explanation, is_sent) = explanation(line, "SB-", &mut gaps);
    let shaped = event::json::well_formed(event);
    let event = Json::parse(&shaped).ok();
    // Of an event that is not sent, the last entry names what decided: that may be what is lacking.
    let sources = explanation.entries.len() - usize::from(!is_sent && !explanation.entries.is_empty());
    for (path, result) in &explanation.entries[..sources] {
        if !DEFAULTS.iter().any(|absent| path.ends_with(absent)) && !is_there(path, event, settings) {
            gaps.push(format!("{path} is not there, but explained: {result}"));
        }
    }
    if let (true, Some(event)) = (is_sent, event) {
        let items = items(&line.as_object().unwrap());
        gaps.extend(items.iter().flat_map(|item| explanation.unexplained_fields(item)));
        gaps.extend(
            items
                .iter()
                .flat_map(|item| explanation.unexplained_properties(event, item)),
        );
        gaps.extend(explanation.unexplained_members(event, &items));
    }
    gaps
}

/// The explanation of an event, and whether it is sent. `gaps` gets what every explanation must have: rules of the page, paths,
/// and what decided that an event is not sent.
pub fn explanation(line: Json<'_>, rules: &str, gaps: &mut Vec<String>) -> (Explanation, bool) {
    let line = line.as_object().unwrap();
    let explanation = Explanation::of(&line, rules, gaps);
    let reason = line.get("reason").and_then(Json::as_str);
    if let Some(reason) = &reason {
        let last = explanation.entries.last().map(|(_, result)| result.as_str());
        if !last.is_some_and(|result| result.ends_with(&format!("ed: {reason}"))) {
            gaps.push(format!("{reason} is not explained"));
        }
    }
    (explanation, reason.is_none())
}

/// One item of a call.
struct Item<'a> {
    array: String,
    at: usize,
    value: Json<'a>,
}

fn items<'a>(line: &Object<'a>) -> Vec<Item<'a>> {
    let calls = line.get("calls").and_then(Json::as_array).unwrap();
    let bodies = calls
        .iter()
        .map(|call| call.as_object().unwrap().get("body").unwrap());
    let arrays = bodies.flat_map(|body| body.as_object().unwrap());
    arrays
        .flat_map(|(array, value)| {
            let elements = value.as_array().unwrap_or_default();
            elements.into_iter().enumerate().map(move |(at, value)| Item {
                array: array.to_string(),
                at,
                value,
            })
        })
        .collect()
}

impl Explanation {
    fn of(line: &Object<'_>, rules: &str, gaps: &mut Vec<String>) -> Self {
        let list = |key| line.get(key).and_then(Json::as_array).unwrap_or_default();
        let member = |entry: &Json<'_>, key: &str| {
            let text = entry.as_object().unwrap().get(key).and_then(Json::as_str);
            text.unwrap_or_default().into_owned()
        };
        let mut entries = Vec::new();
        for entry in list("explain") {
            let (rule, path, result) = (
                member(&entry, "rule"),
                member(&entry, "path"),
                member(&entry, "result"),
            );
            if !rule.starts_with(rules) || path.is_empty() || result.is_empty() {
                gaps.push(format!("an entry says too little: {}", entry.raw()));
            }
            entries.push((path, result));
        }
        let mut warned = Vec::new();
        for warning in list("warnings") {
            let path = member(&warning, "path");
            if path.is_empty() {
                gaps.push(format!("a warning has no path: {}", warning.raw()));
            }
            warned.push(path);
        }
        Self { entries, warned }
    }

    /// Whether an entry says where a field of the output comes from.
    pub fn gives(&self, field: &str) -> bool {
        self.entries.iter().any(|(_, result)| {
            let rest = result.strip_prefix(field);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':']))
        })
    }

    /// Whether an entry says where a field of the output, or something in it, comes from.
    fn gives_within(&self, field: &str) -> bool {
        self.entries.iter().any(|(_, result)| {
            let rest = result.strip_prefix(field);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':', '.', '[']))
        })
    }

    fn unexplained_fields(&self, item: &Item<'_>) -> Vec<String> {
        let whole = format!("{}[{}]", item.array, item.at);
        if self.gives(&whole) && item.array != "attributes" {
            return Vec::new();
        }
        let Some(members) = item.value.as_object() else {
            return vec![format!("{whole} comes from nowhere")];
        };
        let fields = members.iter().map(|(key, _)| key);
        fields
            .filter(|key| {
                let of_all = match *key {
                    "external_ids" => "external_id",
                    "emails" => "email",
                    "phones" => "phone",
                    key => key,
                };
                let field = format!("{whole}.{key}");
                let is_given = if *key == "properties" {
                    self.gives_within(&field)
                } else {
                    self.gives(&field)
                };
                !is_given && !self.gives(of_all)
            })
            .map(|key| format!("{whole}.{key} comes from nowhere"))
            .collect()
    }

    /// The properties of an event or purchase that no object has which is said to give them.
    fn unexplained_properties(&self, event: Json<'_>, item: &Item<'_>) -> Vec<String> {
        let properties = item
            .value
            .as_object()
            .and_then(|members| members.get("properties"));
        let whole = format!("{}[{}].properties", item.array, item.at);
        let sources = self.entries.iter().filter(|(_, result)| *result == whole);
        let sources: Vec<_> = sources
            .filter_map(|(path, _)| value_at(event, path)?.as_object())
            .collect();
        let gives = |source: &Object<'_>, name: &str| {
            let mut keys = source.iter().map(|(key, _)| key);
            keys.any(|key| key.trim_start_matches('$') == name.trim_start_matches('$'))
        };
        properties
            .and_then(Json::as_object)
            .unwrap_or_default()
            .iter()
            .map(|(name, _)| (name, format!("{whole}.{name}")))
            .filter(|(name, path)| {
                !self.gives_within(path) && !sources.iter().any(|source| gives(source, name))
            })
            .map(|(_, path)| format!("{path} comes from nowhere"))
            .collect()
    }

    fn unexplained_members(&self, event: Json<'_>, items: &[Item<'_>]) -> Vec<String> {
        let mut gone = Vec::new();
        for source in SOURCES {
            let found = source
                .iter()
                .try_fold(event, |json, key| json.as_object()?.get(key));
            let prefix = source.join(".");
            let left_out =
                |(path, result): &(String, String)| *path == prefix && result.starts_with("left out");
            if self.entries.iter().any(left_out) {
                continue;
            }
            for (key, _) in found.and_then(Json::as_object).unwrap_or_default() {
                if !self.names(&format!("{prefix}.{key}")) && !is_sent(&key, items) {
                    gone.push(format!("{prefix}.{key} is gone without a word"));
                }
            }
        }
        gone
    }

    /// Whether an entry or a warning names an input path or something below it.
    pub fn names(&self, path: &str) -> bool {
        let paths = self.entries.iter().map(|(path, _)| path).chain(&self.warned);
        paths
            .filter_map(|named| named.strip_prefix(path))
            .any(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// Whether the properties of some item have the key.
fn is_sent(key: &str, items: &[Item<'_>]) -> bool {
    let objects = items.iter().filter_map(|item| item.value.as_object());
    let mut values = objects.flat_map(|members| members.into_iter().map(|(_, value)| value));
    values.any(|value| {
        value
            .as_object()
            .is_some_and(|members| members.get(key).is_some())
    })
}
