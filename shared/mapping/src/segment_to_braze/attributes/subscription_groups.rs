//! Subscription groups (6.4), in both spellings.

use super::Traits;
use super::fields::GROUP_TRAITS;
use crate::Trace;
use crate::forms::text::{text, word};
use event::json::{Json, Kind, ObjectWriter};
use event::reasons::Warning;
use std::collections::HashMap;

/// The attribute.
const FIELD: &str = "subscription_groups";

/// The key of an element under Braze's name, and the older one.
const STATES: [&str; 2] = ["subscription_state", "subscription_group_state"];

/// Writes the subscription groups of the traits, if there are any.
pub fn write(out: &mut ObjectWriter<'_>, traits: &Traits<'_, '_>, trace: &mut Trace) {
    let mut groups: Vec<(String, String)> = Vec::new();
    for name in GROUP_TRAITS {
        let Some(value) = traits.members.get(name) else {
            continue;
        };
        let path = || traits.below(name);
        traits.record("SB-125", path, FIELD, trace);
        for (at, element) in elements(value, &path, trace).into_iter().enumerate() {
            match group(element) {
                Some(group) => groups.push(group),
                None => trace.warn(Warning::InvalidSubscriptionGroup, || format!("{}[{at}]", path())),
            }
        }
    }
    if groups.is_empty() {
        return;
    }
    let mut last: HashMap<&str, usize> = HashMap::with_capacity(groups.len());
    for (at, (id, _)) in groups.iter().enumerate() {
        last.insert(id, at);
    }
    let mut list = out.array(FIELD);
    for (at, (id, json)) in groups.iter().enumerate() {
        if last.get(id.as_str()) == Some(&at) {
            list.raw(json);
        } else {
            trace.record("SB-127", || {
                (
                    traits.path.into(),
                    format!("left out: a later state of group {id}"),
                )
            });
        }
    }
}

fn elements<'a>(value: Json<'a>, path: &dyn Fn() -> String, trace: &mut Trace) -> Vec<Json<'a>> {
    match value.kind() {
        Kind::Object => return vec![value],
        Kind::Array => return value.as_array().unwrap_or_default(),
        Kind::Null => trace.warn(Warning::NullIgnored, path),
        _ => trace.warn(Warning::InvalidSubscriptionGroup, path),
    }
    Vec::new()
}

/// The group's id and the text that is sent, if both id and state are valid.
fn group(element: Json<'_>) -> Option<(String, String)> {
    let element = element.as_object()?;
    let id = element.get("subscription_group_id").and_then(text)?;
    let state = STATES.iter().find_map(|key| state(element.get(key)?))?;
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    out.string("subscription_group_id", &id);
    out.string("subscription_state", state);
    for (key, value) in element.iter() {
        if key != "subscription_group_id" && !STATES.contains(&key) {
            out.json(key, value);
        }
    }
    drop(out);
    Some((id.into_owned(), json))
}

/// The state of a subscription.
pub fn state(value: Json<'_>) -> Option<&'static str> {
    match word(value)?.as_str() {
        "subscribed" => Some("subscribed"),
        "unsubscribed" => Some("unsubscribed"),
        _ => None,
    }
}
