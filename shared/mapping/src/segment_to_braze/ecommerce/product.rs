//! One product of a recommended event.

use super::super::number::{numeric, text};
use super::metadata::Consumed;
use super::quoted;
use super::table::Kind;
use crate::Notes;
use event::json::{Decimal, Object, ObjectWriter};
use event::reasons::Warning;

/// A product that Braze takes.
pub struct Product<'a> {
    /// Its number in the list.
    pub at: usize,
    /// Where it stands in the event.
    pub path: String,
    /// What the event says of it.
    pub members: Object<'a>,
    /// What of that gave an output.
    pub consumed: Consumed,
    /// The price of one piece, as the text of a JSON number.
    pub price: String,
    /// How many pieces, as the text of a JSON number.
    pub quantity: String,
    outputs: Vec<(&'static str, String)>,
}

impl Product<'_> {
    /// The same with its number in the list.
    #[must_use]
    pub fn at(mut self, at: usize) -> Self {
        self.at = at;
        self
    }

    /// Writes the outputs beside metadata.
    pub fn write_outputs(&self, out: &mut ObjectWriter<'_>) {
        for (name, json) in &self.outputs {
            out.raw(name, json);
        }
    }
}

/// The keys of texts that a product may have, with those that may give them.
const TEXTS: [(&str, &[&str]); 3] = [
    ("product_name", &["product_name", "name", "title"]),
    ("variant_id", &["variant_id", "variant", "sku"]),
    ("image_url", &["image_url"]),
];
const PRODUCT_ID: [&str; 3] = ["product_id", "sku", "id"];
const PRODUCT_URL: [&str; 2] = ["product_url", "url"];

/// The product that an object tells of; `None` if a required output is lacking or nothing was bought.
pub fn product<'a>(members: &Object<'a>, kind: Kind, path: &str, notes: &mut Notes) -> Option<Product<'a>> {
    let mut consumed = Consumed::default();
    let mut outputs: Vec<(&'static str, String)> = Vec::with_capacity(8);
    let mut text_of = |keys: &[&'static str]| {
        let (key, found) = keys
            .iter()
            .find_map(|key| Some((*key, members.get(key).and_then(text)?)))?;
        consumed.add(key);
        Some(quoted(&found))
    };
    let id = text_of(&PRODUCT_ID)?;
    outputs.push(("product_id", id.clone()));
    for (name, keys) in TEXTS {
        let is_required = name != "image_url";
        let found = text_of(keys).or_else(|| is_required.then(|| id.clone()));
        outputs.extend(found.map(|found| (name, found)));
    }
    outputs.extend(text_of(&PRODUCT_URL).map(|found| ("product_url", found)));

    let price_keys: &[&str] = if kind == Kind::Viewed {
        &["price", "value"]
    } else {
        &["price"]
    };
    let (price_key, mut price) = price_keys
        .iter()
        .find_map(|key| Some((*key, price(members, key)?)))?;
    consumed.add(price_key);
    let mut quantity = "1".to_owned();
    if kind != Kind::Viewed {
        if let Some(given) = members.present("quantity") {
            match numeric(given) {
                Some(number) => {
                    consumed.add("quantity");
                    (price, quantity) = counted(price, &number, path, notes)?;
                }
                None => notes.warn(Warning::InvalidValue, || format!("{path}.quantity")),
            }
        }
        outputs.push(("quantity", quantity.clone()));
    }
    outputs.push(("price", price.clone()));
    Some(Product {
        at: 0,
        path: path.to_owned(),
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
fn counted(price: String, quantity: &str, path: &str, notes: &mut Notes) -> Option<(String, String)> {
    let number = Decimal::parse(quantity)?;
    if number.is_negative() || number.is_zero() {
        return None;
    }
    if number.is_whole() {
        return Some((price, number.to_string()));
    }
    let total = Decimal::parse(&price)?.times(&number);
    notes.warn(Warning::QuantityFolded, || format!("{path}.quantity"));
    Some((total.to_string(), "1".into()))
}
