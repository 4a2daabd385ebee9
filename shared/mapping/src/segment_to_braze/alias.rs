//! Alias calls, tracks that make or identify aliases, and how an anonymous user becomes a known one (section 12).

use super::closed::Closed;
use super::forms::email;
use super::identity::{Identity, Ids, UserAlias};
use super::received::Received;
use crate::Notes;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, UserKey};
use event::json::{Json, ObjectWriter};
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::{Alias, AliasPreviousId, Anonymous, AnonymousMerge, SegmentToBraze};

/// The words of `prioritization`.
const PRIORITIES: [&str; 4] = [
    "identified",
    "unidentified",
    "most_recently_updated",
    "least_recently_updated",
];

/// The `prioritization` where none is given.
const USUAL_PRIORITIES: [&str; 2] = ["unidentified", "most_recently_updated"];

/// The properties that a track that identifies a user is read for.
const IDENTIFYING: [&str; 6] = [
    "user_alias",
    "alias_name",
    "alias_label",
    "email_to_identify",
    "prioritization",
    "merge_behavior",
];

/// The call that an alias asks for.
///
/// # Errors
/// Why it is not sent.
pub fn alias(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> Result<BrazeCall, Closed> {
    if settings.alias == Alias::Off {
        return Err(Closed::ignored("SB-260", "type", IgnoreReason::AliasOff));
    }
    let ids = Ids::new(event, settings);
    let previous = ids.named("previousId", notes);
    let previous = previous.ok_or(Closed::parked("SB-260", "previousId", ParkReason::NoPreviousId))?;
    let nobody = Closed::parked("SB-260", "userId", ParkReason::NoIdentity);
    let external_id = ids.external_id(notes).ok_or(nobody)?;
    if previous == external_id {
        return Err(Closed::ignored("SB-260", "previousId", IgnoreReason::SelfAlias));
    }
    let is_anonymous = match settings.alias_previous_id {
        AliasPreviousId::Anonymous => true,
        AliasPreviousId::ExternalId => false,
        AliasPreviousId::Auto => ids.anonymous_id(notes).as_deref() == Some(&previous),
    };
    if is_anonymous {
        if settings.anonymous != Anonymous::Alias {
            return Err(Closed::ignored("SB-263", "previousId", IgnoreReason::Anonymous));
        }
        return Ok(anonymous_to_known(
            &external_id,
            &ids.alias_of(previous),
            "previousId",
            settings,
            notes,
        ));
    }
    if settings.alias != Alias::Merge {
        return Err(Closed::ignored("SB-264", "previousId", IgnoreReason::AliasOff));
    }
    tell_merge("SB-264", "previousId", notes);
    Ok(merge(&Identity::ExternalId(previous), &external_id))
}

/// The call that makes the anonymous user of an alias the known one of an external id. `path` is where the anonymous id stands.
pub fn anonymous_to_known(
    external_id: &str,
    alias: &UserAlias,
    path: &'static str,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> BrazeCall {
    if settings.anonymous_merge == AnonymousMerge::Merge {
        tell_merge("SB-262", path, notes);
        return merge(&Identity::UserAlias(alias.clone()), external_id);
    }
    notes.tell("SB-262", || {
        (
            path.into(),
            "aliases_to_identify[0].user_alias of external_id".into(),
        )
    });
    BrazeCall {
        endpoint: BrazeEndpoint::Identify { merge: true },
        items: vec![alias_to_identify(external_id, alias)],
    }
}

/// The call that a track of a name of the settings asks for; `None` if it is an ordinary track.
///
/// # Errors
/// Why it is not sent.
pub fn of_track(
    name: &str,
    event: &Received<'_>,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> Result<Option<BrazeCall>, Closed> {
    let is_called = |wanted: &str| {
        let wanted = wanted.trim();
        !wanted.is_empty() && name.trim().eq_ignore_ascii_case(wanted)
    };
    let ids = Ids::new(event, settings);
    if is_called(&settings.create_alias_event)
        && let Some(call) = create_alias(event, &ids, notes)
    {
        return Ok(Some(call));
    }
    if is_called(&settings.identify_user_event) {
        return identify_user(event, &ids, notes);
    }
    Ok(None)
}

fn create_alias(event: &Received<'_>, ids: &Ids<'_, '_>, notes: &mut Notes) -> Option<BrazeCall> {
    let alias = ids.alias_in(&event.properties, || "properties.".into(), notes)?;
    let external_id = ids.external_id(notes);
    for key in ["alias_name", "alias_label"] {
        notes.tell("SB-266", || {
            (format!("properties.{key}"), format!("user_aliases[0].{key}"))
        });
    }
    tell_others("SB-266", &["alias_name", "alias_label"], event, notes);
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
    notes: &mut Notes,
) -> Result<Option<BrazeCall>, Closed> {
    let properties = &event.properties;
    let of_object = properties.get("user_alias").and_then(Json::as_object);
    let of_object =
        of_object.and_then(|object| ids.alias_in(&object, || "properties.user_alias.".into(), notes));
    let alias_path = if of_object.is_some() {
        "properties.user_alias"
    } else {
        "properties.alias_name"
    };
    let alias = of_object.or_else(|| ids.alias_in(properties, || "properties.".into(), notes));
    let address = properties.get("email_to_identify").and_then(Json::as_str);
    let address = address.as_deref().and_then(email);
    if alias.is_none() && address.is_none() {
        return Ok(None);
    }
    let nobody = Closed::parked("SB-267", "userId", ParkReason::NoIdentity);
    let external_id = ids.external_id(notes).ok_or(nobody)?;
    if alias.is_some() {
        notes.tell("SB-267", || {
            (alias_path.into(), "aliases_to_identify[0].user_alias".into())
        });
    }
    if address.is_some() {
        for key in ["email", "prioritization"] {
            let from = if key == "email" { "email_to_identify" } else { key };
            notes.tell("SB-267", || {
                (
                    format!("properties.{from}"),
                    format!("emails_to_identify[0].{key}"),
                )
            });
        }
    }
    tell_others("SB-267", &IDENTIFYING, event, notes);
    let mut items = Vec::new();
    items.extend(alias.map(|alias| alias_to_identify(&external_id, &alias)));
    items.extend(address.map(|address| email_to_identify(&external_id, address, event)));
    let behavior = properties.get("merge_behavior").and_then(Json::as_str);
    Ok(Some(BrazeCall {
        endpoint: BrazeEndpoint::Identify {
            merge: behavior.as_deref() != Some("none"),
        },
        items,
    }))
}

/// Tells of the properties that such a track has beside those it is read for.
fn tell_others(rule: &'static str, read: &[&str], event: &Received<'_>, notes: &mut Notes) {
    if notes.explains() {
        for (key, _) in event.properties.iter().filter(|(key, _)| !read.contains(key)) {
            notes.tell(rule, || {
                (format!("properties.{key}"), "left out: no event is sent".into())
            });
        }
    }
}

fn alias_to_identify(external_id: &str, alias: &UserAlias) -> BrazeItem {
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    out.string("external_id", external_id);
    alias.write(&mut out.object("user_alias"));
    drop(out);
    let users = vec![known(external_id), alias.user_key()];
    item(BrazeArray::AliasesToIdentify, json, users)
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

/// Tells whose profile goes up in that of the external id.
fn tell_merge(rule: &'static str, path: &'static str, notes: &mut Notes) {
    notes.tell(rule, || {
        (path.into(), "merge_updates[0].identifier_to_merge".into())
    });
    notes.tell(rule, || {
        (
            "userId".into(),
            "merge_updates[0].identifier_to_keep = external_id".into(),
        )
    });
}

fn merge(from: &Identity, external_id: &str) -> BrazeCall {
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    from.write(&mut out.object("identifier_to_merge"));
    out.object("identifier_to_keep")
        .string("external_id", external_id);
    drop(out);
    let users = vec![from.user_key(), known(external_id)];
    BrazeCall {
        endpoint: BrazeEndpoint::Merge,
        items: vec![item(BrazeArray::MergeUpdates, json, users)],
    }
}

fn known(external_id: &str) -> UserKey {
    Identity::ExternalId(external_id.to_owned()).user_key()
}

fn item(array: BrazeArray, json: String, users: Vec<UserKey>) -> BrazeItem {
    BrazeItem {
        array,
        json,
        users,
        operators: false,
        subscriber: None,
    }
}
