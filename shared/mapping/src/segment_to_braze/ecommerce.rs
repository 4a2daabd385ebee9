//! Order events as Braze's recommended ecommerce events (section 9): complete, or not at all.

mod level;
mod metadata;
mod product;
mod table;

use super::event_context::EventContext;
use super::members::{Parent, members};
use super::properties::{PRODUCTS, PROPERTIES};
use crate::Trace;
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem};
use event::json::{Decimal, Json, ObjectWriter, write_string};
use event::reasons::Warning;
use metadata::{Consumed, write_metadata};
use product::{Origin, Product, product};
use table::{LEVEL, Need};

pub(super) use table::Kind;

/// The path of the event's properties as they are sent.
const OUTPUTS: &str = "events[0].properties";

/// The rules whose warnings say why an event is incomplete: an id of the user's as its cart, products, the currency.
const WHY_INCOMPLETE: [&str; 4] = ["SB-043", "SB-049", "SB-204", "SB-212"];

/// The recommended event; `None` if it lacks what Braze requires.
pub(super) fn recommended(
    kind: Kind,
    event_context: &EventContext<'_, '_>,
    at: Timestamp,
    listed: &[Json<'_>],
    trace: &mut Trace,
) -> Option<BrazeItem> {
    let mut order = Order {
        kind,
        event_context,
        listed,
        consumed: Consumed::default(),
        products: Vec::new(),
        first_currency: false,
        own_product: false,
    };
    // What is not sent after all is warned of only as far as it says why.
    let mut attempt = trace.empty();
    match order.properties(&mut attempt) {
        Some(properties) => {
            trace.append(attempt);
            let name = kind.braze_name();
            trace.record("SB-200", || ("event".into(), format!("events[0].name = {name}")));
            trace.record("SB-200", || ("properties".into(), "events[0].properties".into()));
            Some(
                event_context.track_object(BrazeArray::Events, at, Some(&properties), |out| {
                    out.string("name", name);
                }),
            )
        }
        None => {
            trace.append_of(&WHY_INCOMPLETE, attempt);
            trace.warn("SB-209", Warning::EcommerceIncomplete, || "properties".into());
            None
        }
    }
}

/// An order event while its outputs are found.
struct Order<'s, 'e, 'a, 'p> {
    kind: Kind,
    event_context: &'s EventContext<'e, 'a>,
    /// The elements of `products`.
    listed: &'s [Json<'p>],
    /// The properties that gave an output.
    consumed: Consumed<'s>,
    /// The products that are sent.
    products: Vec<Product<'p, 's>>,
    /// Whether the first element of `products` gave the event its currency.
    first_currency: bool,
    /// Whether the properties themselves are the product.
    own_product: bool,
}

impl<'a: 'p, 'p> Order<'_, '_, 'a, 'p> {
    /// The text of `properties`; `None` if a required output is lacking.
    fn properties(&mut self, trace: &mut Trace) -> Option<String> {
        self.find_products(trace)?;
        let mut json = String::with_capacity(512);
        let mut out = ObjectWriter::new(&mut json);
        for output in &LEVEL {
            let need = output.need(self.kind);
            if need == Need::Never {
                continue;
            }
            match self.level(output, trace) {
                Some(value) => out.raw(output.name, &value),
                None if need == Need::Required => return None,
                None => {}
            }
        }
        self.write_products(&mut out, trace);
        if !self.own_product {
            let properties = &self.event_context.event.properties;
            write_metadata(
                &mut out,
                members(properties, PROPERTIES),
                OUTPUTS,
                &self.consumed,
                self.event_context.settings,
                trace,
            );
        }
        drop(out);
        Some(json)
    }

    /// Finds the products that can be sent; `None` if there is none.
    fn find_products(&mut self, trace: &mut Trace) -> Option<()> {
        let properties = &self.event_context.event.properties;
        let is_view = self.kind == Kind::Viewed;
        let id_keys = &self.event_context.settings.product_id_keys;
        let origin = |parent, number| Origin {
            kind: self.kind,
            parent,
            number,
            id_keys,
        };
        self.own_product = matches!(self.kind, Kind::Cart(_)) && self.listed.is_empty();
        if is_view || self.own_product {
            match product(properties, origin(PROPERTIES, 0), trace) {
                Some(product) => self.products.push(product),
                None if is_view => {}
                None => trace.warn("SB-204", Warning::ProductSkipped, || "properties".into()),
            }
        } else {
            self.consumed.add(PRODUCTS);
            for (at, element) in self.listed.iter().enumerate() {
                let parent = Parent::Product(at);
                let members = element.as_object();
                let sent = self.products.len();
                match members.and_then(|members| product(&members, origin(parent, sent), trace)) {
                    Some(found) => self.products.push(found),
                    None => trace.warn("SB-204", Warning::ProductSkipped, || parent.path()),
                }
            }
        }
        (!self.products.is_empty()).then_some(())
    }

    fn write_products(&mut self, out: &mut ObjectWriter<'_>, trace: &mut Trace) {
        let settings = self.event_context.settings;
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
            } else if self.first_currency && product.parent == Parent::Product(0) {
                product.consumed.add("currency");
            }
            let mut object = list.object();
            product.write_outputs(&mut object);
            write_metadata(
                &mut object,
                members(&product.members, product.parent),
                &product.outputs_path(),
                &product.consumed,
                settings,
                trace,
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
