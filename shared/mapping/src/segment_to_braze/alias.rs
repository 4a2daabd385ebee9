//! Alias calls, and how an anonymous user becomes a known one (section 12).

mod of_track;

pub use of_track::of_track;

use super::closed::Closed;
use super::identity::{Identity, Ids, UserAlias};
use super::received::Received;
use crate::Notes;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, UserKey};
use event::json::ObjectWriter;
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::{Alias, AliasPreviousId, Anonymous, AnonymousMerge, SegmentToBraze};

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
            &ids,
            settings,
            notes,
        ));
    }
    if settings.alias != Alias::Merge {
        return Err(Closed::ignored("SB-264", "previousId", IgnoreReason::AliasOff));
    }
    tell_merge("SB-264", "previousId", &ids, notes);
    Ok(merge(&Identity::ExternalId(previous), &external_id))
}

/// The call that makes the anonymous user of an alias the known one of an external id. `path` is where the anonymous id stands.
pub fn anonymous_to_known(
    external_id: &str,
    alias: &UserAlias,
    path: &'static str,
    ids: &Ids<'_, '_>,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> BrazeCall {
    if settings.anonymous_merge == AnonymousMerge::Merge {
        tell_merge("SB-262", path, ids, notes);
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

fn alias_to_identify(external_id: &str, alias: &UserAlias) -> BrazeItem {
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    out.string("external_id", external_id);
    alias.write(&mut out.object("user_alias"));
    drop(out);
    let users = vec![known(external_id), alias.user_key()];
    item(BrazeArray::AliasesToIdentify, json, users)
}

/// Tells whose profile goes up in that of the external id.
fn tell_merge(rule: &'static str, path: &'static str, ids: &Ids<'_, '_>, notes: &mut Notes) {
    notes.tell(rule, || {
        (path.into(), "merge_updates[0].identifier_to_merge".into())
    });
    notes.tell(rule, || {
        (
            ids.external_id_path(),
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
