//! Each validation is shown to refuse, and what is right to pass.

mod requests;
mod shapes;
mod track;

use super::*;
use axum::http::{HeaderMap, HeaderValue};

const KEY: &str = "key";

fn ask(method: &str, path: &str, key: &str, body: &str) -> Judged {
    let mut headers = HeaderMap::new();
    let bearer = HeaderValue::try_from(format!("Bearer {key}")).unwrap();
    headers.insert("authorization", bearer);
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let request = VendorRequest {
        method,
        path,
        headers: &headers,
        body,
        item_fault: None,
    };
    judge(&request, KEY, 75)
}

fn post(path: &str, body: &Value) -> Judged {
    ask("POST", path, KEY, &body.to_string())
}

fn answer(judged: &Judged) -> Value {
    serde_json::from_str(&judged.body).unwrap()
}

/// `base` with `value` at `key`; null in place of a value removes the key.
fn with(base: &Value, key: &str, value: &Value) -> Value {
    let mut changed = base.clone();
    let fields = changed.as_object_mut().unwrap();
    match value {
        Value::Null => fields.remove(key),
        value => fields.insert(key.to_owned(), value.clone()),
    };
    changed
}

/// Asserts that `check` refuses `base` with each change.
fn refuses(check: fn(&Value) -> Verdict, base: &Value, changes: &[(&str, Value)]) {
    check(base).unwrap();
    for (key, value) in changes {
        let changed = with(base, key, value);
        assert!(check(&changed).is_err(), "{changed}");
    }
}

/// Asserts that `check` takes `base` with each change, and keeps all of it.
fn takes(check: fn(&Value) -> Verdict, base: &Value, changes: &[(&str, Value)]) {
    for (key, value) in changes {
        let changed = with(base, key, value);
        assert_eq!(check(&changed), Ok(Vec::new()), "{changed}");
    }
}

fn check_of(path: &str, array: &str) -> fn(&Value) -> Verdict {
    let contract = contract("POST", path, 75).unwrap();
    let mut arrays = contract.arrays.iter();
    arrays.find(|known| known.name == array).unwrap().check
}
