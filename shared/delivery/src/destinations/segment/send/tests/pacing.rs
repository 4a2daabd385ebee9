use super::*;

#[test]
fn seg_045_at_most_so_many_requests_are_under_way() {
    for (concurrency, wanted) in [(1, 1), (4, 4), (32, 9)] {
        let world = World::new(|_, _| ok());
        let settings = Segment {
            max_batch_events: 1,
            concurrency,
            ..Segment::default()
        };
        let fates = deliver(&mut messenger(settings), &world, events(9));
        assert_eq!(words(&fates), ["delivered"; 9]);
        assert_eq!(world.most_under_way.get(), wanted);
    }
}

fn of(status: u16, headers: &'static [(&'static str, &'static str)], receives: u32) -> u32 {
    let world = World::new(move |_, _| answer(status, headers, ""));
    let one = Job {
        receives,
        ..event("e")
    };
    after(&deliver(&mut messenger(Segment::default()), &world, vec![one])[0])
}

#[test]
fn seg_070_the_table_at_half_way_between_its_bounds() {
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
        assert_eq!(of(429, &[], receives), wanted.max(66));
    }
}

/// 2026-03-01T12:01:40Z, 100 s after the world begins.
const RESET: &str = "1772366500";

#[test]
fn seg_080_the_hint_of_a_429_is_the_first_usable_one() {
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
fn seg_081_seg_082_a_hint_is_bounded_lengthened_and_never_undercuts_the_table() {
    assert!((3960..=3961).contains(&of(429, &[("retry-after", "999999")], 1)));
    // Raised to 1 s, the table's delay is longer.
    assert_eq!(of(429, &[("retry-after", "0")], 1), 4);
    assert_eq!(of(429, &[("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT")], 1), 4);
    assert_eq!(of(429, &[("x-ratelimit-reset", "1772366000")], 1), 4);
    assert_eq!(of(429, &[("retry-after", "100")], 9), 2700);
}

#[test]
fn seg_083_a_5xx_hints_with_retry_after_alone() {
    assert!((110..=111).contains(&of(503, &[("retry-after", "100")], 1)));
    assert_eq!(of(503, &[("x-ratelimit-reset", "100")], 1), 4);
    assert_eq!(of(503, &[("retry-after", "soon")], 1), 4);
    assert_eq!(of(408, &[("retry-after", "100")], 1), 4);
}

#[test]
fn seg_084_while_a_hint_runs_nothing_is_started() {
    for status in [429, 503] {
        let world = World::new(move |_, nth| match nth {
            0 => answer(status, &[("retry-after", "100")], ""),
            _ => ok(),
        });
        let mut segment = messenger(one_by_one());
        let fates = deliver(&mut segment, &world, events(3));
        assert_eq!(words(&fates)[1..], ["retry rate_limited"; 2]);
        assert_eq!((after(&fates[1]), after(&fates[2])), (100, 100), "the rest of it");
        assert_eq!(world.seen.borrow().len(), 1);
        // It outlives the invocation, and ends.
        world.now.set(world.now.get().plus_millis(99_001));
        let fates = deliver(&mut segment, &world, events(1));
        assert_eq!(
            (words(&fates)[0].as_str(), after(&fates[0])),
            ("retry rate_limited", 1)
        );
        world.now.set(world.now.get().plus_millis(999));
        assert_eq!(words(&deliver(&mut segment, &world, events(1))), ["delivered"]);
    }
}

#[test]
fn seg_084_of_several_hints_at_once_the_longest_counts() {
    let world = World::new(|_, nth| match nth {
        0 => answer(429, &[("retry-after", "100")], ""),
        1 => answer(429, &[("retry-after", "1")], ""),
        _ => ok(),
    });
    let mut segment = messenger(Segment {
        max_batch_events: 1,
        concurrency: 2,
        ..Segment::default()
    });
    deliver(&mut segment, &world, events(2));
    assert_eq!(world.seen.borrow().len(), 2);
    world.now.set(world.now.get().plus_millis(50_000));
    assert_eq!(
        words(&deliver(&mut segment, &world, events(1))),
        ["retry rate_limited"]
    );
}
