//! `POST /users/alias/new`, `/users/identify`, `/users/merge`, `/users/delete`.

use serde_json::Value;

use super::identifier::{check_alias, check_prioritization, exactly_one};
use super::{Array, Contract, Verdict};
use crate::form::{Fields, is_email, is_text, object, only, optional, present, required, text};
use crate::limits::BRAZE_NAME;

pub(super) const ALIAS_NEW: Contract = Contract::new(
    &[Array {
        name: "user_aliases",
        counted_as: "aliases_processed",
        check: check_new_alias,
    }],
    |body| only(body, &["user_aliases"]),
);

fn check_new_alias(value: &Value) -> Verdict {
    let alias = object(value, "user_aliases")?;
    only(alias, &["external_id", "alias_name", "alias_label"])?;
    text(alias, "alias_name", BRAZE_NAME)?;
    text(alias, "alias_label", BRAZE_NAME)?;
    optional(alias, "external_id", is_text)?;
    Ok(Vec::new())
}

pub(super) const IDENTIFY: Contract = Contract::new(
    &[
        Array {
            name: "aliases_to_identify",
            counted_as: "aliases_processed",
            check: check_alias_to_identify,
        },
        Array {
            name: "emails_to_identify",
            counted_as: "emails_processed",
            check: check_email_to_identify,
        },
    ],
    |body| {
        only(
            body,
            &["aliases_to_identify", "emails_to_identify", "merge_behavior"],
        )?;
        optional(body, "merge_behavior", |value| {
            value == "merge" || value == "none"
        })
    },
);

fn check_alias_to_identify(value: &Value) -> Verdict {
    let entry = object(value, "aliases_to_identify")?;
    only(entry, &["external_id", "user_alias"])?;
    text(entry, "external_id", usize::MAX)?;
    check_alias(present(entry, "user_alias").ok_or("'user_alias' is required")?)?;
    Ok(Vec::new())
}

fn check_email_to_identify(value: &Value) -> Verdict {
    let entry = object(value, "emails_to_identify")?;
    only(entry, &["external_id", "email", "prioritization"])?;
    text(entry, "external_id", usize::MAX)?;
    required(entry, "email", is_email)?;
    check_prioritization(entry)?;
    Ok(Vec::new())
}

pub(super) const MERGE: Contract = Contract {
    status: 202,
    ..Contract::new(
        &[Array {
            name: "merge_updates",
            counted_as: "",
            check: check_merge,
        }],
        |body| only(body, &["merge_updates"]),
    )
};

fn check_merge(value: &Value) -> Verdict {
    let entry = object(value, "merge_updates")?;
    only(entry, &["identifier_to_merge", "identifier_to_keep"])?;
    for side in ["identifier_to_merge", "identifier_to_keep"] {
        let who = present(entry, side).ok_or_else(|| format!("'{side}' is required"))?;
        let who = object(who, side)?;
        only(
            who,
            &["external_id", "user_alias", "email", "phone", "prioritization"],
        )?;
        let kind = exactly_one(who, &["external_id", "user_alias", "email", "phone"])?;
        if ["email", "phone"].contains(&kind) {
            check_prioritization(who)?;
        }
    }
    Ok(Vec::new())
}

pub(super) const DELETE: Contract = Contract {
    all_or_nothing: true,
    ..Contract::new(
        &[
            Array {
                name: "external_ids",
                counted_as: "deleted",
                check: check_id,
            },
            Array {
                name: "braze_ids",
                counted_as: "deleted",
                check: check_id,
            },
            Array {
                name: "user_aliases",
                counted_as: "deleted",
                check: |value| check_alias(value).map(|()| Vec::new()),
            },
        ],
        whole_delete,
    )
};

fn whole_delete(body: &Fields) -> Result<(), String> {
    let kinds = ["external_ids", "braze_ids", "user_aliases"];
    only(body, &kinds)?;
    if kinds.iter().filter(|kind| body.contains_key(**kind)).count() > 1 {
        return Err(format!("one of {kinds:?} only"));
    }
    Ok(())
}

fn check_id(value: &Value) -> Verdict {
    if is_text(value) {
        Ok(Vec::new())
    } else {
        Err("an id must be a string that is not blank".to_owned())
    }
}
