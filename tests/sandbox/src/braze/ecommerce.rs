//! The recommended ecommerce events, which Braze checks strictly: these properties and no other.

use serde_json::Value;

use crate::form::{Fields, is_text, object};
use crate::limits::BRAZE_NAME;

use super::codes::is_currency;

/// One of the events, as a column of [`PROPERTIES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(usize);

const VIEWED: Kind = Kind(0);
const KINDS: [&str; 6] = [
    "ecommerce.product_viewed",
    "ecommerce.cart_updated",
    "ecommerce.checkout_started",
    "ecommerce.order_placed",
    "ecommerce.order_refunded",
    "ecommerce.order_cancelled",
];

impl Kind {
    /// The event of this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        KINDS.iter().position(|known| *known == name).map(Self)
    }
}

/// What a value must be.
#[derive(Clone, Copy)]
enum Form {
    Text,
    /// A number, at least 0.
    Money,
    /// A whole number, at least 0: a line that was taken out of the cart has none.
    Quantity,
    Currency,
    Objects,
    Object,
    Products,
    Action,
    /// `price_drop`, `back_in_stock`.
    Alerts,
}

/// Name, form, and for each kind whether it is required (R), optional (o) or not allowed (-).
const PROPERTIES: [(&str, Form, &str); 16] = [
    ("order_id", Form::Text, "---RRR"),
    ("checkout_id", Form::Text, "--R---"),
    ("cart_id", Form::Text, "-Roo--"),
    ("action", Form::Action, "-R----"),
    ("total_value", Form::Money, "-oRRRR"),
    ("currency", Form::Currency, "RRRRRR"),
    ("source", Form::Text, "RRRRRR"),
    ("subtotal_value", Form::Money, "-ooo-o"),
    ("tax", Form::Money, "-ooo-o"),
    ("shipping", Form::Money, "-ooo-o"),
    ("total_discounts", Form::Money, "---ooo"),
    ("discounts", Form::Objects, "---ooo"),
    ("cancel_reason", Form::Text, "-----R"),
    ("products", Form::Products, "-RRRRR"),
    ("type", Form::Alerts, "o-----"),
    ("metadata", Form::Object, "oooooo"),
];

/// The same for a product: in `products`, and among the properties of a viewed one.
const PRODUCT: [(&str, Form, char); 8] = [
    ("product_id", Form::Text, 'R'),
    ("product_name", Form::Text, 'R'),
    ("variant_id", Form::Text, 'R'),
    ("price", Form::Money, 'R'),
    ("quantity", Form::Quantity, 'R'),
    ("image_url", Form::Text, 'o'),
    ("product_url", Form::Text, 'o'),
    ("metadata", Form::Object, 'o'),
];

/// Why an event is refused.
pub(super) fn check(kind: Kind, properties: &Fields) -> Result<(), String> {
    let own = PROPERTIES
        .iter()
        .map(|(name, form, uses)| (*name, *form, uses.chars().nth(kind.0).unwrap_or('-')));
    let product = PRODUCT
        .iter()
        .copied()
        .filter(|(name, ..)| kind == VIEWED && !["quantity", "metadata"].contains(name));
    let rows: Vec<_> = own.chain(product).filter(|(.., use_)| *use_ != '-').collect();
    check_rows(&rows, properties)
}

fn check_rows(rows: &[(&str, Form, char)], fields: &Fields) -> Result<(), String> {
    if let Some(key) = fields
        .keys()
        .find(|key| !rows.iter().any(|(name, ..)| name == key))
    {
        return Err(format!("'{key}' is not allowed here"));
    }
    for (name, form, use_) in rows {
        match fields.get(*name) {
            Some(value) => form.check(name, value)?,
            None if *use_ == 'R' => return Err(format!("'{name}' is required")),
            None => {}
        }
    }
    Ok(())
}

impl Form {
    fn check(self, name: &str, value: &Value) -> Result<(), String> {
        let is_valid = match self {
            Self::Text => {
                is_text(value)
                    && value
                        .as_str()
                        .is_some_and(|text| text.chars().count() <= BRAZE_NAME)
            }
            Self::Money => value.as_f64().is_some_and(|money| money >= 0.0),
            Self::Quantity => value.is_u64(),
            Self::Currency => is_currency(value),
            Self::Objects => value
                .as_array()
                .is_some_and(|list| list.iter().all(Value::is_object)),
            Self::Object => value.is_object(),
            Self::Action => ["add", "remove"].iter().any(|known| value == known),
            Self::Alerts => value.as_array().is_some_and(|list| {
                list.iter()
                    .all(|alert| ["price_drop", "back_in_stock"].iter().any(|known| alert == known))
            }),
            Self::Products => return check_products(value),
        };
        if is_valid {
            Ok(())
        } else {
            Err(format!("'{name}' is not valid"))
        }
    }
}

fn check_products(value: &Value) -> Result<(), String> {
    match value.as_array() {
        Some(products) if !products.is_empty() => products
            .iter()
            .try_for_each(|product| check_rows(&PRODUCT, object(product, "products")?)),
        _ => Err("'products' must be an array of objects".to_owned()),
    }
}
