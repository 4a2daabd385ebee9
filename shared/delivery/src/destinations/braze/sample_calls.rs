//! Calls to Braze, for tests.

use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, SubscriberKind, UserKey};

/// One item of a user.
pub(super) fn item(array: BrazeArray, user: &str, json: &str) -> BrazeItem {
    BrazeItem {
        array,
        json: json.to_owned(),
        users: vec![UserKey::new("external_id", user)],
        operators: false,
        subscriber: None,
    }
}

/// A call to `/users/track` with so many attribute objects, event objects and purchases.
pub(super) fn track(user: &str, attributes: usize, events: usize, purchases: usize) -> BrazeCall {
    let of = |array: BrazeArray, count| {
        (0..count).map(move |n| item(array, user, &format!(r#"{{"external_id":"{user}","n":{n}}}"#)))
    };
    BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: of(BrazeArray::Attributes, attributes)
            .chain(of(BrazeArray::Events, events))
            .chain(of(BrazeArray::Purchases, purchases))
            .collect(),
    }
}

fn single(endpoint: BrazeEndpoint, array: BrazeArray, user: &str) -> BrazeCall {
    BrazeCall {
        endpoint,
        items: vec![item(array, user, &format!(r#"{{"external_id":"{user}"}}"#))],
    }
}

pub(super) fn identify(user: &str) -> BrazeCall {
    let endpoint = BrazeEndpoint::Identify { merge: true };
    single(endpoint, BrazeArray::AliasesToIdentify, user)
}

pub(super) fn merge(user: &str) -> BrazeCall {
    single(BrazeEndpoint::Merge, BrazeArray::MergeUpdates, user)
}

pub(super) fn delete(user: &str) -> BrazeCall {
    let array = BrazeArray::ExternalIds;
    single(BrazeEndpoint::Delete(array), array, user)
}

pub(super) fn campaign(id: &str, user: &str) -> BrazeCall {
    let endpoint = BrazeEndpoint::CampaignTrigger {
        campaign_id: id.to_owned(),
        send_id: String::new(),
    };
    single(endpoint, BrazeArray::Recipients, user)
}

/// A change of a subscriber's state in a group.
pub(super) fn subscription(kind: SubscriberKind, id: &str, group: &str) -> BrazeCall {
    let json = format!(r#"{{"subscription_group_id":"{group}"}}"#);
    BrazeCall {
        endpoint: BrazeEndpoint::SubscriptionStatus(kind),
        items: vec![BrazeItem {
            subscriber: Some(id.to_owned()),
            ..item(BrazeArray::SubscriptionGroups, id, &json)
        }],
    }
}

/// The catalog of all calls here.
fn catalog() -> String {
    "c".to_owned()
}

fn of_item(endpoint: BrazeEndpoint, id: &str) -> BrazeCall {
    BrazeCall {
        endpoint,
        items: vec![item(BrazeArray::Items, id, &format!(r#"{{"id":"{id}"}}"#))],
    }
}

pub(super) fn upsert_item(id: &str) -> BrazeCall {
    of_item(BrazeEndpoint::CatalogUpsert { catalog: catalog() }, id)
}

pub(super) fn update_item(id: &str) -> BrazeCall {
    of_item(BrazeEndpoint::CatalogUpdate { catalog: catalog() }, id)
}

pub(super) fn delete_item(id: &str) -> BrazeCall {
    of_item(BrazeEndpoint::CatalogDelete { catalog: catalog() }, id)
}
