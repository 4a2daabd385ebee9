//! The outputs of the recommended events, which of them each needs, and where they are read from.

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A product was viewed.
    Viewed,
    /// A cart was changed.
    Cart(Change),
    /// A checkout was begun.
    Checkout,
    /// An order was placed.
    Placed,
    /// An order was refunded.
    Refunded,
    /// An order was cancelled.
    Cancelled,
}

/// How a cart was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A product was added.
    Add,
    /// A product was removed.
    Remove,
}

impl Kind {
    /// What a track of this name tells; `name` is trimmed and in lower case.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "product viewed" => Self::Viewed,
            "product added" => Self::Cart(Change::Add),
            "product removed" => Self::Cart(Change::Remove),
            "checkout started" => Self::Checkout,
            "order completed" | "completed order" => Self::Placed,
            "order refunded" => Self::Refunded,
            "order cancelled" => Self::Cancelled,
            _ => return None,
        })
    }

    /// What Braze calls it.
    pub(crate) const fn braze_name(self) -> &'static str {
        match self {
            Self::Viewed => "ecommerce.product_viewed",
            Self::Cart(_) => "ecommerce.cart_updated",
            Self::Checkout => "ecommerce.checkout_started",
            Self::Placed => "ecommerce.order_placed",
            Self::Refunded => "ecommerce.order_refunded",
            Self::Cancelled => "ecommerce.order_cancelled",
        }
    }

    /// `action` of a changed cart.
    pub(crate) const fn action(self) -> Option<&'static str> {
        match self {
            Self::Cart(Change::Add) => Some("add"),
            Self::Cart(Change::Remove) => Some("remove"),
            _ => None,
        }
    }

    const fn column(self) -> usize {
        match self {
            Self::Viewed => 0,
            Self::Cart(_) => 1,
            Self::Checkout => 2,
            Self::Placed => 3,
            Self::Refunded => 4,
            Self::Cancelled => 5,
        }
    }
}

/// Whether an event has an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Without it Braze drops the event.
    Required,
    /// If it is given.
    Optional,
    /// Braze refuses it there.
    Never,
}

/// What an output is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    Text,
    /// An amount of money.
    Amount(Amount),
    Currency,
    /// How the cart was changed.
    Action,
    /// A list of objects.
    Discounts,
    /// What happened to a viewed product.
    ViewType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    /// That of the whole.
    Total,
    Part,
}

/// One output of the event's properties.
pub(super) struct Output {
    /// Its key.
    pub name: &'static str,
    candidates: &'static [&'static str],
    /// What it is.
    pub value: Value,
    /// One letter a column, viewed to cancelled: `R` required, `o` optional, `-` never.
    needs: [u8; 6],
}

impl Output {
    /// Whether an event of this kind has it.
    pub(super) fn need(&self, kind: Kind) -> Need {
        match self.needs.get(kind.column()) {
            Some(b'R') => Need::Required,
            Some(b'o') => Need::Optional,
            _ => Need::Never,
        }
    }

    /// The properties that may give it, in order.
    pub(super) fn candidates(&self, kind: Kind) -> &'static [&'static str] {
        match (self.value, kind) {
            // What a cart's event is worth is not what the cart is worth.
            (Value::Amount(Amount::Total), Kind::Cart(_)) => {
                self.candidates.get(..2).unwrap_or(self.candidates)
            }
            _ => self.candidates,
        }
    }
}

const fn output(
    name: &'static str,
    candidates: &'static [&'static str],
    value: Value,
    needs: &[u8; 6],
) -> Output {
    Output {
        name,
        candidates,
        value,
        needs: *needs,
    }
}

/// The outputs beside products and metadata.
pub(super) const LEVEL: [Output; 14] = [
    output("order_id", &["order_id"], Value::Text, b"---RRR"),
    output(
        "checkout_id",
        &["checkout_id", "order_id"],
        Value::Text,
        b"--R---",
    ),
    output("cart_id", &["cart_id"], Value::Text, b"-Roo--"),
    output("action", &[], Value::Action, b"-R----"),
    output(
        "total_value",
        &["total_value", "total", "value", "revenue"],
        Value::Amount(Amount::Total),
        b"-oRRRR",
    ),
    output("currency", &[], Value::Currency, b"RRRRRR"),
    output("source", &["source"], Value::Text, b"RRRRRR"),
    output(
        "subtotal_value",
        &["subtotal_value", "subtotal"],
        Value::Amount(Amount::Part),
        b"-ooo-o",
    ),
    output("tax", &["tax"], Value::Amount(Amount::Part), b"-ooo-o"),
    output("shipping", &["shipping"], Value::Amount(Amount::Part), b"-ooo-o"),
    output(
        "total_discounts",
        &["total_discounts", "discount"],
        Value::Amount(Amount::Part),
        b"---ooo",
    ),
    output(
        "discounts",
        &["discounts", "discount_items"],
        Value::Discounts,
        b"---ooo",
    ),
    output(
        "cancel_reason",
        &["cancel_reason", "reason"],
        Value::Text,
        b"-----R",
    ),
    output("type", &["type"], Value::ViewType, b"o-----"),
];
