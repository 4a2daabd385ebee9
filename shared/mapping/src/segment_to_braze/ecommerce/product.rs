//! One product of a recommended event.

use super::super::names::Parent;
use super::metadata::Consumed;
use super::table::Kind;
use super::{OUTPUTS, quoted};
use crate::Trace;
use crate::forms::number::numeric;
use crate::forms::text::text;
use event::json::{Decimal, Object, ObjectWriter};
use event::reasons::Warning;

/// A product that Braze takes.
pub struct Product<'a> {
    /// What it stands in.
    pub parent: Parent,
    /// Its number among the products that are sent.
    number: usize,
    /// What the event says of it.
    pub members: Object<'a>,
    /// What of that gave an output.
    pub consumed: Consumed,
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

impl Product<'_> {
    /// The path of what is sent of it.
    pub fn outputs_path(&self) -> String {
        outputs_path(self.kind, self.number)
    }

    /// Writes the outputs beside metadata.
    pub fn write_outputs(&self, out: &mut ObjectWriter<'_>) {
        for (name, json) in &self.outputs {
            out.raw(name, json);
        }
    }
}

/// The keys that may give a product's id.
const PRODUCT_ID: [&str; 3] = ["product_id", "sku", "id"];
/// The other texts of a product, with the keys that may give them and whether the id stands in.
const TEXTS: [(&str, &[&str], bool); 4] = [
    ("product_name", &["product_name", "name", "title"], true),
    ("variant_id", &["variant_id", "variant", "sku"], true),
    ("image_url", &["image_url"], false),
    ("product_url", &["product_url", "url"], false),
];

/// The first key that gives a text, and the JSON of that.
fn first_text(members: &Object<'_>, keys: &[&'static str]) -> Option<(&'static str, String)> {
    let mut keys = keys.iter();
    keys.find_map(|key| Some((*key, quoted(&members.get(key).and_then(text)?))))
}

/// The product that an object describes; `None` if a required output is lacking or nothing was bought. `number` is its number
/// among the products that are sent.
pub fn product<'a>(
    members: &Object<'a>,
    kind: Kind,
    parent: Parent,
    number: usize,
    trace: &mut Trace,
) -> Option<Product<'a>> {
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
    let (id_key, id) = first_text(members, &PRODUCT_ID)?;
    consumed.add(id_key);
    record(id_key, "product_id", trace);
    outputs.push(("product_id", id.clone()));
    for (name, keys, is_required) in TEXTS {
        let found = first_text(members, keys);
        if let Some((key, _)) = &found {
            consumed.add(key);
        }
        let own = || is_required.then(|| (id_key, id.clone()));
        if let Some((key, text)) = found.or_else(own) {
            record(key, name, trace);
            outputs.push((name, text));
        }
    }

    let price_keys: &[&str] = if kind == Kind::Viewed {
        &["price", "value"]
    } else {
        &["price"]
    };
    let (price_key, mut price) = price_keys
        .iter()
        .find_map(|key| Some((*key, price(members, key)?)))?;
    consumed.add(price_key);
    record(price_key, "price", trace);
    let mut quantity = "1".to_owned();
    if kind != Kind::Viewed {
        if let Some(given) = members.present("quantity") {
            match numeric(given) {
                Some(number) => {
                    consumed.add("quantity");
                    (price, quantity) = counted(price, &number, parent, trace)?;
                }
                None => trace.warn(Warning::InvalidValue, || parent.below("quantity")),
            }
        }
        record("quantity", "quantity", trace);
        outputs.push(("quantity", quantity.clone()));
    }
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
    let price = numeric(members.get(key)?)?;
    match price.strip_prefix('-') {
        Some(unsigned) => super::is_zero(unsigned).then(|| unsigned.to_owned()),
        None => Some(price),
    }
}

/// Price and quantity of whole pieces; `None` if nothing was bought.
fn counted(price: String, quantity: &str, product: Parent, trace: &mut Trace) -> Option<(String, String)> {
    let number = Decimal::parse(quantity)?;
    if number.is_negative() || number.is_zero() {
        return None;
    }
    if number.is_whole() {
        return Some((price, number.to_string()));
    }
    let total = Decimal::parse(&price)?.times(&number);
    trace.warn(Warning::QuantityFolded, || product.below("quantity"));
    Some((total.to_string(), "1".into()))
}
