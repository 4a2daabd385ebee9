//! Purchases: of the products of an order, and of any track with revenue (section 8).

use super::custom_event::shortened;
use super::forms::currency;
use super::names::Member;
use super::number::{numeric, text};
use super::properties::{Beside, PRODUCTS, members, written};
use super::scene::Scene;
use crate::Notes;
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem};
use event::json::{Decimal, Json, Object, compact_size};
use event::reasons::Warning;
use event::settings::PurchaseProperties;

/// The most pieces of one purchase object.
const MAX_QUANTITY: i64 = 100;
/// The most pieces that are split into several objects.
const MAX_SPLIT: i64 = 1000;
/// The most bytes of a purchase's properties.
const MAX_PROPERTIES_BYTES: usize = 51_200;

/// What a purchase is of.
struct Purchase<'p> {
    product_id: &'p str,
    currency: &'p str,
    price: &'p str,
    quantity: i64,
}

/// How often at what price.
struct Amount {
    price: String,
    quantity: i64,
}

/// The purchases of an order's products.
pub fn of_products(scene: &Scene<'_, '_>, at: Timestamp, notes: &mut Notes) -> Vec<BrazeItem> {
    let products = scene.event.properties.get(PRODUCTS).and_then(Json::as_array);
    let mut purchases = Vec::new();
    for (number, product) in products.into_iter().flatten().enumerate() {
        let path = format!("properties.{PRODUCTS}[{number}]");
        if of_product(product, &path, scene, at, &mut purchases, notes).is_none() {
            notes.warn(Warning::ProductSkipped, || path);
        }
    }
    purchases
}

/// Adds the purchases of one product; `None` if it cannot be sent.
fn of_product(
    product: Json<'_>,
    path: &str,
    scene: &Scene<'_, '_>,
    at: Timestamp,
    purchases: &mut Vec<BrazeItem>,
    notes: &mut Notes,
) -> Option<()> {
    let product = product.as_object()?;
    let mut keys = scene.settings.product_id_keys.iter();
    let product_id = keys.find_map(|key| product.get(key).and_then(text))?;
    let (product_id, _) = shortened(&product_id);
    let price = numeric(product.get("price")?)?;
    let amounts = amounts(price, product.present("quantity"), path, notes)?;
    let own = product
        .present("currency")
        .map(|given| (given, format!("{path}.currency")));
    let currency = currency_of(own, scene, notes);
    let properties = properties(Some((&product, path)), None, scene, notes);
    for Amount { price, quantity } in &amounts {
        let purchase = Purchase {
            product_id,
            currency: &currency,
            price,
            quantity: *quantity,
        };
        notes.tell("SB-171", || (path.to_owned(), format!("purchase of {quantity}")));
        purchases.push(item(&purchase, properties.as_deref(), scene, at));
    }
    Some(())
}

/// The purchase of a track's revenue; `None` if it has none.
pub fn of_revenue(name: &str, scene: &Scene<'_, '_>, at: Timestamp, notes: &mut Notes) -> Option<BrazeItem> {
    let price = numeric(scene.event.properties.get("revenue")?)?;
    let currency = currency_of(None, scene, notes);
    let properties = match scene.settings.purchase_properties {
        PurchaseProperties::All => properties(None, Some("revenue"), scene, notes),
        PurchaseProperties::Product | PurchaseProperties::None => None,
    };
    notes.tell("SB-183", || {
        ("properties.revenue".into(), format!("purchase at {price}"))
    });
    let purchase = Purchase {
        product_id: name,
        currency: &currency,
        price: &price,
        quantity: 1,
    };
    Some(item(&purchase, properties.as_deref(), scene, at))
}

fn item(
    purchase: &Purchase<'_>,
    properties: Option<&str>,
    scene: &Scene<'_, '_>,
    at: Timestamp,
) -> BrazeItem {
    scene.happening(BrazeArray::Purchases, at, properties, |out| {
        out.string("product_id", purchase.product_id);
        out.string("currency", purchase.currency);
        out.raw("price", purchase.price);
        out.raw("quantity", &purchase.quantity.to_string());
    })
}

/// How a quantity is sent; `None` if it is nothing that can be bought.
fn amounts(price: String, quantity: Option<Json<'_>>, path: &str, notes: &mut Notes) -> Option<Vec<Amount>> {
    let given = quantity.and_then(numeric);
    if quantity.is_some() && given.is_none() {
        notes.warn(Warning::InvalidValue, || format!("{path}.quantity"));
    }
    let quantity = match &given {
        Some(given) => Decimal::parse(given)?,
        None => Decimal::from(1),
    };
    if quantity.is_negative() || quantity.is_zero() {
        return None;
    }
    let amount = |quantity| Amount {
        price: price.clone(),
        quantity,
    };
    match quantity.as_whole() {
        Some(few) if few <= MAX_QUANTITY => Some(vec![amount(few)]),
        Some(many) if many <= MAX_SPLIT => {
            let mut amounts: Vec<Amount> = (0..many / MAX_QUANTITY).map(|_| amount(MAX_QUANTITY)).collect();
            let rest = many % MAX_QUANTITY;
            amounts.extend((rest > 0).then(|| amount(rest)));
            Some(amounts)
        }
        _ => {
            let total = Decimal::parse(&price)?.times(&quantity);
            notes.warn(Warning::QuantityFolded, || format!("{path}.quantity"));
            Some(vec![Amount {
                price: total.to_string(),
                quantity: 1,
            }])
        }
    }
}

/// The first that is a currency: a product's own, the order's, the settings'.
fn currency_of(own: Option<(Json<'_>, String)>, scene: &Scene<'_, '_>, notes: &mut Notes) -> String {
    let of_order = scene.event.properties.present("currency");
    let of_order = of_order.map(|given| (given, "properties.currency".to_owned()));
    for (given, path) in [own, of_order].into_iter().flatten() {
        match currency(given) {
            Some(code) => return code,
            None => notes.warn(Warning::InvalidCurrency, || path),
        }
    }
    scene.settings.default_currency.clone()
}

/// The properties of a purchase: the event's under those of the product, as the settings say.
fn properties(
    product: Option<(&Object<'_>, &str)>,
    without: Option<&str>,
    scene: &Scene<'_, '_>,
    notes: &mut Notes,
) -> Option<String> {
    let all = match scene.settings.purchase_properties {
        PurchaseProperties::None => return None,
        PurchaseProperties::Product => Vec::new(),
        PurchaseProperties::All => {
            let mut of_event = members(&scene.event.properties, "properties");
            of_event.retain(|member| member.name != PRODUCTS && without != Some(member.name.as_ref()));
            of_event
        }
    };
    let all = match product {
        Some((product, path)) => overlaid(all, product, path),
        None => all,
    };
    let written = written(all, Beside::Purchase, scene.settings, notes)?;
    if written.len() > MAX_PROPERTIES_BYTES && compact_size(&written) > MAX_PROPERTIES_BYTES {
        notes.warn(Warning::PropertiesRemoved, || {
            product.map_or("properties", |(_, path)| path).to_owned()
        });
        return None;
    }
    Some(written)
}

/// The product's members, and behind them those of the order that they do not cover; a null one covers nothing.
fn overlaid<'a>(of_order: Vec<Member<'a>>, product: &Object<'a>, path: &str) -> Vec<Member<'a>> {
    let mut all = members(product, path);
    let own = all.len();
    for member in of_order {
        match all.iter_mut().take(own).find(|over| over.name == member.name) {
            Some(over) if over.value.is_null() => *over = member,
            Some(_) => {}
            None => all.push(member),
        }
    }
    all
}
