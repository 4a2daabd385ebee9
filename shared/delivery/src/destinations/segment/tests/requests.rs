use super::*;
use crate::fake_vendor::Seen;

#[test]
fn what_a_request_carries() {
    event::rules!["SEG-003", "SEG-004", "SEG-007"];
    let vendor = FakeVendor::new(|_, _| ok());
    deliver(&segment(""), &vendor, events(2));
    let seen = vendor.seen.borrow();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].method, seen[0].path.as_str()), ("POST", "/v1/batch"));
    // "wk:" in base64.
    assert_eq!(seen[0].authorization.as_deref(), Some("Basic d2s6"));
    assert_eq!(seen[0].headers, []);
    let limits = (seen[0].timeout_ms, seen[0].max_response_bytes);
    assert_eq!(limits, (10_000, 64 * 1024));
    let members: Vec<_> = seen[0].body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["batch", "sentAt"]);
}

#[test]
fn sent_at_is_the_time_of_the_very_attempt() {
    event::rules!["SEG-005"];
    let vendor = FakeVendor::new(|_, nth| if nth == 0 { Err(NoResponse::Connect) } else { ok() });
    deliver(&segment(""), &vendor, events(1));
    let seen = vendor.seen.borrow();
    assert_eq!(seen[0].body["sentAt"], "2026-03-01T12:00:00.000Z");
    assert_eq!(seen[1].body["sentAt"], seen[1].at.to_string());
    assert_ne!(seen[0].body["sentAt"], seen[1].body["sentAt"]);
    assert_eq!(seen[0].body["batch"], seen[1].body["batch"]);
}

#[test]
fn a_call_without_a_time_gets_that_of_its_receipt() {
    event::rules!["SEG-006", "SEG-036"];
    let vendor = FakeVendor::new(|_, _| ok());
    let of = |padding: usize| {
        let mut one = event("e");
        let text = "x".repeat(padding);
        one.calls[0].body = format!(r#"{{"type":"track","event":"{text}","userId":"u","messageId":"e"}}"#);
        one.calls[0].lacks_timestamp = true;
        one.received_at = event::Timestamp::parse("2026-02-28T10:00:00Z").unwrap();
        one
    };
    let bare = of(0).calls[0].body.len();
    let fits = 32_768 - 39 - bare;
    let results = deliver(&segment(""), &vendor, vec![of(fits)]);
    assert_eq!(words(&results), ["delivered"]);
    let time = vendor.seen.borrow()[0].body["batch"][0]["timestamp"].clone();
    assert_eq!(time, "2026-02-28T10:00:00.000Z");
    let results = deliver(&segment(""), &vendor, vec![of(fits + 1)]);
    assert_eq!(words(&results), ["parked event_too_large"]);
}

#[test]
fn from_the_second_attempt_on_a_request_has_a_retry_count() {
    event::rules!["SEG-008"];
    let headers = |receives: &[u32]| {
        let vendor = FakeVendor::new(|_, _| ok());
        let jobs = receives.iter().enumerate().map(|(n, receives)| Job {
            receives: *receives,
            ..event(&format!("e{n}"))
        });
        deliver(&segment(""), &vendor, jobs.collect());
        vendor.seen.take().remove(0).headers
    };
    assert_eq!(headers(&[1, 1]), []);
    assert_eq!(headers(&[1, 5, 3]), [("X-Retry-Count", "4".to_owned())]);
}

/// The key of each request with the calls in it, and what came of calls of iOS, Android, no platform, the web and iOS.
fn by_key(content: &str) -> (Vec<String>, Vec<String>) {
    let vendor = FakeVendor::new(|_, _| ok());
    let (ios, web) = (Some(Platform::Ios), Some(Platform::Web));
    let calls = of_platforms(&[ios, Some(Platform::Android), None, web, ios]);
    let results = deliver(&with_keys("", content), &vendor, calls);
    let key = |seen: &Seen| {
        ["all", "i", "w"]
            .into_iter()
            .find(|key| seen.carries(key))
            .unwrap()
    };
    let seen = vendor.seen.borrow();
    let request = |seen: &Seen| format!("{}: {}", key(seen), seen.marks().join(" "));
    let mut requests: Vec<String> = seen.iter().map(request).collect();
    requests.sort();
    (requests, words(&results))
}

#[test]
fn a_platform_with_a_key_of_its_own_has_requests_of_its_own() {
    event::rules!["SEG-020", "SEG-022"];
    let (requests, outcomes) = by_key(&keys(Some("all"), &[("ios", "i"), ("web", "w")]));
    assert_eq!(requests, ["all: e1 e2", "i: e0 e4", "w: e3"]);
    assert_eq!(outcomes, ["delivered"; 5]);
}

#[test]
fn without_a_key_a_call_is_held_and_the_others_go() {
    event::rules!["SEG-020", "SEG-021"];
    let (requests, outcomes) = by_key(&keys(None, &[("ios", "i")]));
    assert_eq!(requests, ["i: e0 e4"]);
    let held = "hold credentials";
    assert_eq!(outcomes, ["delivered", held, held, held, "delivered"]);
}

#[test]
fn a_call_that_is_too_large_is_parked_alone() {
    event::rules!["SEG-036"];
    let vendor = FakeVendor::new(|_, _| ok());
    let mut bad = event("bad");
    bad.calls[0].body = bad.calls[0].body.replace("track", &"x".repeat(32_768));
    let jobs = vec![event("e"), bad, event("f")];
    let results = deliver(&segment(""), &vendor, jobs);
    assert_eq!(
        words(&results),
        ["delivered", "parked event_too_large", "delivered"]
    );
    assert_eq!(vendor.marks(), [["e", "f"]]);
}

#[test]
fn the_calls_of_a_user_keep_their_order_over_several_keys() {
    event::rules!["RD-146"];
    let vendor = FakeVendor::new(|_, _| ok());
    let web = Some(Platform::Web);
    let mut jobs = of_platforms(&[web, None, web, web, None]);
    jobs.iter_mut()
        .for_each(|job| job.calls[0].user = Some(UserKey::new("userId", "u")));
    // Calls of another user, who keeps to one key, close no request.
    jobs.insert(2, event("f"));
    jobs.push(event("g"));
    let segment = with_keys("", &keys(Some("all"), &[("web", "w")]));
    let results = deliver(&segment, &vendor, jobs);
    assert_eq!(words(&results), ["delivered"; 7]);
    let wanted = [vec!["e0"], vec!["e1", "f"], vec!["e2", "e3"], vec!["e4", "g"]];
    assert_eq!(vendor.marks(), wanted);
}
