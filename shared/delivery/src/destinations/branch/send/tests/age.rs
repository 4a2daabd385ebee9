use super::*;

const HOUR_MS: i64 = 3_600_000;

/// An event that was received so many milliseconds ago.
fn received_ago(id: &str, world: &World, ms: i64) -> Job<BranchCall> {
    Job {
        received_at: world.now.get().plus_millis(-ms),
        ..event(id)
    }
}

fn outcome(settings: Branch, ago_ms: i64, own_time_ago_ms: Option<i64>) -> String {
    let world = World::new(|_, _| ok());
    let mut one = received_ago("e", &world, ago_ms);
    one.calls[0].timestamp = own_time_ago_ms.map(|ms| world.now.get().plus_millis(-ms));
    // A replay does not make it younger.
    one.counts_from = world.now.get();
    let outcome = words(&deliver(&mut messenger(settings), &world, vec![one])).remove(0);
    assert_eq!(world.seen.borrow().len(), usize::from(outcome == "delivered"));
    outcome
}

#[test]
fn sr_315_sr_316_sr_318_an_event_older_than_max_age_is_parked() {
    let by_event = || Branch {
        age_from: AgeFrom::Event,
        ..Branch::default()
    };
    let longer = || Branch {
        max_age: event::settings::Span::seconds(7200),
        ..Branch::default()
    };
    for (settings, ago, own, wanted) in [
        (Branch::default(), HOUR_MS, None, "delivered"),
        (Branch::default(), HOUR_MS + 1, None, "parked too_late"),
        (Branch::default(), 0, Some(2 * HOUR_MS), "delivered"),
        (by_event(), 0, Some(HOUR_MS), "delivered"),
        (by_event(), 0, Some(HOUR_MS + 1), "parked too_late"),
        (by_event(), HOUR_MS + 1, None, "parked too_late"),
        // A time after the receipt is a wrong clock.
        (by_event(), HOUR_MS + 1, Some(-HOUR_MS), "parked too_late"),
        (longer(), 2 * HOUR_MS, None, "delivered"),
        (longer(), 2 * HOUR_MS + 1, None, "parked too_late"),
    ] {
        assert_eq!(outcome(settings, ago, own), wanted, "{ago} {own:?}");
    }
}

#[test]
fn sr_315_an_event_that_grows_too_old_while_it_waits_for_its_turn_is_parked() {
    let world = World::new(|_, _| ok());
    let slow = Branch {
        max_requests_per_second: 1,
        ..one_by_one()
    };
    let jobs = vec![
        received_ago("e0", &world, HOUR_MS - 500),
        received_ago("e1", &world, HOUR_MS - 500),
        received_ago("e2", &world, 0),
    ];
    let fates = deliver(&mut messenger(slow), &world, jobs);
    assert_eq!(words(&fates), ["delivered", "parked too_late", "delivered"]);
}

#[test]
fn sr_317_the_body_is_the_same_at_any_age() {
    let world = World::new(|_, _| ok());
    let patient = Branch {
        max_age: event::settings::Span::seconds(86_400),
        ..Branch::default()
    };
    for ago in [0, 20 * HOUR_MS] {
        let one = received_ago("e", &world, ago);
        deliver(&mut messenger(patient.clone()), &world, vec![one]);
    }
    let seen = world.seen.borrow();
    assert_eq!(seen[0].body, seen[1].body);
}

#[test]
fn sr_318_sr_343_whatever_waits_ends_in_delivery_or_too_late() {
    let vendors: [fn() -> Result<Answer, NoAnswer>; 8] = [
        || Err(NoAnswer::NotSent),
        || Err(NoAnswer::Unknown),
        || answer(302, &[], ""),
        || answer(400, &[], "authentication failed"),
        || answer(401, &[], ""),
        || answer(408, &[], ""),
        || answer(429, &[("retry-after", "300")], ""),
        || answer(500, &[], ""),
    ];
    for (n, vendor) in vendors.into_iter().enumerate() {
        let world = World::new(move |_, _| vendor());
        let mut branch = messenger(Branch::default());
        let received = world.now.get();
        let waiting = || Job {
            received_at: received,
            receives: 20,
            ..event("e")
        };
        let first = deliver(&mut branch, &world, vec![waiting()]);
        assert!(first[0].outcome.is_waiting(), "{n}: {:?}", first[0].outcome);
        world.now.set(received.plus_millis(HOUR_MS + 1));
        let last = deliver(&mut branch, &world, vec![waiting()]);
        assert_eq!(words(&last), ["parked too_late"], "{n}");
    }
    let world = World::new(|_, _| ok());
    let mut keyless = BranchMessenger::new(Branch::default(), BASE.to_owned(), FixedKeys::new(None));
    let old = received_ago("e", &world, HOUR_MS + 1);
    assert_eq!(
        words(&deliver(&mut keyless, &world, vec![old])),
        ["parked too_late"]
    );
}

#[test]
fn sr_315_rd_084_what_has_grown_too_old_is_not_sent_once_more() {
    let world = World::new(|_, nth| if nth == 0 { answer(401, &[], "") } else { ok() });
    world.took_ms.set(1);
    let one = received_ago("e", &world, HOUR_MS);
    let mut branch = renewed(Branch::default(), key("key_live_2"));
    assert_eq!(
        words(&deliver(&mut branch, &world, vec![one])),
        ["parked too_late"]
    );
    assert_eq!(world.seen.borrow().len(), 1);
}
