//! Subscription groups (6.4), in both spellings.

use super::super::forms::group_state;
use super::Traits;
use super::fields::GROUP_TRAITS;
use crate::Trace;
use crate::forms::text::text;
use crate::forms::{json_text, list};
use event::json::{Json, Kind, ObjectWriter};
use event::reasons::Warning;
use std::collections::HashMap;

/// The attribute.
const FIELD: &str = "subscription_groups";

/// The keys of an element's state: Braze's, and the older ones of its pages and plugins.
const STATES: [&str; 3] = [
    "subscription_state",
    "subscription_group_state",
    "subscription_state_id",
];

/// Writes the subscription groups of the traits, if there are any.
pub(super) fn write(out: &mut ObjectWriter<'_>, traits: &Traits<'_, '_>, trace: &mut Trace) {
    let mut groups: Vec<(String, String)> = Vec::new();
    for name in GROUP_TRAITS {
        let Some(value) = traits.members.get(name) else {
            continue;
        };
        let path = || traits.below(name);
        traits.record("SB-125", path, FIELD, trace);
        let opened = json_text(value);
        let value = opened
            .as_deref()
            .and_then(|text| Json::parse(text).ok())
            .unwrap_or(value);
        for (at, element) in elements(value, &path, trace).into_iter().enumerate() {
            groups.extend(group(element, &|| format!("{}[{at}]", path()), trace));
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
    let found = list(value);
    if found.is_none() {
        let warning = match value.kind() {
            Kind::Null => Warning::NullIgnored,
            _ => Warning::InvalidSubscriptionGroup,
        };
        trace.warn("SB-125", warning, path);
    }
    found.unwrap_or_default()
}

/// The group's id and the text that is sent, if both id and state are valid.
fn group(element: Json<'_>, path: &dyn Fn() -> String, trace: &mut Trace) -> Option<(String, String)> {
    let element = element.as_object().unwrap_or_default();
    let Some(id) = element.get("subscription_group_id").and_then(text) else {
        trace.warn("SB-126", Warning::InvalidSubscriptionGroup, path);
        return None;
    };
    let Some((_, state)) = group_state(&element, &STATES, path, trace) else {
        trace.warn("SB-126", Warning::SubscriptionLost, path);
        return None;
    };
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
