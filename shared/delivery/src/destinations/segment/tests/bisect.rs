use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A vendor that refuses every batch with one of these calls in it.
fn refuses(bad: BTreeSet<usize>, status: u16) -> FakeVendor {
    FakeVendor::new(move |seen, _| {
        let is_bad = |mark: &String| bad.contains(&mark.trim_start_matches('e').parse().unwrap());
        if seen.marks().iter().any(is_bad) {
            respond(status, &[], "no")
        } else {
            ok()
        }
    })
}

#[test]
fn a_refused_batch_is_halved_the_first_half_first() {
    event::rules!["SEG-052", "SEG-057", "SEG-060"];
    for (status, wanted) in [
        (400, "parked rejected"),
        (422, "parked rejected"),
        (413, "parked event_too_large"),
    ] {
        let world = refuses([4].into(), status);
        let (results, counts) = deliver_within(&segment(""), &world, events(5), 300_000);
        let delivered = "delivered";
        assert_eq!(
            words(&results),
            [delivered, delivered, delivered, delivered, wanted]
        );
        let requests = [
            vec!["e0", "e1", "e2", "e3", "e4"],
            vec!["e0", "e1", "e2"],
            vec!["e3", "e4"],
            vec!["e3"],
            vec!["e4"],
        ];
        assert_eq!(world.marks(), requests);
        assert_eq!(counts.extra_requests.get(), 4);
    }
}

#[test]
fn a_429_while_halving_leaves_nothing_out() {
    event::rules!["SEG-060", "SEG-084"];
    let world = FakeVendor::new(|_, nth| match nth {
        0 => respond(400, &[], ""),
        1 => respond(429, &[("retry-after", "30")], ""),
        _ => ok(),
    });
    let results = deliver(&segment(""), &world, events(4));
    assert_eq!(words(&results), ["retry rate_limited"; 4]);
    assert_eq!(world.requests(), 2);
}

proptest! {
    #[test]
    fn every_call_is_accepted_once_in_order_within_the_limits(
        sizes in prop::collection::vec(0_usize..12_000, 1..40),
        bad in prop::collection::btree_set(0_usize..40, 0..5),
        most in 1_usize..20,
    ) {
        event::rules!["SEG-040", "SEG-041", "SEG-042", "SEG-043"];
        let world = refuses(bad.clone(), 400);
        let jobs = sizes.iter().enumerate().map(|(n, size)| {
            let mut one = event(&format!("e{n}"));
            let body = &mut one.calls[0].body;
            body.pop();
            body.push_str(&format!(r#","properties":{{"x":"{}"}}}}"#, "y".repeat(*size)));
            one
        });
        let settings = format!("max_batch_bytes = 33_000\nmax_batch_events = {most}\nconcurrency = 1");
        let results = deliver(&segment(&settings), &world, jobs.collect());
        for (place, outcome) in words(&results).into_iter().enumerate() {
            prop_assert_eq!(outcome, if bad.contains(&place) { "parked rejected" } else { "delivered" });
        }
        let mut accepted = Vec::new();
        for (seen, ids) in world.seen.borrow().iter().zip(world.marks()) {
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
