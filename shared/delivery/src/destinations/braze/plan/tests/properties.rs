use super::*;
use event::calls::UserKey;
use proptest::prelude::*;
use std::collections::HashMap;

/// What an event of one of a few users holds: user, kind, attributes, events, purchases.
type Plan = (u8, u8, usize, usize, usize);

fn any_plan() -> impl Strategy<Value = Plan> {
    (0..4_u8, 0..9_u8, 0..3_usize, 0..9_usize, 0..90_usize)
}

/// A delete, an identification, a catalog item, a subscription, a message, or a track of some sizes.
fn calls_of((user, kind, attributes, events, purchases): Plan) -> Vec<BrazeCall> {
    let user = format!("u{user}");
    match kind {
        0 => vec![delete(&user)],
        1 => vec![identify(&user), track(&user, 1, 0, 0)],
        2 => vec![upsert_item(&user)],
        3 => vec![delete_item(&user)],
        4 => {
            let change = subscription(SubscriberKind::ExternalIds, &user, "g");
            vec![track(&user, attributes, 1, 0), change]
        }
        5 => vec![campaign(&format!("x{attributes}"), &user)],
        6 => vec![track(&user, attributes.max(1), events, 0)],
        _ => vec![track(&user, attributes, events.max(1), purchases)],
    }
}

fn is_track(call: &&BrazeCall) -> bool {
    call.endpoint == BrazeEndpoint::Track
}

proptest! {
    #[test]
    fn each_item_once_in_order_per_user_within_every_limit(
        plans in prop::collection::vec(any_plan(), 1..30),
        max_objects in 1_usize..=75,
        max_body_bytes in prop::sample::select(vec![400_usize, 2000, 4_000_000]),
        dedupe_attributes in any::<bool>(),
    ) {
        event::rules!["SB-705", "SB-512", "SB-513", "SB-515"];
        let events: Vec<_> = plans.into_iter().map(calls_of).collect();
        let sizes: Vec<usize> = events.iter().map(|calls| calls.iter().map(|call| call.items.len()).sum()).collect();
        let fits = |call: &BrazeCall| call.items.len() <= max_objects && call.body().len() <= max_body_bytes;
        let fit_alone: Vec<bool> = events.iter().map(|calls| calls.iter().filter(is_track).all(fits)).collect();
        let room = Room { max_objects, max_body_bytes };
        let all = events.into_iter().enumerate().flat_map(|(job, asked)| calls(job, asked, |_| true)).collect();
        let requests = pack(all, dedupe_attributes, room);

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
            let most = if request.target == BrazeEndpoint::Track { max_objects } else { 50 };
            prop_assert!(count >= 1 && count <= most);
            prop_assert!(count == 1 || body(request).len() <= max_body_bytes);
        }

        // A user's items, in the order of sending, are those of its events in their order.
        let mut last: HashMap<UserKey, usize> = HashMap::new();
        for item in requests.iter().flat_map(Batch::items) {
            let first = item.owners.first().unwrap().job;
            for user in &item.item.users {
                let before = last.insert(user.clone(), first).unwrap_or(0);
                prop_assert!(before <= first, "{} after {}", first, before);
            }
        }

        // An event that fits into one request lies in one.
        for (job, _) in fit_alone.iter().enumerate().filter(|(_, fits)| **fits) {
            let holds = |request: &&Batch| request.target == BrazeEndpoint::Track && request.calls.iter().any(|call| call.job == job);
            let holding = requests.iter().filter(holds).count();
            prop_assert!(holding <= 1, "event {} in {}", job, holding);
        }
    }
}
