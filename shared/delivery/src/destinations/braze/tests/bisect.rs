use super::conformance::events;
use super::*;
use proptest::prelude::*;

#[test]
fn delivery_case_3_four_events_one_bad_five_requests() {
    let body = r#"{"message":"'time' is wrong"}"#;
    let vendor = FakeVendor::new(move |seen, _| match seen.marks().contains(&"e3".to_owned()) {
        true => respond(400, &[], body),
        false => ok(),
    });
    let (results, counts) = deliver_within(&braze(""), &vendor, events(4), 300_000);
    assert_eq!(
        words(&results),
        ["delivered", "delivered", "delivered", "parked rejected"]
    );
    assert_eq!(results[3].detail.as_deref(), Some("400 'time' is wrong"));
    assert_eq!((vendor.requests(), counts.extra_requests.get()), (5, 4));
}

#[test]
fn an_older_account_takes_fifty_objects_a_request() {
    event::rules!["SB-545"];
    let vendor = FakeVendor::new(|seen, _| {
        let too_many = r#"{"message":"Max Input Length Exceeded - 50 objects"}"#;
        if objects(seen) > 50 {
            respond(400, &[], too_many)
        } else {
            ok()
        }
    });
    let braze = braze("");
    let results = deliver(&braze, &vendor, events(160));
    assert!(words(&results).iter().all(|outcome| outcome == "delivered"));
    let sizes = || vendor.seen.borrow().iter().map(objects).collect::<Vec<_>>();
    assert_eq!(sizes(), [75, 50, 25, 50, 25, 10]);
    vendor.seen.borrow_mut().clear();
    deliver(&braze, &vendor, events(100));
    assert_eq!(sizes(), [50, 50]);
}

proptest! {
    #[test]
    fn every_set_of_item_errors_finds_its_events(
        sizes in prop::collection::vec((0_usize..3, 0_usize..3, 0_usize..4), 1..20),
        errors in prop::collection::vec((0_usize..4, 0_usize..60), 0..12),
    ) {
        event::rules!["SB-706", "SB-532"];
        let sizes: Vec<_> = sizes.into_iter().filter(|(a, e, p)| a + e + p > 0).collect();
        let total: usize = sizes.iter().map(|(a, e, p)| a + e + p).sum();
        prop_assume!(total > 0 && total <= 75);
        let names = ["attributes", "events", "purchases", "sheep"];
        let listed: Vec<String> = errors
            .iter()
            .map(|(array, index)| format!(r#"{{"type":"t","input_array":"{}","index":{index}}}"#, names[*array]))
            .collect();
        let body = format!(r#"{{"message":"success","errors":[{}]}}"#, listed.join(","));
        let vendor = FakeVendor::new(move |_, _| respond(201, &[], &body));
        let calls = sizes.iter().enumerate().map(|(n, (a, e, p))| vec![track(&format!("u{n}"), *a, *e, *p)]);
        let results = deliver(&braze("dedupe_attributes = false"), &vendor, jobs(calls));

        // The oracle: where each event's items lie in the arrays.
        let counts = |size: &(usize, usize, usize)| [size.0, size.1, size.2];
        let totals: Vec<usize> = (0..3).map(|array| sizes.iter().map(|size| counts(size)[array]).sum()).collect();
        let unmapped = errors.iter().any(|(array, index)| *array > 2 || *index >= totals[*array]);
        for (n, size) in sizes.iter().enumerate() {
            let mut refused = 0;
            for array in 0..3 {
                let before: usize = sizes[..n].iter().map(|size| counts(size)[array]).sum();
                let own = before..before + counts(size)[array];
                refused += own.filter(|at| errors.contains(&(array, *at))).count();
            }
            let of = size.0 + size.1 + size.2;
            let all = refused == of || (sizes.len() == 1 && unmapped);
            let wanted = match refused {
                _ if all => "parked rejected",
                0 if unmapped => "warned unmapped_error",
                0 => "delivered",
                _ => "parked partly_rejected",
            };
            prop_assert_eq!(&words(&results)[n], wanted);
        }
    }
}
