//! The properties of events and purchases (SB-143 to SB-148).

use super::members::{Member, Parent, keep_sendable};
use super::value::Rewrite;
use crate::Trace;
use event::json::{ArrayWriter, Json, ObjectWriter};
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
    let products = (member.name == PRODUCTS && !settings.drop_properties.is_empty())
        .then(|| member.value.as_array())
        .flatten();
    match products {
        Some(products) => write_products(out, &products, member, rewrite, settings, trace),
        None => rewrite.inside(out, member.value, &|| member.path(), trace),
    }
}

/// Writes products without the keys that are dropped.
fn write_products(
    out: &mut String,
    products: &[Json<'_>],
    member: &Member<'_>,
    rewrite: Rewrite,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) {
    let mut list = ArrayWriter::new(out);
    for (at, product) in products.iter().enumerate() {
        let path = || format!("{}[{at}]", member.path());
        let Some(members) = product.as_object() else {
            rewrite.inside(list.place(), *product, &path, trace);
            continue;
        };
        let mut object = list.object();
        for (key, value) in members.iter() {
            let path = || format!("{}.{key}", path());
            if matches(&settings.drop_properties, key) {
                trace.record("SB-146", || (path(), "left out: drop_properties".into()));
            } else {
                rewrite.inside(object.place(key), value, &path, trace);
            }
        }
    }
}

/// Whether a property may be one of an event (SB-144).
pub(super) fn stays_in_event(member: &Member<'_>, trace: &mut Trace) -> bool {
    let is_reserved = RESERVED.contains(&member.name);
    if is_reserved {
        trace.warn("SB-144", Warning::ReservedPropertyRemoved, || member.path());
    }
    !is_reserved
}
