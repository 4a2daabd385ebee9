//! What need not be sent twice in one invocation (SB-524, SB-525).

use super::Call;
use super::limits::{is_identity, rank};
use event::calls::{BrazeArray, BrazeEndpoint, BrazeItem, UserKey};
use event::json::{Json, same};
use std::collections::HashMap;

/// Where an item lies: the call, and the place in it.
type Position = (usize, usize);

/// What earlier calls have that a later one may share.
#[derive(Default)]
struct Seen {
    /// The last attributes object of an identity.
    attributes: HashMap<UserKey, Position>,
    /// Entries of the identity endpoints and deletes, with the users that they name.
    entries: HashMap<(BrazeEndpoint, BrazeArray, String), (Position, Vec<UserKey>)>,
}

/// Leaves duplicates out; the item that stays is the other events' too.
pub(super) fn dedupe(calls: Vec<Call>, dedupe_attributes: bool) -> Vec<Call> {
    let mut seen = Seen::default();
    let mut kept: Vec<Call> = Vec::new();
    for mut call in calls {
        call.items.retain_mut(|item| {
            let position = seen.earlier(&call.target, &item.item, &kept, dedupe_attributes);
            let earlier = position.and_then(|(call, at)| kept.get_mut(call)?.items.get_mut(at));
            let is_new = earlier.is_none();
            earlier
                .into_iter()
                .for_each(|earlier| earlier.owners.append(&mut item.owners));
            is_new
        });
        if call.items.is_empty() {
            continue;
        }
        for (at, item) in call.items.iter().enumerate() {
            seen.remember(&call.target, &item.item, (kept.len(), at));
        }
        kept.push(call);
    }
    kept
}

impl Seen {
    fn earlier(
        &self,
        endpoint: &BrazeEndpoint,
        item: &BrazeItem,
        kept: &[Call],
        dedupe_attributes: bool,
    ) -> Option<Position> {
        if item.array == BrazeArray::Attributes {
            let user = item
                .users
                .first()
                .filter(|_| dedupe_attributes && !item.operators)?;
            let (call, at) = self.attributes.get(user).copied()?;
            let earlier = &kept.get(call)?.items.get(at)?.item;
            let equal = same(Json::parse(&earlier.json).ok()?, Json::parse(&item.json).ok()?);
            return equal.then_some((call, at));
        }
        let key = (endpoint.clone(), item.array, item.json.clone());
        self.entries.get(&key).map(|(position, _)| *position)
    }

    fn remember(&mut self, endpoint: &BrazeEndpoint, item: &BrazeItem, position: Position) {
        let is_delete = matches!(endpoint, BrazeEndpoint::Delete(_));
        if rank(endpoint) == rank(&BrazeEndpoint::Track) {
            if let Some(user) = item
                .users
                .first()
                .filter(|_| item.array == BrazeArray::Attributes)
            {
                self.attributes.insert(user.clone(), position);
            }
        } else {
            item.users.iter().for_each(|user| {
                self.attributes.remove(user);
            });
        }
        // A delete undoes what was written of its users; anything else makes a new user that an earlier delete did not delete.
        self.entries.retain(|(earlier, ..), (_, users)| {
            let undone = is_delete != matches!(earlier, BrazeEndpoint::Delete(_));
            !(undone && users.iter().any(|user| item.users.contains(user)))
        });
        if is_identity(endpoint) || is_delete {
            let key = (endpoint.clone(), item.array, item.json.clone());
            self.entries.insert(key, (position, item.users.clone()));
        }
    }
}
