//! The products of an event, in Segment's names.

use super::folded::is_one_name;
use super::properties::Properties;
use super::value::{Value, is_equal, is_nothing};
use crate::forms::number;
use event::json::{ArrayWriter, Json, Object, ObjectWriter};
use event::reasons::Warning;
use std::borrow::Cow;

/// The keys that Segment has names for.
const NAMES: [(&str, &str); 10] = [
    ("$canonical_identifier", "product_id"),
    ("$sku", "sku"),
    ("$product_name", "name"),
    ("$product_brand", "brand"),
    ("$product_category", "category"),
    ("$product_variant", "variant"),
    ("$price", "price"),
    ("$quantity", "quantity"),
    ("$canonical_url", "url"),
    ("$og_image_url", "image_url"),
];

/// The keys whose values are numbers.
const NUMBERS: [&str; 9] = [
    "$price",
    "$quantity",
    "$price_in_usd",
    "$rating",
    "$rating_average",
    "$rating_count",
    "$rating_max",
    "$value",
    "$value_in_usd",
];

/// Put before a name that is taken in its product.
const PREFIX: &str = "item_";

/// The members of one product.
struct Product<'a> {
    members: Vec<(Cow<'a, str>, Value<'a>)>,
}

/// The JSON text of `products`; `None` if there are none. `properties` gets the warnings.
pub(super) fn products(content_items: &[Json<'_>], properties: &mut Properties<'_>) -> Option<String> {
    let mut text = String::new();
    let mut any = false;
    {
        let mut list = ArrayWriter::new(&mut text);
        for (at, item) in content_items.iter().enumerate() {
            let Some(item) = item.as_object() else {
                continue;
            };
            for key in NUMBERS {
                let is_no_number = |value: &Json<'_>| !is_nothing(*value) && number(*value).is_none();
                if item.get(key).filter(is_no_number).is_some() {
                    let rule = match key {
                        "$price" => "BS-136",
                        "$quantity" => "BS-137",
                        _ => "BS-140",
                    };
                    properties.warn(rule, Warning::InvalidNumber, format!("content_items[{at}].{key}"));
                }
            }
            let product = Product::new(&item);
            if !product.members.is_empty() {
                any = true;
                product.write(&mut list.object());
            }
        }
    }
    any.then_some(text)
}

impl<'a> Product<'a> {
    fn new(item: &'a Object<'a>) -> Self {
        let mut product = Self {
            members: Vec::with_capacity(item.len()),
        };
        for (key, name) in NAMES {
            if let Some(value) = item.get(key).filter(|value| !is_nothing(*value)) {
                product.members.push((Cow::Borrowed(name), taken(key, value)));
            }
        }
        for (key, value) in item.in_key_order() {
            if is_nothing(value) || NAMES.iter().any(|(named, _)| *named == key) {
                continue;
            }
            let name = key.strip_prefix(['~', '$', '+']).unwrap_or(key);
            product.add(Cow::Borrowed(name), taken(key, value));
        }
        product
    }

    /// Adds a member under its name, or behind a prefix if another value has that.
    fn add(&mut self, name: Cow<'a, str>, value: Value<'a>) {
        if name.is_empty() {
            return;
        }
        match self.named(&name) {
            None => self.members.push((name, value)),
            Some(taken) if is_equal(taken, &value) => {}
            Some(_) => {
                let name = format!("{PREFIX}{name}");
                if self.named(&name).is_none() {
                    self.members.push((Cow::Owned(name), value));
                }
            }
        }
    }

    fn named(&self, name: &str) -> Option<&Value<'a>> {
        self.members
            .iter()
            .find(|(own, _)| is_one_name(own, name))
            .map(|(_, value)| value)
    }

    fn write(&self, out: &mut ObjectWriter<'_>) {
        for (name, value) in &self.members {
            value.write(out, name);
        }
    }
}

fn taken<'a>(key: &str, value: Json<'a>) -> Value<'a> {
    if NUMBERS.contains(&key) {
        Value::number_or_exact(value)
    } else {
        Value::exact(value)
    }
}
