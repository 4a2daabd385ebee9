//! What a container does while Branch fails, and when it works again (5.5).

use super::*;
use crate::fake_vendor::dispatcher_in_time_of;
use std::cell::Cell;
use std::rc::Rc;

/// Branch, which gives this status to requests with its key, and 401 to others; and the secret.
fn branch(
    settings: settings::Branch,
    accepted: &'static str,
) -> (Dispatcher<Branch, Fake>, FakeVendor, Rc<Cell<u16>>, FakeSecrets) {
    let status = Rc::new(Cell::new(503));
    let now = Rc::clone(&status);
    let vendor = FakeVendor::new(move |seen, _| {
        let is_known = seen.body["branch_key"] == accepted;
        respond(if is_known { now.get() } else { 401 }, &[], "")
    });
    let settings = Settings {
        branch: settings,
        ..Settings::default()
    };
    let secrets = FakeSecrets::new(&key("key_live_1"));
    let dispatcher = dispatcher_in_time_of(&vendor, &settings, secrets.clone());
    (dispatcher, vendor, status, secrets)
}

fn requests(vendor: &FakeVendor) -> usize {
    vendor.seen.borrow().len()
}

#[test]
fn an_open_breaker_sends_nothing_and_tries_one_request_after_it() {
    event::rules!["RD-080", "RD-082", "RD-062"];
    let (branch, vendor, status, _) = branch(one_by_one(), "key_live_1");
    let results = deliver(&branch, &vendor, events(8));
    assert_eq!(requests(&vendor), 5, "the breaker opens");
    assert_eq!(words(&results)[..5], ["retry transient"; 5]);
    assert_eq!(words(&results)[5..], ["retry breaker_open"; 3]);
    // 26 s until it lets one through, and a tenth.
    assert_eq!(after(&results[7]), 29);
    assert_eq!(
        words(&deliver(&branch, &vendor, events(1))),
        ["retry breaker_open"]
    );
    vendor.advance(26_000);
    let results = deliver(&branch, &vendor, events(3));
    assert_eq!(requests(&vendor), 6, "one request alone, which fails");
    assert_eq!(words(&results)[1..], ["retry breaker_open"; 2]);
    vendor.advance(52_000);
    status.set(200);
    assert_eq!(words(&deliver(&branch, &vendor, events(3))), ["delivered"; 3]);
}

#[test]
fn after_an_outage_a_container_asks_for_twice_as_much_each_second() {
    event::rules!["RD-083", "RD-107"];
    let settings = settings::Branch {
        max_requests_per_second: 1000,
        ..settings::Branch::default()
    };
    let (branch, vendor, status, _) = branch(settings, "key_live_1");
    deliver(&branch, &vendor, events(20));
    vendor.advance(26_000);
    status.set(200);
    let failed = requests(&vendor);
    let recovered = vendor.now.get();
    let results = deliver(&branch, &vendor, events(300));
    // All but those that were asked for while one request was tried.
    let delivered = words(&results).iter().filter(|word| *word == "delivered").count();
    assert!(delivered > 250, "{delivered}");
    let mut in_second = [0_u64; 10];
    // The first is the one that closed the breaker.
    for seen in &vendor.seen.borrow()[failed + 1..] {
        in_second[(seen.at.millis_since(recovered) / 1000) as usize] += 1;
    }
    for (second, requests) in in_second.into_iter().enumerate() {
        assert!(requests <= 1 << second, "{requests} in second {second}");
    }
}

#[test]
fn a_held_lane_is_tried_once_a_minute_and_at_once_with_a_new_key() {
    event::rules!["RD-085", "RD-086"];
    let held = ["hold credentials"; 3];
    let (lane, vendor, ..) = branch(one_by_one(), "key_live_2");
    // Each invocation but the first asks for the key, and waits until it may.
    for (later_ms, sent) in [(0, 1), (50_000, 1), (2_000, 2)] {
        vendor.advance(later_ms);
        assert_eq!(words(&deliver(&lane, &vendor, events(3))), held);
        assert_eq!(requests(&vendor), sent, "one request alone");
    }
    for (stored, later_ms) in [
        ("key_live_1", 0),
        ("key_live_1", 9_999),
        ("key_live_1", 30_000),
        (" ", 0),
    ] {
        let (lane, vendor, status, secrets) = branch(one_by_one(), "key_live_2");
        status.set(200);
        secrets.store(&key(stored));
        assert_eq!(words(&deliver(&lane, &vendor, events(3))), held);
        vendor.advance(later_ms);
        secrets.store(&key("key_live_2"));
        let (now, refused) = (vendor.now.get(), requests(&vendor));
        assert_eq!(words(&deliver(&lane, &vendor, events(3))), ["delivered"; 3]);
        assert_eq!(requests(&vendor), refused + 3, "none with the old key");
        let waited_ms = vendor.seen.borrow()[refused].at.millis_since(now);
        assert!(waited_ms <= 10_000, "one fetch in 10 s: {waited_ms}");
    }
}
