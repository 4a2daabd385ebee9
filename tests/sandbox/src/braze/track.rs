//! `POST /users/track`: attributes, events and purchases.

use serde_json::{Map, Value};

use super::{Array, Contract, Verdict, attributes, codes, ecommerce, identifier, properties};
use crate::form::{Fields, is_time, object, only, optional, required, text, unknown};
use crate::limits::{BRAZE_ITEM_BYTES, BRAZE_NAME, BRAZE_PROPERTIES_BYTES, BRAZE_QUANTITY};

const ARRAYS: [Array; 3] = [
    Array {
        name: "attributes",
        counted_as: "attributes_processed",
        check: attributes::check,
    },
    Array {
        name: "events",
        counted_as: "events_processed",
        check: check_event,
    },
    Array {
        name: "purchases",
        counted_as: "purchases_processed",
        check: check_purchase,
    },
];

pub(super) const fn contract(most: usize) -> Contract {
    Contract {
        most,
        ..Contract::new(&ARRAYS, whole)
    }
}

fn whole(body: &Fields) -> Result<(), String> {
    only(body, &["attributes", "events", "purchases"])
}

/// The kinds of identifier of an event or purchase.
const KINDS: [&str; 5] = ["external_id", "braze_id", "user_alias", "email", "phone"];
const EVENT_KEYS: [&str; 10] = [
    "external_id",
    "braze_id",
    "user_alias",
    "email",
    "phone",
    "app_id",
    "name",
    "time",
    "properties",
    "_update_existing_only",
];
const PURCHASE_KEYS: [&str; 13] = [
    "external_id",
    "braze_id",
    "user_alias",
    "email",
    "phone",
    "app_id",
    "product_id",
    "currency",
    "price",
    "quantity",
    "time",
    "properties",
    "_update_existing_only",
];
const EVENT_RESERVED: [&str; 2] = ["time", "event_name"];
const PURCHASE_RESERVED: [&str; 6] = [
    "time",
    "event_name",
    "product_id",
    "currency",
    "price",
    "quantity",
];

/// What events and purchases have in common.
fn check_occurrence(fields: &Fields) -> Result<(), String> {
    identifier::exactly_one(fields, &KINDS)?;
    required(fields, "time", is_time)?;
    optional(fields, "app_id", crate::form::is_text)?;
    optional(fields, "_update_existing_only", Value::is_boolean)
}

fn check_event(value: &Value) -> Verdict {
    let event = object(value, "events")?;
    check_occurrence(event)?;
    let name = text(event, "name", BRAZE_NAME)?;
    if name.starts_with('$') {
        return Err("'name' begins with $".to_owned());
    }
    match ecommerce::Kind::of(name) {
        Some(kind) => {
            let none = Map::new();
            let properties = event.get("properties").and_then(Value::as_object);
            ecommerce::check(kind, properties.unwrap_or(&none))?;
        }
        None => properties::check(event, &EVENT_RESERVED, BRAZE_ITEM_BYTES)?,
    }
    Ok([unknown(event, &EVENT_KEYS), identifier::placeholders(event)].concat())
}

fn check_purchase(value: &Value) -> Verdict {
    let purchase = object(value, "purchases")?;
    check_occurrence(purchase)?;
    text(purchase, "product_id", BRAZE_NAME)?;
    required(purchase, "currency", codes::is_currency)?;
    required(purchase, "price", Value::is_number)?;
    optional(purchase, "quantity", |quantity| {
        quantity
            .as_u64()
            .is_some_and(|quantity| (1..=BRAZE_QUANTITY).contains(&quantity))
    })?;
    properties::check(purchase, &PURCHASE_RESERVED, BRAZE_PROPERTIES_BYTES)?;
    Ok([
        unknown(purchase, &PURCHASE_KEYS),
        identifier::placeholders(purchase),
    ]
    .concat())
}
