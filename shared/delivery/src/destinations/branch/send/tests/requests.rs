use super::*;

#[test]
fn sr_302_sr_303_sr_304_sr_308_one_post_an_event_with_the_key_in_its_body_alone() {
    let world = World::new(|_, _| ok());
    let fates = deliver(&mut messenger(one_by_one()), &world, events(2));
    assert_eq!(words(&fates), ["delivered", "delivered"]);
    let seen = world.seen.borrow();
    assert_eq!(seen.len(), 2);
    for (n, seen) in seen.iter().enumerate() {
        assert_eq!((seen.method, seen.path.as_str()), ("POST", "/v2/event/standard"));
        assert_eq!(
            seen.body,
            serde_json::json!({
                "branch_key": "key_live_1",
                "name": "LOGIN",
                "user_data": {"developer_identity": format!("e{n}")},
            })
        );
        assert_eq!((&seen.authorization, seen.headers.as_slice()), (&None, &[][..]));
        assert_eq!((seen.timeout_ms, seen.max_answer_bytes), (10_000, 64 * 1024));
    }
}

#[test]
fn sr_305_without_a_key_events_are_held_and_nothing_is_sent() {
    let world = World::new(|_, _| ok());
    for content in [None, Some(BranchKey { branch_key: None })] {
        let mut keyless = BranchMessenger::new(Branch::default(), BASE.to_owned(), FixedKeys::new(content));
        assert_eq!(
            words(&deliver(&mut keyless, &world, events(1))),
            ["hold credentials"]
        );
    }
    assert!(world.seen.borrow().is_empty());
}

#[test]
fn sr_307_the_address_of_the_user_is_a_header_if_the_settings_say_so() {
    let headers = |ip_override_header, ip: Option<&str>| {
        let world = World::new(|_, _| ok());
        let settings = Branch {
            ip_override_header,
            ..Branch::default()
        };
        let mut one = event("e");
        one.calls[0].ip = ip.map(str::to_owned);
        deliver(&mut messenger(settings), &world, vec![one]);
        world.seen.take().remove(0).headers
    };
    assert_eq!(
        headers(true, Some("203.0.113.9")),
        [("X-IP-Override", "203.0.113.9".to_owned())]
    );
    assert_eq!(headers(true, None), []);
    assert_eq!(headers(false, Some("203.0.113.9")), []);
}

#[test]
fn sr_311_of_one_event_sent_twice_the_first_is_sent_whatever_becomes_of_it() {
    let world = World::new(|_, _| answer(400, &[], "bad"));
    let jobs = vec![event("e"), event("e"), event("f")];
    let fates = deliver(&mut messenger(Branch::default()), &world, jobs);
    assert_eq!(
        words(&fates),
        [
            "parked rejected",
            "ignored duplicate_in_invocation",
            "parked rejected"
        ]
    );
    assert_eq!(world.seen.borrow().len(), 2);
}

#[test]
fn rd_147_what_waits_keeps_its_users_later_calls_in_its_envelope_and_no_other() {
    let world = World::new(|_, nth| if nth == 0 { answer(500, &[], "") } else { ok() });
    let of = |id: &str, record| Job {
        record,
        ..job(id, vec![login("u")])
    };
    let jobs = vec![of("e1", 0), of("e2", 0), of("e3", 1)];
    let fates = deliver(&mut messenger(Branch::default()), &world, jobs);
    assert_eq!(words(&fates), ["retry transient", "retry transient", "delivered"]);
    assert_eq!(fates[0].outcome, fates[1].outcome);
    assert_eq!(world.seen.borrow().len(), 2);
}
