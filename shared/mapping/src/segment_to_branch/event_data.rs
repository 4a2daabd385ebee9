//! `event_data`: what the event is worth and how it came about.

use super::gate::{Accepted, Target};
use super::properties::Properties;
use super::value::{any_text, currency, is_blank, is_known_to_branch, number, text};
use crate::Trace;
use event::json::{Json, ObjectWriter, write_string};
use event::reasons::Warning;

/// Kinds of advertisement.
const AD_TYPES: [&str; 4] = ["BANNER", "INTERSTITIAL", "REWARDED_VIDEO", "NATIVE"];

/// What a field takes.
#[derive(Clone, Copy)]
enum Takes {
    Text,
    /// Text, and the JSON text of an object or array.
    AnyText,
    Number,
    Currency,
    AdType,
}

/// Custom events that give money back, or count it again: their `revenue` is none (SR-217).
const NO_REVENUE: [&str; 5] = [
    "ORDER_REFUNDED",
    "ORDER_CANCELLED",
    "ORDER_UPDATED",
    "CHECKOUT_STEP_VIEWED",
    "CHECKOUT_STEP_COMPLETED",
];

/// The fields that are amounts of money.
const AMOUNTS: [&str; 3] = ["revenue", "shipping", "tax"];

/// In what currency an event counts.
#[derive(Default)]
pub(super) struct Money {
    /// The currency that the event names, or else the default one.
    pub currency: Option<String>,
    /// Whether the event names one that is unknown: Branch would count its amounts as US dollars.
    pub is_unknown: bool,
    /// The `default_currency` of the settings, empty for none.
    pub default: String,
    /// Whether the event names no currency.
    is_unnamed: bool,
}

/// The fields of an event, each with its JSON text.
#[derive(Default)]
pub(super) struct EventData {
    fields: Vec<(&'static str, String)>,
    /// In what currency it counts.
    pub money: Money,
}

/// Reads the fields and, of a standard event, takes out the properties that they use. `default` is the `default_currency`
/// of the settings.
pub(super) fn event_data(
    accepted: &Accepted<'_>,
    properties: &mut Properties<'_>,
    default: &str,
    trace: &mut Trace,
) -> EventData {
    let name = match accepted.target {
        Target::Standard(event) => event.name,
        Target::Custom => "",
    };
    let transaction_ids: &[&str] = match name {
        "INITIATE_PURCHASE" | "ADD_PAYMENT_INFO" => &["order_id", "transaction_id", "checkout_id"],
        _ => &["order_id", "transaction_id"],
    };
    let revenues: &[&str] = match name {
        "PURCHASE" | "INITIATE_PURCHASE" => &["revenue", "total", "value"],
        "" if NO_REVENUE.contains(&accepted.normalized.as_str()) => &[],
        _ => &["revenue"],
    };
    if revenues.is_empty() && properties.get("revenue").is_some() {
        trace.record("SR-217", || {
            let result = "no event_data.revenue: such an event gives money back or counts it again";
            ("properties.revenue".into(), result.into())
        });
    }
    let ad_types: &[&str] = match name {
        "CLICK_AD" | "VIEW_AD" => &["ad_type"],
        _ => &[],
    };
    let mut data = EventData {
        fields: Vec::new(),
        money: Money::new(properties, default, trace),
    };
    for (rule, field, takes, sources) in [
        ("SR-200", "transaction_id", Takes::Text, transaction_ids),
        ("SR-201", "currency", Takes::Currency, &["currency"]),
        ("SR-202", "revenue", Takes::Number, revenues),
        ("SR-203", "shipping", Takes::Number, &["shipping"]),
        ("SR-204", "tax", Takes::Number, &["tax"]),
        ("SR-205", "coupon", Takes::Text, &["coupon"]),
        ("SR-206", "affiliation", Takes::Text, &["affiliation"]),
        (
            "SR-207",
            "search_query",
            Takes::AnyText,
            &["query", "search_query"],
        ),
        ("SR-208", "description", Takes::Text, &["description"]),
        ("SR-209", "ad_type", Takes::AdType, ad_types),
    ] {
        if data.money.is_unknown && AMOUNTS.contains(&field) {
            for source in sources.iter().filter(|source| properties.get(source).is_some()) {
                trace.record("SR-214", || {
                    let result = "no amount: the currency is unknown";
                    (format!("properties.{source}"), result.into())
                });
            }
            continue;
        }
        for source in sources {
            let Some(value) = properties.get(source) else {
                continue;
            };
            if let Some(taken) = takes.from(value, default) {
                if !name.is_empty() {
                    properties.take(source);
                }
                data.add(rule, field, source, takes, taken, trace);
                break;
            }
            if let Takes::Number = takes {
                trace.warn("SR-210", Warning::InvalidNumber, || {
                    format!("properties.{source}")
                });
            }
        }
    }
    data
}

impl Money {
    fn new(properties: &Properties<'_>, default: &str, trace: &mut Trace) -> Self {
        let named = properties.get("currency");
        let currency = match named {
            Some(named) => currency(named, default),
            None => Some(default.to_owned()).filter(|code| !code.is_empty()),
        };
        let is_unknown = named.is_some() && currency.is_none();
        if is_unknown {
            trace.warn("SR-211", Warning::InvalidCurrency, || {
                "properties.currency".into()
            });
        }
        Self {
            currency,
            is_unknown,
            default: default.to_owned(),
            is_unnamed: named.is_none(),
        }
    }
}

impl Takes {
    /// The value as the field takes it: of a number its JSON text, of all others its characters.
    fn from(self, value: Json<'_>, default: &str) -> Option<String> {
        match self {
            Self::Text => text(value).map(Into::into),
            Self::AnyText => (!is_blank(value)).then(|| any_text(value).into_owned()),
            Self::Number => number(value),
            Self::Currency => currency(value, default),
            Self::AdType => {
                let ad_type = value
                    .as_str()?
                    .trim()
                    .to_ascii_uppercase()
                    .replace([' ', '-'], "_");
                AD_TYPES.contains(&ad_type.as_str()).then_some(ad_type)
            }
        }
    }
}

impl EventData {
    fn add(
        &mut self,
        rule: &'static str,
        field: &'static str,
        source: &str,
        takes: Takes,
        value: String,
        trace: &mut Trace,
    ) {
        trace.record(rule, || {
            (format!("properties.{source}"), format!("event_data.{field}"))
        });
        if matches!(takes, Takes::Currency) && !is_known_to_branch(&value) {
            trace.warn("SR-212", Warning::UnknownCurrency, || {
                format!("properties.{source}")
            });
        }
        let json = match takes {
            Takes::Number => value,
            _ => quoted(&value),
        };
        self.fields.push((field, json));
    }

    /// Names the default currency if the event names none and has an amount, or an item with a price.
    pub(super) fn name_default(&mut self, has_price: bool, trace: &mut Trace) {
        let has_amount = has_price || self.fields.iter().any(|(field, _)| AMOUNTS.contains(field));
        if !(self.money.is_unnamed && has_amount) {
            return;
        }
        let Some(code) = &self.money.currency else {
            return;
        };
        trace.record("SR-215", || {
            (
                "settings.segment_to_branch.default_currency".into(),
                "event_data.currency".into(),
            )
        });
        if !is_known_to_branch(code) {
            trace.warn("SR-212", Warning::UnknownCurrency, || {
                "settings.segment_to_branch.default_currency".into()
            });
        }
        self.fields.push(("currency", quoted(code)));
    }

    /// Writes the object, unless it would be empty.
    pub(super) fn write(&self, call: &mut ObjectWriter<'_>) {
        if self.fields.is_empty() {
            return;
        }
        let mut out = call.object("event_data");
        for (field, json) in &self.fields {
            out.raw(field, json);
        }
    }
}

/// The JSON text of a string.
pub(super) fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    write_string(&mut json, text);
    json
}
