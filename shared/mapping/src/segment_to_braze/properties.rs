//! The properties of events and purchases (SB-143 to SB-148).

use super::names::{Member, sendable};
use super::value::Rewrite;
use crate::Notes;
use event::json::{ArrayWriter, Json, Object, ObjectWriter};
use event::reasons::Warning;
use event::settings::{Pattern, SegmentToBraze};
use std::borrow::Cow;

/// The most properties of an event or purchase.
const MAX_PROPERTIES: usize = 256;

/// The property that holds the products of an order.
pub const PRODUCTS: &str = "products";

/// Keys that mean something else to Braze.
pub const RESERVED: [&str; 2] = ["time", "event_name"];

/// What of the properties stands beside them already, and so is left out.
#[derive(Clone, Copy)]
pub enum Beside {
    /// Of an event: what Braze would take for its time and name.
    Event,
    /// Of a purchase: these, its product, its price and its quantity.
    Purchase,
}

const OF_PURCHASE: [&str; 4] = ["product_id", "currency", "price", "quantity"];

/// The members of an object, with their paths.
pub fn members<'a>(object: &Object<'a>, path: &str) -> Vec<Member<'a>> {
    let members = object.clone().into_iter();
    members
        .map(|(name, value)| Member {
            path: format!("{path}.{name}").into(),
            name,
            value,
        })
        .collect()
}

/// The text of the properties as they are sent; `None` when none is left.
pub fn written(
    members: Vec<Member<'_>>,
    beside: Beside,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> Option<String> {
    let mut members = sendable(members, |_| false, notes);
    members.retain(|member| stays(member, beside, settings, notes));
    for member in members.iter().skip(MAX_PROPERTIES) {
        notes.warn(Warning::TooManyProperties, || member.path.clone().into_owned());
    }
    members.truncate(MAX_PROPERTIES);
    if members.is_empty() {
        return None;
    }
    let mut json = String::with_capacity(256);
    let mut out = ObjectWriter::new(&mut json);
    for member in &members {
        out.raw(&member.name, &value(member, settings, notes));
    }
    drop(out);
    Some(json)
}

/// Whether any of the patterns matches a name.
pub fn matches(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

/// The text of a property's value.
pub fn value<'a>(member: &Member<'a>, settings: &SegmentToBraze, notes: &mut Notes) -> Cow<'a, str> {
    let rewrite = Rewrite {
        cut_at: settings.cut_strings_at,
        tidies: false,
    };
    let path = || member.path.clone().into_owned();
    let products = (member.name == PRODUCTS && !settings.drop_properties.is_empty())
        .then(|| member.value.as_array())
        .flatten();
    match products {
        Some(products) => {
            let mut json = String::with_capacity(member.value.raw().len());
            write_products(
                ArrayWriter::new(&mut json),
                &products,
                &settings.drop_properties,
                |product, at, notes| {
                    let path = || format!("{}[{at}]", path());
                    rewrite.inside(product, &path, notes).into_owned()
                },
                notes,
            );
            Cow::Owned(json)
        }
        None => rewrite.inside(member.value, &path, notes),
    }
}

/// Writes products without the keys that are dropped; `text` gives the text of a value in the product of this number.
fn write_products(
    mut out: ArrayWriter<'_>,
    products: &[Json<'_>],
    dropped: &[Pattern],
    text: impl Fn(Json<'_>, usize, &mut Notes) -> String,
    notes: &mut Notes,
) {
    for (at, product) in products.iter().enumerate() {
        let Some(members) = product.as_object() else {
            out.raw(&text(*product, at, notes));
            continue;
        };
        let mut object = out.object();
        for (key, value) in members.iter().filter(|(key, _)| !matches(dropped, key)) {
            object.raw(key, &text(value, at, notes));
        }
    }
}

fn stays(member: &Member<'_>, beside: Beside, settings: &SegmentToBraze, notes: &mut Notes) -> bool {
    let name = member.name.as_ref();
    if RESERVED.contains(&name) {
        if matches!(beside, Beside::Event) {
            notes.warn(Warning::ReservedPropertyRemoved, || {
                member.path.clone().into_owned()
            });
        }
        return false;
    }
    if matches!(beside, Beside::Purchase) && OF_PURCHASE.contains(&name) {
        return false;
    }
    let dropped = matches(&settings.drop_properties, name);
    if dropped {
        notes.tell("SB-146", || {
            (
                member.path.clone().into_owned(),
                "left out: drop_properties".into(),
            )
        });
    }
    !dropped
}
