use super::*;

#[test]
fn what_becomes_of_an_event() {
    event::rules![
        "SR-320", "SR-321", "SR-322", "SR-323", "SR-324", "SR-325", "SR-326", "SR-327", "SR-328"
    ];
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
        let world = FakeVendor::new(move |_, _| respond(status, &[], body));
        let results = deliver(&messenger(settings::Branch::default()), &world, vec![event("e")]);
        assert_eq!(words(&results), [wanted], "{status}");
        assert_eq!(results[0].detail.as_deref(), detail, "{status}");
        assert_eq!(results[0].status, Some(status));
        assert!(!results[0].maybe_duplicate);
    }
}

#[test]
fn a_400_that_breaks_off_parks_nothing() {
    event::rules!["SR-322", "SR-323", "SR-325"];
    let world = FakeVendor::new(|_, nth| {
        let whole = respond(400, &[], "{\"error\":{\"message\":\"authentication fai")
            .ok()
            .unwrap();
        match nth {
            0 => Ok(Response { cut: true, ..whole }),
            _ => respond(400, &[], "authentication failed"),
        }
    });
    let branch = messenger(settings::Branch::default());
    assert_eq!(words(&deliver(&branch, &world, events(1))), ["retry transient"]);
    assert_eq!(words(&deliver(&branch, &world, events(1))), ["hold credentials"]);
}

#[test]
fn a_repaired_event_is_warned_of_with_its_first_warning() {
    event::rules!["SR-320"];
    let world = FakeVendor::new(|_, _| ok());
    let mut one = event("e");
    one.warnings = vec![
        event::reasons::Warning::InvalidNumber,
        event::reasons::Warning::ProductSkipped,
    ];
    let results = deliver(&messenger(settings::Branch::default()), &world, vec![one]);
    assert_eq!(words(&results), ["warned invalid_number"]);
}

#[test]
fn branchs_words_are_cut_at_500_characters() {
    event::rules!["SR-323", "SR-327"];
    for status in [400, 404] {
        let words = "ä".repeat(600);
        let world = FakeVendor::new(move |_, _| respond(status, &[], &words));
        let results = deliver(&messenger(settings::Branch::default()), &world, vec![event("e")]);
        let detail = results[0].detail.as_deref().unwrap();
        assert!(detail.starts_with(&format!("{status} ää")));
        assert_eq!(detail.chars().count(), 500);
    }
}

#[test]
fn a_key_that_branch_quotes_is_not_parked() {
    event::rules!["RS-033"];
    let world = FakeVendor::new(|seen, _| respond(400, &[], &format!("unable to parse {}", seen.body)));
    let results = deliver(&messenger(settings::Branch::default()), &world, vec![event("e")]);
    assert_eq!(words(&results), ["parked rejected"]);
    let detail = results[0].detail.as_deref().unwrap();
    assert!(
        detail.starts_with("400 unable to parse {\"branch_key\":\"<key>\",\"name\":\"LOGIN\""),
        "{detail}"
    );
    assert!(!detail.contains("key_live_1"));
}

#[test]
fn without_a_connection_nothing_was_sent() {
    event::rules!["SR-329"];
    let world = FakeVendor::new(|_, _| Err(NoResponse::NotSent));
    let results = deliver(&messenger(settings::Branch::default()), &world, vec![event("e")]);
    assert_eq!(words(&results), ["retry transient"]);
    assert!(!results[0].maybe_duplicate);
    // RD-061: once more, and no oftener.
    assert_eq!(world.seen.borrow().len(), 2);
}

#[test]
fn without_an_answer_the_event_may_count_twice() {
    event::rules!["SR-330"];
    let of = |on_ambiguous| {
        let world = FakeVendor::new(|_, _| Err(NoResponse::Unknown));
        let settings = settings::Branch {
            on_ambiguous,
            ..settings::Branch::default()
        };
        let results = deliver(&messenger(settings), &world, vec![event("e")]);
        assert_eq!(world.seen.borrow().len(), 1, "it is not sent again at once");
        (words(&results).remove(0), results[0].maybe_duplicate)
    };
    assert_eq!(of(OnAmbiguous::Retry), ("retry transient".to_owned(), true));
    assert_eq!(of(OnAmbiguous::Park), ("parked ambiguous".to_owned(), false));
}

#[test]
fn what_could_not_end_before_the_deadline_is_not_started() {
    event::rules!["SR-331"];
    let world = FakeVendor::new(|_, _| ok());
    let branch = messenger(settings::Branch::default());
    let (results, _) = deliver_within(&branch, &world, vec![event("e")], 9_999);
    assert_eq!(
        (words(&results)[0].as_str(), after(&results[0])),
        ("retry unstarted", 0)
    );
    assert!(world.seen.borrow().is_empty());
    let (results, _) = deliver_within(&branch, &world, vec![event("e")], 10_000);
    assert_eq!(words(&results), ["delivered"]);
}

#[test]
fn a_renewed_key_serves_all_that_were_refused_with_the_old_one() {
    event::rules!["SR-322", "SR-324", "RD-084"];
    for status in [400, 401, 403] {
        let world = FakeVendor::new(move |seen, _| match seen.body["branch_key"].as_str() {
            Some("key_live_2") => ok(),
            _ => respond(status, &[], "authentication failed"),
        });
        let branch = renewed(settings::Branch::default(), &key("key_live_2"));
        let results = deliver(&branch, &world, events(4));
        assert_eq!(words(&results), ["delivered"; 4]);
    }
}

#[test]
fn a_secret_emptied_meanwhile_holds_all_and_sends_nothing_more() {
    event::rules!["SR-305", "RD-085", "RS-004", "RS-021"];
    for (concurrency, requests) in [(1, 1), (3, 3)] {
        let world = FakeVendor::new(|seen, _| match seen.body["branch_key"].as_str() {
            Some("key_live_1") => respond(400, &[], "authentication failed"),
            _ => respond(400, &[], "unable to parse"),
        });
        let settings = settings::Branch {
            concurrency,
            ..settings::Branch::default()
        };
        let branch = renewed(settings, "{}");
        assert_eq!(
            words(&deliver(&branch, &world, events(5))),
            ["hold credentials"; 5]
        );
        assert_eq!(world.seen.borrow().len(), requests);
    }
}

#[test]
fn after_a_refused_key_nothing_else_is_sent() {
    event::rules!["SR-324"];
    let world = FakeVendor::new(|_, _| respond(401, &[], ""));
    let results = deliver(&messenger(one_by_one()), &world, events(5));
    assert_eq!(words(&results), ["hold credentials"; 5]);
    assert_eq!(world.seen.borrow().len(), 1);
}
