//! How fast and when again: time, concurrency, schedule, `Retry-After`, breakers, users' order.

use super::*;

#[test]
fn what_could_not_end_before_the_deadline_is_not_started() {
    event::rules!["SR-331", "SEG-064", "SB-571", "RD-100"];
    let (dispatcher, vendor) = (fresh(), FakeVendor::new(|_, _| ok()));
    let (results, _) = deliver_within(&dispatcher, &vendor, events(2), 9_999);
    assert_eq!(words(&results), ["retry unstarted"; 2]);
    assert_eq!((after(&results[0]), vendor.requests()), (0, 0));
    // The second request begins when the first has ended.
    vendor.took_ms.set(4_000);
    let (results, _) = deliver_within(&dispatcher, &vendor, events(3), 15_000);
    assert_eq!(words(&results), ["delivered", "delivered", "retry unstarted"]);
    // After the wait there is no time left for one more try.
    let vendor = FakeVendor::new(|_, _| Err(Connect));
    deliver_within(&fresh(), &vendor, events(1), 10_050);
    assert_eq!(vendor.requests(), 1);
}

#[test]
fn at_most_so_many_requests_are_in_flight() {
    event::rules!["SR-309", "SEG-045", "SB-516"];
    for at_once in [1, 3, 64] {
        let dispatcher = one_by_one(at_once, FakeSecrets::new(&secret("k-1")));
        let vendor = FakeVendor::new(|_, _| ok());
        assert_eq!(outcomes(&dispatcher, &vendor, 25), ["delivered"; 25]);
        assert_eq!(vendor.most_in_flight.get(), at_once.min(D::MOST_AT_ONCE).min(25));
    }
}

/// Seconds until an event is tried again that was received so often.
fn tried_after(status: u16, headers: &'static str, receives: u32) -> u32 {
    let headers: Vec<_> = headers
        .split("; ")
        .filter_map(|header| header.split_once(": "))
        .collect();
    let vendor = FakeVendor::new(move |_, _| respond(status, &headers, ""));
    let mut one = event("e");
    (one.receives, one.tries) = (receives, receives);
    after(&deliver(&packing(), &vendor, vec![one])[0])
}

#[test]
fn the_schedule_is_the_pages() {
    event::rules!["SR-341", "SEG-070", "SB-570"];
    for status in D::RETRIES {
        for (receives, wanted) in (1..).zip(D::SCHEDULE) {
            assert_eq!(tried_after(*status, "", receives), *wanted, "{status} {receives}");
        }
        assert_eq!(tried_after(*status, "", 40), *D::SCHEDULE.last().unwrap());
    }
}

#[test]
fn a_hint_is_bounded_and_never_undercut() {
    event::rules![
        "SR-340", "SR-341", "SEG-080", "SEG-081", "SEG-082", "SEG-083", "SB-555", "SB-570"
    ];
    for (status, headers, receives, wanted) in D::RETRY_AFTER {
        let seconds = tried_after(*status, headers, *receives);
        assert!(
            wanted.contains(&seconds),
            "{status} {headers:?} {receives}: {seconds}"
        );
    }
}

#[test]
fn after_a_429_nothing_is_started_for_the_delay() {
    event::rules!["SR-326", "SR-342", "SEG-084", "SB-555", "SB-556"];
    let (dispatcher, vendor) = (fresh(), first(|| limited("100")));
    let results = deliver(&dispatcher, &vendor, events(3));
    assert_eq!(words(&results), ["retry rate_limited"; 3]);
    assert_eq!(
        [0, 1, 2].map(|n| after(&results[n])),
        [111, 123, 123],
        "and a little"
    );
    assert_eq!(vendor.requests(), 1);
    // It outlives the invocation, and ends.
    vendor.advance(100_000);
    let results = deliver(&dispatcher, &vendor, events(1));
    assert_eq!(
        (words(&results)[0].as_str(), after(&results[0])),
        ("retry rate_limited", 13)
    );
    vendor.advance(11_000);
    assert_eq!(outcomes(&dispatcher, &vendor, 1), ["delivered"]);
}

#[test]
fn of_several_429_at_once_the_longest_delay_counts() {
    event::rules!["SR-342", "SEG-084"];
    let at_once = 2.min(D::MOST_AT_ONCE);
    let vendor = FakeVendor::new(|_, nth| match nth {
        0 => limited("100"),
        1 => limited("1"),
        _ => ok(),
    });
    let dispatcher = one_by_one(at_once, FakeSecrets::new(&secret("k-1")));
    deliver(&dispatcher, &vendor, events(2));
    assert_eq!(vendor.requests(), at_once);
    vendor.advance(50_000);
    assert_eq!(outcomes(&dispatcher, &vendor, 1), ["retry rate_limited"]);
}

#[test]
fn nothing_is_sent_once_more_after_the_429_of_another() {
    event::rules!["SR-342", "SEG-084", "RD-084"];
    let vendor = FakeVendor::new(|_, nth| match nth {
        0 => respond(401, &[], ""),
        1 => limited("100"),
        _ => ok(),
    });
    let results = deliver(&one_by_one(2, renewed(&secret("k-2"))), &vendor, events(2));
    assert_eq!(words(&results), ["retry rate_limited"; 2]);
    assert_eq!(vendor.requests(), 2);
}

#[test]
fn whether_a_5xx_stops_others_is_the_vendors() {
    event::rules!["SR-342", "SEG-083", "SEG-084", "SB-555"];
    let vendor = first(|| respond(503, &[("retry-after", "100")], ""));
    let results = deliver(&fresh(), &vendor, events(2));
    let other = ["delivered", "retry rate_limited"][usize::from(D::PAUSES_AFTER_5XX)];
    assert_eq!(words(&results), ["retry transient", other]);
}

/// A vendor that fails until its status is changed.
fn failing() -> (FakeVendor, Rc<Cell<u16>>) {
    let status = Rc::new(Cell::new(503));
    let now = Rc::clone(&status);
    let vendor = FakeVendor::new(move |_, _| match now.get() {
        503 => respond(503, &[], ""),
        _ => ok(),
    });
    (vendor, status)
}

#[test]
fn an_open_breaker_sends_nothing_and_tries_one_request_after_it() {
    event::rules!["RD-080", "RD-082", "RD-062"];
    let (dispatcher, (vendor, status)) = (fresh(), failing());
    let results = deliver(&dispatcher, &vendor, events(8));
    assert_eq!(vendor.requests(), 5, "the breaker opens");
    assert_eq!(words(&results)[..5], ["retry transient"; 5]);
    assert_eq!(words(&results)[5..], ["retry breaker_open"; 3]);
    // 26 s until it lets one through, and a tenth.
    assert_eq!(after(&results[7]), 29);
    assert_eq!(outcomes(&dispatcher, &vendor, 1), ["retry breaker_open"]);
    vendor.advance(26_000);
    let results = deliver(&dispatcher, &vendor, events(3));
    assert_eq!(vendor.requests(), 6, "one request alone, which fails");
    assert_eq!(words(&results)[1..], ["retry breaker_open"; 2]);
    vendor.advance(52_000);
    status.set(200);
    assert_eq!(outcomes(&dispatcher, &vendor, 3), ["delivered"; 3]);
}

#[test]
fn after_an_outage_all_containers_double_each_second() {
    event::rules!["RD-083", "RD-107"];
    const MAX_CONCURRENCY: usize = 10;
    let (vendor, status) = failing();
    let containers = [(); MAX_CONCURRENCY].map(|()| one_by_one(20, FakeSecrets::new(&secret("k-1"))));
    let deliver_each = |count| {
        let jobs = containers.iter().map(|_| events(count)).collect();
        words(
            &deliver_at_once(&containers, &vendor, jobs, 300_000)
                .0
                .into_iter()
                .flatten()
                .collect::<Vec<_>>(),
        )
    };
    deliver_each(20);
    vendor.advance(26_000);
    status.set(200);
    let (failed, recovered) = (vendor.requests(), vendor.now.get());
    // All but those that were asked for while one request of each was tried.
    let outcomes = deliver_each(300);
    let delivered = outcomes.iter().filter(|word| *word == "delivered").count();
    assert!(delivered > 250 * MAX_CONCURRENCY, "{delivered}");
    let mut in_second = [0_usize; 8];
    for seen in &vendor.seen.borrow()[failed..] {
        let second = (seen.at.millis_since(recovered) / 1000) as usize;
        if let Some(count) = in_second.get_mut(second) {
            *count += 1;
        }
    }
    for (second, requests) in in_second.into_iter().enumerate() {
        assert!(
            requests <= MAX_CONCURRENCY << second,
            "{requests} in second {second}"
        );
    }
}

#[test]
fn what_waits_keeps_later_calls_of_its_user() {
    event::rules!["RD-145", "RD-147", "SB-517"];
    let vendor = first(|| respond(500, &[], ""));
    let of = |id: &str, user: &str, record| Job {
        record,
        ..job(id, vec![D::call(id, user)])
    };
    let jobs = vec![
        of("e1", "u", 0),
        of("e2", "u", 0),
        of("e3", "v", 0),
        of("e4", "u", 1),
    ];
    let results = deliver(&fresh(), &vendor, jobs);
    let (again, sent) = ("retry transient", "delivered");
    let in_another_envelope = match D::USER_ORDER {
        UserOrderScope::Envelope => sent,
        UserOrderScope::Invocation => again,
    };
    assert_eq!(words(&results), [again, again, sent, in_another_envelope]);
    assert_eq!(results[0].outcome, results[1].outcome);
    assert!(!vendor.marks().concat().contains(&"e2".to_owned()));
}

#[test]
fn after_a_park_later_calls_of_its_user_go_on() {
    event::rules!["RD-147"];
    let vendor = first(|| respond(400, &[], "no"));
    let jobs = ["e1", "e2", "e3"].map(|id| job(id, vec![D::call(id, "u")]));
    let results = deliver(&fresh(), &vendor, jobs.into());
    assert_eq!(words(&results), ["parked rejected", "delivered", "delivered"]);
    assert_eq!(vendor.marks().concat(), ["e1", "e2", "e3"]);
}
