use super::*;

#[test]
fn one_post_an_event_with_the_key_in_its_body_alone() {
    event::rules!["SR-302", "SR-303", "SR-304", "SR-308"];
    let vendor = FakeVendor::new(|_, _| ok());
    let results = deliver(&usual(""), &vendor, events(2));
    assert_eq!(words(&results), ["delivered", "delivered"]);
    let seen = vendor.seen.borrow();
    assert_eq!(seen.len(), 2);
    for (n, seen) in seen.iter().enumerate() {
        assert_eq!((seen.method, seen.path.as_str()), ("POST", "/v2/event/standard"));
        assert_eq!(
            seen.body,
            serde_json::json!({
                "branch_key": "k-1",
                "name": "LOGIN",
                "mark": format!("e{n}"),
                "user_data": {"developer_identity": format!("e{n}")},
            })
        );
        assert_eq!((&seen.authorization, seen.headers.as_slice()), (&None, &[][..]));
        assert_eq!((seen.timeout_ms, seen.max_response_bytes), (10_000, 64 * 1024));
    }
}

#[test]
fn the_address_of_the_user_is_a_header_if_the_settings_say_so() {
    event::rules!["SR-307"];
    let headers = |is_on: bool, ip: Option<&str>| {
        let vendor = FakeVendor::new(|_, _| ok());
        let branch = usual(&format!("ip_override_header = {is_on}"));
        let mut one = event("e");
        one.calls[0].ip = ip.map(str::to_owned);
        deliver(&branch, &vendor, vec![one]);
        vendor.seen.take().remove(0).headers
    };
    assert_eq!(
        headers(true, Some("203.0.113.9")),
        [("X-IP-Override", "203.0.113.9".to_owned())]
    );
    assert_eq!(headers(true, None), []);
    assert_eq!(headers(false, Some("203.0.113.9")), []);
}
