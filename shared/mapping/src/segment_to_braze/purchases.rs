//! Purchases: of the products of an order, and of any track with revenue (section 8).

mod amount;
mod named_currency;

use super::custom_event::shortened;
use super::event_context::EventContext;
use super::names::{Member, Parent, members};
use super::properties::{PRODUCTS, PROPERTIES, TrackObject, Written, written};
use crate::Trace;
use crate::forms::number::numeric;
use crate::forms::text::text;
use crate::rejected::Rejected;
use amount::{Amount, amounts};
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem};
use event::json::{Json, Object, compact_size};
use event::reasons::{ParkReason, Warning};
use event::settings::PurchaseProperties;
use named_currency::currency_of;
use std::collections::HashMap;

/// The most bytes of a purchase's properties.
const MAX_PROPERTIES_BYTES: usize = 51_200;

/// The most bytes of the purchases of one event, with what they are copied from: the properties of an order are copied into
/// each of its purchases, and a hostile order could fill the memory.
const MAX_COPIED_BYTES: usize = 64 << 20;
/// Products of more keys are looked through with a table.
const FEW_KEYS: usize = 16;

/// What a purchase is of.
struct Purchase<'p> {
    product_id: &'p str,
    currency: &'p str,
    price: &'p str,
    quantity: i64,
}

/// An order while its products are made purchases.
struct Order<'o, 'e, 'a> {
    event_context: &'o EventContext<'e, 'a>,
    at: Timestamp,
    /// The properties that every purchase has a copy of.
    shared: Vec<Member<'o>>,
    purchases: Vec<BrazeItem>,
}

/// The purchases of an order's products.
///
/// # Errors
/// They would be too large together.
pub fn of_products(
    event_context: &EventContext<'_, '_>,
    at: Timestamp,
    trace: &mut Trace,
) -> Result<Vec<BrazeItem>, Rejected> {
    let products = event_context
        .event
        .properties
        .get(PRODUCTS)
        .and_then(Json::as_array);
    let mut order = Order {
        event_context,
        at,
        shared: shared(event_context, None, trace),
        purchases: Vec::new(),
    };
    let shared_bytes: usize = order.shared.iter().map(Member::bytes).sum();
    let mut copied = 0;
    for (number, product) in products.into_iter().flatten().enumerate() {
        let before = order.purchases.len();
        if order.add(product, number, trace).is_none() {
            trace.warn(Warning::ProductSkipped, || Parent::Product(number).path());
        }
        let added = order.purchases.iter().skip(before);
        copied += shared_bytes + product.raw().len() + added.map(|item| item.json.len()).sum::<usize>();
        if copied > MAX_COPIED_BYTES {
            return Err(Rejected::park(
                "SB-290",
                "properties.products",
                ParkReason::TooLarge,
            ));
        }
    }
    Ok(order.purchases)
}

impl Order<'_, '_, '_> {
    /// Adds the purchases of one product; `None` if it cannot be sent.
    fn add(&mut self, product: Json<'_>, number: usize, trace: &mut Trace) -> Option<()> {
        let settings = self.event_context.settings;
        let parent = Parent::Product(number);
        let product = product.as_object()?;
        let (key, product_id) = settings
            .product_id_keys
            .iter()
            .find_map(|key| Some((key, product.get(key).and_then(text)?)))?;
        let (product_id, _) = shortened(&product_id);
        let price = numeric(product.get("price")?)?;
        let amounts = amounts(price, product.present("quantity"), parent, trace)?;
        let currency = currency_of(product.present("currency"), parent, self.event_context, trace);
        let properties = match settings.purchase_properties {
            PurchaseProperties::None => None,
            PurchaseProperties::Product | PurchaseProperties::All => {
                let all = overlaid(&self.shared, &product, parent, trace);
                properties(all, parent, self.event_context, trace)
            }
        };
        for Amount { price, quantity } in &amounts {
            let at = self.purchases.len();
            trace.record("SB-173", || {
                (
                    parent.below(key),
                    format!("purchases[{at}].product_id = {product_id}"),
                )
            });
            trace.record("SB-174", || {
                (parent.below("price"), format!("purchases[{at}].price = {price}"))
            });
            trace.record("SB-176", || {
                (
                    parent.below("quantity"),
                    format!("purchases[{at}].quantity = {quantity}"),
                )
            });
            currency.record(at, trace);
            if let Some(properties) = &properties {
                properties.record("SB-180", format_args!("purchases[{at}].properties"), trace);
            }
            let purchase = Purchase {
                product_id,
                currency: &currency.code,
                price,
                quantity: *quantity,
            };
            let item = purchase.item(properties.as_ref(), self.event_context, self.at);
            self.purchases.push(item);
        }
        Some(())
    }
}

/// The purchase of a track's revenue; `None` if it has none.
pub fn of_revenue(
    name: &str,
    event_context: &EventContext<'_, '_>,
    at: Timestamp,
    trace: &mut Trace,
) -> Option<BrazeItem> {
    let price = numeric(event_context.event.properties.get("revenue")?)?;
    let currency = currency_of(None, PROPERTIES, event_context, trace);
    let all = shared(event_context, Some("revenue"), trace);
    let properties = properties(all, PROPERTIES, event_context, trace);
    trace.record("SB-183", || {
        ("event".into(), format!("purchases[0].product_id = {name}"))
    });
    trace.record("SB-183", || {
        (
            "properties.revenue".into(),
            format!("purchases[0].price = {price}"),
        )
    });
    trace.record("SB-183", || {
        ("properties.revenue".into(), "purchases[0].quantity = 1".into())
    });
    currency.record(0, trace);
    if let Some(properties) = &properties {
        properties.record("SB-183", format_args!("purchases[0].properties"), trace);
    }
    let purchase = Purchase {
        product_id: name,
        currency: &currency.code,
        price: &price,
        quantity: 1,
    };
    Some(purchase.item(properties.as_ref(), event_context, at))
}

impl Purchase<'_> {
    fn item(
        &self,
        properties: Option<&Written>,
        event_context: &EventContext<'_, '_>,
        at: Timestamp,
    ) -> BrazeItem {
        let properties = properties.map(|properties| properties.json.as_str());
        event_context.track_object(BrazeArray::Purchases, at, properties, |out| {
            out.string("product_id", self.product_id);
            out.string("currency", self.currency);
            out.raw("price", self.price);
            out.raw("quantity", &self.quantity.to_string());
        })
    }
}

/// What every purchase has of the event's properties: all but the products and the one that it is `made_of`, if the settings
/// want them.
fn shared<'m>(
    event_context: &'m EventContext<'_, '_>,
    made_of: Option<&str>,
    trace: &mut Trace,
) -> Vec<Member<'m>> {
    let wanted = event_context.settings.purchase_properties;
    if wanted != PurchaseProperties::All {
        trace.record("SB-180", || {
            (
                "properties".into(),
                "left out of purchases: purchase_properties".into(),
            )
        });
        return Vec::new();
    }
    members(&event_context.event.properties, PROPERTIES)
        .filter(|member| {
            let is_products = member.key == PRODUCTS;
            if is_products && made_of.is_some() {
                trace.record("SB-180", || (member.path(), "left out of purchases".into()));
            }
            !is_products && made_of != Some(member.key)
        })
        .collect()
}

/// A purchase's properties; `None` for none, or too many bytes.
fn properties(
    all: Vec<Member<'_>>,
    parent: Parent,
    event_context: &EventContext<'_, '_>,
    trace: &mut Trace,
) -> Option<Written> {
    let written = written(all, TrackObject::Purchase, event_context.settings, trace)?;
    let json = &written.json;
    if json.len() > MAX_PROPERTIES_BYTES && compact_size(json) > MAX_PROPERTIES_BYTES {
        trace.warn(Warning::PropertiesRemoved, || parent.path());
        return None;
    }
    Some(written)
}

/// The product's members, and behind them those of the order that they do not cover; a null one covers nothing.
fn overlaid<'m>(
    shared: &[Member<'m>],
    product: &'m Object<'_>,
    parent: Parent,
    trace: &mut Trace,
) -> Vec<Member<'m>> {
    let mut all = Vec::with_capacity(product.len() + shared.len());
    all.extend(members(product, parent));
    let own = all.len();
    let places: HashMap<&str, usize> = if own > FEW_KEYS {
        all.iter()
            .enumerate()
            .map(|(at, member)| (member.key, at))
            .collect()
    } else {
        HashMap::new()
    };
    for member in shared {
        let place = if own > FEW_KEYS {
            places.get(member.key).copied()
        } else {
            all.iter().take(own).position(|over| over.key == member.key)
        };
        match place.and_then(|at| all.get_mut(at)) {
            Some(over) if over.value.is_null() => *over = *member,
            Some(over) => trace.record("SB-180", || {
                (member.path(), format!("left out: {} comes first", over.path()))
            }),
            None => all.push(*member),
        }
    }
    all
}
