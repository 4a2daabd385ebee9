//! Purchases: of the products of an order, and of any track with revenue (section 8).

mod amount;
mod named_currency;

use super::event_context::EventContext;
use super::members::{Member, Parent, members};
use super::name::{event_name, shortened};
use super::properties::{PRODUCTS, PROPERTIES, RESERVED, Written, matches, written};
use crate::Trace;
use crate::forms::number;
use crate::forms::text::{is_blank, text};
use crate::rejected::Rejected;
use amount::{Amount, amounts};
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem};
use event::json::{Json, Object, compact_size};
use event::reasons::{ParkReason, Warning};
use event::settings::{PurchaseProperties, RevenuePurchases};
use named_currency::{Currency, currency_of};
use std::collections::HashMap;

/// The property that a track's purchase is made of.
const REVENUE: &str = "revenue";

/// The most bytes of a purchase's properties.
const MAX_PROPERTIES_BYTES: usize = 51_200;

/// The most bytes of the purchases of one event, with what they are copied from: the properties of an order are copied into
/// each of its purchases, and a hostile order could fill the memory.
const MAX_COPIED_BYTES: usize = 64 << 20;
/// Products of more keys are looked through with a table.
const FEW_KEYS: usize = 16;

/// Properties that mean something else to Braze, beside those of every event: the purchase's own fields.
const OF_PURCHASE: [&str; 4] = ["product_id", "currency", "price", "quantity"];

/// What was made of an order, or of a track's revenue.
#[derive(Default)]
pub(super) struct Purchased {
    pub items: Vec<BrazeItem>,
    /// Whether a product was left out because nobody knows its currency (SB-175).
    pub is_incomplete: bool,
    /// Properties that no purchase may have, though they say more than its own fields do.
    removed: Vec<(Parent, String)>,
}

impl Purchased {
    /// Warns of what no purchase carries (SB-180). Not to be called where a custom event carries all properties.
    pub(super) fn warn_of_removed(&self, trace: &mut Trace) {
        for (parent, key) in &self.removed {
            trace.warn("SB-180", Warning::ReservedPropertyRemoved, || parent.below(key));
        }
    }
}

/// The properties that a purchase's own fields were made of: what holds them, and their keys.
struct Made<'k> {
    keys: Vec<(Parent, &'k str)>,
}

impl<'k> Made<'k> {
    /// The currency's, and these.
    fn of(currency: &Currency<'_>, parent: Parent, keys: &[&'k str]) -> Self {
        let own = keys.iter().map(|key| (parent, *key));
        Self {
            keys: own.chain([(currency.parent, "currency")]).collect(),
        }
    }
}

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
    purchased: Purchased,
}

/// The purchases of an order's products.
///
/// # Errors
/// They would be too large together.
pub(super) fn of_products(
    event_context: &EventContext<'_, '_>,
    at: Timestamp,
    products: &[Json<'_>],
    trace: &mut Trace,
) -> Result<Purchased, Rejected> {
    let mut order = Order {
        event_context,
        at,
        shared: shared(event_context, None, trace),
        purchased: Purchased::default(),
    };
    let shared_bytes: usize = order.shared.iter().map(Member::bytes).sum();
    let mut copied = 0;
    for (number, product) in products.iter().enumerate() {
        let before = order.purchased.items.len();
        if order.add(*product, number, trace).is_none() {
            trace.warn("SB-179", Warning::ProductSkipped, || {
                Parent::Product(number).path()
            });
        }
        let added = order.purchased.items.iter().skip(before);
        copied += shared_bytes + product.raw().len() + added.map(|item| item.json.len()).sum::<usize>();
        if copied > MAX_COPIED_BYTES {
            return Err(Rejected::park(
                "SB-290",
                "properties.products",
                ParkReason::TooLarge,
            ));
        }
    }
    Ok(order.purchased)
}

impl Order<'_, '_, '_> {
    /// Adds the purchases of one product; `None` if it is nothing that was bought.
    fn add(&mut self, product: Json<'_>, at: usize, trace: &mut Trace) -> Option<()> {
        let settings = self.event_context.settings;
        let parent = Parent::Product(at);
        let product = product.as_object()?;
        let (key, product_id) = settings
            .product_id_keys
            .iter()
            .find_map(|key| Some((key, product.get(key).and_then(text)?)))?;
        let price = number(product.get("price")?)?;
        let Some(currency) = currency_of(product.present("currency"), parent, self.event_context, trace)
        else {
            self.purchased.is_incomplete = true;
            return Some(());
        };
        let amounts = amounts(price.into_owned(), product.present("quantity"), parent, trace)?;
        let (product_id, was_long) = shortened(&product_id);
        if was_long {
            trace.warn("SB-173", Warning::TextCut, || parent.below(key));
        }
        let properties = match settings.purchase_properties {
            PurchaseProperties::None => None,
            PurchaseProperties::Product | PurchaseProperties::All => {
                let all = overlaid(&self.shared, &product, parent, trace);
                // A quantity that is no number was warned of (SB-176).
                let made = Made::of(&currency, parent, &[key, "price", "quantity"]);
                self.purchased
                    .properties(all, parent, &made, self.event_context, trace)
            }
        };
        for Amount { price, quantity } in &amounts {
            let at = self.purchased.items.len();
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
                currency: currency.code,
                price,
                quantity: *quantity,
            };
            let item = purchase.item(properties.as_ref(), self.event_context, self.at);
            self.purchased.items.push(item);
        }
        Some(())
    }
}

/// The purchase of a track's revenue (SB-183); `None` if the settings want none, or it has no revenue.
///
/// # Errors
/// Nothing of the event's name is left to call the product.
pub(super) fn of_revenue(
    name: &str,
    event_context: &EventContext<'_, '_>,
    at: Timestamp,
    trace: &mut Trace,
) -> Result<Option<Purchased>, Rejected> {
    let settings = event_context.settings;
    if settings.revenue_purchases == RevenuePurchases::Off
        || !matches(&settings.revenue_purchase_events, name)
    {
        return Ok(None);
    }
    let Some(given) = event_context
        .event
        .properties
        .present(REVENUE)
        .filter(|given| !is_blank(*given))
    else {
        return Ok(None);
    };
    let Some(price) = number(given) else {
        trace.warn("SB-188", Warning::InvalidValue, || PROPERTIES.below(REVENUE));
        return Ok(None);
    };
    let name = event_name(name, "event", trace)?;
    let mut purchased = Purchased::default();
    let Some(currency) = currency_of(None, PROPERTIES, event_context, trace) else {
        purchased.is_incomplete = true;
        return Ok(Some(purchased));
    };
    let all = shared(event_context, Some(REVENUE), trace);
    let made = Made::of(&currency, PROPERTIES, &[]);
    let properties = purchased.properties(all, PROPERTIES, &made, event_context, trace);
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
        product_id: &name,
        currency: currency.code,
        price: &price,
        quantity: 1,
    };
    purchased
        .items
        .push(purchase.item(properties.as_ref(), event_context, at));
    Ok(Some(purchased))
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
            // An order's products are purchases of their own; of a revenue they tell more.
            let is_products = member.key == PRODUCTS && made_of.is_none();
            !is_products && made_of != Some(member.key)
        })
        .collect()
}

impl Purchased {
    /// A purchase's properties; `None` for none, or too many bytes.
    fn properties(
        &mut self,
        all: Vec<Member<'_>>,
        parent: Parent,
        made: &Made<'_>,
        event_context: &EventContext<'_, '_>,
        trace: &mut Trace,
    ) -> Option<Written> {
        let settings = event_context.settings;
        let mut stays = |member: &Member<'_>, trace: &mut Trace| {
            let is_reserved = RESERVED.contains(&member.name) || OF_PURCHASE.contains(&member.name);
            if is_reserved {
                trace.record("SB-180", || {
                    (member.path(), "left out: a key of the purchase itself".into())
                });
                let is_told = made.keys.contains(&(member.parent, member.key));
                let is_unwanted = matches(&settings.drop_properties, member.name);
                if !is_told && !is_unwanted && !member.value.is_null() && !is_blank(member.value) {
                    self.removed.push((member.parent, member.key.to_owned()));
                }
            }
            !is_reserved
        };
        let written = written(all, &mut stays, settings, trace)?;
        let json = &written.json;
        if json.len() > MAX_PROPERTIES_BYTES && compact_size(json) > MAX_PROPERTIES_BYTES {
            trace.warn("SB-181", Warning::PropertiesRemoved, || parent.path());
            return None;
        }
        Some(written)
    }
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
