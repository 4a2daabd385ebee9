//! The currency of a purchase, and where it is named (SB-175).

use super::super::forms::currency;
use super::super::names::Parent;
use super::super::properties::PROPERTIES;
use super::super::scene::Scene;
use crate::Notes;
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
    /// Tells what the currency of the purchase of this number is.
    pub fn tell(&self, at: usize, notes: &mut Notes) {
        notes.tell("SB-175", || {
            let result = format!("purchases[{at}].currency = {}", self.code);
            (self.parent.below(self.key), result)
        });
    }
}

/// The first that is a currency: a product's own, the order's, the settings'.
pub fn currency_of<'s>(
    own: Option<Json<'_>>,
    product: Parent,
    scene: &'s Scene<'_, '_>,
    notes: &mut Notes,
) -> Currency<'s> {
    let of_order = scene.event.properties.present("currency");
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
            None => notes.warn(Warning::InvalidCurrency, || parent.below("currency")),
        }
    }
    Currency {
        code: Cow::Borrowed(&scene.settings.default_currency),
        parent: Parent::Object("settings.segment_to_braze"),
        key: "default_currency",
    }
}
