//! The currency of a purchase, and where it is named (SB-175).

use super::super::event_context::EventContext;
use super::super::members::Parent;
use super::super::properties::PROPERTIES;
use crate::Trace;
use crate::forms::{self, currency};
use event::json::Json;
use event::reasons::Warning;

/// A currency and where it is named.
pub(super) struct Currency<'s> {
    pub code: &'s str,
    pub parent: Parent,
    key: &'static str,
}

impl Currency<'_> {
    /// Records what the currency of the purchase of this number is.
    pub(super) fn record(&self, at: usize, trace: &mut Trace) {
        trace.record("SB-175", || {
            let result = format!("purchases[{at}].currency = {}", self.code);
            (self.parent.below(self.key), result)
        });
    }
}

/// The first currency that is named, of the product and then of the order, else that of the settings. `None` if the one that
/// is named is not known: its amounts must not be booked as amounts of another currency.
pub(super) fn currency_of<'s>(
    own: Option<Json<'_>>,
    product: Parent,
    event_context: &'s EventContext<'_, '_>,
    trace: &mut Trace,
) -> Option<Currency<'s>> {
    let default = event_context.settings.default_currency.as_str();
    let of_order = event_context.event.properties.present("currency");
    for (given, parent) in [(own, product), (of_order, PROPERTIES)] {
        match currency(given, default) {
            forms::Currency::Unnamed => {}
            forms::Currency::Code(code) => {
                return Some(Currency {
                    code,
                    parent,
                    key: "currency",
                });
            }
            forms::Currency::Unknown => {
                trace.warn("SB-175", Warning::InvalidCurrency, || parent.below("currency"));
                return None;
            }
        }
    }
    Some(Currency {
        code: default,
        parent: Parent::Object("settings.segment_to_braze"),
        key: "default_currency",
    })
}
