use super::*;
use event::calls::UserKey;
use proptest::prelude::*;

/// What an event of one of a few users holds: user, kind, attributes, events, purchases.
type Plan = (u8, u8, usize, usize, usize);

fn any_plan() -> impl Strategy<Value = Plan> {
    (0..4_u8, 0..5_u8, 0..3_usize, 0..9_usize, 0..90_usize)
}

/// A delete, an identification, a catalog item, or a track of some sizes.
fn calls_of((user, kind, attributes, events, purchases): Plan) -> Vec<BrazeCall> {
    let user = format!("u{user}");
    match kind {
        0 => vec![delete(&user)],
        1 => vec![identify(&user), track(&user, 1, 0, 0)],
        2 => {
            let catalog = "c".to_owned();
            vec![single(
                BrazeEndpoint::CatalogUpsert { catalog },
                BrazeArray::Items,
                &user,
            )]
        }
        3 => vec![track(&user, attributes.max(1), events, 0)],
        _ => vec![track(&user, attributes, events.max(1), purchases)],
    }
}

proptest! {
    #[test]
    fn sb_705_each_item_once_in_order_per_user_within_every_limit(
        plans in prop::collection::vec(any_plan(), 1..30),
        max_objects in 1_usize..=75,
        max_body_bytes in prop::sample::select(vec![400_usize, 2000, 4_000_000]),
    ) {
        let events: Vec<_> = plans.into_iter().map(calls_of).collect();
        let sizes: Vec<usize> = events.iter().map(|calls| calls.iter().map(|call| call.items.len()).sum()).collect();
        let track_sizes: Vec<usize> = events
            .iter()
            .map(|calls| calls.iter().filter(|call| call.endpoint == BrazeEndpoint::Track).map(|call| call.items.len()).sum())
            .collect();
        let room = Room { max_objects, max_body_bytes };
        let all = events.into_iter().enumerate().flat_map(|(job, calls)| asked(job, calls, |_| true)).collect();
        let requests = pack(all, false, room);

        // Each position of each event is in exactly one request, itself or shared.
        let mut owned: Vec<(usize, usize)> = requests
            .iter()
            .flat_map(|request| request.items().flat_map(|item| item.owners.iter().map(|owner| (owner.job, owner.position))))
            .collect();
        owned.sort_unstable();
        let wanted: Vec<(usize, usize)> = sizes.iter().enumerate().flat_map(|(job, size)| (0..*size).map(move |position| (job, position))).collect();
        prop_assert_eq!(owned, wanted);

        for request in &requests {
            let count = request.items().count();
            let most = if request.endpoint == BrazeEndpoint::Track { max_objects } else { 50 };
            prop_assert!(count >= 1 && count <= most);
            prop_assert!(count == 1 || request.body().len() <= max_body_bytes);
        }

        // A user's items, in the order of sending, are those of its events in their order (deletes shared by later events aside).
        let mut last: std::collections::HashMap<UserKey, usize> = std::collections::HashMap::new();
        for item in requests.iter().flat_map(Packed::items) {
            let first = item.owners.first().unwrap().job;
            for user in &item.item.users {
                let before = last.insert(user.clone(), first).unwrap_or(0);
                prop_assert!(before <= first, "{} after {}", first, before);
            }
        }

        // An event that fits into one request lies in one.
        if max_body_bytes == 4_000_000 {
            for (job, size) in track_sizes.iter().enumerate().filter(|(_, size)| **size <= max_objects && **size > 0) {
                let holding = requests.iter().filter(|request| request.endpoint == BrazeEndpoint::Track && request.placed.iter().any(|placed| placed.job == job)).count();
                prop_assert!(holding <= 1, "event {} of {} in {}", job, size, holding);
            }
        }
    }
}
