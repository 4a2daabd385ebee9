//! Never two requests with calls of one user in flight (RD-146).

use event::calls::UserKey;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{HashSet, VecDeque};

/// Starts every item, at most `most` at a time, in order for each user. `start` is asked when an item's turn has come.
pub(super) async fn in_flight<T, F>(
    items: Vec<(HashSet<UserKey>, T)>,
    most: usize,
    mut start: impl FnMut(T) -> F,
) where
    F: Future<Output = ()>,
{
    let mut pending: VecDeque<_> = items.into();
    let mut in_flight = FuturesUnordered::new();
    let mut busy: HashSet<UserKey> = HashSet::new();
    loop {
        while in_flight.len() < most.max(1) {
            let Some((users, item)) = next(&mut pending, &busy) else {
                break;
            };
            busy.extend(users.iter().cloned());
            let ended = start(item);
            in_flight.push(async move {
                ended.await;
                users
            });
        }
        match in_flight.next().await {
            Some(users) => busy.retain(|user| !users.contains(user)),
            None => return,
        }
    }
}

/// How far ahead a free user is looked for.
const LOOK_AHEAD: usize = 64;

/// The first item none of whose users is busy or waits before it.
fn next<T>(
    pending: &mut VecDeque<(HashSet<UserKey>, T)>,
    busy: &HashSet<UserKey>,
) -> Option<(HashSet<UserKey>, T)> {
    let mut before: HashSet<&UserKey> = HashSet::new();
    let mut free = None;
    for (at, (users, _)) in pending.iter().take(LOOK_AHEAD).enumerate() {
        if users
            .iter()
            .all(|user| !busy.contains(user) && !before.contains(user))
        {
            free = Some(at);
            break;
        }
        before.extend(users);
    }
    pending.remove(free?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn calls_of_one_user_never_fly_together_and_keep_their_order() {
        event::rules!["RD-146"];
        let user = |name: &str| HashSet::from([UserKey::new("userId", name)]);
        let items: Vec<_> = ["a", "a", "b", "a", "c", "b"]
            .into_iter()
            .enumerate()
            .map(|(n, u)| (user(u), (u, n)))
            .collect();
        let (log, running) = (RefCell::new(Vec::new()), RefCell::new(Vec::<&str>::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(in_flight(items, 3, |(u, n)| {
            let (log, running) = (&log, &running);
            async move {
                assert!(!running.borrow().contains(&u) && running.borrow().len() < 3);
                running.borrow_mut().push(u);
                // Later ones end sooner, so that only the order of starts keeps them.
                for _ in 0..6 - n {
                    tokio::task::yield_now().await;
                }
                running.borrow_mut().retain(|other| *other != u);
                log.borrow_mut().push((u, n));
            }
        }));
        let log = log.into_inner();
        assert_eq!(log.len(), 6);
        assert!(!log.iter().map(|(_, n)| n).is_sorted(), "others overtake");
        for u in ["a", "b", "c"] {
            let own = log.iter().filter(|(own, _)| *own == u);
            assert!(own.map(|(_, n)| n).is_sorted());
        }
    }
}
