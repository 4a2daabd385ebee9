use super::*;

#[test]
fn sb_504_sb_505_sb_501_what_a_request_carries() {
    let world = World::new(|_, _| ok());
    let fates = deliver(
        &mut messenger(Braze::default()),
        &world,
        vec![job("e1", vec![track("u", 0, 1, 0)])],
    );
    assert_eq!(words(&fates), ["delivered"]);
    let seen = world.seen.borrow();
    assert_eq!((seen[0].method, seen[0].path.as_str()), ("POST", "/users/track"));
    assert_eq!(seen[0].authorization.as_deref(), Some("Bearer k-1"));
    assert!(!seen[0].body.to_string().contains("k-1"));
    assert_eq!(
        (seen[0].timeout_ms, seen[0].max_answer_bytes),
        (10_000, 256 * 1024)
    );
}

#[test]
fn delivery_case_1_an_item_error_is_the_one_events_sb_532_sb_534_sb_541_sb_543() {
    let body = r#"{"message":"success","errors":[{"type":"'currency' is wrong","input_array":"purchases","index":1}]}"#;
    let world = World::new(move |_, _| answer(201, &[], body));
    let jobs = || {
        vec![
            job("e1", vec![track("a", 0, 1, 0)]),
            job("e2", vec![track("b", 0, 0, 2)]),
        ]
    };
    let fates = deliver(&mut messenger(Braze::default()), &world, jobs());
    assert_eq!(words(&fates), ["delivered", "parked partly_rejected"]);
    assert_eq!(
        fates[1].done,
        Some(Done {
            of: 2,
            items: vec![0]
        })
    );
    assert_eq!(
        fates[1].detail.as_deref(),
        Some("201 success; 'currency' is wrong")
    );
    assert_eq!((fates[0].done.as_ref(), fates[1].status), (None, Some(201)));

    let warns = Braze {
        on_item_error: OnItemError::Warn,
        ..Braze::default()
    };
    let fates = deliver(&mut messenger(warns), &world, jobs());
    assert_eq!(words(&fates), ["delivered", "warned item_rejected"]);
}

#[test]
fn sb_534_sb_541_a_single_event_with_all_items_refused_is_rejected() {
    let body = r#"{"message":"success","errors":[{"type":"no","input_array":"events","index":0}]}"#;
    let world = World::new(move |_, _| answer(201, &[], body));
    let fates = deliver(
        &mut messenger(Braze::default()),
        &world,
        vec![job("e1", vec![track("a", 0, 1, 0)])],
    );
    assert_eq!(words(&fates), ["parked rejected"]);
    assert_eq!(fates[0].done, None);
}

#[test]
fn delivery_case_2_sb_543_what_was_accepted_is_marked_and_never_sent_again() {
    let world = World::new(|seen, _| {
        if seen.path == "/users/track" {
            answer(503, &[], "")
        } else {
            ok()
        }
    });
    let calls = || vec![identify("u"), track("u", 1, 0, 0)];
    let mut braze = messenger(Braze::default());
    let fates = deliver(&mut braze, &world, vec![job("e1", calls())]);
    assert_eq!(words(&fates), ["retry transient"]);
    let done = fates[0].done.clone();
    assert_eq!(
        done,
        Some(Done {
            of: 2,
            items: vec![0]
        })
    );

    let again = World::new(|_, _| ok());
    let mut second = job("e1", calls());
    second.done = done;
    assert_eq!(words(&deliver(&mut braze, &again, vec![second])), ["delivered"]);
    assert_eq!(again.paths(), ["/users/track"]);

    let void = World::new(|_, _| ok());
    let mut third = job("e1", calls());
    third.done = Some(Done {
        of: 3,
        items: vec![0],
    });
    assert_eq!(words(&deliver(&mut braze, &void, vec![third])), ["delivered"]);
    assert_eq!(void.paths(), ["/users/identify", "/users/track"]);
}

#[test]
fn delivery_case_4_sb_560_a_refused_key_holds_its_path_alone() {
    let world = World::new(|seen, _| {
        if seen.path == "/users/merge" {
            answer(401, &[], "")
        } else {
            ok()
        }
    });
    let merge = |user: &str| single(BrazeEndpoint::Merge, BrazeArray::MergeUpdates, user);
    let many = |n: usize| job(&format!("m{n}"), vec![merge(&format!("u{n}"))]);
    let mut jobs: Vec<_> = (0..51).map(many).collect();
    jobs.push(job("e", vec![track("v", 0, 1, 0)]));
    jobs.push(job("own", vec![merge("w"), track("w", 1, 0, 0)]));
    let mut braze = messenger(Braze::default());
    let fates = deliver(&mut braze, &world, jobs);
    let outcomes = words(&fates);
    assert!(outcomes[..51].iter().all(|outcome| outcome == "hold credentials"));
    assert_eq!(outcomes[51..], ["delivered", "hold credentials"]);
    assert_eq!(
        fates[52].done,
        Some(Done {
            of: 2,
            items: vec![1]
        })
    );
    // The second request of the path is not started, and the key is looked up again once.
    assert_eq!(world.paths(), ["/users/merge", "/users/track"]);
    assert_eq!(braze.keys.renewals.get(), 1);
}

#[test]
fn sb_560_rd_084_a_key_that_was_renewed_meanwhile_is_used_at_once() {
    let world = World::new(|seen, _| match seen.authorization.as_deref() {
        Some("Bearer k-2") => ok(),
        _ => answer(401, &[], ""),
    });
    let mut braze = messenger(Braze::default());
    *braze.keys.next.borrow_mut() = Some(Rc::new(key("k-2")));
    let fates = deliver(&mut braze, &world, vec![job("e", vec![track("v", 0, 1, 0)])]);
    assert_eq!(words(&fates), ["delivered"]);
}

#[test]
fn sb_560_rd_085_rs_004_rs_021_a_secret_that_was_emptied_meanwhile_holds_every_path_and_sends_nothing_more() {
    let world = World::new(|seen, _| match &seen.authorization {
        Some(_) => answer(401, &[], ""),
        None => answer(400, &[], ""),
    });
    let mut braze = messenger(Braze::default());
    *braze.keys.next.borrow_mut() = Some(Rc::new(BrazeKey { rest_api_key: None }));
    let jobs = vec![job("e", vec![track("v", 0, 1, 0)]), job("f", vec![identify("w")])];
    let fates = deliver(&mut braze, &world, jobs);
    assert_eq!(words(&fates), ["hold credentials"; 2]);
    assert_eq!(world.seen.borrow().len(), 1);
}

#[test]
fn sb_560_no_key_and_a_wrong_host_hold() {
    let world = World::new(|_, _| answer(404, &[], ""));
    let jobs = || vec![job("e", vec![track("v", 0, 1, 0)])];
    assert_eq!(
        words(&deliver(&mut messenger(Braze::default()), &world, jobs())),
        ["hold config"]
    );
    let mut keyless = BrazeMessenger::new(
        Braze::default(),
        BASE.to_owned(),
        FixedKeys::new(Some(BrazeKey { rest_api_key: None })),
    );
    assert_eq!(
        words(&deliver(&mut keyless, &world, jobs())),
        ["hold credentials"]
    );
    assert_eq!(world.seen.borrow().len(), 1);
}

#[test]
fn delivery_case_8_sb_536_what_cannot_be_mapped_warns_all_or_refuses_the_only_one() {
    let world = World::new(|_, _| answer(201, &[], r#"{"message":"success","errors":["bad input"]}"#));
    let one = |id: &str| job(id, vec![track(id, 0, 1, 0)]);
    let fates = deliver(
        &mut messenger(Braze::default()),
        &world,
        vec![one("e1"), one("e2")],
    );
    assert_eq!(words(&fates), ["warned unmapped_error", "warned unmapped_error"]);
    let fates = deliver(&mut messenger(Braze::default()), &world, vec![one("e1")]);
    assert_eq!(words(&fates), ["parked rejected"]);
    assert_eq!(fates[0].detail.as_deref(), Some("201 success; bad input"));
}

#[test]
fn delivery_case_9_sb_542_a_refused_identity_call_warns_if_the_event_has_others() {
    let body = r#"{"errors":[{"type":"bad","input_array":"aliases_to_identify","index":0}]}"#;
    let world = World::new(move |seen, _| {
        if seen.path == "/users/identify" {
            answer(201, &[], body)
        } else {
            ok()
        }
    });
    let jobs = vec![job("e1", vec![identify("u"), track("u", 1, 0, 0)])];
    assert_eq!(
        words(&deliver(&mut messenger(Braze::default()), &world, jobs)),
        ["warned identity_rejected"]
    );
    assert_eq!(world.paths().len(), 2);
    let alone = vec![job("e1", vec![identify("u")])];
    assert_eq!(
        words(&deliver(&mut messenger(Braze::default()), &world, alone)),
        ["parked rejected"]
    );
}

#[test]
fn delivery_case_10_sb_531_sb_537_queued_is_delivered_and_an_unreadable_2xx_is_accepted() {
    let world = World::new(|_, nth| match nth {
        0 => answer(202, &[], r#"{"message":"queued"}"#),
        1 => answer(200, &[], "<html>"),
        _ => Ok(Answer {
            cut: true,
            ..ok().unwrap()
        }),
    });
    let mut braze = messenger(Braze::default());
    let mut once = || {
        words(&deliver(
            &mut braze,
            &world,
            vec![job("e", vec![track("v", 0, 1, 0)])],
        ))
        .remove(0)
    };
    assert_eq!(once(), "delivered");
    assert_eq!(once(), "warned unreadable_answer");
    assert_eq!(once(), "warned unreadable_answer");
}

#[test]
fn sb_533_a_shared_item_is_every_events_that_put_it_there() {
    let body = r#"{"errors":[{"type":"bad","input_array":"attributes","index":0}]}"#;
    let world = World::new(move |_, _| answer(201, &[], body));
    let jobs = vec![
        job("e1", vec![track("u", 1, 0, 0)]),
        job("e2", vec![track("u", 1, 1, 0)]),
    ];
    let fates = deliver(&mut messenger(Braze::default()), &world, jobs);
    assert_eq!(words(&fates), ["parked rejected", "parked partly_rejected"]);
    assert_eq!(objects(&world.seen.borrow()[0]), 2);
}

#[test]
fn sb_533_sb_526_an_error_of_a_joined_subscription_entry_is_all_its_events() {
    let entry = |user: &str, group: &str| BrazeCall {
        endpoint: BrazeEndpoint::SubscriptionStatus(event::calls::SubscriberKind::ExternalIds),
        items: vec![BrazeItem {
            subscriber: Some(user.to_owned()),
            ..item(
                BrazeArray::SubscriptionGroups,
                user,
                &format!(r#"{{"subscription_group_id":"{group}"}}"#),
            )
        }],
    };
    let body = r#"{"errors":[{"type":"bad","input_array":"subscription_groups","index":1}]}"#;
    let world = World::new(move |_, _| answer(201, &[], body));
    let jobs = vec![
        job("e1", vec![entry("a", "g1")]),
        job("e2", vec![entry("b", "g2")]),
        job("e3", vec![entry("c", "g1")]),
        job("e4", vec![entry("d", "g2")]),
    ];
    let fates = deliver(&mut messenger(Braze::default()), &world, jobs);
    assert_eq!(
        words(&fates),
        ["delivered", "parked rejected", "delivered", "parked rejected"]
    );
}

#[test]
fn sb_426_sb_535_catalogs_name_items_by_id_and_are_missing_or_not() {
    let call = |delete: bool, id: &str| BrazeCall {
        endpoint: if delete {
            BrazeEndpoint::CatalogDelete {
                catalog: "c".to_owned(),
            }
        } else {
            BrazeEndpoint::CatalogUpsert {
                catalog: "c".to_owned(),
            }
        },
        items: vec![item(BrazeArray::Items, id, &format!(r#"{{"id":"{id}"}}"#))],
    };
    let by_id = World::new(|_, _| answer(200, &[], r#"{"errors":[{"id":"i2","message":"bad price"}]}"#));
    let jobs = vec![
        job("e1", vec![call(false, "i1")]),
        job("e2", vec![call(false, "i2")]),
    ];
    let fates = deliver(&mut messenger(Braze::default()), &by_id, jobs);
    assert_eq!(words(&fates), ["delivered", "parked rejected"]);
    assert_eq!(by_id.seen.borrow()[0].method, "PUT");

    let missing = World::new(|_, _| answer(404, &[], r#"{"errors":[{"id":"catalog-not-found"}]}"#));
    let jobs = vec![
        job("e1", vec![call(false, "i1")]),
        job("e2", vec![call(true, "i2")]),
    ];
    let fates = deliver(&mut messenger(Braze::default()), &missing, jobs);
    assert_eq!(
        words(&fates),
        ["parked catalog_not_found", "parked catalog_not_found"]
    );

    let unknown = World::new(|_, _| answer(404, &[], r#"{"errors":[{"id":"item-not-found"}]}"#));
    let fates = deliver(
        &mut messenger(Braze::default()),
        &unknown,
        vec![job("e1", vec![call(true, "i1")])],
    );
    assert_eq!(words(&fates), ["delivered"]);
}

/// One event that changes two items of a catalog.
fn two_items(id: &str) -> Job<BrazeCall> {
    let call = |item: &str| {
        single(
            BrazeEndpoint::CatalogUpsert {
                catalog: "products".into(),
            },
            BrazeArray::Items,
            item,
        )
    };
    job(id, vec![call(&format!("{id}-1")), call(&format!("{id}-2"))])
}

#[test]
fn sb_536_sb_538_several_calls_of_one_event_in_a_request_are_one_event() {
    let world = World::new(|_, _| answer(202, &[], r#"{"errors":["bad input"]}"#));
    let fates = deliver(&mut messenger(Braze::default()), &world, vec![two_items("e1")]);
    assert_eq!(words(&fates), ["parked rejected"]);

    let world = World::new(|_, _| answer(400, &[], r#"{"message":"no"}"#));
    let fates = deliver(&mut messenger(Braze::default()), &world, vec![two_items("e1")]);
    assert_eq!(words(&fates), ["parked rejected"]);
    assert_eq!(world.seen.borrow().len(), 1, "an event is not halved");

    let world = World::new(|seen, _| match seen.body["items"].as_array() {
        Some(items) if items.len() == 2 => ok(),
        _ => answer(400, &[], r#"{"message":"no"}"#),
    });
    let jobs = vec![two_items("e1"), two_items("e2")];
    let fates = deliver(&mut messenger(Braze::default()), &world, jobs);
    assert_eq!(
        words(&fates),
        ["delivered", "delivered"],
        "halved between the events"
    );
    assert_eq!(world.seen.borrow().len(), 3);
}
