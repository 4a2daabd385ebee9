//! Group calls (section 11).

use super::attributes::subscription_state;
use super::closed::Closed;
use super::identity::{Identity, Ids};
use super::names::is_sendable;
use super::received::Received;
use super::scene::Scene;
use crate::Notes;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, SubscriberKind};
use event::json::{Json, ObjectWriter};
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::{Group, SegmentToBraze};

/// Where the state of a subscription may stand in the traits.
const STATES: [&str; 3] = [
    "subscription_state",
    "subscriptionState",
    "subscription_group_state",
];

/// The trait that asks for a double opt-in.
const DOUBLE_OPT_IN: &str = "use_double_opt_in_logic";

/// The call that a group asks for.
///
/// # Errors
/// Why it is not sent.
pub fn group(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    notes: &mut Notes,
) -> Result<BrazeCall, Closed> {
    if settings.group == Group::Off {
        return Err(Closed::ignored("SB-252", "type", IgnoreReason::GroupOff));
    }
    let ids = Ids::new(event, settings);
    let no_group = || Closed::parked("SB-251", "groupId", ParkReason::NoGroupId);
    let group_id = ids.named("groupId", notes).ok_or_else(no_group)?;
    if settings.group == Group::Subscription {
        return subscription(&group_id, event, &ids, notes);
    }
    let name = format!("{}{group_id}", settings.group_attribute_prefix);
    if !is_sendable(&name) {
        return Err(no_group());
    }
    let identity = ids.identity(notes).ok_or_else(|| super::nobody(&ids, notes))?;
    let scene = Scene::new(event, settings, identity);
    notes.tell("SB-250", || ("groupId".into(), format!("attributes[0].{name}")));
    if event.traits.is_some() {
        notes.tell("SB-250", || {
            ("traits".into(), "left out: those of the group".into())
        });
    }
    scene.tell_update_existing_only(notes);
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    scene.identity.write(&mut out);
    out.bool(&name, true);
    scene.write_update_existing_only(&mut out);
    drop(out);
    Ok(BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: vec![scene.item(BrazeArray::Attributes, json)],
    })
}

fn subscription(
    group_id: &str,
    event: &Received<'_>,
    ids: &Ids<'_, '_>,
    notes: &mut Notes,
) -> Result<BrazeCall, Closed> {
    let traits = event.traits.as_ref();
    let trait_of = |key: &str| traits.and_then(|traits| traits.present(key));
    let found = STATES
        .iter()
        .find_map(|key| Some((key, subscription_state(trait_of(key)?)?)));
    let (state_key, state) = found.ok_or(Closed::parked(
        "SB-253",
        "traits.subscription_state",
        ParkReason::BadSubscriptionState,
    ))?;
    let nobody = || Closed::parked("SB-254", "userId", ParkReason::NoIdentity);
    let (kind, identity, id) = match ids.subscriber(notes).ok_or_else(nobody)? {
        Identity::Email(email) => (SubscriberKind::Emails, Identity::Email(email.clone()), email),
        Identity::Phone(phone) => (SubscriberKind::Phones, Identity::Phone(phone.clone()), phone),
        Identity::ExternalId(id) => (SubscriberKind::ExternalIds, Identity::ExternalId(id.clone()), id),
        Identity::BrazeId(_) | Identity::UserAlias(_) => return Err(nobody()),
    };
    notes.tell("SB-253", || {
        (
            "groupId".into(),
            "subscription_groups[0].subscription_group_id".into(),
        )
    });
    notes.tell("SB-253", || {
        let result = format!("subscription_groups[0].subscription_state = {state}");
        (format!("traits.{state_key}"), result)
    });
    for (key, value) in traits.iter().flat_map(|traits| traits.iter()) {
        let is_read = key == *state_key || (key == DOUBLE_OPT_IN && value.as_bool().is_some());
        if !is_read {
            notes.tell("SB-253", || {
                (format!("traits.{key}"), "left out: a state alone is sent".into())
            });
        }
    }
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    out.string("subscription_group_id", group_id);
    out.string("subscription_state", state);
    if let Some(doubly) = trait_of(DOUBLE_OPT_IN).and_then(Json::as_bool) {
        notes.tell("SB-255", || {
            let result = format!("subscription_groups[0].{DOUBLE_OPT_IN}");
            (format!("traits.{DOUBLE_OPT_IN}"), result)
        });
        out.bool(DOUBLE_OPT_IN, doubly);
    }
    drop(out);
    Ok(BrazeCall {
        endpoint: BrazeEndpoint::SubscriptionStatus(kind),
        items: vec![BrazeItem {
            array: BrazeArray::SubscriptionGroups,
            json,
            users: vec![identity.user_key()],
            operators: false,
            subscriber: Some(id),
        }],
    })
}
