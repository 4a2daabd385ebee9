//! `PUT`, `PATCH` and `DELETE /catalogs/<catalog>/items`. Every catalog of a valid name is there, and every item.

use serde_json::Value;
use std::collections::BTreeSet;

use super::properties::check_name;
use super::{Array, Contract, Verdict};
use crate::form::{Fields, object, only, text};
use crate::limits::BRAZE_CATALOG_ID;

pub(super) const UPSERT: Contract = Contract {
    status: 202,
    all_or_nothing: true,
    ..Contract::new(
        &[Array {
            name: "items",
            counted_as: "",
            check: check_fields,
        }],
        whole,
    )
};

/// `PATCH` asks what `PUT` asks.
pub(super) const UPDATE: Contract = UPSERT;

pub(super) const DELETE: Contract = Contract {
    status: 202,
    all_or_nothing: true,
    ..Contract::new(
        &[Array {
            name: "items",
            counted_as: "",
            check: |value| {
                only(object(value, "items")?, &["id"])?;
                check(value)
            },
        }],
        whole,
    )
};

fn whole(body: &Fields) -> Result<(), String> {
    only(body, &["items"])?;
    let mut seen = BTreeSet::new();
    let items = body.get("items").and_then(Value::as_array).into_iter().flatten();
    let mut ids = items.filter_map(|item| item.get("id").and_then(Value::as_str));
    match ids.find(|id| !seen.insert(*id)) {
        Some(id) => Err(format!("the item {id:?} is there twice")),
        None => Ok(()),
    }
}

/// `PUT` with an id alone would empty the stored item; a sender that does so is wrong.
fn check_fields(value: &Value) -> Verdict {
    if object(value, "items")?.len() < 2 {
        return Err("an item without a field would lose all that it has".to_owned());
    }
    check(value)
}

fn check(value: &Value) -> Verdict {
    let item = object(value, "items")?;
    if !is_id(text(item, "id", BRAZE_CATALOG_ID)?) {
        return Err("'id' may hold letters, digits, hyphens and underscores".to_owned());
    }
    item.keys().try_for_each(|key| check_name(key))?;
    Ok(Vec::new())
}

/// A catalog's name or an item's id.
pub(super) fn is_id(text: &str) -> bool {
    let is_character = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=BRAZE_CATALOG_ID).contains(&text.len()) && text.bytes().all(is_character)
}
