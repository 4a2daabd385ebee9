//! The outputs of a recommended event beside its products and metadata.

use super::super::name::shortened;
use super::table::{Amount, Kind, Output, Value};
use super::{OUTPUTS, Order, is_zero, quoted};
use crate::Trace;
use crate::forms::text::{is_blank, text};
use crate::forms::{self, list};
use event::json::{Decimal, Json, Kind as JsonKind};
use event::reasons::Warning;
use event::settings::CartIdFallback;

/// Braze's words for why an order was cancelled, where the event tells none.
const NO_REASON: &str = "unspecified";

/// What of a viewed product may have happened, by Braze's words.
const VIEW_TYPES: [&str; 2] = ["price_drop", "back_in_stock"];

impl Order<'_, '_, '_, '_> {
    /// The text of an output; `None` if the event does not give it.
    pub(super) fn level(&mut self, output: &Output, trace: &mut Trace) -> Option<String> {
        let candidates = output.candidates(self.kind);
        match output.value {
            Value::Text => self
                .text(output.name, candidates, trace)
                .or_else(|| self.own_text(output.name, trace)),
            Value::Amount(amount) => self.amount(output.name, candidates, amount, trace),
            Value::Currency => self.currency(trace),
            Value::Action => {
                record_output("SB-201", "event", output.name, trace);
                self.kind.action().map(quoted)
            }
            Value::Discounts => self.discounts(candidates, trace),
            Value::ViewType => self.view_type(trace),
        }
    }

    /// A property gave an output.
    fn consume(&mut self, key: &'static str, name: &str, trace: &mut Trace) {
        self.consumed.add(key);
        record_output("SB-200", format_args!("properties.{key}"), name, trace);
    }

    fn text(&mut self, name: &str, candidates: &[&'static str], trace: &mut Trace) -> Option<String> {
        let properties = &self.event_context.event.properties;
        let (key, found) = candidates
            .iter()
            .find_map(|key| Some((*key, properties.get(key).and_then(text)?)))?;
        Some(self.given_text(key, &found, name, trace))
    }

    /// The text of a property, cut to what Braze takes; a cut one stays in the metadata whole (SB-208).
    fn given_text(&mut self, key: &'static str, given: &str, name: &str, trace: &mut Trace) -> String {
        let given = if name == "source" { given.trim() } else { given };
        let (text, was_long) = shortened(given);
        if was_long {
            trace.warn("SB-208", Warning::TextCut, || format!("properties.{key}"));
            record_output("SB-208", format_args!("properties.{key}"), name, trace);
        } else {
            self.consume(key, name, trace);
        }
        quoted(text)
    }

    /// What stands in for a text that the properties do not give.
    fn own_text(&self, name: &str, trace: &mut Trace) -> Option<String> {
        match name {
            "cart_id" => {
                let takes_user = matches!(self.kind, Kind::Cart(_))
                    || self.event_context.settings.cart_id_fallback == CartIdFallback::All;
                if !takes_user {
                    return None;
                }
                let (key, id) = self.event_context.user_or_anonymous_id(trace)?;
                record_output("SB-211", key, name, trace);
                let (id, was_long) = shortened(&id);
                if was_long {
                    trace.warn("SB-208", Warning::TextCut, || key.to_owned());
                }
                Some(quoted(id))
            }
            "source" => {
                let (path, source) = match self.event_context.platform {
                    Some(platform) => ("context", platform.as_str()),
                    None => (
                        "settings.segment_to_braze.default_source",
                        shortened(self.event_context.settings.default_source.trim()).0,
                    ),
                };
                record_output("SB-200", path, name, trace);
                Some(quoted(source))
            }
            "cancel_reason" => {
                record_output("SB-200", "properties.reason", name, trace);
                Some(quoted(NO_REASON))
            }
            _ => None,
        }
    }

    fn amount(
        &mut self,
        name: &str,
        candidates: &[&'static str],
        amount: Amount,
        trace: &mut Trace,
    ) -> Option<String> {
        let properties = &self.event_context.event.properties;
        let loses_sign = amount == Amount::Total && matches!(self.kind, Kind::Refunded | Kind::Cancelled);
        let valid = |key: &str| {
            let given = forms::number(properties.get(key)?)?;
            match given.strip_prefix('-') {
                Some(unsigned) if loses_sign || is_zero(unsigned) => Some(unsigned.to_owned()),
                Some(_) => None,
                None => Some(given.into_owned()),
            }
        };
        if let Some((key, found)) = candidates.iter().find_map(|key| Some((*key, valid(key)?))) {
            self.consume(key, name, trace);
            return Some(found);
        }
        let sums = amount == Amount::Total && !matches!(self.kind, Kind::Cart(_));
        let sum = sums.then(|| self.sum()).flatten()?;
        record_output("SB-200", "properties.products", name, trace);
        Some(sum)
    }

    fn sum(&self) -> Option<String> {
        let total = self.products.iter().try_fold(Decimal::from(0), |sum, product| {
            Some(sum.plus(&Decimal::parse(&product.price)?.times(&Decimal::parse(&product.quantity)?)))
        });
        total.map(|total| total.to_string())
    }

    /// The currency of the event; `None` if the one that is named is not known, or a product is of another one: amounts of
    /// different money must not be added (SB-212).
    fn currency(&mut self, trace: &mut Trace) -> Option<String> {
        let default = self.event_context.settings.default_currency.as_str();
        let properties = &self.event_context.event.properties;
        let first = self
            .listed
            .first()
            .and_then(|first| first.as_object()?.present("currency"));
        let candidates = [
            (properties.present("currency"), false, "properties.currency"),
            (first, true, "properties.products[0].currency"),
        ];
        let mut found = (default, "settings.segment_to_braze.default_currency");
        for (given, is_first, path) in candidates {
            match forms::currency(given, default) {
                forms::Currency::Unnamed => continue,
                forms::Currency::Code(code) => found = (code, path),
                forms::Currency::Unknown => {
                    trace.warn("SB-212", Warning::InvalidCurrency, || path.into());
                    return None;
                }
            }
            if is_first {
                self.first_currency = true;
            } else {
                self.consumed.add("currency");
            }
            break;
        }
        let (code, path) = found;
        let other = self.products.iter().find(|product| {
            match forms::currency(product.members.present("currency"), default) {
                forms::Currency::Unnamed => false,
                forms::Currency::Code(own) => own != code,
                forms::Currency::Unknown => true,
            }
        });
        if let Some(other) = other {
            trace.warn("SB-212", Warning::InvalidCurrency, || {
                other.parent.below("currency")
            });
            return None;
        }
        record_output("SB-175", path, "currency", trace);
        Some(quoted(code))
    }

    fn discounts(&mut self, candidates: &[&'static str], trace: &mut Trace) -> Option<String> {
        let properties = &self.event_context.event.properties;
        let is_object = |element: &Json<'_>| element.kind() == JsonKind::Object;
        let (key, elements) = candidates.iter().find_map(|key| {
            let elements = properties.get(key).and_then(list)?;
            elements.iter().any(is_object).then_some((*key, elements))
        })?;
        self.consume(key, "discounts", trace);
        let given = |element: &Json<'_>| is_object(element).then(|| element.raw().to_owned());
        Some(self.kept(key, &elements, given))
    }

    fn view_type(&mut self, trace: &mut Trace) -> Option<String> {
        let given = self.event_context.event.properties.get("type")?;
        let elements = given.as_array().unwrap_or_else(|| vec![given]);
        let one = |value: &Json<'_>| {
            let given = value.as_str()?;
            VIEW_TYPES.into_iter().find(|own| *own == given).map(quoted)
        };
        if !elements.iter().any(|element| one(element).is_some()) {
            return None;
        }
        self.consume("type", "type", trace);
        Some(self.kept("type", &elements, one))
    }

    /// The list of the texts of the elements that `text` accepts. What the others say stays in the metadata (SB-205).
    fn kept(
        &mut self,
        key: &'static str,
        elements: &[Json<'_>],
        text: impl Fn(&Json<'_>) -> Option<String>,
    ) -> String {
        let (mut kept, mut rest) = (Vec::with_capacity(elements.len()), Vec::new());
        for element in elements {
            match text(element) {
                Some(text) => kept.push(text),
                None if element.is_null() || is_blank(*element) => {}
                None => rest.push(element.raw()),
            }
        }
        if !rest.is_empty() {
            self.consumed.leave(key, format!("[{}]", rest.join(",")));
        }
        format!("[{}]", kept.join(","))
    }
}

/// Records where an output of the event's properties comes from.
fn record_output(rule: &'static str, path: impl std::fmt::Display, name: &str, trace: &mut Trace) {
    trace.record(rule, || (path.to_string(), format!("{OUTPUTS}.{name}")));
}
