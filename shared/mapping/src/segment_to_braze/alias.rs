//! Alias calls, and how an anonymous user becomes a known one (section 12).

mod of_track;

pub(super) use of_track::of_track;

use super::identity::{Identity, Ids, UserAlias};
use super::received::Received;
use crate::Trace;
use crate::rejected::Rejected;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, UserKey};
use event::json::ObjectWriter;
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::{Alias, AliasPreviousId, Anonymous, AnonymousMerge, SegmentToBraze};

/// The call that an alias asks for.
///
/// # Errors
/// Why it is not sent.
pub(super) fn alias(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<BrazeCall, Rejected> {
    if settings.alias == Alias::Off {
        return Err(Rejected::ignore("SB-260", "type", IgnoreReason::AliasOff));
    }
    let ids = Ids::new(event, settings);
    let previous = ids.named("previousId", trace);
    let previous = previous.ok_or(Rejected::park("SB-260", "previousId", ParkReason::NoPreviousId))?;
    let no_identity = Rejected::park("SB-260", "userId", ParkReason::NoIdentity);
    let external_id = ids.external_id(trace).ok_or(no_identity)?;
    if previous == external_id {
        return Err(Rejected::ignore("SB-260", "previousId", IgnoreReason::SelfAlias));
    }
    let is_anonymous = match settings.alias_previous_id {
        AliasPreviousId::Anonymous => true,
        AliasPreviousId::ExternalId => false,
        AliasPreviousId::Auto => ids.anonymous_id(trace).as_deref() == Some(&previous),
    };
    if is_anonymous {
        if settings.anonymous != Anonymous::Alias {
            return Err(Rejected::ignore("SB-263", "previousId", IgnoreReason::Anonymous));
        }
        return Ok(anonymous_to_known(
            &external_id,
            &[(ids.alias_of(previous), "previousId".into())],
            &ids,
            settings,
            trace,
        ));
    }
    if settings.alias != Alias::Merge {
        return Err(Rejected::ignore(
            "SB-264",
            "previousId",
            IgnoreReason::AliasExternal,
        ));
    }
    record_merge("SB-264", 0, "previousId", &ids, trace);
    Ok(BrazeCall {
        endpoint: BrazeEndpoint::Merge,
        items: vec![merge(&Identity::ExternalId(previous), &external_id)],
    })
}

/// The call that makes the users of aliases the known one of an external id. Each alias has the path where it stands.
pub(super) fn anonymous_to_known(
    external_id: &str,
    aliases: &[(UserAlias, String)],
    ids: &Ids<'_, '_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> BrazeCall {
    let merges = settings.anonymous_merge == AnonymousMerge::Merge;
    let items = aliases.iter().enumerate().map(|(at, (alias, path))| {
        if merges {
            record_merge("SB-262", at, path, ids, trace);
            return merge(&Identity::UserAlias(alias.clone()), external_id);
        }
        trace.record("SB-262", || {
            let result = format!("aliases_to_identify[{at}].user_alias of external_id");
            (path.clone(), result)
        });
        alias_to_identify(external_id, alias)
    });
    let items = items.collect();
    let endpoint = if merges {
        BrazeEndpoint::Merge
    } else {
        BrazeEndpoint::Identify { merge: true }
    };
    BrazeCall { endpoint, items }
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
fn record_merge(rule: &'static str, at: usize, path: &str, ids: &Ids<'_, '_>, trace: &mut Trace) {
    trace.record(rule, || {
        (
            path.to_owned(),
            format!("merge_updates[{at}].identifier_to_merge"),
        )
    });
    trace.record(rule, || {
        (
            ids.external_id_path(),
            format!("merge_updates[{at}].identifier_to_keep = external_id"),
        )
    });
}

fn merge(from: &Identity, external_id: &str) -> BrazeItem {
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    from.write(&mut out.object("identifier_to_merge"));
    out.object("identifier_to_keep")
        .string("external_id", external_id);
    drop(out);
    item(
        BrazeArray::MergeUpdates,
        json,
        vec![from.user_key(), known(external_id)],
    )
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
