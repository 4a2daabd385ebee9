use super::*;

#[test]
fn sr_320_sr_321_sr_322_sr_323_sr_324_sr_325_sr_326_sr_327_sr_328_what_becomes_of_an_event() {
    for (status, body, wanted, detail) in [
        (200, "", "delivered", None),
        (299, "not JSON", "delivered", None),
        (301, "", "hold config", None),
        (307, "", "hold config", None),
        (
            400,
            "{\"error\":{\"message\":\"Authentication Failed\"}}",
            "hold credentials",
            None,
        ),
        (
            400,
            "{\"error\":{\"message\":\"name is missing\"}}",
            "parked rejected",
            Some("400 {\"error\":{\"message\":\"name is missing\"}}"),
        ),
        (401, "", "hold credentials", None),
        (403, "", "hold credentials", None),
        (404, "no such path", "parked rejected", Some("404 no such path")),
        (408, "", "retry transient", None),
        (413, "", "parked rejected", Some("413")),
        (429, "", "retry rate_limited", None),
        (500, "", "retry transient", None),
        (599, "", "retry transient", None),
    ] {
        let world = World::new(move |_, _| answer(status, &[], body));
        let fates = deliver(&mut messenger(Branch::default()), &world, vec![event("e")]);
        assert_eq!(words(&fates), [wanted], "{status}");
        assert_eq!(fates[0].detail.as_deref(), detail, "{status}");
        assert_eq!(fates[0].status, Some(status));
        assert!(!fates[0].maybe_duplicate);
    }
}

#[test]
fn sr_322_sr_323_sr_325_a_400_that_breaks_off_parks_nothing() {
    let world = World::new(|_, nth| {
        let whole = answer(400, &[], "{\"error\":{\"message\":\"authentication fai")
            .ok()
            .unwrap();
        match nth {
            0 => Ok(Answer { cut: true, ..whole }),
            _ => answer(400, &[], "authentication failed"),
        }
    });
    let mut branch = messenger(Branch::default());
    assert_eq!(
        words(&deliver(&mut branch, &world, events(1))),
        ["retry transient"]
    );
    assert_eq!(
        words(&deliver(&mut branch, &world, events(1))),
        ["hold credentials"]
    );
}

#[test]
fn sr_320_a_repaired_event_is_warned_of_with_its_first_warning() {
    let world = World::new(|_, _| ok());
    let mut one = event("e");
    one.warnings = vec![
        event::reasons::Warning::InvalidNumber,
        event::reasons::Warning::ProductSkipped,
    ];
    let fates = deliver(&mut messenger(Branch::default()), &world, vec![one]);
    assert_eq!(words(&fates), ["warned invalid_number"]);
}

#[test]
fn sr_323_sr_327_branchs_words_are_cut_at_500_characters() {
    for status in [400, 404] {
        let words = "ä".repeat(600);
        let world = World::new(move |_, _| answer(status, &[], &words));
        let fates = deliver(&mut messenger(Branch::default()), &world, vec![event("e")]);
        let detail = fates[0].detail.as_deref().unwrap();
        assert!(detail.starts_with(&format!("{status} ää")));
        assert_eq!(detail.chars().count(), 500);
    }
}

#[test]
fn rs_033_the_key_is_no_part_of_what_is_parked_if_branch_quotes_the_request() {
    let world = World::new(|seen, _| answer(400, &[], &format!("unable to parse {}", seen.body)));
    let fates = deliver(&mut messenger(Branch::default()), &world, vec![event("e")]);
    assert_eq!(words(&fates), ["parked rejected"]);
    let detail = fates[0].detail.as_deref().unwrap();
    assert!(
        detail.starts_with("400 unable to parse {\"branch_key\":\"<branch_key>\",\"name\":\"LOGIN\""),
        "{detail}"
    );
    assert!(!detail.contains("key_live_1"));
}

#[test]
fn sr_329_without_a_connection_nothing_was_sent() {
    let world = World::new(|_, _| Err(NoAnswer::NotSent));
    let fates = deliver(&mut messenger(Branch::default()), &world, vec![event("e")]);
    assert_eq!(words(&fates), ["retry transient"]);
    assert!(!fates[0].maybe_duplicate);
    // RD-061: once more, and no oftener.
    assert_eq!(world.seen.borrow().len(), 2);
}

#[test]
fn sr_330_without_an_answer_the_event_may_count_twice() {
    let of = |on_ambiguous| {
        let world = World::new(|_, _| Err(NoAnswer::Unknown));
        let settings = Branch {
            on_ambiguous,
            ..Branch::default()
        };
        let fates = deliver(&mut messenger(settings), &world, vec![event("e")]);
        assert_eq!(world.seen.borrow().len(), 1, "it is not sent again at once");
        (words(&fates).remove(0), fates[0].maybe_duplicate)
    };
    assert_eq!(of(OnAmbiguous::Retry), ("retry transient".to_owned(), true));
    assert_eq!(of(OnAmbiguous::Park), ("parked ambiguous".to_owned(), false));
}

#[test]
fn sr_331_what_could_not_end_before_the_deadline_is_not_started() {
    let world = World::new(|_, _| ok());
    let mut branch = messenger(Branch::default());
    let (fates, _) = deliver_within(&mut branch, &world, vec![event("e")], 9_999);
    assert_eq!(
        (words(&fates)[0].as_str(), after(&fates[0])),
        ("retry unstarted", 0)
    );
    assert!(world.seen.borrow().is_empty());
    let (fates, _) = deliver_within(&mut branch, &world, vec![event("e")], 10_000);
    assert_eq!(words(&fates), ["delivered"]);
}

#[test]
fn sr_322_sr_324_rd_084_a_key_that_was_renewed_meanwhile_serves_all_that_were_refused_with_it() {
    for status in [400, 401, 403] {
        let world = World::new(move |seen, _| match seen.body["branch_key"].as_str() {
            Some("key_live_2") => ok(),
            _ => answer(status, &[], "authentication failed"),
        });
        let mut branch = renewed(Branch::default(), key("key_live_2"));
        let fates = deliver(&mut branch, &world, events(4));
        assert_eq!(words(&fates), ["delivered"; 4]);
    }
}

#[test]
fn sr_305_rd_085_rs_004_rs_021_a_secret_that_was_emptied_meanwhile_holds_all_and_sends_nothing_more() {
    for (concurrency, requests) in [(1, 1), (3, 3)] {
        let world = World::new(|seen, _| match seen.body["branch_key"].as_str() {
            Some("key_live_1") => answer(400, &[], "authentication failed"),
            _ => answer(400, &[], "unable to parse"),
        });
        let settings = Branch {
            concurrency,
            ..Branch::default()
        };
        let mut branch = renewed(settings, BranchKey { branch_key: None });
        assert_eq!(
            words(&deliver(&mut branch, &world, events(5))),
            ["hold credentials"; 5]
        );
        assert_eq!(world.seen.borrow().len(), requests);
    }
}

#[test]
fn sr_324_after_a_refused_key_nothing_else_is_sent() {
    let world = World::new(|_, _| answer(401, &[], ""));
    let fates = deliver(&mut messenger(one_by_one()), &world, events(5));
    assert_eq!(words(&fates), ["hold credentials"; 5]);
    assert_eq!(world.seen.borrow().len(), 1);
}
