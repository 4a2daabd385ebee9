//! The order of a user's calls across endpoints (SB-515).

use super::Call;
use super::limits::rank;
use event::calls::UserKey;
use std::collections::{BTreeMap, HashMap};

/// Groups calls by wave and rank, in the order in which they are sent.
pub(super) fn by_rank(calls: Vec<Call>) -> Vec<Vec<Call>> {
    let mut last: HashMap<UserKey, (usize, u8)> = HashMap::new();
    let mut groups: BTreeMap<(usize, u8), Vec<Call>> = BTreeMap::new();
    for call in calls {
        let rank = rank(&call.target);
        let wave = call
            .users()
            .filter_map(|user| last.get(user))
            .map(|(wave, last_rank)| wave + usize::from(*last_rank > rank))
            .max()
            .unwrap_or(0);
        for user in call.users() {
            // Within a wave a user's ranks only rise: the last one is the highest.
            last.insert(user.clone(), (wave, rank));
        }
        groups.entry((wave, rank)).or_default().push(call);
    }
    groups.into_values().collect()
}
