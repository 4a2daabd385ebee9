//! How many pieces at what price (SB-176 to SB-178).

use super::super::members::Parent;
use crate::Trace;
use crate::forms::number;
use event::json::{Decimal, Json};
use event::reasons::Warning;

/// The most pieces of one purchase object.
const MAX_QUANTITY: i64 = 100;
/// The most pieces that are split into several objects.
const MAX_SPLIT: i64 = 1000;

/// How often at what price.
pub(super) struct Amount {
    /// The price of one piece, as the text of a JSON number.
    pub price: String,
    /// How many pieces.
    pub quantity: i64,
}

/// How a quantity is sent; `None` if it is nothing that can be bought.
pub(super) fn amounts(
    price: String,
    quantity: Option<Json<'_>>,
    product: Parent,
    trace: &mut Trace,
) -> Option<Vec<Amount>> {
    let given = quantity.and_then(number);
    if quantity.is_some() && given.is_none() {
        trace.warn("SB-176", Warning::InvalidValue, || product.below("quantity"));
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
            trace.warn("SB-178", Warning::QuantityFolded, || product.below("quantity"));
            Some(vec![Amount {
                price: total.to_string(),
                quantity: 1,
            }])
        }
    }
}
