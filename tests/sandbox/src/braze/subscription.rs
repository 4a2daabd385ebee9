//! Subscription groups: `POST /v2/subscription/status/set`, and the attribute `subscription_groups`.

use serde_json::Value;

use super::{Array, Contract, Verdict};
use crate::form::{Fields, is_e164, is_email, is_text, object, only, optional, present, required, text};
use crate::limits::BRAZE_ENTRIES;

pub(super) const STATUS_SET: Contract = Contract {
    all_or_nothing: true,
    ..Contract::new(
        &[Array {
            name: GROUPS,
            counted_as: "",
            check,
        }],
        whole,
    )
};

const GROUPS: &str = "subscription_groups";
const KINDS: [&str; 3] = ["external_ids", "emails", "phones"];

/// The limit is one of ids, over all entries.
fn whole(body: &Fields) -> Result<(), String> {
    only(body, &[GROUPS])?;
    let entries = body.get(GROUPS).and_then(Value::as_array).into_iter().flatten();
    let ids = entries.flat_map(|entry| KINDS.iter().filter_map(|kind| entry.get(kind)?.as_array()));
    if ids.map(Vec::len).sum::<usize>() > BRAZE_ENTRIES {
        return Err(format!(
            "Max Input Length Exceeded: {BRAZE_ENTRIES} ids in one request"
        ));
    }
    Ok(())
}

fn check(value: &Value) -> Verdict {
    let entry = object(value, GROUPS)?;
    only(
        entry,
        &[
            "subscription_group_id",
            "subscription_state",
            "external_ids",
            "emails",
            "phones",
            "use_double_opt_in_logic",
        ],
    )?;
    check_state(entry)?;
    optional(entry, "use_double_opt_in_logic", Value::is_boolean)?;
    let mut kinds = KINDS.iter().filter(|kind| present(entry, kind).is_some());
    let (Some(kind), None) = (kinds.next(), kinds.next()) else {
        return Err(format!("exactly one of {KINDS:?} is required"));
    };
    let form = match *kind {
        "emails" => is_email,
        "phones" => is_e164,
        _ => is_text,
    };
    match entry.get(*kind).and_then(Value::as_array) {
        Some(ids) if !ids.is_empty() && ids.iter().all(form) => Ok(Vec::new()),
        _ => Err(format!("'{kind}' must be an array of valid ids")),
    }
}

fn check_state(group: &Fields) -> Result<(), String> {
    text(group, "subscription_group_id", usize::MAX)?;
    required(group, "subscription_state", |state| {
        state == "subscribed" || state == "unsubscribed"
    })
}

/// An element of the attribute `subscription_groups`.
pub(super) fn check_group(group: &Fields) -> Result<(), String> {
    check_state(group)?;
    match group.get("subscription_group_state") {
        Some(_) => Err("'subscription_group_state' is not known".to_owned()),
        None => Ok(()),
    }
}
