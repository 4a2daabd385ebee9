//! The properties of events and purchases (SB-143 to SB-148).

use super::members::{Member, Parent, keep_sendable};
use super::value::Rewrite;
use crate::Trace;
use crate::forms::{json_text, list};
use event::json::{ArrayWriter, Json, ObjectWriter, write_string};
use event::reasons::Warning;
use event::settings::{Pattern, SegmentToBraze};
use std::fmt::Arguments;

/// The most properties of an event or purchase.
const MAX_PROPERTIES: usize = 256;

/// The property that holds the products of an order.
pub(super) const PRODUCTS: &str = "products";

/// Where the properties stand.
pub(super) const PROPERTIES: Parent = Parent::Object("properties");

/// Keys that mean something else to Braze.
pub(super) const RESERVED: [&str; 2] = ["time", "event_name"];

/// Properties as they are sent.
pub(super) struct Written {
    /// Their text.
    pub json: String,
    /// Where they stood: what holds them and the path. Known only if somebody wants to know.
    sources: Vec<(Parent, String)>,
}

impl Written {
    /// Records where the properties of the output `into` come from.
    pub(super) fn record(&self, rule: &'static str, into: Arguments<'_>, trace: &mut Trace) {
        for (parent, path) in &self.sources {
            match parent {
                Parent::Event => trace.record("SB-243", || (path.clone(), format!("{into}.{path}"))),
                _ => trace.record(rule, || (path.clone(), into.to_string())),
            }
        }
    }
}

fn sources(members: &[Member<'_>]) -> Vec<(Parent, String)> {
    let mut sources = Vec::new();
    for member in members {
        let parent = member.parent;
        let source = match parent {
            Parent::Event => (parent, member.path()),
            _ => (parent, parent.path()),
        };
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}

/// The properties as they are sent; `None` when none is left. `stays` says which may be sent there.
pub(super) fn written(
    mut members: Vec<Member<'_>>,
    stays: &mut dyn FnMut(&Member<'_>, &mut Trace) -> bool,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Option<Written> {
    keep_sendable(&mut members, "SB-145", |_| false, trace);
    members.retain(|member| stays(member, trace) && !is_dropped(member, settings, trace));
    for member in members.iter().skip(MAX_PROPERTIES) {
        trace.warn("SB-147", Warning::TooManyProperties, || member.path());
    }
    members.truncate(MAX_PROPERTIES);
    if members.is_empty() {
        return None;
    }
    let mut json = String::with_capacity(256);
    let mut out = ObjectWriter::new(&mut json);
    for member in &members {
        write_value(out.place(member.name), member, settings, trace);
    }
    drop(out);
    let sources = if trace.explains() {
        sources(&members)
    } else {
        Vec::new()
    };
    Some(Written { json, sources })
}

/// Whether any of the patterns matches a name.
pub(super) fn matches(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

/// Whether the settings leave a property out.
pub(super) fn is_dropped(member: &Member<'_>, settings: &SegmentToBraze, trace: &mut Trace) -> bool {
    let dropped = matches(&settings.drop_properties, member.name);
    if dropped {
        trace.record("SB-146", || (member.path(), "left out: drop_properties".into()));
    }
    dropped
}

/// Writes a property's value.
pub(super) fn write_value(
    out: &mut String,
    member: &Member<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) {
    let rewrite = Rewrite {
        cut_at: settings.cut_strings_at,
        sanitize: false,
    };
    let left = without_dropped(member, settings, trace);
    match left.as_deref().map_or(Ok(member.value), Json::parse) {
        Ok(value) => rewrite.inside(out, value, &|| member.path(), trace),
        Err(_) => out.push_str(left.as_deref().unwrap_or("null")),
    }
}

/// The JSON text of `products` without the keys that the settings leave out, in the shape in which it came: a list, one object
/// or JSON text. `None` if nothing goes.
pub(super) fn without_dropped(
    member: &Member<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Option<String> {
    if member.name != PRODUCTS || settings.drop_properties.is_empty() {
        return None;
    }
    let opened = json_text(member.value);
    let opened = opened.as_deref().and_then(|text| Json::parse(text).ok());
    let given = opened.unwrap_or(member.value);
    let loses = |product: &Json<'_>| {
        let members = product.as_object().unwrap_or_default();
        members
            .iter()
            .any(|(key, _)| matches(&settings.drop_properties, key))
    };
    if !list(given)?.iter().any(loses) {
        return None;
    }
    let mut left = String::with_capacity(given.raw().len());
    let mut write = |out: &mut String, product: Json<'_>, at: usize| {
        let Some(members) = product.as_object() else {
            return out.push_str(product.raw());
        };
        let mut object = ObjectWriter::new(out);
        for (key, value) in members.iter() {
            if matches(&settings.drop_properties, key) {
                trace.record("SB-146", || {
                    let path = format!("{}[{at}].{key}", member.path());
                    (path, "left out: drop_properties".into())
                });
            } else {
                object.json(key, value);
            }
        }
    };
    match given.as_array() {
        Some(products) => {
            let mut all = ArrayWriter::new(&mut left);
            for (at, product) in products.into_iter().enumerate() {
                write(all.place(), product, at);
            }
        }
        None => write(&mut left, given, 0),
    }
    if opened.is_none() {
        return Some(left);
    }
    let mut text = String::with_capacity(left.len() + 2);
    write_string(&mut text, &left);
    Some(text)
}

/// Whether a property may be one of an event (SB-144).
pub(super) fn stays_in_event(member: &Member<'_>, trace: &mut Trace) -> bool {
    let is_reserved = RESERVED.contains(&member.name);
    if is_reserved {
        trace.warn("SB-144", Warning::ReservedPropertyRemoved, || member.path());
    }
    !is_reserved
}
