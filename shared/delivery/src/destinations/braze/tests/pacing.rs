use super::*;
use crate::fake_vendor::after;
use event::Timestamp;

fn seconds_from_now(world_now: Timestamp, seconds: i64) -> String {
    (world_now.millis() / 1000 + seconds).to_string()
}

const NOON: &str = "2026-03-01T12:00:00Z";

fn limited(status: u16, header: &'static str, value: String) -> FakeVendor {
    FakeVendor::new(move |seen, _| {
        if seen.path == "/users/track" {
            respond(status, &[(header, value.as_str())], "")
        } else {
            ok()
        }
    })
}

fn delete(user: &str) -> BrazeCall {
    let mut call = single(
        BrazeEndpoint::Delete(BrazeArray::ExternalIds),
        BrazeArray::ExternalIds,
        user,
    );
    call.items[0].json = format!("\"{user}\"");
    call
}

#[test]
fn delivery_case_5_a_429_makes_its_group_rest_and_no_other() {
    event::rules!["SB-555", "SB-556"];
    let now = Timestamp::parse(NOON).unwrap();
    let world = limited(429, "x-ratelimit-reset", seconds_from_now(now, 40));
    let braze = messenger(settings::Braze {
        max_objects: 1,
        ..settings::Braze::default()
    });
    let jobs = vec![
        job("e1", vec![track("a", 0, 1, 0)]),
        job("e2", vec![track("b", 0, 1, 0)]),
        job("e3", vec![delete("c")]),
    ];
    let results = deliver(&braze, &world, jobs);
    assert_eq!(
        words(&results),
        ["retry rate_limited", "retry rate_limited", "delivered"]
    );
    assert!((40..=48).contains(&after(&results[0])) && (44..=58).contains(&after(&results[1])));
    assert_eq!(world.paths(), ["/users/track", "/users/delete"]);

    // The rest outlives the invocation, and ends.
    let results = deliver(&braze, &world, vec![job("e4", vec![track("d", 0, 1, 0)])]);
    assert_eq!(
        (words(&results)[0].as_str(), world.seen.borrow().len()),
        ("retry rate_limited", 2)
    );
    world.now.set(world.now.get().plus_millis(49_000));
    deliver(&braze, &world, vec![job("e5", vec![track("d", 0, 1, 0)])]);
    assert_eq!(world.seen.borrow().len(), 3);
}

#[test]
fn delivery_case_6_the_reset_time_of_a_500_is_no_hint() {
    event::rules!["SB-555"];
    let now = Timestamp::parse(NOON).unwrap();
    let world = limited(500, "x-ratelimit-reset", seconds_from_now(now, 3000));
    let results = deliver(
        &messenger(settings::Braze::default()),
        &world,
        vec![job("e1", vec![track("a", 0, 1, 0)])],
    );
    assert_eq!(
        (words(&results)[0].as_str(), after(&results[0])),
        ("retry transient", 4)
    );
}

#[test]
fn hints_in_every_form_are_bounded_and_never_undercut() {
    event::rules!["SB-555", "SB-570"];
    let now = Timestamp::parse(NOON).unwrap();
    let of = |status, header, value: &str, receives| {
        let world = limited(status, header, value.to_owned());
        let mut one = job("e1", vec![track("a", 0, 1, 0)]);
        one.receives = receives;
        one.tries = receives;
        after(&deliver(&messenger(settings::Braze::default()), &world, vec![one])[0])
    };
    assert!((110..=111).contains(&of(503, "retry-after", "100", 1)));
    assert!((110..=111).contains(&of(503, "retry-after", "Sun, 01 Mar 2026 12:01:40 GMT", 1)));
    assert!((110..=111).contains(&of(429, "x-ratelimit-retry-after", "100", 1)));
    let millis = (now.millis() + 100_000).to_string();
    assert!((110..=111).contains(&of(429, "x-ratelimit-reset", &millis, 1)));
    assert!((3960..=3961).contains(&of(429, "retry-after", "999999", 1)));
    for nothing in ["-5", "soon", ""] {
        assert_eq!(of(503, "retry-after", nothing, 1), 4, "{nothing}");
    }
    assert_eq!(of(503, "retry-after", "0", 1), 4);
    // The table of SB-570 at half way between its bounds.
    for (receives, wanted) in [(1, 4), (2, 23), (3, 45), (4, 90), (5, 180), (9, 2700), (40, 2700)] {
        assert_eq!(of(503, "x-none", "", receives), wanted);
        assert_eq!(of(408, "x-none", "", receives), wanted);
        assert_eq!(of(425, "x-none", "", receives), wanted);
    }
}

#[test]
fn a_spent_limit_is_waited_for_if_the_invocation_has_the_time() {
    event::rules!["SB-557"];
    let now = Timestamp::parse(NOON).unwrap();
    let reset = seconds_from_now(now, 20);
    let spent = || {
        let reset = reset.clone();
        FakeVendor::new(move |_, _| {
            respond(
                201,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)],
                "{}",
            )
        })
    };
    let jobs = || {
        vec![
            job("e1", vec![track("a", 0, 1, 0)]),
            job("e2", vec![track("b", 0, 1, 0)]),
        ]
    };
    let one_each = || {
        messenger(settings::Braze {
            max_objects: 1,
            ..settings::Braze::default()
        })
    };
    let world = spent();
    assert_eq!(
        words(&deliver(&one_each(), &world, jobs())),
        ["delivered", "delivered"]
    );
    assert_eq!(world.seen.borrow()[1].at.millis_since(now), 20_000);

    let world = spent();
    let (results, _) = deliver_within(&one_each(), &world, jobs(), 25_000);
    assert_eq!(words(&results), ["delivered", "retry rate_limited"]);
    assert!(after(&results[1]) >= 20);
}

#[test]
fn delivery_case_7_an_unknown_fate_follows_the_kind_of_item() {
    event::rules!["SB-550", "SB-551"];
    let lost = || FakeVendor::new(|_, _| Err(NoResponse::Unknown));
    let run = |settings: settings::Braze, calls: Vec<BrazeCall>| {
        let results = deliver(&messenger(settings), &lost(), vec![job("e", calls)]);
        (words(&results).remove(0), results[0].maybe_duplicate)
    };
    let of = |word: &str, maybe| (word.to_owned(), maybe);
    let park = || settings::Braze {
        ambiguous_events: OnAmbiguous::Park,
        ambiguous_purchases: OnAmbiguous::Park,
        ambiguous_triggers: OnAmbiguous::Park,
        ..settings::Braze::default()
    };
    let retry = || settings::Braze {
        ambiguous_triggers: OnAmbiguous::Retry,
        ..settings::Braze::default()
    };
    let mut operator = track("u", 1, 0, 0);
    operator.items[0].operators = true;
    let operator = || BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: vec![BrazeItem {
            operators: true,
            ..item(BrazeArray::Attributes, "u", "{}")
        }],
    };
    let trigger = || {
        single(
            BrazeEndpoint::CampaignTrigger {
                campaign_id: "c".to_owned(),
                send_id: String::new(),
            },
            BrazeArray::Recipients,
            "u",
        )
    };
    for calls in [|| vec![track("u", 0, 0, 1)], || vec![track("u", 0, 1, 0)]] {
        assert_eq!(run(retry(), calls()), of("retry transient", true));
        assert_eq!(run(park(), calls()), of("parked ambiguous", false));
    }
    assert_eq!(run(retry(), vec![operator()]), of("retry transient", true));
    assert_eq!(run(park(), vec![operator()]), of("parked ambiguous", false));
    assert_eq!(
        run(settings::Braze::default(), vec![trigger()]),
        of("parked ambiguous", false)
    );
    assert_eq!(run(retry(), vec![trigger()]), of("retry transient", true));
    for calls in [vec![track("u", 1, 0, 0)], vec![identify("u")], vec![delete("u")]] {
        assert_eq!(run(park(), calls), of("retry transient", false));
    }
}

#[test]
fn later_calls_of_a_user_whose_call_waits_are_not_sent() {
    event::rules!["SB-517"];
    let world = FakeVendor::new(|seen, _| {
        if seen.path == "/users/identify" {
            respond(500, &[], "")
        } else {
            ok()
        }
    });
    let jobs = vec![
        job("e1", vec![identify("u")]),
        job("e2", vec![track("u", 0, 1, 0)]),
        job("e3", vec![track("v", 0, 1, 0)]),
        job("e4", vec![delete("u")]),
    ];
    let results = deliver(&messenger(settings::Braze::default()), &world, jobs);
    assert_eq!(
        words(&results),
        [
            "retry transient",
            "retry transient",
            "delivered",
            "retry transient"
        ]
    );
    assert_eq!(results[0].outcome, results[1].outcome);
    assert_eq!(world.paths(), ["/users/identify", "/users/track"]);
}

#[test]
fn one_request_at_a_time_and_none_that_cannot_end() {
    event::rules!["SB-516", "SB-571"];
    let world = FakeVendor::new(|_, _| ok());
    world.took_ms.set(4000);
    let braze = messenger(settings::Braze {
        max_objects: 1,
        ..settings::Braze::default()
    });
    let jobs = (0..5)
        .map(|n| job(&format!("e{n}"), vec![track(&format!("u{n}"), 0, 1, 0)]))
        .collect();
    let (results, _) = deliver_within(&braze, &world, jobs, 20_000);
    assert_eq!(
        words(&results),
        [
            "delivered",
            "delivered",
            "delivered",
            "retry unstarted",
            "retry unstarted"
        ]
    );
    assert_eq!(world.most_in_flight.get(), 1);
}

#[test]
fn what_surely_was_not_sent_is_tried_once_more() {
    event::rules!["RD-061"];
    let world = FakeVendor::new(|_, nth| if nth == 0 { Err(NoResponse::NotSent) } else { ok() });
    let one = || vec![job("e", vec![track("u", 0, 1, 0)])];
    assert_eq!(
        words(&deliver(&messenger(settings::Braze::default()), &world, one())),
        ["delivered"]
    );
    let dead = FakeVendor::new(|_, _| Err(NoResponse::NotSent));
    let results = deliver(&messenger(settings::Braze::default()), &dead, one());
    assert_eq!(
        (words(&results)[0].as_str(), results[0].maybe_duplicate),
        ("retry transient", false)
    );
    assert_eq!(dead.seen.borrow().len(), 2);
}

#[test]
fn of_one_event_sent_twice_the_first_is_sent() {
    event::rules!["SB-523"];
    let world = FakeVendor::new(|_, _| ok());
    let jobs = vec![
        job("e", vec![track("u", 0, 1, 0)]),
        job("e", vec![track("u", 0, 1, 0)]),
    ];
    let results = deliver(&messenger(settings::Braze::default()), &world, jobs);
    assert_eq!(words(&results), ["delivered", "ignored duplicate_in_invocation"]);
    assert_eq!(objects(&world.seen.borrow()[0]), 1);
}

#[test]
fn the_outcome_is_the_first_that_applies_over_all_requests() {
    event::rules!["SB-540", "SB-544"];
    // 76 purchases: the first request is refused in part, the second fails.
    let body = r#"{"errors":[{"type":"bad","input_array":"purchases","index":0}]}"#;
    let world = FakeVendor::new(move |_, nth| {
        if nth == 0 {
            respond(201, &[], body)
        } else {
            respond(500, &[], "")
        }
    });
    let results = deliver(
        &messenger(settings::Braze::default()),
        &world,
        vec![job("e", vec![track("u", 0, 0, 76)])],
    );
    assert_eq!(words(&results), ["retry transient"]);
    assert_eq!(
        results[0].done,
        Some(Done {
            of: 76,
            items: (1..75).collect()
        })
    );
}
