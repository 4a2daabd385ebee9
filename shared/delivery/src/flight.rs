//! Several requests under way at once, but never two with calls of one user (RD-146).

use event::calls::UserKey;
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::cell::Cell;
use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;

thread_local! {
    /// Items that ended in a panic, until they are asked for. A function works on one thread.
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

/// How many items have ended in a panic since this was last asked.
pub fn take_panics() -> u64 {
    PANICS.take()
}

/// The end of a flight; `None` if it has ended in a panic, which harms no other (RD-011).
pub async fn guarded<T>(flight: impl Future<Output = T>) -> Option<T> {
    let ended = AssertUnwindSafe(flight).catch_unwind().await.ok();
    if ended.is_none() {
        PANICS.set(PANICS.get() + 1);
    }
    ended
}

/// Starts every item, at most `most` at a time, in order for each user. `start` is asked when an item's turn has come. A
/// panic ends its own item alone (RD-011).
pub async fn fly<T, F>(items: Vec<(Vec<UserKey>, T)>, most: usize, mut start: impl FnMut(T) -> F)
where
    F: Future<Output = ()>,
{
    let mut pending: VecDeque<_> = items.into();
    let mut under_way = FuturesUnordered::new();
    let mut busy: HashSet<UserKey> = HashSet::new();
    loop {
        while under_way.len() < most.max(1) {
            let Some((users, item)) = next(&mut pending, &busy) else {
                break;
            };
            busy.extend(users.iter().cloned());
            let flight = start(item);
            under_way.push(async move {
                // What a panic has left behind is seen by its events, which have no fate.
                let _ = guarded(flight).await;
                users
            });
        }
        match under_way.next().await {
            Some(users) => busy.retain(|user| !users.contains(user)),
            None => return,
        }
    }
}

/// How far ahead a free user is looked for.
const LOOK_AHEAD: usize = 64;

/// The first item none of whose users is busy or waits before it.
fn next<T>(pending: &mut VecDeque<(Vec<UserKey>, T)>, busy: &HashSet<UserKey>) -> Option<(Vec<UserKey>, T)> {
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
    fn rd_011_a_panic_ends_its_own_item_alone_and_its_user_goes_on() {
        let items: Vec<_> = (0..9)
            .map(|n| {
                (
                    vec![UserKey::new("userId", if n % 2 == 0 { "a" } else { "b" })],
                    n,
                )
            })
            .collect();
        let ended = RefCell::new(Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(fly(items, 2, |n| {
            let ended = &ended;
            async move {
                tokio::task::yield_now().await;
                assert!(n % 3 != 0, "a fault of ours");
                ended.borrow_mut().push(n);
            }
        }));
        let mut ended = ended.into_inner();
        ended.sort_unstable();
        assert_eq!(ended, [1, 2, 4, 5, 7, 8]);
        assert_eq!(take_panics(), 3);
        assert_eq!(take_panics(), 0);
    }

    #[test]
    fn rd_146_calls_of_one_user_are_never_under_way_together_and_keep_their_order() {
        let user = |name: &str| vec![UserKey::new("userId", name)];
        let items: Vec<_> = ["a", "a", "b", "a", "c", "b"]
            .into_iter()
            .enumerate()
            .map(|(n, u)| (user(u), (u, n)))
            .collect();
        let (log, flying) = (RefCell::new(Vec::new()), RefCell::new(Vec::<&str>::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(fly(items, 3, |(u, n)| {
            let (log, flying) = (&log, &flying);
            async move {
                assert!(!flying.borrow().contains(&u) && flying.borrow().len() < 3);
                flying.borrow_mut().push(u);
                (0..n % 3).for_each(|_| ());
                tokio::task::yield_now().await;
                flying.borrow_mut().retain(|other| *other != u);
                log.borrow_mut().push((u, n));
            }
        }));
        let log = log.into_inner();
        assert_eq!(log.len(), 6);
        for u in ["a", "b", "c"] {
            assert!(
                log.iter()
                    .filter(|(own, _)| *own == u)
                    .map(|(_, n)| n)
                    .is_sorted()
            );
        }
    }
}
