use super::*;

#[test]
fn seg_050_seg_051_seg_053_seg_054_seg_055_seg_056_seg_058_seg_059_seg_061_seg_062_what_becomes_of_one_call()
{
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
        let world = World::new(move |_, _| answer(status, &[], "the words"));
        let fates = deliver(&mut messenger(Segment::default()), &world, events(1));
        assert_eq!(words(&fates), [wanted], "{status}");
        assert_eq!(fates[0].status, Some(status));
        let detail = wanted
            .starts_with("parked")
            .then(|| format!("{status} the words"));
        assert_eq!(fates[0].detail, detail, "{status}");
        assert_eq!(world.seen.borrow().len(), 1, "{status}");
    }
}

#[test]
fn seg_053_segments_words_are_cut_at_500_characters() {
    let world = World::new(|_, _| answer(400, &[], &"ä".repeat(600)));
    let fates = deliver(&mut messenger(Segment::default()), &world, events(1));
    let detail = fates[0].detail.as_deref().unwrap();
    assert!(detail.starts_with("400 ää"));
    assert_eq!(detail.chars().count(), 500);
}

#[test]
fn seg_050_a_repaired_event_is_warned_of_with_its_first_warning() {
    let world = World::new(|_, _| ok());
    let mut one = event("e");
    one.warnings = vec![
        event::reasons::Warning::TimeUnreadable,
        event::reasons::Warning::Trimmed,
    ];
    let fates = deliver(&mut messenger(Segment::default()), &world, vec![one]);
    assert_eq!(words(&fates), ["warned time_unreadable"]);
}

#[test]
fn seg_051_seg_054_seg_055_seg_056_seg_059_seg_061_seg_062_what_is_no_refusal_is_not_bisected() {
    for status in [301, 401, 403, 404, 405, 408, 410, 429, 460, 500, 501, 505, 511] {
        let world = World::new(move |_, _| answer(status, &[], ""));
        let fates = deliver(&mut messenger(Segment::default()), &world, events(8));
        assert!(
            fates
                .iter()
                .all(|fate| fate.outcome.is_waiting() && fate.outcome == fates[0].outcome),
            "{status}"
        );
        assert_eq!(world.seen.borrow().len(), 1, "{status}");
    }
}

#[test]
fn seg_063_without_an_answer_all_are_tried_again_and_none_can_count_twice() {
    for (nothing, requests) in [(NoAnswer::NotSent, 2), (NoAnswer::Unknown, 1)] {
        let world = World::new(move |_, _| Err(nothing));
        let fates = deliver(&mut messenger(Segment::default()), &world, events(3));
        assert_eq!(words(&fates), ["retry transient"; 3]);
        assert!(fates.iter().all(|fate| !fate.maybe_duplicate));
        assert_eq!(world.seen.borrow().len(), requests);
    }
}

#[test]
fn seg_064_what_could_not_end_before_the_deadline_is_not_started() {
    let world = World::new(|_, _| ok());
    let mut segment = messenger(Segment::default());
    let (fates, _) = deliver_within(&mut segment, &world, events(2), 9_999);
    assert_eq!(words(&fates), ["retry unstarted"; 2]);
    assert_eq!(after(&fates[0]), 0);
    assert!(world.seen.borrow().is_empty());
    let (fates, _) = deliver_within(&mut segment, &world, events(2), 10_000);
    assert_eq!(words(&fates), ["delivered"; 2]);
}

#[test]
fn seg_054_rd_084_a_key_that_was_renewed_meanwhile_serves_all_that_were_refused_with_it() {
    let new = || format!("Basic {}", STANDARD.encode("wk-2:"));
    let world = World::new(move |seen, _| match seen.authorization.as_deref() {
        Some(basic) if basic == new() => ok(),
        _ => answer(401, &[], ""),
    });
    let several = Segment {
        max_batch_events: 1,
        concurrency: 4,
        ..Segment::default()
    };
    let mut segment = messenger(several);
    *segment.keys.next.borrow_mut() = Some(std::rc::Rc::new(keys(Some("wk-2"), &[])));
    assert_eq!(words(&deliver(&mut segment, &world, events(6))), ["delivered"; 6]);
}

#[test]
fn seg_021_rd_085_rs_004_rs_021_a_secret_that_was_emptied_meanwhile_holds_all_and_sends_nothing_more() {
    for (concurrency, requests) in [(1, 1), (3, 3)] {
        let world = World::new(|seen, _| match &seen.authorization {
            Some(_) => answer(401, &[], ""),
            None => answer(400, &[], ""),
        });
        let settings = Segment {
            concurrency,
            ..one_by_one()
        };
        let mut segment = messenger(settings);
        *segment.keys.next.borrow_mut() = Some(std::rc::Rc::new(keys(None, &[])));
        let fates = deliver(&mut segment, &world, events(5));
        assert_eq!(words(&fates), ["hold credentials"; 5]);
        assert_eq!(world.seen.borrow().len(), requests);
    }
}

#[test]
fn seg_020_rd_084_a_platform_whose_own_key_was_taken_away_goes_on_with_the_key_of_all() {
    let own = format!("Basic {}", STANDARD.encode("i:"));
    let world = World::new(move |seen, _| match seen.authorization.as_deref() {
        Some(basic) if basic == own => answer(401, &[], ""),
        _ => ok(),
    });
    let mut segment = with_keys(Segment::default(), Some(keys(None, &[("ios", "i")])));
    *segment.keys.next.borrow_mut() = Some(std::rc::Rc::new(keys(Some("wk"), &[])));
    let mut one = event("e");
    one.calls[0].platform = Some(Platform::Ios);
    assert_eq!(words(&deliver(&mut segment, &world, vec![one])), ["delivered"]);
    assert_eq!(
        world.seen.borrow()[1].authorization.as_deref(),
        Some("Basic d2s6")
    );
}

#[test]
fn seg_084_rd_084_nothing_is_sent_once_more_after_the_429_of_another() {
    let world = World::new(|_, nth| match nth {
        0 => answer(401, &[], ""),
        1 => answer(429, &[("retry-after", "100")], ""),
        _ => ok(),
    });
    let two = Segment {
        concurrency: 2,
        ..one_by_one()
    };
    let mut segment = messenger(two);
    *segment.keys.next.borrow_mut() = Some(std::rc::Rc::new(keys(Some("wk-2"), &[])));
    let fates = deliver(&mut segment, &world, events(2));
    assert_eq!(words(&fates), ["retry rate_limited"; 2]);
    assert_eq!(world.seen.borrow().len(), 2);
}

#[test]
fn seg_054_a_refused_key_holds_its_own_calls_alone() {
    let bad = format!("Basic {}", STANDARD.encode("i:"));
    let world = World::new(move |seen, _| {
        if seen.authorization.as_deref() == Some(bad.as_str()) {
            answer(401, &[], "")
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
    let fates = deliver(
        &mut with_keys(one_by_one(), Some(content)),
        &world,
        jobs.collect(),
    );
    let (held, delivered) = ("hold credentials", "delivered");
    assert_eq!(words(&fates), [held, delivered, held, delivered, held, delivered]);
    // The second and third request with that key are not started.
    assert_eq!(world.seen.borrow().len(), 4);
}
