//! Attributes objects: who, standard fields in their forms, custom attributes.

use serde_json::Value;

use super::properties::check_name;
use super::{Verdict, codes, identifier, subscription};
use crate::form::{Fields, is_date, is_email, is_text, is_time, object, present, text};
use crate::limits::BRAZE_NAME;

/// Identifiers of which one suffices; without one, an e-mail address or a phone number is the identifier.
const KINDS: [&str; 3] = ["external_id", "braze_id", "user_alias"];
const CONTACTS: [&str; 2] = ["email", "phone"];

pub(super) fn check(value: &Value) -> Verdict {
    let fields = object(value, "attributes")?;
    let named = |kinds: &[&str]| kinds.iter().any(|kind| present(fields, kind).is_some());
    if named(&KINDS) || !named(&CONTACTS) {
        identifier::exactly_one(fields, &KINDS)?;
    } else if present(fields, "email").is_none() {
        identifier::exactly_one(fields, &["phone"])?;
    }
    let mut losses = identifier::placeholders(fields);
    for (key, value) in fields {
        if KINDS.contains(&key.as_str()) {
            continue;
        }
        match is_valid(key, value) {
            Some(true) => {}
            Some(false) => return Err(format!("'{key}' is not valid")),
            None => check_other(key, value, &mut losses)?,
        }
    }
    Ok(losses)
}

/// Whether a standard field has its form; `None` for all other names. Only some can be unset by null.
fn is_valid(key: &str, value: &Value) -> Option<bool> {
    let or_null = |is_valid: bool| Some(is_valid || value.is_null());
    let is_one_of = |known: &[&str]| value.as_str().is_some_and(|word| known.contains(&word));
    match key {
        "_update_existing_only"
        | "_merge_objects"
        | "push_token_import"
        | "email_open_tracking_disabled"
        | "email_click_tracking_disabled" => Some(value.is_boolean()),
        "first_name" | "last_name" | "home_city" | "time_zone" => or_null(value.is_string()),
        "image_url" => or_null(value.as_str().is_some_and(is_url)),
        "email" => or_null(is_email(value)),
        "phone" => or_null(is_text(value)),
        "gender" => or_null(is_one_of(&["M", "F", "O", "N", "P"])),
        "dob" => or_null(is_date(value)),
        "language" => or_null(codes::is_language(value)),
        "email_subscribe" | "push_subscribe" => Some(is_one_of(&["opted_in", "subscribed", "unsubscribed"])),
        "date_of_first_session" | "date_of_last_session" | "marked_email_as_spam_at" => Some(is_time(value)),
        "current_location" => Some(is_location(value)),
        "facebook" | "twitter" => or_null(value.is_object()),
        _ => None,
    }
}

fn is_url(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.starts_with("https://") || text.starts_with("http://")
}

fn is_location(value: &Value) -> bool {
    let within = |key: &str, most: f64| {
        let number = value.get(key).and_then(Value::as_f64);
        number.is_some_and(|number| (-most..=most).contains(&number))
    };
    within("latitude", 90.0) && within("longitude", 180.0)
}

fn check_other(key: &str, value: &Value, losses: &mut Vec<String>) -> Result<(), String> {
    match key {
        "country" if value.is_null() || codes::is_country(value) => Ok(()),
        "country" => {
            losses.push("'country' is not known and becomes null".to_owned());
            Ok(())
        }
        "subscription_groups" => each(value, key, subscription::check_group),
        "push_tokens" => each(value, key, |token| {
            text(token, "app_id", usize::MAX)?;
            text(token, "token", usize::MAX).map(drop)
        }),
        _ => check_custom(key, value, losses),
    }
}

fn each(value: &Value, key: &str, check: fn(&Fields) -> Result<(), String>) -> Result<(), String> {
    let entries = value
        .as_array()
        .ok_or_else(|| format!("'{key}' must be an array of objects"))?;
    entries
        .iter()
        .try_for_each(|entry| object(entry, key).and_then(check))
}

const OPERATORS: [&str; 3] = ["$add", "$update", "$remove"];
const OPERATOR_PARTS: [&str; 3] = ["$identifier_key", "$identifier_value", "$new_object"];

fn check_custom(name: &str, value: &Value, losses: &mut Vec<String>) -> Result<(), String> {
    check_name(name)?;
    if let Some(list) = value.as_array()
        && list.iter().any(Value::is_array)
    {
        return Err(format!("'{name}' is an array that holds an array"));
    }
    check_nested(value, &OPERATORS)?;
    if holds_null(value) {
        losses.push(format!("the update of '{name}' is dropped: null inside it"));
    }
    if holds_bad_moment(value) {
        losses.push(format!("the update of '{name}' is dropped: a $time that is none"));
    }
    Ok(())
}

/// Keys inside an attribute's value: `operators` may stand at its top, their parts one level deeper, `$time` alone in its
/// object at any depth.
fn check_nested(value: &Value, operators: &[&str]) -> Result<(), String> {
    match value {
        Value::Object(fields) => {
            let is_moment = fields.len() == 1 && fields.contains_key("$time");
            for (key, value) in fields {
                let is_operator = operators.contains(&key.as_str());
                if !is_operator && !is_moment && key.contains(['$', '.', ' ']) {
                    return Err(format!("{key:?} is no key of a nested attribute"));
                }
                if key.chars().count() > BRAZE_NAME {
                    return Err(format!("a nested key is over {BRAZE_NAME} characters"));
                }
                let parts: &[&str] = if is_operator { &OPERATOR_PARTS } else { &[] };
                check_nested(value, parts)?;
            }
            Ok(())
        }
        // The elements of an operator's array are where its parts stand.
        Value::Array(list) => list.iter().try_for_each(|value| check_nested(value, operators)),
        _ => Ok(()),
    }
}

/// Whether a `$time` is in none of the forms of Braze's pages: a date, or a date and a time of day.
fn holds_bad_moment(value: &Value) -> bool {
    match value {
        Value::Object(fields) => match fields.get("$time") {
            Some(moment) if fields.len() == 1 => !is_moment(moment),
            _ => fields.values().any(holds_bad_moment),
        },
        Value::Array(list) => list.iter().any(holds_bad_moment),
        _ => false,
    }
}

fn is_moment(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let is_american = text.len() == 10
        && matches!(
            text.split('/').collect::<Vec<_>>().as_slice(),
            [month, day, year] if is_date(&Value::String(format!("{year}-{month}-{day}")))
        );
    let at = text.replacen(' ', "T", 1);
    let with_zone = match at
        .len()
        .checked_sub(5)
        .and_then(|place| at.split_at_checked(place))
    {
        Some((start, zone)) if zone.starts_with(['+', '-']) => {
            let (hours, minutes) = zone.split_at(3);
            format!("{start}{hours}:{minutes}")
        }
        _ => at.clone(),
    };
    is_date(value)
        || is_american
        || [at.clone(), with_zone, format!("{at}Z")]
            .into_iter()
            .any(|text| is_time(&Value::String(text)))
}

fn holds_null(value: &Value) -> bool {
    let is_or_holds = |value: &Value| value.is_null() || holds_null(value);
    match value {
        Value::Object(fields) => fields.values().any(is_or_holds),
        Value::Array(list) => list.iter().any(is_or_holds),
        _ => false,
    }
}
