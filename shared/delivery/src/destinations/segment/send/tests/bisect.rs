use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A vendor that refuses every batch with one of these calls in it.
fn refuses(bad: BTreeSet<usize>, status: u16) -> World {
    World::new(move |seen, _| {
        let batch = seen.body["batch"].as_array().unwrap();
        let is_bad = |call: &serde_json::Value| {
            let number = call["messageId"].as_str().unwrap().trim_start_matches('e');
            bad.contains(&number.parse().unwrap())
        };
        if batch.iter().any(is_bad) {
            answer(status, &[], "no")
        } else {
            ok()
        }
    })
}

#[test]
fn seg_052_seg_057_seg_060_a_refused_batch_is_halved_the_first_half_first() {
    for (status, wanted) in [
        (400, "parked rejected"),
        (422, "parked rejected"),
        (413, "parked event_too_large"),
    ] {
        let world = refuses([4].into(), status);
        let (fates, counts) = deliver_within(&mut messenger(Segment::default()), &world, events(5), 300_000);
        let delivered = "delivered";
        assert_eq!(
            words(&fates),
            [delivered, delivered, delivered, delivered, wanted]
        );
        let sizes: Vec<Vec<String>> = sent(&world);
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            sizes,
            [
                ids(&["e0", "e1", "e2", "e3", "e4"]),
                ids(&["e0", "e1", "e2"]),
                ids(&["e3", "e4"]),
                ids(&["e3"]),
                ids(&["e4"]),
            ]
        );
        assert_eq!(counts.extra_requests.get(), 4);
    }
}

#[test]
fn seg_060_seg_084_a_429_while_halving_leaves_nothing_out() {
    let world = World::new(|_, nth| match nth {
        0 => answer(400, &[], ""),
        1 => answer(429, &[("retry-after", "30")], ""),
        _ => ok(),
    });
    let fates = deliver(&mut messenger(Segment::default()), &world, events(4));
    assert_eq!(words(&fates), ["retry rate_limited"; 4]);
    assert_eq!(world.seen.borrow().len(), 2);
}

proptest! {
    #[test]
    fn seg_060_rd_121_halving_finds_exactly_the_bad_calls_within_its_bound(
        n in 1_usize..=200,
        bad in prop::collection::btree_set(0_usize..200, 0..7),
        status in prop::sample::select(vec![400_u16, 413, 422, 499]),
    ) {
        let bad: BTreeSet<usize> = bad.into_iter().filter(|one| *one < n).collect();
        let world = refuses(bad.clone(), status);
        let fates = deliver(&mut messenger(Segment::default()), &world, events(n));
        let refused = if status == 413 { "parked event_too_large" } else { "parked rejected" };
        for (place, outcome) in words(&fates).into_iter().enumerate() {
            prop_assert_eq!(outcome, if bad.contains(&place) { refused } else { "delivered" });
        }
        let depth = (n as f64).log2().ceil() as usize;
        prop_assert!(world.seen.borrow().len() <= 2 * bad.len() * depth + 1);
    }

    #[test]
    fn seg_040_seg_041_seg_042_seg_043_every_call_is_accepted_once_in_order_within_the_limits(
        sizes in prop::collection::vec(0_usize..12_000, 1..40),
        bad in prop::collection::btree_set(0_usize..40, 0..5),
        most in 1_usize..20,
    ) {
        let world = refuses(bad.clone(), 400);
        let jobs = sizes.iter().enumerate().map(|(n, size)| {
            let mut one = event(&format!("e{n}"));
            let body = &mut one.calls[0].body;
            body.pop();
            body.push_str(&format!(r#","properties":{{"x":"{}"}}}}"#, "y".repeat(*size)));
            one
        });
        let settings = Segment { max_batch_bytes: 33_000, max_batch_events: most, concurrency: 1, ..Segment::default() };
        let fates = deliver(&mut messenger(settings), &world, jobs.collect());
        for (place, outcome) in words(&fates).into_iter().enumerate() {
            prop_assert_eq!(outcome, if bad.contains(&place) { "parked rejected" } else { "delivered" });
        }
        let mut accepted = Vec::new();
        for (seen, ids) in world.seen.borrow().iter().zip(sent(&world)) {
            let numbers: Vec<usize> = ids.iter().map(|id| id.trim_start_matches('e').parse().unwrap()).collect();
            prop_assert!(numbers.len() <= most);
            prop_assert!(seen.body.to_string().len() <= 33_000);
            if numbers.iter().all(|number| !bad.contains(number)) {
                accepted.extend(numbers);
            }
        }
        let good: Vec<usize> = (0..sizes.len()).filter(|n| !bad.contains(n)).collect();
        prop_assert_eq!(accepted, good);
    }
}
