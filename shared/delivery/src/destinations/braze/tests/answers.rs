use super::*;

#[test]
fn what_a_request_carries() {
    event::rules!["SB-504", "SB-505", "SB-501"];
    let vendor = FakeVendor::new(|_, _| ok());
    assert_eq!(outcomes(&vendor, [vec![track("u", 0, 1, 0)]]), ["delivered"]);
    let seen = vendor.seen.borrow();
    assert_eq!((seen[0].method, seen[0].path.as_str()), ("POST", "/users/track"));
    assert_eq!(seen[0].authorization.as_deref(), Some("Bearer k-1"));
    assert!(!seen[0].body.to_string().contains("k-1"));
    let limits = (seen[0].timeout_ms, seen[0].max_response_bytes);
    assert_eq!(limits, (10_000, 256 * 1024));
}

#[test]
fn delivery_case_1_an_item_error_is_the_one_events() {
    event::rules!["SB-532", "SB-534", "SB-539", "SB-541", "SB-543"];
    let body = r#"{"message":"success","errors":[{"type":"'currency' is wrong","input_array":"purchases","index":1}]}"#;
    let vendor = FakeVendor::always(201, body);
    let calls = || [vec![track("a", 0, 1, 0)], vec![track("b", 0, 0, 2)]];
    let results = deliver(&braze(""), &vendor, jobs(calls()));
    assert_eq!(words(&results), ["delivered", "parked partly_rejected"]);
    assert_eq!(results[1].done, done(2, [0]));
    assert_eq!(
        results[1].detail.as_deref(),
        Some("201 success; 'currency' is wrong")
    );
    assert_eq!((results[0].done.as_ref(), results[1].status), (None, Some(201)));
    let results = deliver(&braze("on_item_error = \"warn\""), &vendor, jobs(calls()));
    assert_eq!(words(&results), ["delivered", "warned item_rejected"]);
}

#[test]
fn delivery_case_4_a_refused_key_holds_its_path_alone() {
    event::rules!["SB-560"];
    let vendor = at("/users/merge", 401, "");
    let mut calls: Vec<_> = (0..51).map(|n| vec![merge(&format!("u{n}"))]).collect();
    calls.push(vec![track("v", 0, 1, 0)]);
    calls.push(vec![merge("w"), track("w", 1, 0, 0)]);
    let secrets = FakeSecrets::new(&secret("k-1"));
    let results = deliver(&with_secrets("", secrets.clone()), &vendor, jobs(calls));
    let outcomes = words(&results);
    assert!(outcomes[..51].iter().all(|outcome| outcome == "hold credentials"));
    assert_eq!(outcomes[51..], ["delivered", "hold credentials"]);
    assert_eq!(results[52].done, done(2, [1]));
    // The second request of the path is not started, and the key is looked up again once.
    assert_eq!(vendor.paths(), ["/users/merge", "/users/track"]);
    assert_eq!(secrets.fetches.get(), 2);
}

#[test]
fn a_secret_emptied_meanwhile_holds_every_path() {
    event::rules!["SB-560", "RD-085", "RS-004", "RS-021"];
    let vendor = FakeVendor::always(401, "");
    let secrets = FakeSecrets::new(&secret("k-1"));
    secrets.store("{}");
    let calls = jobs([vec![track("v", 0, 1, 0)], vec![identify("w")]]);
    let results = deliver(&with_secrets("", secrets), &vendor, calls);
    assert_eq!(words(&results), ["hold credentials"; 2]);
    assert_eq!(vendor.requests(), 1);
}

#[test]
fn delivery_case_8_an_unmapped_error_warns_all_or_refuses_one() {
    event::rules!["SB-536"];
    let vendor = FakeVendor::always(201, r#"{"message":"success","errors":["bad input"]}"#);
    let one = |user| vec![track(user, 0, 1, 0)];
    let of_two = outcomes(&vendor, [one("u"), one("v")]);
    assert_eq!(of_two, ["warned unmapped_error"; 2]);
    let results = deliver(&braze(""), &vendor, jobs([one("u")]));
    assert_eq!(words(&results), ["parked rejected"]);
    assert_eq!(results[0].detail.as_deref(), Some("201 success; bad input"));
}

#[test]
fn delivery_case_9_a_refused_identity_call_warns() {
    event::rules!["SB-542"];
    let body = r#"{"errors":[{"type":"bad","input_array":"aliases_to_identify","index":0}]}"#;
    let vendor = at("/users/identify", 201, body);
    let calls = [vec![identify("u"), track("u", 1, 0, 0)]];
    assert_eq!(outcomes(&vendor, calls), ["warned identity_rejected"]);
    assert_eq!(vendor.requests(), 2);
    assert_eq!(outcomes(&vendor, [vec![identify("u")]]), ["parked rejected"]);
}

#[test]
fn delivery_case_10_an_unreadable_2xx_is_accepted() {
    event::rules!["SB-531", "SB-537"];
    let cut = || Response {
        cut: true,
        ..ok().unwrap()
    };
    let vendor = FakeVendor::new(move |_, nth| match nth {
        0 => respond(202, &[], r#"{"message":"queued"}"#),
        1 => respond(200, &[], "<html>"),
        _ => Ok(cut()),
    });
    for wanted in [
        "delivered",
        "warned unreadable_answer",
        "warned unreadable_answer",
    ] {
        assert_eq!(outcomes(&vendor, [vec![track("v", 0, 1, 0)]]), [wanted]);
    }
}

#[test]
fn what_an_answer_cut_inside_errors_does_not_name_is_unknown() {
    event::rules!["SB-537"];
    let named = r#"{"message":"success","errors":[{"type":"bad","input_array":"events","index":0}"#;
    for (body, first) in [
        (r#"{"message":"success","errors":[{"type":"#, "retry transient"),
        (r#"{"message":"success","errors":["#, "retry transient"),
        (named, "parked rejected"),
        (&format!("{named},"), "parked rejected"),
        (&format!(r#"{named},{{"type":"very \"#), "parked rejected"),
    ] {
        for cut in [false, true] {
            let (body, vendor) = (body.to_owned(), |body: String| {
                FakeVendor::new(move |_, _| {
                    respond(201, &[], &body).map(|response| Response { cut, ..response })
                })
            });
            let jobs = ["e1", "e2"].map(|id| job(id, vec![track(id, 0, 1, 0)]));
            let results = deliver(&braze(""), &vendor(body.clone()), jobs.into());
            assert_eq!(words(&results), [first, "retry transient"], "{body}");
            assert!(results[1].maybe_duplicate, "an event counts twice");
        }
    }
}

#[test]
fn an_error_of_a_shared_item_is_all_its_events() {
    event::rules!["SB-533", "SB-526"];
    let error = |array: &str, index: u8| {
        let body = format!(r#"{{"errors":[{{"type":"bad","input_array":"{array}","index":{index}}}]}}"#);
        FakeVendor::new(move |_, _| respond(201, &[], &body))
    };
    let vendor = error("attributes", 0);
    let calls = [vec![track("u", 1, 0, 0)], vec![track("u", 1, 1, 0)]];
    let wanted = ["parked rejected", "parked partly_rejected"];
    assert_eq!(outcomes(&vendor, calls), wanted);
    assert_eq!(objects(&vendor.seen.borrow()[0]), 2);
    // Entries of one subscription group are joined.
    let groups = ["g1", "g2", "g1", "g2"].into_iter().zip(["a", "b", "c", "d"]);
    let calls = groups.map(|(group, id)| vec![subscription(SubscriberKind::ExternalIds, id, group)]);
    let (fine, bad) = ("delivered", "parked rejected");
    assert_eq!(
        outcomes(&error("subscription_groups", 1), calls),
        [fine, bad, fine, bad]
    );
}

#[test]
fn an_update_of_an_unknown_item_is_refused_by_itself() {
    event::rules!["SB-429"];
    let vendor = FakeVendor::new(|seen, _| {
        let items = seen.body["items"].as_array().unwrap();
        match items.iter().any(|item| item["id"] == "new") {
            true => respond(404, &[], r#"{"errors":[{"id":"item-not-found"}]}"#),
            false => respond(202, &[], "{}"),
        }
    });
    let calls = ["old", "new", "other"].map(|id| vec![update_item(id)]);
    let wanted = ["delivered", "parked rejected", "delivered"];
    assert_eq!(outcomes(&vendor, calls), wanted);
    assert!(vendor.seen.borrow().iter().all(|seen| seen.method == "PATCH"));
}

#[test]
fn catalogs_name_items_by_id_and_are_missing_or_not() {
    event::rules!["SB-426", "SB-429", "SB-535"];
    let named = FakeVendor::always(200, r#"{"errors":[{"id":"i2","message":"bad price"}]}"#);
    let calls = [vec![upsert_item("i1")], vec![upsert_item("i2")]];
    assert_eq!(outcomes(&named, calls), ["delivered", "parked rejected"]);
    assert_eq!(named.seen.borrow()[0].method, "PUT");
    for body in [
        r#"{"errors":[{"id":"catalog-not-found","message":"Could not find catalog"}]}"#,
        "not found",
    ] {
        let calls = [upsert_item, update_item, delete_item].map(|call| vec![call("i")]);
        let missing = FakeVendor::always(404, body);
        assert_eq!(outcomes(&missing, calls), ["parked catalog_not_found"; 3]);
    }
    let unknown = FakeVendor::always(404, r#"{"errors":[{"id":"item-not-found"}]}"#);
    assert_eq!(outcomes(&unknown, [vec![delete_item("i")]]), ["delivered"]);
}

#[test]
fn several_calls_of_one_event_in_a_request_are_one_event() {
    event::rules!["SB-536", "SB-538"];
    let event = |id: &str| -> Vec<BrazeCall> { ["1", "2"].map(|n| upsert_item(&format!("{id}-{n}"))).into() };
    let vendor = FakeVendor::always(202, r#"{"errors":["bad input"]}"#);
    assert_eq!(outcomes(&vendor, [event("a")]), ["parked rejected"]);

    let vendor = FakeVendor::always(400, r#"{"message":"no"}"#);
    assert_eq!(outcomes(&vendor, [event("a")]), ["parked rejected"]);
    assert_eq!(vendor.requests(), 1, "an event is not halved");

    let vendor = FakeVendor::new(|seen, _| match objects(seen) {
        2 => ok(),
        _ => respond(400, &[], r#"{"message":"no"}"#),
    });
    let outcomes = outcomes(&vendor, [event("a"), event("b")]);
    assert_eq!(outcomes, ["delivered"; 2], "halved between the events");
    assert_eq!(vendor.requests(), 3);
}
