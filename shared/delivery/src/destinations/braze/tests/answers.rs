use super::*;

#[test]
fn what_a_request_carries() {
    event::rules!["SB-504", "SB-505", "SB-501"];
    let world = FakeVendor::new(|_, _| ok());
    let results = delivered(&world, vec![job("e1", vec![track("u", 0, 1, 0)])]);
    assert_eq!(words(&results), ["delivered"]);
    let seen = world.seen.borrow();
    assert_eq!((seen[0].method, seen[0].path.as_str()), ("POST", "/users/track"));
    assert_eq!(seen[0].authorization.as_deref(), Some("Bearer k-1"));
    assert!(!seen[0].body.to_string().contains("k-1"));
    assert_eq!(
        (seen[0].timeout_ms, seen[0].max_response_bytes),
        (10_000, 256 * 1024)
    );
}

#[test]
fn delivery_case_1_an_item_error_is_the_one_events() {
    event::rules!["SB-532", "SB-534", "SB-541", "SB-543"];
    let body = r#"{"message":"success","errors":[{"type":"'currency' is wrong","input_array":"purchases","index":1}]}"#;
    let world = FakeVendor::new(move |_, _| respond(201, &[], body));
    let jobs = || {
        vec![
            job("e1", vec![track("a", 0, 1, 0)]),
            job("e2", vec![track("b", 0, 0, 2)]),
        ]
    };
    let results = delivered(&world, jobs());
    assert_eq!(words(&results), ["delivered", "parked partly_rejected"]);
    assert_eq!(
        results[1].done,
        Some(Done {
            of: 2,
            items: vec![0]
        })
    );
    assert_eq!(
        results[1].detail.as_deref(),
        Some("201 success; 'currency' is wrong")
    );
    assert_eq!((results[0].done.as_ref(), results[1].status), (None, Some(201)));

    let warns = braze("on_item_error = \"warn\"");
    let results = deliver(&warns, &world, jobs());
    assert_eq!(words(&results), ["delivered", "warned item_rejected"]);
}

#[test]
fn a_single_event_with_all_items_refused_is_rejected() {
    event::rules!["SB-534", "SB-541"];
    let body = r#"{"message":"success","errors":[{"type":"no","input_array":"events","index":0}]}"#;
    let world = FakeVendor::new(move |_, _| respond(201, &[], body));
    let results = delivered(&world, vec![job("e1", vec![track("a", 0, 1, 0)])]);
    assert_eq!(words(&results), ["parked rejected"]);
    assert_eq!(results[0].done, None);
}

#[test]
fn delivery_case_2_what_was_accepted_is_never_sent_again() {
    event::rules!["SB-543"];
    let world = at("/users/track", 503, "");
    let calls = || vec![identify("u"), track("u", 1, 0, 0)];
    let braze = braze("");
    let results = deliver(&braze, &world, vec![job("e1", calls())]);
    assert_eq!(words(&results), ["retry transient"]);
    let done = results[0].done.clone();
    assert_eq!(
        done,
        Some(Done {
            of: 2,
            items: vec![0]
        })
    );

    let again = FakeVendor::new(|_, _| ok());
    let mut second = job("e1", calls());
    second.done = done;
    assert_eq!(words(&deliver(&braze, &again, vec![second])), ["delivered"]);
    assert_eq!(again.paths(), ["/users/track"]);

    let void = FakeVendor::new(|_, _| ok());
    let mut third = job("e1", calls());
    third.done = Some(Done {
        of: 3,
        items: vec![0],
    });
    assert_eq!(words(&deliver(&braze, &void, vec![third])), ["delivered"]);
    assert_eq!(void.paths(), ["/users/identify", "/users/track"]);
}

#[test]
fn delivery_case_4_a_refused_key_holds_its_path_alone() {
    event::rules!["SB-560"];
    let world = at("/users/merge", 401, "");
    let merge = |user: &str| single(BrazeEndpoint::Merge, BrazeArray::MergeUpdates, user);
    let many = |n: usize| job(&format!("m{n}"), vec![merge(&format!("u{n}"))]);
    let mut jobs: Vec<_> = (0..51).map(many).collect();
    jobs.push(job("e", vec![track("v", 0, 1, 0)]));
    jobs.push(job("own", vec![merge("w"), track("w", 1, 0, 0)]));
    let secrets = FakeSecrets::new(&secret("k-1"));
    let braze = with_secrets("", secrets.clone());
    let results = deliver(&braze, &world, jobs);
    let outcomes = words(&results);
    assert!(outcomes[..51].iter().all(|outcome| outcome == "hold credentials"));
    assert_eq!(outcomes[51..], ["delivered", "hold credentials"]);
    assert_eq!(
        results[52].done,
        Some(Done {
            of: 2,
            items: vec![1]
        })
    );
    // The second request of the path is not started, and the key is looked up again once.
    assert_eq!(world.paths(), ["/users/merge", "/users/track"]);
    assert_eq!(secrets.fetches(), 2);
}

#[test]
fn a_secret_emptied_meanwhile_holds_every_path() {
    event::rules!["SB-560", "RD-085", "RS-004", "RS-021"];
    let world = FakeVendor::new(|seen, _| match &seen.authorization {
        Some(_) => respond(401, &[], ""),
        None => respond(400, &[], ""),
    });
    let secrets = FakeSecrets::new(&secret("k-1"));
    secrets.store("{}");
    let braze = with_secrets("", secrets);
    let jobs = vec![job("e", vec![track("v", 0, 1, 0)]), job("f", vec![identify("w")])];
    let results = deliver(&braze, &world, jobs);
    assert_eq!(words(&results), ["hold credentials"; 2]);
    assert_eq!(world.requests(), 1);
}

#[test]
fn no_key_and_a_wrong_host_hold() {
    event::rules!["SB-560"];
    let world = FakeVendor::new(|_, _| respond(404, &[], ""));
    let jobs = || vec![job("e", vec![track("v", 0, 1, 0)])];
    assert_eq!(words(&delivered(&world, jobs())), ["hold config"]);
    let keyless = with_secrets("", FakeSecrets::new("{}"));
    assert_eq!(words(&deliver(&keyless, &world, jobs())), ["hold credentials"]);
    assert_eq!(world.requests(), 1);
}

#[test]
fn delivery_case_8_an_unmapped_error_warns_all_or_refuses_one() {
    event::rules!["SB-536"];
    let world = FakeVendor::new(|_, _| respond(201, &[], r#"{"message":"success","errors":["bad input"]}"#));
    let one = |id: &str| job(id, vec![track(id, 0, 1, 0)]);
    let results = delivered(&world, vec![one("e1"), one("e2")]);
    assert_eq!(
        words(&results),
        ["warned unmapped_error", "warned unmapped_error"]
    );
    let results = delivered(&world, vec![one("e1")]);
    assert_eq!(words(&results), ["parked rejected"]);
    assert_eq!(results[0].detail.as_deref(), Some("201 success; bad input"));
}

#[test]
fn delivery_case_9_a_refused_identity_call_warns() {
    event::rules!["SB-542"];
    let body = r#"{"errors":[{"type":"bad","input_array":"aliases_to_identify","index":0}]}"#;
    let world = at("/users/identify", 201, body);
    let jobs = vec![job("e1", vec![identify("u"), track("u", 1, 0, 0)])];
    assert_eq!(words(&delivered(&world, jobs)), ["warned identity_rejected"]);
    assert_eq!(world.paths().len(), 2);
    let alone = vec![job("e1", vec![identify("u")])];
    assert_eq!(words(&delivered(&world, alone)), ["parked rejected"]);
}

#[test]
fn delivery_case_10_an_unreadable_2xx_is_accepted() {
    event::rules!["SB-531", "SB-537"];
    let world = FakeVendor::new(|_, nth| match nth {
        0 => respond(202, &[], r#"{"message":"queued"}"#),
        1 => respond(200, &[], "<html>"),
        _ => Ok(Response {
            cut: true,
            ..ok().unwrap()
        }),
    });
    let braze = braze("");
    let once = || {
        words(&deliver(
            &braze,
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
fn a_shared_item_is_every_events_that_put_it_there() {
    event::rules!["SB-533"];
    let body = r#"{"errors":[{"type":"bad","input_array":"attributes","index":0}]}"#;
    let world = FakeVendor::new(move |_, _| respond(201, &[], body));
    let jobs = vec![
        job("e1", vec![track("u", 1, 0, 0)]),
        job("e2", vec![track("u", 1, 1, 0)]),
    ];
    let results = delivered(&world, jobs);
    assert_eq!(words(&results), ["parked rejected", "parked partly_rejected"]);
    assert_eq!(objects(&world.seen.borrow()[0]), 2);
}

#[test]
fn an_error_of_a_joined_subscription_entry_is_all_its_events() {
    event::rules!["SB-533", "SB-526"];
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
    let world = FakeVendor::new(move |_, _| respond(201, &[], body));
    let jobs = vec![
        job("e1", vec![entry("a", "g1")]),
        job("e2", vec![entry("b", "g2")]),
        job("e3", vec![entry("c", "g1")]),
        job("e4", vec![entry("d", "g2")]),
    ];
    let results = delivered(&world, jobs);
    assert_eq!(
        words(&results),
        ["delivered", "parked rejected", "delivered", "parked rejected"]
    );
}

#[test]
fn an_update_of_an_unknown_item_is_refused_by_itself() {
    event::rules!["SB-429"];
    let update = |id: &str| BrazeCall {
        endpoint: BrazeEndpoint::CatalogUpdate {
            catalog: "c".to_owned(),
        },
        items: vec![item(
            BrazeArray::Items,
            id,
            &format!(r#"{{"id":"{id}","price":1}}"#),
        )],
    };
    let vendor = FakeVendor::new(|seen, _| {
        let items = seen.body["items"].as_array().unwrap();
        if items.iter().any(|item| item["id"] == "new") {
            respond(404, &[], r#"{"errors":[{"id":"item-not-found"}]}"#)
        } else {
            respond(202, &[], "{}")
        }
    });
    let jobs = vec![
        job("e1", vec![update("old")]),
        job("e2", vec![update("new")]),
        job("e3", vec![update("other")]),
    ];
    let results = delivered(&vendor, jobs);
    assert_eq!(words(&results), ["delivered", "parked rejected", "delivered"]);
    assert!(vendor.seen.borrow().iter().all(|seen| seen.method == "PATCH"));
    let missing = FakeVendor::new(|_, _| respond(404, &[], r#"{"errors":[{"id":"catalog-not-found"}]}"#));
    let jobs = vec![job("e1", vec![update("old")])];
    let results = delivered(&missing, jobs);
    assert_eq!(words(&results), ["parked catalog_not_found"]);
}

#[test]
fn catalogs_name_items_by_id_and_are_missing_or_not() {
    event::rules!["SB-426", "SB-535"];
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
    let by_id =
        FakeVendor::new(|_, _| respond(200, &[], r#"{"errors":[{"id":"i2","message":"bad price"}]}"#));
    let jobs = vec![
        job("e1", vec![call(false, "i1")]),
        job("e2", vec![call(false, "i2")]),
    ];
    let results = delivered(&by_id, jobs);
    assert_eq!(words(&results), ["delivered", "parked rejected"]);
    assert_eq!(by_id.seen.borrow()[0].method, "PUT");

    let missing = FakeVendor::new(|_, _| respond(404, &[], r#"{"errors":[{"id":"catalog-not-found"}]}"#));
    let jobs = vec![
        job("e1", vec![call(false, "i1")]),
        job("e2", vec![call(true, "i2")]),
    ];
    let results = delivered(&missing, jobs);
    assert_eq!(
        words(&results),
        ["parked catalog_not_found", "parked catalog_not_found"]
    );

    let unknown = FakeVendor::new(|_, _| respond(404, &[], r#"{"errors":[{"id":"item-not-found"}]}"#));
    let results = delivered(&unknown, vec![job("e1", vec![call(true, "i1")])]);
    assert_eq!(words(&results), ["delivered"]);
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
fn several_calls_of_one_event_in_a_request_are_one_event() {
    event::rules!["SB-536", "SB-538"];
    let world = FakeVendor::new(|_, _| respond(202, &[], r#"{"errors":["bad input"]}"#));
    let results = delivered(&world, vec![two_items("e1")]);
    assert_eq!(words(&results), ["parked rejected"]);

    let world = FakeVendor::new(|_, _| respond(400, &[], r#"{"message":"no"}"#));
    let results = delivered(&world, vec![two_items("e1")]);
    assert_eq!(words(&results), ["parked rejected"]);
    assert_eq!(world.requests(), 1, "an event is not halved");

    let world = FakeVendor::new(|seen, _| match seen.body["items"].as_array() {
        Some(items) if items.len() == 2 => ok(),
        _ => respond(400, &[], r#"{"message":"no"}"#),
    });
    let jobs = vec![two_items("e1"), two_items("e2")];
    let results = delivered(&world, jobs);
    assert_eq!(
        words(&results),
        ["delivered", "delivered"],
        "halved between the events"
    );
    assert_eq!(world.requests(), 3);
}
