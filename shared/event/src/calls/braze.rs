//! What one event asks of Braze.

mod subscriptions;

pub use subscriptions::{SubscriptionEntry, subscription_entries};

use crate::json::ObjectWriter;
use subscriptions::write_subscriptions;

/// One call to one endpoint of Braze, as its items.
pub struct BrazeCall {
    /// Which endpoint, with what all items of a request must have in common.
    pub endpoint: BrazeEndpoint,
    /// The items, in the order in which their positions are counted (SB-543); never empty.
    pub items: Vec<BrazeItem>,
}

/// The endpoints of Braze in the order of their ranks (SB-300, "Packing"). Items share a request only if their endpoints
/// are equal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BrazeEndpoint {
    /// `POST /users/alias/new`
    AliasNew,
    /// `POST /users/identify`
    Identify {
        /// `merge_behavior`: `merge` or `none`.
        merge: bool,
    },
    /// `POST /users/merge`
    Merge,
    /// `POST /users/track`
    Track,
    /// `POST /v2/subscription/status/set`
    SubscriptionStatus(SubscriberKind),
    /// `POST /campaigns/trigger/send`
    CampaignTrigger {
        /// The campaign.
        campaign_id: String,
        /// The send id; empty for none.
        send_id: String,
    },
    /// `POST /canvas/trigger/send`
    CanvasTrigger {
        /// The canvas.
        canvas_id: String,
    },
    /// `PUT /catalogs/<catalog>/items`
    CatalogUpsert {
        /// The catalog's name.
        catalog: String,
    },
    /// `PATCH /catalogs/<catalog>/items`
    CatalogUpdate {
        /// The catalog's name.
        catalog: String,
    },
    /// `DELETE /catalogs/<catalog>/items`
    CatalogDelete {
        /// The catalog's name.
        catalog: String,
    },
    /// `POST /users/delete`, one kind of id a request: `ExternalIds`, `BrazeIds` or `UserAliases`.
    Delete(BrazeArray),
}

/// How a subscriber is named; one kind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubscriberKind {
    /// By the id that the user's own systems give.
    ExternalIds,
    /// By address.
    Emails,
    /// By number, in E.164.
    Phones,
}

/// The arrays in which Braze takes items, by which its errors name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BrazeArray {
    /// New aliases, or the aliases of deleted users.
    UserAliases,
    /// Aliases that get an external id.
    AliasesToIdentify,
    /// Addresses whose profiles get an external id.
    EmailsToIdentify,
    /// Pairs of users, of which one stays.
    MergeUpdates,
    /// Users with their attributes.
    Attributes,
    /// Custom events.
    Events,
    /// Products that were bought.
    Purchases,
    /// States of a user in subscription groups.
    SubscriptionGroups,
    /// Who gets a campaign or canvas, at most 50.
    Recipients,
    /// `items` of a catalog
    Items,
    /// `external_ids` of a delete
    ExternalIds,
    /// `braze_ids` of a delete
    BrazeIds,
}

/// One item: what Braze counts, accepts and refuses.
pub struct BrazeItem {
    /// The array it goes into.
    pub array: BrazeArray,
    /// Its JSON text. Of a subscription entry the text without its ids, of a deleted user the id.
    pub json: String,
    /// The users it names (a merge, identify or alias item two, a catalog item itself).
    pub users: Vec<UserKey>,
    /// Whether an attribute's value holds an operator (SB-550), so that it must not be repeated lightly.
    pub operators: bool,
    /// Of a subscription entry, the id that goes into the array of its [`SubscriberKind`].
    pub subscriber: Option<String>,
}

/// A user, or what must stay in order like one: an identifier with its kind.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserKey(String);

impl UserKey {
    /// The key of an identifier. `kind` is the name of the identifier, such as `external_id`.
    pub fn new(kind: &str, id: &str) -> Self {
        let mut key = String::with_capacity(kind.len() + 1 + id.len());
        key.push_str(kind);
        key.push('\0');
        key.push_str(id);
        Self(key)
    }
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Adds; all but catalogs take this alone.
    Post,
    /// Writes whole items.
    Put,
    /// Changes some fields of items.
    Patch,
    /// Removes items.
    Delete,
}

impl Method {
    /// The word of the request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl BrazeArray {
    /// The key of the array in requests and in `input_array` of errors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserAliases => "user_aliases",
            Self::AliasesToIdentify => "aliases_to_identify",
            Self::EmailsToIdentify => "emails_to_identify",
            Self::MergeUpdates => "merge_updates",
            Self::Attributes => "attributes",
            Self::Events => "events",
            Self::Purchases => "purchases",
            Self::SubscriptionGroups => "subscription_groups",
            Self::Recipients => "recipients",
            Self::Items => "items",
            Self::ExternalIds => "external_ids",
            Self::BrazeIds => "braze_ids",
        }
    }
}

impl SubscriberKind {
    /// The key of the array of ids in a subscription entry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExternalIds => "external_ids",
            Self::Emails => "emails",
            Self::Phones => "phones",
        }
    }
}

impl BrazeEndpoint {
    /// Whether it changes the items of a catalog.
    pub const fn is_catalog(&self) -> bool {
        matches!(
            self,
            Self::CatalogUpsert { .. } | Self::CatalogUpdate { .. } | Self::CatalogDelete { .. }
        )
    }

    /// Method and path.
    pub fn target(&self) -> (Method, String) {
        let path = match self {
            Self::AliasNew => "/users/alias/new",
            Self::Identify { .. } => "/users/identify",
            Self::Merge => "/users/merge",
            Self::Track => "/users/track",
            Self::SubscriptionStatus(_) => "/v2/subscription/status/set",
            Self::CampaignTrigger { .. } => "/campaigns/trigger/send",
            Self::CanvasTrigger { .. } => "/canvas/trigger/send",
            Self::Delete(_) => "/users/delete",
            Self::CatalogUpsert { catalog } => return (Method::Put, format!("/catalogs/{catalog}/items")),
            Self::CatalogUpdate { catalog } => return (Method::Patch, format!("/catalogs/{catalog}/items")),
            Self::CatalogDelete { catalog } => return (Method::Delete, format!("/catalogs/{catalog}/items")),
        };
        (Method::Post, path.to_owned())
    }
}

impl BrazeCall {
    /// The body that would be sent if the event were alone (SB-301).
    pub fn body(&self) -> String {
        write_braze_body(&self.endpoint, self.items.iter())
    }
}

/// Writes the body of a request of these items. Subscription entries that are equal but for their ids are joined, each id
/// once (SB-526); all other items are written one by one, the arrays in the order of [`BrazeArray`].
pub fn write_braze_body<'i>(
    endpoint: &BrazeEndpoint,
    items: impl Iterator<Item = &'i BrazeItem> + Clone,
) -> String {
    let mut body = String::new();
    let mut out = ObjectWriter::new(&mut body);
    match endpoint {
        BrazeEndpoint::CampaignTrigger { campaign_id, send_id } => {
            out.string("campaign_id", campaign_id);
            if !send_id.is_empty() {
                out.string("send_id", send_id);
            }
        }
        BrazeEndpoint::CanvasTrigger { canvas_id } => out.string("canvas_id", canvas_id),
        _ => {}
    }
    let mut arrays: Vec<BrazeArray> = Vec::new();
    for item in items.clone() {
        if !arrays.contains(&item.array) {
            arrays.push(item.array);
        }
    }
    arrays.sort_unstable();
    for array in arrays {
        let members = items.clone().filter(|item| item.array == array);
        match endpoint {
            BrazeEndpoint::SubscriptionStatus(kind) => {
                write_subscriptions(out.array(array.as_str()), *kind, members)
            }
            _ => {
                let mut list = out.array(array.as_str());
                members.for_each(|item| list.raw(&item.json));
            }
        }
    }
    if let BrazeEndpoint::Identify { merge } = endpoint {
        out.string("merge_behavior", if *merge { "merge" } else { "none" });
    }
    drop(out);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(array: BrazeArray, json: &str) -> BrazeItem {
        BrazeItem {
            array,
            json: json.to_owned(),
            users: Vec::new(),
            operators: false,
            subscriber: None,
        }
    }

    #[test]
    fn a_track_body_holds_its_arrays_and_no_other_key() {
        crate::rules!["SB-301"];
        let items = vec![
            item(BrazeArray::Events, "{\"e\":1}"),
            item(BrazeArray::Attributes, "{\"a\":1}"),
        ];
        let call = BrazeCall {
            endpoint: BrazeEndpoint::Track,
            items,
        };
        assert_eq!(call.body(), r#"{"attributes":[{"a":1}],"events":[{"e":1}]}"#);
    }
}
