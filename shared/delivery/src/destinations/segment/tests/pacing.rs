use super::*;

#[test]
fn at_most_so_many_requests_are_under_way() {
    event::rules!["SEG-045"];
    for (concurrency, wanted) in [(1, 1), (4, 4), (32, 9)] {
        let world = FakeVendor::new(|_, _| ok());
        let settings = settings::Segment {
            max_batch_events: 1,
            concurrency,
            ..settings::Segment::default()
        };
        let results = deliver(&messenger(settings), &world, events(9));
        assert_eq!(words(&results), ["delivered"; 9]);
        assert_eq!(world.most_in_flight.get(), wanted);
    }
}

fn of(status: u16, headers: &'static [(&'static str, &'static str)], receives: u32) -> u32 {
    let world = FakeVendor::new(move |_, _| respond(status, headers, ""));
    let one = Job {
        receives,
        tries: receives,
        ..event("e")
    };
    after(&deliver(&messenger(settings::Segment::default()), &world, vec![one])[0])
}

#[test]
fn the_table_at_half_way_between_its_bounds() {
    event::rules!["SEG-070"];
    let table = [
        (1, 4),
        (2, 23),
        (3, 45),
        (4, 90),
        (5, 180),
        (6, 360),
        (7, 720),
        (8, 1440),
        (9, 2700),
        (40, 2700),
    ];
    for (receives, wanted) in table {
        for status in [408, 410, 460, 500, 503] {
            assert_eq!(of(status, &[], receives), wanted, "{status}");
        }
        // A 429 without a hint asks for 60 s, lengthened to 66 s.
        assert_eq!(of(429, &[], receives), 66);
    }
}

/// 2026-03-01T12:01:40Z, 100 s after the world begins.
const RESET: &str = "1772366500";

#[test]
fn the_hint_of_a_429_is_the_first_usable_one() {
    event::rules!["SEG-080"];
    let hinted = 110..=111;
    for headers in [
        &[("retry-after", "100")][..],
        &[("retry-after", "Sun, 01 Mar 2026 12:01:40 GMT")],
        &[("x-ratelimit-reset", "100")],
        &[("x-ratelimit-reset", RESET)],
        &[("retry-after", "100"), ("x-ratelimit-reset", "500")],
        &[("retry-after", "soon"), ("x-ratelimit-reset", "100")],
    ] {
        assert!(hinted.contains(&of(429, headers, 1)), "{headers:?}");
    }
    for headers in [
        &[("retry-after", "soon")][..],
        &[("retry-after", "-5"), ("x-ratelimit-reset", "later")],
    ] {
        assert_eq!(of(429, headers, 1), 66, "{headers:?}");
    }
}

#[test]
fn a_hint_is_bounded_and_lengthened() {
    event::rules!["SEG-081", "SEG-082"];
    assert!((3960..=3961).contains(&of(429, &[("retry-after", "999999")], 1)));
    // Raised to 1 s, lengthened to 1.1 s.
    assert_eq!(of(429, &[("retry-after", "0")], 1), 2);
    assert_eq!(of(429, &[("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT")], 1), 2);
    assert_eq!(of(429, &[("x-ratelimit-reset", "1772366000")], 1), 2);
    // A 429 says nothing about the event, a 503 may.
    assert_eq!(of(429, &[("retry-after", "100")], 9), 111);
    assert_eq!(of(503, &[("retry-after", "100")], 9), 2700);
}

#[test]
fn a_5xx_hints_with_retry_after_alone() {
    event::rules!["SEG-083"];
    assert!((110..=111).contains(&of(503, &[("retry-after", "100")], 1)));
    assert_eq!(of(503, &[("x-ratelimit-reset", "100")], 1), 4);
    assert_eq!(of(503, &[("retry-after", "soon")], 1), 4);
    assert_eq!(of(408, &[("retry-after", "100")], 1), 4);
}

#[test]
fn while_a_hint_runs_nothing_is_started() {
    event::rules!["SEG-084"];
    for status in [429, 503] {
        let world = FakeVendor::new(move |_, nth| match nth {
            0 => respond(status, &[("retry-after", "100")], ""),
            _ => ok(),
        });
        let segment = messenger(one_by_one());
        let results = deliver(&segment, &world, events(3));
        assert_eq!(words(&results)[1..], ["retry rate_limited"; 2]);
        assert_eq!(
            (after(&results[1]), after(&results[2])),
            (123, 123),
            "the rest of it and a little"
        );
        assert_eq!(world.seen.borrow().len(), 1);
        // It outlives the invocation, and ends.
        world.now.set(world.now.get().plus_millis(110_001));
        let results = deliver(&segment, &world, events(1));
        assert_eq!(
            (words(&results)[0].as_str(), after(&results[0])),
            ("retry rate_limited", 2)
        );
        world.now.set(world.now.get().plus_millis(999));
        assert_eq!(words(&deliver(&segment, &world, events(1))), ["delivered"]);
    }
}

#[test]
fn of_several_hints_at_once_the_longest_counts() {
    event::rules!["SEG-084"];
    let world = FakeVendor::new(|_, nth| match nth {
        0 => respond(429, &[("retry-after", "100")], ""),
        1 => respond(429, &[("retry-after", "1")], ""),
        _ => ok(),
    });
    let segment = messenger(settings::Segment {
        max_batch_events: 1,
        concurrency: 2,
        ..settings::Segment::default()
    });
    deliver(&segment, &world, events(2));
    assert_eq!(world.seen.borrow().len(), 2);
    world.now.set(world.now.get().plus_millis(50_000));
    assert_eq!(
        words(&deliver(&segment, &world, events(1))),
        ["retry rate_limited"]
    );
}
