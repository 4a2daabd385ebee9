//! Who an object is about: exactly one identifier.

use serde_json::Value;

use crate::form::{Fields, is_e164, is_email, is_text, nobodies, object, only, present, text};
use crate::limits::BRAZE_NAME;

/// Exactly one of `kinds` must be there, in its form. Says which.
pub(super) fn exactly_one<'a>(fields: &Fields, kinds: &[&'a str]) -> Result<&'a str, String> {
    let mut found = kinds.iter().filter(|kind| present(fields, kind).is_some());
    match (found.next(), found.next()) {
        (Some(kind), None) => {
            check(fields, kind)?;
            Ok(kind)
        }
        (None, _) => Err(format!("one of {kinds:?} is required")),
        (Some(first), Some(second)) => Err(format!("'{first}' and '{second}': one identifier only")),
    }
}

fn check(fields: &Fields, kind: &str) -> Result<(), String> {
    let Some(value) = present(fields, kind) else {
        return Err(format!("'{kind}' is required"));
    };
    let is_valid = match kind {
        "user_alias" => return check_alias(value),
        "email" => is_email(value),
        "phone" => is_e164(value),
        _ => is_text(value),
    };
    if is_valid {
        Ok(())
    } else {
        Err(format!("'{kind}' is not valid"))
    }
}

/// The ids of an object that are nobody's: Braze takes them, and makes one profile of many strangers.
pub(super) fn placeholders(fields: &Fields) -> Vec<String> {
    let alias = present(fields, "user_alias").and_then(Value::as_object);
    let of_alias = alias.map(|alias| nobodies(alias, &["alias_name"]));
    let mut found = nobodies(fields, &["external_id", "braze_id"]);
    found.extend(of_alias.into_iter().flatten());
    found
}

/// `{"alias_name", "alias_label"}` and nothing else.
pub(super) fn check_alias(value: &Value) -> Result<(), String> {
    let alias = object(value, "user_alias")?;
    text(alias, "alias_name", BRAZE_NAME)?;
    text(alias, "alias_label", BRAZE_NAME)?;
    only(alias, &["alias_name", "alias_label"])
}

const PRIORITIES: [&str; 4] = [
    "identified",
    "unidentified",
    "most_recently_updated",
    "least_recently_updated",
];

/// Which profile is meant where several share an e-mail address: an array of known words, not empty.
pub(super) fn check_prioritization(fields: &Fields) -> Result<(), String> {
    let words = present(fields, "prioritization").and_then(Value::as_array);
    let is_known = |word: &Value| word.as_str().is_some_and(|word| PRIORITIES.contains(&word));
    match words {
        Some(words) if !words.is_empty() && words.iter().all(is_known) => Ok(()),
        Some(_) => Err("'prioritization' is not valid".to_owned()),
        None => Err("'prioritization' is required beside an email".to_owned()),
    }
}
