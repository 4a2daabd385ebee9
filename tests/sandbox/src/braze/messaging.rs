//! `POST /campaigns/trigger/send` and `POST /canvas/trigger/send`, to named recipients.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::identifier::{check_prioritization, exactly_one};
use super::properties::check_size;
use super::{Array, Contract, Verdict};
use crate::form::{Fields, is_text, object, only, optional, present, text};
use crate::limits::BRAZE_PROPERTIES_BYTES;

pub(super) const CAMPAIGN: Contract = Contract {
    all_or_nothing: true,
    adds: dispatch,
    ..Contract::new(
        &[Array {
            name: "recipients",
            counted_as: "",
            check: |value| check(value, &["trigger_properties"]),
        }],
        |body| {
            only(body, &["campaign_id", "send_id", "recipients"])?;
            optional(body, "send_id", is_text)?;
            text(body, "campaign_id", usize::MAX)?;
            each_once(body)
        },
    )
};

pub(super) const CANVAS: Contract = Contract {
    all_or_nothing: true,
    adds: dispatch,
    ..Contract::new(
        &[Array {
            name: "recipients",
            counted_as: "",
            check: |value| check(value, &["canvas_entry_properties", "context"]),
        }],
        |body| {
            only(body, &["canvas_id", "recipients"])?;
            text(body, "canvas_id", usize::MAX)?;
            each_once(body)
        },
    )
};

fn dispatch() -> Fields {
    Fields::from_iter([("dispatch_id".to_owned(), json!("sandbox"))])
}

const KINDS: [&str; 4] = ["external_user_id", "braze_id", "user_alias", "email"];

fn each_once(body: &Fields) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for recipient in body
        .get("recipients")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        for kind in KINDS {
            let who = recipient.get(kind).filter(|who| !who.is_null());
            if let Some(who) = who
                && !seen.insert((kind, who.to_string()))
            {
                return Err(format!("a recipient is named twice by '{kind}'"));
            }
        }
    }
    Ok(())
}

fn check(value: &Value, properties: &[&str]) -> Verdict {
    let recipient = object(value, "recipients")?;
    let others = ["prioritization", "send_to_existing_only", "attributes"];
    only(recipient, &[&KINDS[..], &others[..], properties].concat())?;
    let kind = exactly_one(recipient, &KINDS)?;
    if kind == "email" {
        check_prioritization(recipient)?;
    }
    for name in properties {
        if let Some(values) = present(recipient, name) {
            object(values, name)?;
            check_size(values, name, BRAZE_PROPERTIES_BYTES)?;
        }
    }
    optional(recipient, "attributes", Value::is_object)?;
    optional(recipient, "send_to_existing_only", Value::is_boolean)?;
    let only_existing = recipient.get("send_to_existing_only").and_then(Value::as_bool);
    match only_existing {
        Some(_) if kind == "user_alias" => {
            Err("'send_to_existing_only' cannot stand beside a user_alias".to_owned())
        }
        Some(false) if !recipient.contains_key("attributes") => {
            Err("'attributes' are required where send_to_existing_only is false".to_owned())
        }
        _ => Ok(Vec::new()),
    }
}
