//! The currency of a purchase, and where it is named (SB-175).

use super::super::event_context::EventContext;
use super::super::names::Parent;
use super::super::properties::PROPERTIES;
use crate::Trace;
use crate::forms::currency::iso_code as currency;
use event::json::Json;
use event::reasons::Warning;
use std::borrow::Cow;

/// A currency and where it is named.
pub struct Currency<'s> {
    /// The code.
    pub code: Cow<'s, str>,
    parent: Parent,
    key: &'static str,
}

impl Currency<'_> {
    /// Records what the currency of the purchase of this number is.
    pub fn record(&self, at: usize, trace: &mut Trace) {
        trace.record("SB-175", || {
            let result = format!("purchases[{at}].currency = {}", self.code);
            (self.parent.below(self.key), result)
        });
    }
}

/// The first that is a currency: a product's own, the order's, the settings'.
pub fn currency_of<'s>(
    own: Option<Json<'_>>,
    product: Parent,
    event_context: &'s EventContext<'_, '_>,
    trace: &mut Trace,
) -> Currency<'s> {
    let of_order = event_context.event.properties.present("currency");
    for (given, parent) in [(own, product), (of_order, PROPERTIES)] {
        let Some(given) = given else { continue };
        match currency(given) {
            Some(code) => {
                return Currency {
                    code: Cow::Owned(code),
                    parent,
                    key: "currency",
                };
            }
            None => trace.warn(Warning::InvalidCurrency, || parent.below("currency")),
        }
    }
    Currency {
        code: Cow::Borrowed(&event_context.settings.default_currency),
        parent: Parent::Object("settings.segment_to_braze"),
        key: "default_currency",
    }
}
