use super::*;

#[test]
fn sr_309_at_most_so_many_requests_are_under_way() {
    for (concurrency, wanted) in [(1, 1), (3, 3), (64, 25)] {
        let world = World::new(|_, _| ok());
        let settings = Branch {
            concurrency,
            ..Branch::default()
        };
        let fates = deliver(&mut messenger(settings), &world, events(25));
        assert_eq!(words(&fates), ["delivered"; 25]);
        assert_eq!(world.most_under_way.get(), wanted);
    }
}

#[test]
fn sr_310_what_finds_no_token_before_the_deadline_is_unstarted() {
    let world = World::new(|_, _| ok());
    let began = world.now.get();
    let mut branch = messenger(Branch {
        max_requests_per_second: 5,
        ..one_by_one()
    });
    // A request of 10 s fits until 400 ms from now: five tokens are saved up, and two come.
    let (fates, _) = deliver_within(&mut branch, &world, events(12), 10_400);
    let outcomes = words(&fates);
    assert_eq!(outcomes[..7], ["delivered"; 7]);
    assert_eq!(outcomes[7..], ["retry unstarted"; 5]);
    let starts: Vec<i64> = world
        .seen
        .borrow()
        .iter()
        .map(|seen| seen.at.millis_since(began))
        .collect();
    assert_eq!(starts, [0, 0, 0, 0, 0, 200, 400]);
    // The bucket outlives the invocation.
    let again = world.now.get();
    deliver(&mut branch, &world, events(1));
    assert_eq!(world.seen.borrow()[7].at.millis_since(again), 200);
}

#[test]
fn sr_310_what_is_not_sent_takes_no_token() {
    let slow = || Branch {
        max_requests_per_second: 1,
        ..one_by_one()
    };
    for (vendor_status, wanted) in [(401, "hold credentials"), (429, "retry rate_limited")] {
        let world = World::new(move |_, _| answer(vendor_status, &[], ""));
        let began = world.now.get();
        let (fates, _) = deliver_within(&mut messenger(slow()), &world, events(9), 12_000);
        assert_eq!(words(&fates), [wanted; 9]);
        assert_eq!(world.now.get(), began, "nobody waited for a token");
    }
}

#[test]
fn sr_310_rd_084_what_is_sent_once_more_takes_a_token_of_its_own() {
    let refused_once = || World::new(|_, nth| if nth == 0 { answer(401, &[], "") } else { ok() });
    let settings = || Branch {
        max_requests_per_second: 1,
        ..one_by_one()
    };
    for (left_ms, wanted, starts) in [
        (11_000, "delivered", &[0, 1000][..]),
        (10_999, "retry unstarted", &[0]),
    ] {
        let world = refused_once();
        let began = world.now.get();
        let mut branch = renewed(settings(), key("key_live_2"));
        let (fates, _) = deliver_within(&mut branch, &world, events(1), left_ms);
        assert_eq!(words(&fates), [wanted]);
        let seen = world.seen.borrow();
        let times: Vec<i64> = seen.iter().map(|seen| seen.at.millis_since(began)).collect();
        assert_eq!(times, starts);
    }
}

#[test]
fn sr_342_rd_084_nothing_is_sent_once_more_after_the_429_of_another() {
    let world = World::new(|_, nth| match nth {
        0 => answer(401, &[], ""),
        1 => answer(429, &[("retry-after", "100")], ""),
        _ => ok(),
    });
    let two = Branch {
        concurrency: 2,
        ..Branch::default()
    };
    let fates = deliver(&mut renewed(two, key("key_live_2")), &world, events(2));
    assert_eq!(words(&fates), ["retry rate_limited"; 2]);
    assert_eq!(world.seen.borrow().len(), 2);
}

fn of(status: u16, headers: &'static [(&'static str, &'static str)], receives: u32) -> u32 {
    let world = World::new(move |_, _| answer(status, headers, ""));
    let one = Job {
        receives,
        ..event("e")
    };
    after(&deliver(&mut messenger(Branch::default()), &world, vec![one])[0])
}

#[test]
fn sr_341_the_table_at_half_way_between_its_bounds() {
    let table = [
        (1, 2),
        (2, 4),
        (3, 12),
        (4, 23),
        (5, 45),
        (6, 90),
        (7, 180),
        (8, 225),
        (40, 225),
    ];
    for (receives, wanted) in table {
        assert_eq!(of(500, &[], receives), wanted);
        assert_eq!(of(429, &[], receives), wanted);
    }
}

#[test]
fn sr_340_sr_341_a_hint_is_bounded_lengthened_and_never_undercuts_the_table() {
    let hinted = 110..=111;
    assert!(hinted.contains(&of(429, &[("retry-after", "100")], 1)));
    assert!(hinted.contains(&of(503, &[("retry-after", "100")], 1)));
    assert!(hinted.contains(&of(429, &[("retry-after", "Sun, 01 Mar 2026 12:01:40 GMT")], 1)));
    assert!((330..=331).contains(&of(429, &[("retry-after", "9999")], 1)));
    assert_eq!(of(429, &[("retry-after", "100")], 9), 225);
    // Raised to 1 s, lengthened to 1.1 s.
    assert_eq!(of(429, &[("retry-after", "0")], 1), 2);
    assert_eq!(of(429, &[("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT")], 1), 2);
    for garbage in ["soon", "-5", "", "1e3"] {
        let world = World::new(move |_, _| answer(429, &[("retry-after", garbage)], ""));
        let fates = deliver(&mut messenger(Branch::default()), &world, vec![event("e")]);
        assert_eq!(after(&fates[0]), 2, "{garbage}");
    }
    assert_eq!(of(408, &[("retry-after", "100")], 1), 2, "a 408 gives no hint");
}

#[test]
fn sr_326_sr_342_after_a_429_nothing_is_started_for_the_delay() {
    let world = World::new(|_, nth| match nth {
        0 => answer(429, &[("retry-after", "100")], ""),
        _ => ok(),
    });
    let mut branch = messenger(one_by_one());
    let fates = deliver(&mut branch, &world, events(3));
    assert_eq!(words(&fates), ["retry rate_limited"; 3]);
    let delay = after(&fates[0]);
    assert!((110..=111).contains(&delay));
    assert_eq!((after(&fates[1]), world.seen.borrow().len()), (delay, 1));
    // It outlives the invocation, and ends.
    world.now.set(world.now.get().plus_millis(100_000));
    let fates = deliver(&mut branch, &world, events(1));
    assert_eq!(
        (words(&fates)[0].as_str(), after(&fates[0])),
        ("retry rate_limited", delay - 100)
    );
    world.now.set(world.now.get().plus_millis(11_000));
    assert_eq!(words(&deliver(&mut branch, &world, events(1))), ["delivered"]);
}

#[test]
fn sr_342_of_several_429_at_once_the_longest_delay_counts() {
    let world = World::new(|_, nth| match nth {
        0 => answer(429, &[("retry-after", "100")], ""),
        1 => answer(429, &[("retry-after", "1")], ""),
        _ => ok(),
    });
    let mut branch = messenger(Branch {
        concurrency: 2,
        ..Branch::default()
    });
    deliver(&mut branch, &world, events(2));
    assert_eq!(world.seen.borrow().len(), 2);
    world.now.set(world.now.get().plus_millis(50_000));
    assert_eq!(
        words(&deliver(&mut branch, &world, events(1))),
        ["retry rate_limited"]
    );
}

#[test]
fn sr_342_a_5xx_stops_nobody_else() {
    let world = World::new(|_, nth| match nth {
        0 => answer(503, &[("retry-after", "100")], ""),
        _ => ok(),
    });
    let fates = deliver(&mut messenger(one_by_one()), &world, events(2));
    assert_eq!(words(&fates), ["retry transient", "delivered"]);
}
