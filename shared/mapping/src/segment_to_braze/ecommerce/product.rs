//! One product of a recommended event.

use super::super::members::Parent;
use super::super::name::shortened;
use super::metadata::Consumed;
use super::table::Kind;
use super::{OUTPUTS, quoted};
use crate::Trace;
use crate::forms;
use crate::forms::text::text;
use event::json::{Decimal, Object, ObjectWriter};
use event::reasons::Warning;
use std::borrow::Cow;

/// A product that Braze takes.
pub(super) struct Product<'a, 's> {
    /// What it stands in.
    pub parent: Parent,
    /// Its number among the products that are sent.
    number: usize,
    /// What the event says of it.
    pub members: Object<'a>,
    /// What of that gave an output.
    pub consumed: Consumed<'s>,
    /// The price of one piece, as the text of a JSON number.
    pub price: String,
    /// How many pieces, as the text of a JSON number.
    pub quantity: String,
    kind: Kind,
    outputs: Vec<(&'static str, String)>,
}

/// A viewed product is sent in the event's properties themselves.
fn outputs_path(kind: Kind, number: usize) -> String {
    match kind {
        Kind::Viewed => OUTPUTS.to_owned(),
        _ => format!("{OUTPUTS}.products[{number}]"),
    }
}

impl Product<'_, '_> {
    /// The path of what is sent of it.
    pub(super) fn outputs_path(&self) -> String {
        outputs_path(self.kind, self.number)
    }

    /// Writes the outputs beside metadata.
    pub(super) fn write_outputs(&self, out: &mut ObjectWriter<'_>) {
        for (name, json) in &self.outputs {
            out.raw(name, json);
        }
    }
}

/// The texts of a product beside its id, with the keys that may give them; the id stands in.
const TEXTS: [(&str, &[&str]); 2] = [
    ("product_name", &["product_name", "name", "title"]),
    ("variant_id", &["variant_id", "variant", "sku"]),
];
/// Addresses: a cut one would lead nowhere, so one that is too long is none.
const URLS: [(&str, &[&str]); 2] = [
    ("image_url", &["image_url"]),
    ("product_url", &["product_url", "url"]),
];

/// Where an event's product comes from, and how the settings want it read.
#[derive(Clone, Copy)]
pub(super) struct Origin<'s> {
    /// The event's kind.
    pub kind: Kind,
    /// What it stands in.
    pub parent: Parent,
    /// Its number among the products that are sent.
    pub number: usize,
    /// The keys that may give its id.
    pub id_keys: &'s [String],
}

/// The first key that gives a text, and that text.
fn first_text<'k, 'a>(
    members: &Object<'a>,
    keys: impl IntoIterator<Item = &'k str>,
) -> Option<(&'k str, Cow<'a, str>)> {
    let mut keys = keys.into_iter();
    keys.find_map(|key| Some((key, members.get(key).and_then(text)?)))
}

/// The product that an object tells of; `None` if a required output is lacking or its quantity is negative.
pub(super) fn product<'a, 's>(
    members: &Object<'a>,
    origin: Origin<'s>,
    trace: &mut Trace,
) -> Option<Product<'a, 's>> {
    let Origin {
        kind, parent, number, ..
    } = origin;
    let mut consumed = Consumed::default();
    let mut outputs: Vec<(&'static str, String)> = Vec::with_capacity(8);
    let record = |key: &str, name: &str, trace: &mut Trace| {
        trace.record("SB-200", || {
            (
                parent.below(key),
                format!("{}.{name}", outputs_path(kind, number)),
            )
        });
    };
    let (id_key, id) = first_text(members, origin.id_keys.iter().map(String::as_str))?;
    let price_keys: &[&str] = if kind == Kind::Viewed {
        &["price", "value"]
    } else {
        &["price"]
    };
    let (price_key, mut price) = price_keys
        .iter()
        .find_map(|key| Some((*key, price(members, key)?)))?;
    let mut quantity = "1".to_owned();
    if let Some(given) = members.present("quantity").filter(|_| kind != Kind::Viewed) {
        match forms::number(given) {
            Some(number) => {
                (price, quantity) = counted(price, &number, parent, trace)?;
                consumed.add("quantity");
            }
            None => trace.warn("SB-203", Warning::InvalidValue, || parent.below("quantity")),
        }
    }

    let found = std::iter::once(("product_id", Some((id_key, id.clone()))))
        .chain(TEXTS.map(|(name, keys)| (name, first_text(members, keys.iter().copied()))));
    for (name, found) in found {
        let (key, given) = match &found {
            Some((key, given)) => (*key, given),
            None => (id_key, &id),
        };
        let (text, was_long) = shortened(given);
        if was_long {
            trace.warn("SB-208", Warning::TextCut, || parent.below(key));
        } else if found.is_some() {
            consumed.add(key);
        }
        record(key, name, trace);
        outputs.push((name, quoted(text)));
    }
    for (name, keys) in URLS {
        let mut given = keys
            .iter()
            .filter_map(|key| Some((*key, members.get(key).and_then(text)?)));
        if let Some((key, url)) = given.find(|(_, url)| !shortened(url).1) {
            consumed.add(key);
            record(key, name, trace);
            outputs.push((name, quoted(&url)));
        }
    }
    if kind != Kind::Viewed {
        record("quantity", "quantity", trace);
        outputs.push(("quantity", quantity.clone()));
    }
    consumed.add(price_key);
    record(price_key, "price", trace);
    outputs.push(("price", price.clone()));
    Some(Product {
        parent,
        number,
        kind,
        members: members.clone(),
        consumed,
        price,
        quantity,
        outputs,
    })
}

/// A price that is not negative.
fn price(members: &Object<'_>, key: &str) -> Option<String> {
    let price = forms::number(members.get(key)?)?;
    match price.strip_prefix('-') {
        Some(unsigned) => super::is_zero(unsigned).then(|| unsigned.to_owned()),
        None => Some(price.into_owned()),
    }
}

/// Price and quantity of whole pieces; `None` for less than none. A line that was taken out of the cart has none.
fn counted(price: String, quantity: &str, product: Parent, trace: &mut Trace) -> Option<(String, String)> {
    let number = Decimal::parse(quantity)?;
    if number.is_zero() {
        return Some((price, "0".into()));
    }
    if number.is_negative() {
        return None;
    }
    if number.is_whole() {
        return Some((price, number.to_string()));
    }
    let total = Decimal::parse(&price)?.times(&number);
    trace.warn("SB-203", Warning::QuantityFolded, || product.below("quantity"));
    Some((total.to_string(), "1".into()))
}
