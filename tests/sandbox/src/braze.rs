//! Braze's REST API. Every endpoint takes arrays of items, judges each, and names those that it refuses by array and index.

mod attributes;
mod catalogs;
mod codes;
mod ecommerce;
mod identifier;
mod identity;
mod messaging;
mod properties;
mod subscription;
mod track;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use crate::form::Fields;
use crate::judged::{Judged, JudgedItem, VendorRequest};
use crate::keys::Keys;
use crate::limits::{BRAZE_BODY_BYTES, BRAZE_ENTRIES, BRAZE_ITEM_BYTES};
use crate::record::ItemResult;

/// What Braze silently leaves out of an item, or why it refuses the item.
type Verdict = Result<Vec<String>, String>;

/// An array of items.
struct Array {
    /// Its key.
    name: &'static str,
    /// What the answer calls the number of items taken; empty if it gives none.
    counted_as: &'static str,
    check: fn(&Value) -> Verdict,
}

/// What an endpoint asks.
struct Contract {
    arrays: &'static [Array],
    /// Items of all arrays together.
    most: usize,
    /// The status of success.
    status: u16,
    /// What it asks of the body as a whole.
    whole: fn(&Fields) -> Result<(), String>,
    /// Whether Braze refuses the whole request for one bad entry: it then has no partial answer.
    all_or_nothing: bool,
    /// Members added to an answer of success.
    adds: fn() -> Fields,
}

impl Contract {
    const fn new(arrays: &'static [Array], whole: fn(&Fields) -> Result<(), String>) -> Self {
        Self {
            arrays,
            most: BRAZE_ENTRIES,
            status: 201,
            whole,
            all_or_nothing: false,
            adds: Map::new,
        }
    }
}

fn contract(method: &str, path: &str, track_objects: usize) -> Option<Contract> {
    let catalog = path
        .strip_prefix("/catalogs/")
        .and_then(|rest| rest.strip_suffix("/items"));
    match (method, path) {
        ("POST", "/users/track") => Some(track::contract(track_objects)),
        ("POST", "/users/alias/new") => Some(identity::ALIAS_NEW),
        ("POST", "/users/identify") => Some(identity::IDENTIFY),
        ("POST", "/users/merge") => Some(identity::MERGE),
        ("POST", "/users/delete") => Some(identity::DELETE),
        ("POST", "/v2/subscription/status/set") => Some(subscription::STATUS_SET),
        ("POST", "/campaigns/trigger/send") => Some(messaging::CAMPAIGN),
        ("POST", "/canvas/trigger/send") => Some(messaging::CANVAS),
        ("PUT", _) if catalog.is_some_and(catalogs::is_id) => Some(catalogs::UPSERT),
        ("PATCH", _) if catalog.is_some_and(catalogs::is_id) => Some(catalogs::UPDATE),
        ("DELETE", _) if catalog.is_some_and(catalogs::is_id) => Some(catalogs::DELETE),
        _ => None,
    }
}

/// Judges a request.
pub(crate) fn judge(request: &VendorRequest<'_>, rest_api_key: &str, track_objects: usize) -> Judged {
    let Some(contract) = contract(request.method, request.path, track_objects) else {
        return refused(404, request, "Not found");
    };
    if !request
        .credential("Bearer")
        .is_some_and(|key| Keys::fits(rest_api_key, key))
    {
        return refused(401, request, "Invalid API key");
    }
    if request.body.len() > BRAZE_BODY_BYTES {
        return refused(413, request, "Request body is too large");
    }
    if !request.is_json() {
        return refused(400, request, "The Content-Type must be application/json");
    }
    match items(request, &contract) {
        Ok(items) => answer(&contract, request, items),
        Err(reason) => refused(400, request, &reason),
    }
}

/// A body with Braze's `message` alone.
pub(crate) fn message(text: &str) -> String {
    json!({ "message": text }).to_string()
}

fn refused(status: u16, request: &VendorRequest<'_>, reason: &str) -> Judged {
    Judged::refused(status, message(reason), request, reason)
}

/// Each item with its result, or why the request is refused as a whole.
fn items(request: &VendorRequest<'_>, contract: &Contract) -> Result<Vec<JudgedItem>, String> {
    let fields: Fields =
        serde_json::from_str(request.body).map_err(|_| "The request body is not valid JSON".to_owned())?;
    let texts: BTreeMap<String, &RawValue> =
        serde_json::from_str(request.body).map_err(|error| error.to_string())?;
    (contract.whole)(&fields)?;
    let mut items = Vec::new();
    for array in contract.arrays {
        let Some(text) = texts.get(array.name) else {
            continue;
        };
        let entries: Vec<&RawValue> = serde_json::from_str(text.get())
            .map_err(|_| format!("'{}' must be an array of objects", array.name))?;
        for (index, entry) in entries.into_iter().enumerate() {
            items.push(item(request, array, index, entry.get()));
        }
    }
    let names: Vec<_> = contract.arrays.iter().map(|array| array.name).collect();
    if items.is_empty() {
        return Err(format!("Valid data must be provided in {names:?}"));
    }
    if items.len() > contract.most {
        return Err(format!(
            "Max Input Length Exceeded: {names:?} may hold {} entries together",
            contract.most
        ));
    }
    Ok(items)
}

fn item(request: &VendorRequest<'_>, array: &Array, index: usize, text: &str) -> JudgedItem {
    let judged = || {
        if text.len() > BRAZE_ITEM_BYTES {
            return Err(format!("the object is over {BRAZE_ITEM_BYTES} bytes"));
        }
        let value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        (array.check)(&value)
    };
    let verdict = match request.fault_of(array.name, index) {
        Some(reason) => Err(reason.to_owned()),
        None => judged(),
    };
    let (result, losses) = match verdict {
        Ok(losses) => (ItemResult::Accepted, losses),
        Err(reason) => (ItemResult::Refused { reason }, Vec::new()),
    };
    JudgedItem {
        array: array.name.to_owned(),
        index,
        json: text.to_owned(),
        result,
        losses,
    }
}

fn answer(contract: &Contract, request: &VendorRequest<'_>, mut items: Vec<JudgedItem>) -> Judged {
    let errors: Vec<Value> = items.iter().filter_map(error).collect();
    if errors.len() == items.len() || (contract.all_or_nothing && !errors.is_empty()) {
        for item in &mut items {
            if item.result == ItemResult::Accepted {
                item.result = ItemResult::Refused {
                    reason: "another entry of the request is not valid".to_owned(),
                };
            }
        }
        let body = json!({"message": format!("{}: no valid data", request.path), "errors": errors});
        return Judged {
            status: 400,
            body: body.to_string(),
            items,
        };
    }
    let mut body = (contract.adds)();
    body.insert("message".to_owned(), json!("success"));
    for array in contract
        .arrays
        .iter()
        .filter(|array| !array.counted_as.is_empty())
    {
        let taken = items
            .iter()
            .filter(|item| item.array == array.name && item.result == ItemResult::Accepted);
        let taken = taken.count();
        if taken > 0 {
            body.insert(array.counted_as.to_owned(), json!(taken));
        }
    }
    if !errors.is_empty() {
        body.insert("errors".to_owned(), Value::Array(errors));
    }
    Judged {
        status: contract.status,
        body: Value::Object(body).to_string(),
        items,
    }
}

/// How Braze names an item that it refuses.
fn error(item: &JudgedItem) -> Option<Value> {
    match &item.result {
        ItemResult::Refused { reason } => Some(json!({
            "type": reason,
            "input_array": item.array,
            "index": item.index,
        })),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
