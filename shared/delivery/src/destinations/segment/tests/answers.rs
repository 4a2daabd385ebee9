use super::*;

#[test]
fn what_becomes_of_one_call() {
    event::rules![
        "SEG-050", "SEG-051", "SEG-053", "SEG-054", "SEG-055", "SEG-056", "SEG-058", "SEG-059", "SEG-061",
        "SEG-062"
    ];
    for (status, wanted) in [
        (200, "delivered"),
        (204, "delivered"),
        (301, "hold config"),
        (400, "parked rejected"),
        (401, "hold credentials"),
        (403, "hold credentials"),
        (404, "hold config"),
        (405, "hold config"),
        (408, "retry transient"),
        (410, "retry transient"),
        (413, "parked event_too_large"),
        (422, "parked rejected"),
        (429, "retry rate_limited"),
        (460, "retry transient"),
        (500, "retry transient"),
        (501, "hold config"),
        (503, "retry transient"),
        (505, "hold config"),
        (511, "hold config"),
    ] {
        let world = FakeVendor::new(move |_, _| respond(status, &[], "the words"));
        let results = deliver(&messenger(settings::Segment::default()), &world, events(1));
        assert_eq!(words(&results), [wanted], "{status}");
        assert_eq!(results[0].status, Some(status));
        let detail = wanted
            .starts_with("parked")
            .then(|| format!("{status} the words"));
        assert_eq!(results[0].detail, detail, "{status}");
        assert_eq!(world.seen.borrow().len(), 1, "{status}");
    }
}

#[test]
fn segments_words_are_cut_at_500_characters() {
    event::rules!["SEG-053"];
    let world = FakeVendor::new(|_, _| respond(400, &[], &"ä".repeat(600)));
    let results = deliver(&messenger(settings::Segment::default()), &world, events(1));
    let detail = results[0].detail.as_deref().unwrap();
    assert!(detail.starts_with("400 ää"));
    assert_eq!(detail.chars().count(), 500);
}

#[test]
fn a_repaired_event_is_warned_of_with_its_first_warning() {
    event::rules!["SEG-050"];
    let world = FakeVendor::new(|_, _| ok());
    let mut one = event("e");
    one.warnings = vec![
        event::reasons::Warning::TimeUnreadable,
        event::reasons::Warning::Trimmed,
    ];
    let results = deliver(&messenger(settings::Segment::default()), &world, vec![one]);
    assert_eq!(words(&results), ["warned time_unreadable"]);
}

#[test]
fn what_is_no_refusal_is_not_bisected() {
    event::rules![
        "SEG-051", "SEG-054", "SEG-055", "SEG-056", "SEG-059", "SEG-061", "SEG-062"
    ];
    for status in [301, 401, 403, 404, 405, 408, 410, 429, 460, 500, 501, 505, 511] {
        let world = FakeVendor::new(move |_, _| respond(status, &[], ""));
        let results = deliver(&messenger(settings::Segment::default()), &world, events(8));
        assert!(
            results
                .iter()
                .all(|fate| fate.outcome.is_waiting() && fate.outcome == results[0].outcome),
            "{status}"
        );
        assert_eq!(world.seen.borrow().len(), 1, "{status}");
    }
}

#[test]
fn without_an_answer_all_are_tried_again() {
    event::rules!["SEG-063"];
    for (nothing, requests) in [(NoResponse::NotSent, 2), (NoResponse::Unknown, 1)] {
        let world = FakeVendor::new(move |_, _| Err(nothing));
        let results = deliver(&messenger(settings::Segment::default()), &world, events(3));
        assert_eq!(words(&results), ["retry transient"; 3]);
        assert!(results.iter().all(|fate| !fate.maybe_duplicate));
        assert_eq!(world.seen.borrow().len(), requests);
    }
}

#[test]
fn what_could_not_end_before_the_deadline_is_not_started() {
    event::rules!["SEG-064"];
    let world = FakeVendor::new(|_, _| ok());
    let segment = messenger(settings::Segment::default());
    let (results, _) = deliver_within(&segment, &world, events(2), 9_999);
    assert_eq!(words(&results), ["retry unstarted"; 2]);
    assert_eq!(after(&results[0]), 0);
    assert!(world.seen.borrow().is_empty());
    let (results, _) = deliver_within(&segment, &world, events(2), 10_000);
    assert_eq!(words(&results), ["delivered"; 2]);
}

#[test]
fn a_renewed_key_serves_all_that_were_refused_with_the_old_one() {
    event::rules!["SEG-054", "RD-084"];
    let new = || format!("Basic {}", STANDARD.encode("wk-2:"));
    let world = FakeVendor::new(move |seen, _| match seen.authorization.as_deref() {
        Some(basic) if basic == new() => ok(),
        _ => respond(401, &[], ""),
    });
    let several = settings::Segment {
        max_batch_events: 1,
        concurrency: 4,
        ..settings::Segment::default()
    };
    let segment = renewed(several, &keys(Some("wk"), &[]), &keys(Some("wk-2"), &[]));
    assert_eq!(words(&deliver(&segment, &world, events(6))), ["delivered"; 6]);
}

#[test]
fn a_secret_emptied_meanwhile_holds_all_and_sends_nothing_more() {
    event::rules!["SEG-021", "RD-085", "RS-004", "RS-021"];
    for (concurrency, requests) in [(1, 1), (3, 3)] {
        let world = FakeVendor::new(|seen, _| match &seen.authorization {
            Some(_) => respond(401, &[], ""),
            None => respond(400, &[], ""),
        });
        let settings = settings::Segment {
            concurrency,
            ..one_by_one()
        };
        let segment = renewed(settings, &keys(Some("wk"), &[]), &keys(None, &[]));
        let results = deliver(&segment, &world, events(5));
        assert_eq!(words(&results), ["hold credentials"; 5]);
        assert_eq!(world.seen.borrow().len(), requests);
    }
}

#[test]
fn a_platform_without_its_own_key_goes_on_with_the_key_of_all() {
    event::rules!["SEG-020", "RD-084"];
    let own = format!("Basic {}", STANDARD.encode("i:"));
    let world = FakeVendor::new(move |seen, _| match seen.authorization.as_deref() {
        Some(basic) if basic == own => respond(401, &[], ""),
        _ => ok(),
    });
    let own_key = keys(None, &[("ios", "i")]);
    let segment = renewed(settings::Segment::default(), &own_key, &keys(Some("wk"), &[]));
    let mut one = event("e");
    one.calls[0].platform = Some(Platform::Ios);
    assert_eq!(words(&deliver(&segment, &world, vec![one])), ["delivered"]);
    assert_eq!(
        world.seen.borrow()[1].authorization.as_deref(),
        Some("Basic d2s6")
    );
}

#[test]
fn nothing_is_sent_once_more_after_the_429_of_another() {
    event::rules!["SEG-084", "RD-084"];
    let world = FakeVendor::new(|_, nth| match nth {
        0 => respond(401, &[], ""),
        1 => respond(429, &[("retry-after", "100")], ""),
        _ => ok(),
    });
    let two = settings::Segment {
        concurrency: 2,
        ..one_by_one()
    };
    let segment = renewed(two, &keys(Some("wk"), &[]), &keys(Some("wk-2"), &[]));
    let results = deliver(&segment, &world, events(2));
    assert_eq!(words(&results), ["retry rate_limited"; 2]);
    assert_eq!(world.seen.borrow().len(), 2);
}

#[test]
fn a_refused_key_holds_its_own_calls_alone() {
    event::rules!["SEG-054"];
    let bad = format!("Basic {}", STANDARD.encode("i:"));
    let world = FakeVendor::new(move |seen, _| {
        if seen.authorization.as_deref() == Some(bad.as_str()) {
            respond(401, &[], "")
        } else {
            ok()
        }
    });
    let jobs = (0..6).map(|n| {
        let mut one = event(&format!("e{n}"));
        one.calls[0].platform = (n % 2 == 0).then_some(Platform::Ios);
        one
    });
    let content = keys(Some("all"), &[("ios", "i")]);
    let results = deliver(&with_keys(one_by_one(), Some(content)), &world, jobs.collect());
    let (held, delivered) = ("hold credentials", "delivered");
    assert_eq!(
        words(&results),
        [held, delivered, held, delivered, held, delivered]
    );
    // The second and third request with that key are not started.
    assert_eq!(world.seen.borrow().len(), 4);
}
