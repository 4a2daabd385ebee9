//! Order events as Braze's recommended ecommerce events (section 9): complete, or not at all.

mod metadata;
mod product;
mod table;

use super::forms::currency;
use super::number::{numeric, text};
use super::properties::PRODUCTS;
use super::scene::Scene;
use crate::Notes;
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem};
use event::json::{Decimal, Json, Kind as JsonKind, ObjectWriter, write_string};
use event::reasons::Warning;
use metadata::{Consumed, write_metadata};
use product::{Product, product};
use table::{Amount, LEVEL, Need, Output, Value};

pub use table::Kind;

/// Braze's words for why an order was cancelled, where the event tells none.
const NO_REASON: &str = "unspecified";

/// What of a viewed product may have happened, by Braze's words.
const VIEW_TYPES: [&str; 2] = ["price_drop", "back_in_stock"];

/// The recommended event; `None` if it lacks what Braze requires.
pub fn recommended(kind: Kind, scene: &Scene<'_, '_>, at: Timestamp, notes: &mut Notes) -> Option<BrazeItem> {
    let mut order = Order {
        kind,
        scene,
        consumed: Consumed::default(),
        products: Vec::new(),
        first_currency: false,
        own_product: false,
    };
    let properties = order.properties(notes);
    match properties {
        Some(properties) => {
            let name = kind.braze_name();
            notes.tell("SB-200", || ("event".into(), format!("recommended event {name}")));
            Some(scene.happening(BrazeArray::Events, at, Some(&properties), |out| {
                out.string("name", name);
            }))
        }
        None => {
            notes.warn(Warning::EcommerceIncomplete, || "properties".into());
            None
        }
    }
}

/// An order event while its outputs are found.
struct Order<'s, 'e, 'a> {
    kind: Kind,
    scene: &'s Scene<'e, 'a>,
    /// The properties that gave an output.
    consumed: Consumed,
    /// The products that are sent.
    products: Vec<Product<'a>>,
    /// Whether the first element of `products` gave the event its currency.
    first_currency: bool,
    /// Whether the properties themselves are the product.
    own_product: bool,
}

impl<'a> Order<'_, '_, 'a> {
    /// The text of `properties`; `None` if a required output is lacking.
    fn properties(&mut self, notes: &mut Notes) -> Option<String> {
        self.find_products(notes)?;
        let mut json = String::with_capacity(512);
        let mut out = ObjectWriter::new(&mut json);
        for output in &LEVEL {
            let need = output.need(self.kind);
            if need == Need::Never {
                continue;
            }
            match self.level(output, notes) {
                Some(value) => out.raw(output.name, &value),
                None if need == Need::Required => return None,
                None => {}
            }
        }
        self.write_products(&mut out, notes);
        if !self.own_product {
            let properties = &self.scene.event.properties;
            write_metadata(
                &mut out,
                properties,
                "properties",
                &self.consumed,
                self.scene.settings,
                notes,
            );
        }
        drop(out);
        Some(json)
    }

    /// Finds the products that can be sent; `None` if there is none.
    fn find_products(&mut self, notes: &mut Notes) -> Option<()> {
        let properties = &self.scene.event.properties;
        let listed = properties
            .get(PRODUCTS)
            .and_then(Json::as_array)
            .unwrap_or_default();
        let is_view = self.kind == Kind::Viewed;
        self.own_product = matches!(self.kind, Kind::Cart(_)) && listed.is_empty();
        if is_view || self.own_product {
            let found = product(properties, self.kind, "properties", notes);
            match found {
                Some(product) => self.products.push(product),
                None if is_view => {}
                None => notes.warn(Warning::ProductSkipped, || "properties".into()),
            }
        } else {
            self.consumed.add(PRODUCTS);
            for (at, element) in listed.into_iter().enumerate() {
                let path = format!("properties.{PRODUCTS}[{at}]");
                let found = element
                    .as_object()
                    .and_then(|members| Some((at, product(&members, self.kind, &path, notes)?)));
                match found {
                    Some((at, found)) => self.products.push(found.at(at)),
                    None => notes.warn(Warning::ProductSkipped, || path),
                }
            }
        }
        (!self.products.is_empty()).then_some(())
    }

    fn level(&mut self, output: &Output, notes: &mut Notes) -> Option<String> {
        let candidates = output.candidates(self.kind);
        match output.value {
            Value::Text => self
                .text(candidates)
                .or_else(|| self.own_text(output.name, notes)),
            Value::Amount(amount) => self.amount(candidates, amount),
            Value::Currency => Some(self.currency(notes)),
            Value::Action => self.kind.action().map(quoted),
            Value::Discounts => self.discounts(candidates),
            Value::ViewType => self.view_type(),
        }
    }

    fn text(&mut self, candidates: &[&'static str]) -> Option<String> {
        let properties = &self.scene.event.properties;
        let (key, found) = candidates
            .iter()
            .find_map(|key| Some((*key, properties.get(key).and_then(text)?)))?;
        self.consumed.add(key);
        Some(quoted(&found))
    }

    /// What stands in for a text that the properties do not give.
    fn own_text(&self, name: &str, notes: &mut Notes) -> Option<String> {
        match name {
            "cart_id" => self.scene.user_or_anonymous_id(notes).map(|id| quoted(&id)),
            "source" => {
                let platform = self.scene.platform.map(|platform| platform.as_str());
                Some(quoted(platform.unwrap_or(&self.scene.settings.default_source)))
            }
            "cancel_reason" => Some(quoted(NO_REASON)),
            _ => None,
        }
    }

    fn amount(&mut self, candidates: &[&'static str], amount: Amount) -> Option<String> {
        let properties = &self.scene.event.properties;
        let loses_sign = amount == Amount::Total && matches!(self.kind, Kind::Refunded | Kind::Cancelled);
        let valid = |key: &str| {
            let given = numeric(properties.get(key)?)?;
            match given.strip_prefix('-') {
                Some(unsigned) if loses_sign || is_zero(unsigned) => Some(unsigned.to_owned()),
                Some(_) => None,
                None => Some(given),
            }
        };
        if let Some((key, found)) = candidates.iter().find_map(|key| Some((*key, valid(key)?))) {
            self.consumed.add(key);
            return Some(found);
        }
        let sums = amount == Amount::Total && !matches!(self.kind, Kind::Cart(_));
        sums.then(|| self.sum()).flatten()
    }

    fn sum(&self) -> Option<String> {
        let total = self.products.iter().try_fold(Decimal::from(0), |sum, product| {
            Some(sum.plus(&Decimal::parse(&product.price)?.times(&Decimal::parse(&product.quantity)?)))
        });
        total.map(|total| total.to_string())
    }

    fn currency(&mut self, notes: &mut Notes) -> String {
        let properties = &self.scene.event.properties;
        let first = properties.get(PRODUCTS).and_then(Json::as_array);
        let first = first.and_then(|products| products.first()?.as_object()?.present("currency"));
        let candidates = [
            (properties.present("currency"), false, "properties.currency"),
            (first, true, "properties.products[0].currency"),
        ];
        for (given, is_first, path) in candidates {
            let Some(given) = given else { continue };
            match currency(given) {
                Some(code) => {
                    if is_first {
                        self.first_currency = true;
                    } else {
                        self.consumed.add("currency");
                    }
                    return quoted(&code);
                }
                None => notes.warn(Warning::InvalidCurrency, || path.into()),
            }
        }
        quoted(&self.scene.settings.default_currency)
    }

    fn discounts(&mut self, candidates: &[&'static str]) -> Option<String> {
        let properties = &self.scene.event.properties;
        let objects = |key: &str| {
            let elements = properties.get(key).and_then(Json::as_array)?;
            let objects = elements
                .into_iter()
                .filter(|element| element.kind() == JsonKind::Object);
            let texts: Vec<&str> = objects.map(Json::raw).collect();
            (!texts.is_empty()).then(|| format!("[{}]", texts.join(",")))
        };
        let (key, found) = candidates.iter().find_map(|key| Some((*key, objects(key)?)))?;
        self.consumed.add(key);
        Some(found)
    }

    fn view_type(&mut self) -> Option<String> {
        let given = self.scene.event.properties.get("type")?;
        let one = |value: Json<'_>| {
            let given = value.as_str()?;
            VIEW_TYPES.into_iter().find(|own| *own == given)
        };
        let types: Vec<String> = match given.as_array() {
            Some(elements) => elements.into_iter().filter_map(one).map(quoted).collect(),
            None => one(given).into_iter().map(quoted).collect(),
        };
        if types.is_empty() {
            return None;
        }
        self.consumed.add("type");
        Some(format!("[{}]", types.join(",")))
    }

    fn write_products(&mut self, out: &mut ObjectWriter<'_>, notes: &mut Notes) {
        let settings = self.scene.settings;
        let products = std::mem::take(&mut self.products);
        if self.kind == Kind::Viewed {
            for product in &products {
                product.write_outputs(out);
                self.consumed.add_all(&product.consumed);
            }
            return;
        }
        let mut list = out.array(PRODUCTS);
        for mut product in products {
            if self.own_product {
                product.consumed.add_all(&self.consumed);
            } else if self.first_currency && product.at == 0 {
                product.consumed.add("currency");
            }
            let mut object = list.object();
            product.write_outputs(&mut object);
            write_metadata(
                &mut object,
                &product.members,
                &product.path,
                &product.consumed,
                settings,
                notes,
            );
        }
    }
}

fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    write_string(&mut json, text);
    json
}

fn is_zero(number: &str) -> bool {
    Decimal::parse(number).is_some_and(|number| number.is_zero())
}
