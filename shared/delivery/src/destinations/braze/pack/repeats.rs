//! What need not be sent twice in one invocation (SB-524, SB-525).

use super::{Asked, Item, Owner, Placed};
use crate::destinations::braze::limits::{is_identity, rank};
use event::calls::{BrazeArray, BrazeEndpoint, BrazeItem, UserKey};
use event::json::{Json, same};
use std::collections::HashMap;

/// Where an item lies: the call, and the place in it.
type Spot = (usize, usize);

/// What earlier calls have that a later one may share.
#[derive(Default)]
struct Seen {
    /// The last attributes object of an identity.
    attributes: HashMap<UserKey, Spot>,
    /// Entries of the identity endpoints and deletes, with the users that they name.
    entries: HashMap<(BrazeEndpoint, BrazeArray, String), (Spot, Vec<UserKey>)>,
}

/// Leaves repeats out; the item that stays is the other events' too.
pub fn without(asked: Vec<Asked>, dedupe_attributes: bool) -> Vec<Placed> {
    let mut seen = Seen::default();
    let mut placed: Vec<Placed> = Vec::new();
    for Asked { job, endpoint, items } in asked {
        let mut kept: Vec<Item> = Vec::new();
        for (position, item) in items {
            let owner = Owner { job, position };
            let spot = seen.earlier(&endpoint, &item, &placed, dedupe_attributes);
            let earlier = spot.and_then(|(call, at)| placed.get_mut(call)?.items.get_mut(at));
            match earlier {
                Some(earlier) => earlier.owners.push(owner),
                None => kept.push(Item {
                    item,
                    owners: vec![owner],
                }),
            }
        }
        if kept.is_empty() {
            continue;
        }
        for (at, kept) in kept.iter().enumerate() {
            seen.note(&endpoint, &kept.item, (placed.len(), at));
        }
        placed.push(Placed {
            job,
            endpoint,
            items: kept,
        });
    }
    placed
}

impl Seen {
    fn earlier(
        &self,
        endpoint: &BrazeEndpoint,
        item: &BrazeItem,
        placed: &[Placed],
        dedupe_attributes: bool,
    ) -> Option<Spot> {
        if item.array == BrazeArray::Attributes {
            let user = item
                .users
                .first()
                .filter(|_| dedupe_attributes && !item.operators)?;
            let (call, at) = self.attributes.get(user).copied()?;
            let earlier = &placed.get(call)?.items.get(at)?.item;
            let equal = same(Json::parse(&earlier.json).ok()?, Json::parse(&item.json).ok()?);
            return equal.then_some((call, at));
        }
        let key = (endpoint.clone(), item.array, item.json.clone());
        self.entries.get(&key).map(|(spot, _)| *spot)
    }

    fn note(&mut self, endpoint: &BrazeEndpoint, item: &BrazeItem, spot: Spot) {
        let is_delete = matches!(endpoint, BrazeEndpoint::Delete(_));
        if rank(endpoint) == rank(&BrazeEndpoint::Track) {
            if let Some(user) = item
                .users
                .first()
                .filter(|_| item.array == BrazeArray::Attributes)
            {
                self.attributes.insert(user.clone(), spot);
            }
        } else {
            item.users.iter().for_each(|user| {
                self.attributes.remove(user);
            });
        }
        // A delete undoes what its users were told; anything else makes a new user that an earlier delete did not delete.
        self.entries.retain(|(earlier, ..), (_, users)| {
            let undone = is_delete != matches!(earlier, BrazeEndpoint::Delete(_));
            !(undone && users.iter().any(|user| item.users.contains(user)))
        });
        if is_identity(endpoint) || is_delete {
            let key = (endpoint.clone(), item.array, item.json.clone());
            self.entries.insert(key, (spot, item.users.clone()));
        }
    }
}
