//! `event_data`: what the event is worth and how it came about.

use super::gate::Target;
use super::received::Properties;
use super::value::{any_text, currency, is_blank, number, text};
use crate::Trace;
use event::json::{Json, ObjectWriter, write_string};
use event::reasons::Warning;

/// The codes that Branch's SDKs know.
const CURRENCIES: &str = include_str!("../../data/branch_currencies.txt");

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

/// The fields of an event, each with its JSON text.
#[derive(Default)]
pub struct EventData {
    fields: Vec<(&'static str, String)>,
    /// `currency`
    pub currency: Option<String>,
}

/// Reads the fields and takes out the properties that they use.
pub fn event_data(target: Target, properties: &mut Properties<'_>, trace: &mut Trace) -> EventData {
    let name = match target {
        Target::Standard(event) => event.name,
        Target::Custom => "",
    };
    let transaction_ids: &[&str] = match name {
        "INITIATE_PURCHASE" | "ADD_PAYMENT_INFO" => &["order_id", "transaction_id", "checkout_id"],
        _ => &["order_id", "transaction_id"],
    };
    let revenues: &[&str] = match name {
        "PURCHASE" | "INITIATE_PURCHASE" => &["revenue", "total", "value"],
        _ => &["revenue"],
    };
    let ad_types: &[&str] = match name {
        "CLICK_AD" | "VIEW_AD" => &["ad_type"],
        _ => &[],
    };
    let mut data = EventData::default();
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
        for source in sources {
            let Some(value) = properties.get(source) else {
                continue;
            };
            if let Some(taken) = takes.from(value) {
                properties.take(source);
                data.add(rule, field, source, takes, taken, trace);
                break;
            }
            takes.refuse(source, trace);
        }
    }
    data
}

impl Takes {
    /// The value as the field takes it: of a number its JSON text, of all others its characters.
    fn from(self, value: Json<'_>) -> Option<String> {
        match self {
            Self::Text => text(value).map(Into::into),
            Self::AnyText => (!is_blank(value)).then(|| any_text(value).into_owned()),
            Self::Number => number(value),
            Self::Currency => currency(value),
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

    fn refuse(self, source: &str, trace: &mut Trace) {
        let warning = match self {
            Self::Number => Warning::InvalidNumber,
            Self::Currency => Warning::InvalidCurrency,
            Self::Text | Self::AnyText | Self::AdType => return,
        };
        trace.warn(warning, || format!("properties.{source}"));
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
        if let Takes::Currency = takes {
            if !CURRENCIES.split_ascii_whitespace().any(|known| known == value) {
                trace.warn(Warning::UnknownCurrency, || format!("properties.{source}"));
            }
            self.currency = Some(value.clone());
        }
        let json = match takes {
            Takes::Number => value,
            _ => quoted(&value),
        };
        self.fields.push((field, json));
    }

    /// Writes the object, unless it would be empty.
    pub fn write(&self, call: &mut ObjectWriter<'_>) {
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
pub fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    write_string(&mut json, text);
    json
}
