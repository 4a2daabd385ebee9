//! Tracks that make or identify aliases.

use super::super::identity::{ALIAS_KEYS, Identity, Ids};
use super::super::received::Received;
use super::{alias_to_identify, item, known};
use crate::Trace;
use crate::forms::text::email;
use crate::forms::text::is_blank;
use crate::rejected::Rejected;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem};
use event::json::{Json, ObjectWriter};
use event::reasons::{ParkReason, Warning};
use event::settings::SegmentToBraze;

/// The words of `prioritization`.
const PRIORITIES: [&str; 4] = [
    "identified",
    "unidentified",
    "most_recently_updated",
    "least_recently_updated",
];

/// The `prioritization` where none is given.
const USUAL_PRIORITIES: [&str; 2] = ["unidentified", "most_recently_updated"];

/// The call that a track of a name of the settings asks for; `None` if it is an ordinary track.
///
/// # Errors
/// Why it is not sent.
pub(crate) fn of_track(
    name: &str,
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<Option<BrazeCall>, Rejected> {
    let is_called = |wanted: &str| {
        let wanted = wanted.trim();
        !wanted.is_empty() && name.trim().eq_ignore_ascii_case(wanted)
    };
    let ids = Ids::new(event, settings);
    if is_called(&settings.create_alias_event)
        && let Some(call) = create_alias(event, &ids, trace)
    {
        return Ok(Some(call));
    }
    if is_called(&settings.identify_user_event) {
        return identify_user(event, &ids, trace);
    }
    Ok(None)
}

fn create_alias(event: &Received<'_>, ids: &Ids<'_, '_>, trace: &mut Trace) -> Option<BrazeCall> {
    let alias = ids.alias_in(&event.properties, || "properties.".into(), trace)?;
    let external_id = ids.external_id(trace);
    for key in ALIAS_KEYS {
        record_all("SB-266", &[key], &format!("user_aliases[0].{key}"), trace);
    }
    record_others("SB-266", &ALIAS_KEYS, event, trace);
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    if let Some(external_id) = &external_id {
        out.string("external_id", external_id);
    }
    alias.write(&mut out);
    drop(out);
    let known = external_id.map(|id| Identity::ExternalId(id).user_key());
    let users = known.into_iter().chain([alias.user_key()]).collect();
    Some(BrazeCall {
        endpoint: BrazeEndpoint::AliasNew,
        items: vec![item(BrazeArray::UserAliases, json, users)],
    })
}

fn identify_user(
    event: &Received<'_>,
    ids: &Ids<'_, '_>,
    trace: &mut Trace,
) -> Result<Option<BrazeCall>, Rejected> {
    let properties = &event.properties;
    let of_object = properties.present("user_alias");
    let of_object =
        of_object.and_then(|given| ids.alias_at(given, || "properties.user_alias".into(), true, trace));
    let alias_keys: &[&str] = if of_object.is_some() {
        &["user_alias"]
    } else {
        &ALIAS_KEYS
    };
    let alias = of_object.or_else(|| ids.alias_in(properties, || "properties.".into(), trace));
    let given = properties.present("email_to_identify");
    let address = given.and_then(Json::as_str);
    let address = address.as_deref().and_then(email);
    if address.is_none() && given.is_some_and(|given| !is_blank(given)) {
        trace.warn("SB-049", Warning::InvalidEmail, || {
            "properties.email_to_identify".into()
        });
    }
    if alias.is_none() && address.is_none() {
        return Ok(None);
    }
    // Of an ordinary track they would be properties.
    let unread: &[&str] = match &alias {
        None => &["user_alias", "alias_name", "alias_label"],
        Some(_) if alias_keys == ALIAS_KEYS => &["user_alias"],
        Some(_) => &[],
    };
    for key in unread {
        if properties.present(key).is_some_and(|given| !is_blank(given)) {
            trace.warn_once("SB-049", Warning::InvalidValue, || format!("properties.{key}"));
        }
    }
    let no_identity = Rejected::park("SB-267", "userId", ParkReason::NoIdentity);
    let external_id = ids.external_id(trace).ok_or(no_identity)?;
    let behavior = properties.get("merge_behavior").and_then(Json::as_str);
    let behavior = if behavior.as_deref() == Some("none") {
        "none"
    } else {
        "merge"
    };
    let mut read = vec!["merge_behavior"];
    trace.record("SB-267", || {
        (
            "properties.merge_behavior".into(),
            format!("merge_behavior = {behavior}"),
        )
    });
    if alias.is_some() {
        read.extend_from_slice(alias_keys);
        record_all("SB-267", alias_keys, "aliases_to_identify[0].user_alias", trace);
        trace.record("SB-267", || {
            (
                ids.external_id_path(),
                "aliases_to_identify[0].external_id".into(),
            )
        });
    }
    if address.is_some() {
        read.extend(["email_to_identify", "prioritization"]);
        record_all(
            "SB-267",
            &["email_to_identify"],
            "emails_to_identify[0].email",
            trace,
        );
        record_all(
            "SB-268",
            &["prioritization"],
            "emails_to_identify[0].prioritization",
            trace,
        );
        trace.record("SB-267", || {
            (ids.external_id_path(), "emails_to_identify[0].external_id".into())
        });
    }
    record_others("SB-267", &read, event, trace);
    let mut items = Vec::new();
    items.extend(alias.map(|alias| alias_to_identify(&external_id, &alias)));
    items.extend(address.map(|address| email_to_identify(&external_id, &address, event)));
    Ok(Some(BrazeCall {
        endpoint: BrazeEndpoint::Identify {
            merge: behavior == "merge",
        },
        items,
    }))
}

/// Tells which properties gave an output.
fn record_all(rule: &'static str, keys: &[&str], output: &str, trace: &mut Trace) {
    for key in keys {
        trace.record(rule, || (format!("properties.{key}"), output.to_owned()));
    }
}

/// Records the properties that such a track has beside those it is read for.
fn record_others(rule: &'static str, read: &[&str], event: &Received<'_>, trace: &mut Trace) {
    for (key, _) in event.properties.iter().filter(|(key, _)| !read.contains(key)) {
        trace.record(rule, || {
            (format!("properties.{key}"), "left out: no event is sent".into())
        });
    }
}

fn email_to_identify(external_id: &str, address: &str, event: &Received<'_>) -> BrazeItem {
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    out.string("external_id", external_id);
    out.string("email", address);
    {
        let mut list = out.array("prioritization");
        let given = priorities(event);
        let used = if given.is_empty() {
            &USUAL_PRIORITIES[..]
        } else {
            &given
        };
        used.iter().for_each(|priority| list.string(priority));
    }
    drop(out);
    let users = vec![known(external_id), Identity::Email(address.to_owned()).user_key()];
    item(BrazeArray::EmailsToIdentify, json, users)
}

fn priorities(event: &Received<'_>) -> Vec<&'static str> {
    let priority = |value: Json<'_>| {
        let given = value.as_str()?;
        PRIORITIES.into_iter().find(|own| *own == given)
    };
    let Some(given) = event.properties.get("prioritization") else {
        return Vec::new();
    };
    match given.as_object() {
        Some(object) => ["first_priority", "second_priority"]
            .into_iter()
            .filter_map(|key| priority(object.get(key)?))
            .collect(),
        None => given
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(priority)
            .collect(),
    }
}
