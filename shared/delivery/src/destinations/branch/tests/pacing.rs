use super::*;

#[test]
fn at_most_so_many_requests_are_under_way() {
    event::rules!["SR-309"];
    for (concurrency, wanted) in [(1, 1), (3, 3), (64, 25)] {
        let world = FakeVendor::new(|_, _| ok());
        let settings = settings::Branch {
            concurrency,
            ..settings::Branch::default()
        };
        let results = deliver(&messenger(settings), &world, events(25));
        assert_eq!(words(&results), ["delivered"; 25]);
        assert_eq!(world.most_in_flight.get(), wanted);
    }
}

#[test]
fn what_finds_no_token_before_the_deadline_is_unstarted() {
    event::rules!["SR-310"];
    let world = FakeVendor::new(|_, _| ok());
    let began = world.now.get();
    let branch = messenger(settings::Branch {
        max_requests_per_second: 5,
        ..one_by_one()
    });
    // A request of 10 s fits until 400 ms from now: five tokens are saved up, and two come.
    let (results, _) = deliver_within(&branch, &world, events(12), 10_400);
    let outcomes = words(&results);
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
    deliver(&branch, &world, events(1));
    assert_eq!(world.seen.borrow()[7].at.millis_since(again), 200);
}

#[test]
fn what_is_not_sent_takes_no_token() {
    event::rules!["SR-310"];
    let slow = || settings::Branch {
        max_requests_per_second: 1,
        ..one_by_one()
    };
    for (vendor_status, wanted) in [(401, "hold credentials"), (429, "retry rate_limited")] {
        let world = FakeVendor::new(move |_, _| respond(vendor_status, &[], ""));
        let began = world.now.get();
        let (results, _) = deliver_within(&messenger(slow()), &world, events(9), 12_000);
        assert_eq!(words(&results), [wanted; 9]);
        assert_eq!(world.now.get(), began, "nobody waited for a token");
    }
}

#[test]
fn what_is_sent_once_more_takes_a_token_of_its_own() {
    event::rules!["SR-310", "RD-084"];
    let refused_once = || FakeVendor::new(|_, nth| if nth == 0 { respond(401, &[], "") } else { ok() });
    let settings = || settings::Branch {
        max_requests_per_second: 1,
        ..one_by_one()
    };
    for (left_ms, wanted, starts) in [
        (11_000, "delivered", &[0, 1000][..]),
        (10_999, "retry unstarted", &[0]),
    ] {
        let world = refused_once();
        let began = world.now.get();
        let branch = renewed(settings(), &key("key_live_2"));
        let (results, _) = deliver_within(&branch, &world, events(1), left_ms);
        assert_eq!(words(&results), [wanted]);
        let seen = world.seen.borrow();
        let times: Vec<i64> = seen.iter().map(|seen| seen.at.millis_since(began)).collect();
        assert_eq!(times, starts);
    }
}

#[test]
fn nothing_is_sent_once_more_after_the_429_of_another() {
    event::rules!["SR-342", "RD-084"];
    let world = FakeVendor::new(|_, nth| match nth {
        0 => respond(401, &[], ""),
        1 => respond(429, &[("retry-after", "100")], ""),
        _ => ok(),
    });
    let two = settings::Branch {
        concurrency: 2,
        ..settings::Branch::default()
    };
    let results = deliver(&renewed(two, &key("key_live_2")), &world, events(2));
    assert_eq!(words(&results), ["retry rate_limited"; 2]);
    assert_eq!(world.seen.borrow().len(), 2);
}

fn of(status: u16, headers: &'static [(&'static str, &'static str)], receives: u32) -> u32 {
    let world = FakeVendor::new(move |_, _| respond(status, headers, ""));
    let one = Job {
        receives,
        tries: receives,
        ..event("e")
    };
    after(&deliver(&messenger(settings::Branch::default()), &world, vec![one])[0])
}

#[test]
fn the_table_at_half_way_between_its_bounds() {
    event::rules!["SR-341"];
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
        // A 429 without a hint opens the breaker for its own time, between 21 and 30 s.
        assert_eq!(of(429, &[], receives), 26);
    }
}

#[test]
fn a_hint_is_bounded_and_lengthened() {
    event::rules!["SR-340", "SR-341"];
    let hinted = 110..=111;
    assert!(hinted.contains(&of(429, &[("retry-after", "100")], 1)));
    assert!(hinted.contains(&of(503, &[("retry-after", "100")], 1)));
    assert!(hinted.contains(&of(429, &[("retry-after", "Sun, 01 Mar 2026 12:01:40 GMT")], 1)));
    assert!((330..=331).contains(&of(429, &[("retry-after", "9999")], 1)));
    // A 429 says nothing about the event, a 503 may.
    assert_eq!(of(429, &[("retry-after", "100")], 9), 111);
    assert_eq!(of(503, &[("retry-after", "100")], 9), 225);
    // Raised to 1 s, lengthened to 1.1 s.
    assert_eq!(of(429, &[("retry-after", "0")], 1), 2);
    assert_eq!(of(429, &[("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT")], 1), 2);
    for garbage in ["soon", "-5", "", "1e3"] {
        let world = FakeVendor::new(move |_, _| respond(429, &[("retry-after", garbage)], ""));
        let results = deliver(&messenger(settings::Branch::default()), &world, vec![event("e")]);
        assert_eq!(after(&results[0]), 26, "{garbage}");
    }
    assert_eq!(of(408, &[("retry-after", "100")], 1), 2, "a 408 gives no hint");
}

#[test]
fn after_a_429_nothing_is_started_for_the_delay() {
    event::rules!["SR-326", "SR-342"];
    let world = FakeVendor::new(|_, nth| match nth {
        0 => respond(429, &[("retry-after", "100")], ""),
        _ => ok(),
    });
    let branch = messenger(one_by_one());
    let results = deliver(&branch, &world, events(3));
    assert_eq!(words(&results), ["retry rate_limited"; 3]);
    let delay = after(&results[0]);
    assert!((110..=111).contains(&delay));
    let unsent = delay + delay.div_ceil(10);
    assert_eq!((after(&results[1]), world.seen.borrow().len()), (unsent, 1));
    // It outlives the invocation, and ends.
    world.now.set(world.now.get().plus_millis(100_000));
    let results = deliver(&branch, &world, events(1));
    assert_eq!(
        (words(&results)[0].as_str(), after(&results[0])),
        ("retry rate_limited", 13)
    );
    world.now.set(world.now.get().plus_millis(11_000));
    assert_eq!(words(&deliver(&branch, &world, events(1))), ["delivered"]);
}

#[test]
fn of_several_429_at_once_the_longest_delay_counts() {
    event::rules!["SR-342"];
    let world = FakeVendor::new(|_, nth| match nth {
        0 => respond(429, &[("retry-after", "100")], ""),
        1 => respond(429, &[("retry-after", "1")], ""),
        _ => ok(),
    });
    let branch = messenger(settings::Branch {
        concurrency: 2,
        ..settings::Branch::default()
    });
    deliver(&branch, &world, events(2));
    assert_eq!(world.seen.borrow().len(), 2);
    world.now.set(world.now.get().plus_millis(50_000));
    assert_eq!(
        words(&deliver(&branch, &world, events(1))),
        ["retry rate_limited"]
    );
}

#[test]
fn a_5xx_stops_nobody_else() {
    event::rules!["SR-342"];
    let world = FakeVendor::new(|_, nth| match nth {
        0 => respond(503, &[("retry-after", "100")], ""),
        _ => ok(),
    });
    let results = deliver(&messenger(one_by_one()), &world, events(2));
    assert_eq!(words(&results), ["retry transient", "delivered"]);
}
