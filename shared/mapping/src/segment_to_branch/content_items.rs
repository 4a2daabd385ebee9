//! `content_items`: the things that a standard event is about.

use super::dollar_names::passed_through;
use super::event_data::{Money, quoted};
use super::item::{FIELDS, IDENTIFIER, Item, PRODUCT_ID, Takes};
use super::properties::Properties;
use super::value::{currency, is_blank, number, text, write_compact};
use crate::Trace;
use crate::forms::{json_text, list};
use event::branch_events::{Category, StandardEvent};
use event::json::{Json, Object, ObjectWriter};
use event::reasons::Warning;

/// The property with the products.
const PRODUCTS: &str = "products";

/// Members that are amounts of money.
const PRICES: [&str; 2] = ["price", "$price"];

/// Members whose values must be numbers, or a warning is due.
const NUMBERS: [&str; 6] = ["price", "$price", "quantity", "$quantity", "rating", "$rating"];

/// The items of an event.
#[derive(Default)]
pub(super) struct ContentItems {
    items: Vec<Item>,
    /// The elements of `products` that are no products, as JSON text, if there are some beside products.
    pub leftover: Option<String>,
}

/// Reads the items and takes out the properties that they use.
pub(super) fn content_items(
    event: &StandardEvent,
    properties: &mut Properties<'_>,
    money: &Money,
    trace: &mut Trace,
) -> ContentItems {
    let mut content = ContentItems::default();
    let given = properties.get(PRODUCTS);
    // Read here alone: where no item comes of it, the text stays as it came.
    let text = given.and_then(json_text);
    let opened = text.as_deref().and_then(|text| Json::parse(text).ok());
    if let Some(products) = opened.or(given).and_then(list) {
        if opened.is_some() {
            trace.record("SR-220", || {
                let result = "read as the JSON that it is the text of";
                ("properties.products".into(), result.into())
            });
        }
        content.of_products(&products, money, trace);
        if !content.items.is_empty() {
            properties.take(PRODUCTS);
        }
    }
    if content.items.is_empty() && has_root_item(event, properties) {
        content.items.push(root_item(properties, money, trace));
    }
    if event.name == "RATE" {
        content.rate(properties, trace);
    }
    for item in &mut content.items {
        item.add_currency(money.currency.as_deref());
    }
    content
}

impl ContentItems {
    fn of_products(&mut self, products: &[Json<'_>], money: &Money, trace: &mut Trace) {
        let mut others = Vec::new();
        for (at, element) in products.iter().enumerate() {
            let path = || format!("properties.products[{at}]");
            match element.as_object() {
                Some(product) => {
                    let item = item(&product, money, &path, trace);
                    trace.record("SR-220", || {
                        let result = match &item {
                            Some(_) => format!("content_items[{}]", self.items.len()),
                            None => "no item: it says nothing".to_owned(),
                        };
                        (path(), result)
                    });
                    self.items.extend(item);
                }
                None if is_blank(*element) => {}
                None => {
                    trace.warn("SR-221", Warning::ProductSkipped, path);
                    others.push(*element);
                }
            }
        }
        if !self.items.is_empty() && !others.is_empty() {
            let mut json = String::from("[");
            for (at, other) in others.into_iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                write_compact(&mut json, other);
            }
            json.push(']');
            self.leftover = Some(json);
        }
    }

    /// Gives the first item the event's rating; without any item, makes one of it.
    fn rate(&mut self, properties: &mut Properties<'_>, trace: &mut Trace) {
        let Some(rating) = properties.get("rating") else {
            return;
        };
        if self.items.first().is_some_and(|item| item.has("$rating")) {
            return;
        }
        let Some(rating) = number(rating) else {
            trace.warn("SR-246", Warning::InvalidNumber, || "properties.rating".into());
            return;
        };
        if self.items.is_empty() {
            self.items.push(Item::default());
        }
        if let Some(first) = self.items.first_mut() {
            first.set("$rating", rating);
            properties.take("rating");
            trace.record("SR-242", || {
                ("properties.rating".into(), "content_items[0].$rating".into())
            });
        }
    }

    /// Whether an item has a price.
    pub(super) fn have_price(&self) -> bool {
        self.items.iter().any(|item| item.has("$price"))
    }

    /// Writes the array, unless it would be empty. `as_json`: custom fields as JSON text.
    pub(super) fn write(&self, call: &mut ObjectWriter<'_>, as_json: bool) {
        if self.items.is_empty() {
            return;
        }
        let mut list = call.array("content_items");
        for item in &self.items {
            item.write(&mut list.object(), as_json);
        }
    }
}

/// The item of one product; `None` if the product says nothing.
fn item(product: &Object<'_>, money: &Money, path: &dyn Fn() -> String, trace: &mut Trace) -> Option<Item> {
    let has_unknown_price = price_is_unknown(product, money);
    let is_refused = |key: &str| has_unknown_price && PRICES.contains(&key);
    let mut item = Item::default();
    let mut others = Vec::with_capacity(product.len());
    let (mut says_nothing, mut price_currency) = (true, None);
    for (key, value) in product.in_key_order() {
        if is_blank(value) {
            continue;
        }
        says_nothing = false;
        match passed_through(key, value, &money.default) {
            Some((field, json)) if !is_refused(field) => {
                trace.record("SR-243", || (format!("{}.{key}", path()), field.to_owned()));
                item.set(field, json);
            }
            _ => others.push((key, value)),
        }
    }
    if says_nothing {
        return None;
    }
    let mut custom = Vec::with_capacity(others.len());
    let has_own_identifier = item.has(IDENTIFIER);
    let mut product_id = None;
    for (key, value) in others {
        let field = FIELDS.iter().find(|(_, property, ..)| *property == key);
        let taken = field.and_then(|(rule, _, field, takes)| {
            let json = takes
                .json(value)
                .filter(|_| !item.has(field) && !is_refused(key))?;
            Some((rule, field, json))
        });
        if let Some((rule, field, json)) = taken {
            trace.record(rule, || (format!("{}.{key}", path()), (*field).to_owned()));
            item.set(field, json);
            continue;
        }
        if NUMBERS.contains(&key) && number(value).is_none() {
            trace.warn("SR-246", Warning::InvalidNumber, || format!("{}.{key}", path()));
        }
        match key {
            PRODUCT_ID if text(value).is_some() => product_id = Some((key, value)),
            "currency" if currency(value, &money.default).is_some() => price_currency = Some((key, value)),
            "currency" | "$currency" => {
                trace.warn("SR-227", Warning::InvalidCurrency, || format!("{}.{key}", path()));
                custom.push((key, value));
            }
            _ => custom.push((key, value)),
        }
    }
    let record_id = |rule, field: &str| {
        trace.record(rule, || (format!("{}.{PRODUCT_ID}", path()), field.to_owned()));
    };
    if let Some((key, value)) = product_id
        && !set_product_id(&mut item, value, has_own_identifier, record_id)
    {
        custom.push((key, value));
    }
    if let Some((key, value)) = price_currency {
        if item.has("$price") && !item.has("$currency") {
            trace.record("SR-241", || (format!("{}.{key}", path()), "$currency".to_owned()));
            item.add_currency(currency(value, &money.default).as_deref());
        } else {
            custom.push((key, value));
        }
    }
    custom.sort_by_key(|(key, _)| *key);
    for (key, value) in custom {
        trace.record("SR-247", || {
            (format!("{}.{key}", path()), format!("$custom_fields.{key}"))
        });
        item.add_custom(key, value);
    }
    Some(item)
}

/// Whether a product's price is of a currency that nobody knows: of its own, or of the event where it has none. Branch would
/// count it as US dollars.
fn price_is_unknown(product: &Object<'_>, money: &Money) -> bool {
    let mut is_named = false;
    for key in ["$currency", "currency"] {
        let Some(named) = product.get(key).filter(|named| !is_blank(*named)) else {
            continue;
        };
        if currency(named, &money.default).is_some() {
            return false;
        }
        is_named = true;
    }
    is_named || money.is_unknown
}

/// Gives an item its id and, if it has none, its SKU; `false` if it has both already. `tell` takes the rule and the field.
fn set_product_id(
    item: &mut Item,
    value: Json<'_>,
    has_own_identifier: bool,
    mut record: impl FnMut(&'static str, &str),
) -> bool {
    let Some(id) = text(value).map(|id| quoted(&id)) else {
        return false;
    };
    let has_sku = item.has("$sku");
    if !has_sku {
        record("SR-231", "$sku");
        item.set("$sku", id.clone());
    }
    if !has_own_identifier {
        record("SR-230", IDENTIFIER);
        item.set(IDENTIFIER, id);
    }
    !has_sku || !has_own_identifier
}

/// Whether the properties of the event itself describe a thing.
fn has_root_item(event: &StandardEvent, properties: &Properties<'_>) -> bool {
    let keys: &[&str] = match (event.category, event.name) {
        (_, "ADD_TO_CART" | "ADD_TO_WISHLIST" | "VIEW_ITEM" | "RATE" | "SHARE") => {
            &[PRODUCT_ID, "sku", "name"]
        }
        (Category::Commerce | Category::Content, _) => &[PRODUCT_ID, "sku"],
        _ => &[],
    };
    keys.iter()
        .any(|key| properties.get(key).and_then(text).is_some())
}

/// The item that the properties of the event itself describe.
fn root_item(properties: &mut Properties<'_>, money: &Money, trace: &mut Trace) -> Item {
    let mut item = Item::default();
    for (rule, key, field, takes) in FIELDS {
        if matches!(key, "description" | "rating") || (money.is_unknown && PRICES.contains(&key)) {
            continue;
        }
        let Some(value) = properties.get(key) else {
            continue;
        };
        if let Some(json) = takes.json(value) {
            trace.record(rule, || {
                (format!("properties.{key}"), format!("content_items[0].{field}"))
            });
            item.set(field, json);
            properties.take(key);
        } else if takes == Takes::Number {
            trace.warn("SR-246", Warning::InvalidNumber, || format!("properties.{key}"));
        }
    }
    let record_id = |rule, field: &str| {
        trace.record(rule, || {
            (
                format!("properties.{PRODUCT_ID}"),
                format!("content_items[0].{field}"),
            )
        });
    };
    if let Some(id) = properties.get(PRODUCT_ID)
        && set_product_id(&mut item, id, false, record_id)
    {
        properties.take(PRODUCT_ID);
    }
    item
}
