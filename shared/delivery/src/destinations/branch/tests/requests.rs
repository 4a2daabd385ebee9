use super::*;

#[test]
fn one_post_an_event_with_the_key_in_its_body_alone() {
    event::rules!["SR-302", "SR-303", "SR-304", "SR-308"];
    let world = FakeVendor::new(|_, _| ok());
    let results = deliver(&messenger(one_by_one()), &world, events(2));
    assert_eq!(words(&results), ["delivered", "delivered"]);
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
        assert_eq!((seen.timeout_ms, seen.max_response_bytes), (10_000, 64 * 1024));
    }
}

#[test]
fn without_a_key_events_are_held_and_nothing_is_sent() {
    event::rules!["SR-305"];
    let world = FakeVendor::new(|_, _| ok());
    for secrets in [FakeSecrets::unreadable(), FakeSecrets::new("{}")] {
        let keyless = with_secrets(settings::Branch::default(), &secrets);
        assert_eq!(words(&deliver(&keyless, &world, events(1))), ["hold credentials"]);
    }
    assert!(world.seen.borrow().is_empty());
}

#[test]
fn the_address_of_the_user_is_a_header_if_the_settings_say_so() {
    event::rules!["SR-307"];
    let headers = |ip_override_header, ip: Option<&str>| {
        let world = FakeVendor::new(|_, _| ok());
        let settings = settings::Branch {
            ip_override_header,
            ..settings::Branch::default()
        };
        let mut one = event("e");
        one.calls[0].ip = ip.map(str::to_owned);
        deliver(&messenger(settings), &world, vec![one]);
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
fn of_one_event_received_twice_the_first_is_sent() {
    event::rules!["SR-311"];
    let world = FakeVendor::new(|_, _| respond(400, &[], "bad"));
    let jobs = vec![event("e"), event("e"), event("f")];
    let results = deliver(&messenger(settings::Branch::default()), &world, jobs);
    assert_eq!(
        words(&results),
        [
            "parked rejected",
            "ignored duplicate_in_invocation",
            "parked rejected"
        ]
    );
    assert_eq!(world.seen.borrow().len(), 2);
}

#[test]
fn what_waits_keeps_later_calls_of_its_user_in_its_envelope() {
    event::rules!["RD-147"];
    let world = FakeVendor::new(|_, nth| if nth == 0 { respond(500, &[], "") } else { ok() });
    let of = |id: &str, record| Job {
        record,
        ..job(id, vec![login("u")])
    };
    let jobs = vec![of("e1", 0), of("e2", 0), of("e3", 1)];
    let results = deliver(&messenger(settings::Branch::default()), &world, jobs);
    assert_eq!(
        words(&results),
        ["retry transient", "retry transient", "delivered"]
    );
    assert_eq!(results[0].outcome, results[1].outcome);
    assert_eq!(world.seen.borrow().len(), 2);
}
