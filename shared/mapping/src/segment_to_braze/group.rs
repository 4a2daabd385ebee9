//! Group calls (section 11).

use super::event_context::EventContext;
use super::forms::group_state;
use super::identity::{Identity, Ids};
use super::members::is_sendable;
use super::received::Received;
use crate::Trace;
use crate::forms::boolean;
use crate::forms::text::{is_blank, text};
use crate::rejected::Rejected;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, SubscriberKind};
use event::json::ObjectWriter;
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::{Group, SegmentToBraze};

/// Where the state of a subscription may stand in the traits.
const STATES: [&str; 4] = [
    "subscription_state",
    "subscriptionState",
    "subscription_group_state",
    "subscription_state_id",
];

/// The trait that asks for a double opt-in.
const DOUBLE_OPT_IN: &str = "use_double_opt_in_logic";

/// The call that a group asks for.
///
/// # Errors
/// Why it is not sent.
pub(super) fn group(
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<BrazeCall, Rejected> {
    if settings.group == Group::Off {
        return Err(Rejected::ignore("SB-252", "type", IgnoreReason::GroupOff));
    }
    let ids = Ids::new(event, settings);
    let no_group = || Rejected::park("SB-251", "groupId", ParkReason::NoGroupId);
    let group_id = event.get("groupId").and_then(text).ok_or_else(no_group)?;
    if settings.group == Group::Subscription {
        return subscription(&group_id, event, &ids, trace);
    }
    let name = format!("{}{group_id}", settings.group_attribute_prefix);
    if !is_sendable(&name) {
        return Err(no_group());
    }
    let identity = ids
        .identity(trace)
        .ok_or_else(|| super::no_identity(&ids, trace))?;
    let event_context = EventContext::new(event, settings, identity);
    trace.record("SB-250", || ("groupId".into(), format!("attributes[0].{name}")));
    if event.traits.is_some() {
        trace.record("SB-250", || {
            ("traits".into(), "left out: those of the group".into())
        });
    }
    event_context.record_update_existing_only(trace);
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    event_context.identity.write(&mut out);
    out.bool(&name, true);
    event_context.write_update_existing_only(&mut out);
    drop(out);
    Ok(BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: vec![event_context.item(BrazeArray::Attributes, json)],
    })
}

fn subscription(
    group_id: &str,
    event: &Received<'_>,
    ids: &Ids<'_, '_>,
    trace: &mut Trace,
) -> Result<BrazeCall, Rejected> {
    let traits = event.traits.as_ref();
    let trait_of = |key: &str| traits.and_then(|traits| traits.present(key));
    let found = traits.and_then(|traits| group_state(traits, &STATES, &|| "traits".into(), trace));
    let (state_key, state) = found.ok_or(Rejected::park(
        "SB-253",
        "traits.subscription_state",
        ParkReason::BadSubscriptionState,
    ))?;
    let no_identity = || Rejected::park("SB-254", "userId", ParkReason::NoIdentity);
    let (kind, identity, id) = match ids.subscriber(trace).ok_or_else(no_identity)? {
        Identity::Email(email) => (SubscriberKind::Emails, Identity::Email(email.clone()), email),
        Identity::Phone(phone) => (SubscriberKind::Phones, Identity::Phone(phone.clone()), phone),
        Identity::ExternalId(id) => (SubscriberKind::ExternalIds, Identity::ExternalId(id.clone()), id),
        Identity::BrazeId(_) | Identity::UserAlias(_) => return Err(no_identity()),
    };
    trace.record("SB-253", || {
        (
            "groupId".into(),
            "subscription_groups[0].subscription_group_id".into(),
        )
    });
    trace.record("SB-253", || {
        let result = format!("subscription_groups[0].subscription_state = {state}");
        (format!("traits.{state_key}"), result)
    });
    for (key, value) in traits.iter().flat_map(|traits| traits.iter()) {
        let is_read = key == state_key || (key == DOUBLE_OPT_IN && boolean(value).is_some());
        if !is_read {
            trace.record("SB-253", || {
                (format!("traits.{key}"), "left out: a state alone is sent".into())
            });
        }
    }
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    out.string("subscription_group_id", group_id);
    out.string("subscription_state", state);
    let doubly = trait_of(DOUBLE_OPT_IN).filter(|given| !is_blank(*given));
    match doubly.map(boolean) {
        Some(Some(doubly)) => {
            trace.record("SB-255", || {
                let result = format!("subscription_groups[0].{DOUBLE_OPT_IN}");
                (format!("traits.{DOUBLE_OPT_IN}"), result)
            });
            out.bool(DOUBLE_OPT_IN, doubly);
        }
        Some(None) => trace.warn("SB-255", Warning::InvalidValue, || {
            format!("traits.{DOUBLE_OPT_IN}")
        }),
        None => {}
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
