use super::*;

const HOUR_MS: i64 = 3_600_000;

/// An event that was received so many milliseconds ago.
fn received_ago(id: &str, vendor: &FakeVendor, ms: i64) -> Job<BranchCall> {
    Job {
        received_at: vendor.now.get().plus_millis(-ms),
        ..event(id)
    }
}

fn outcome(settings: &str, ago_ms: i64, own_time_ago_ms: Option<i64>) -> String {
    let vendor = FakeVendor::new(|_, _| ok());
    let mut one = received_ago("e", &vendor, ago_ms);
    one.calls[0].timestamp = own_time_ago_ms.map(|ms| vendor.now.get().plus_millis(-ms));
    let outcome = words(&deliver(&usual(settings), &vendor, vec![one])).remove(0);
    assert_eq!(vendor.requests(), usize::from(outcome == "delivered"));
    outcome
}

#[test]
fn an_event_older_than_max_age_is_parked() {
    event::rules!["SR-315", "SR-316", "SR-318"];
    let (by_event, longer) = ("age_from = \"event\"", "max_age = \"2h\"");
    for (settings, ago, own, wanted) in [
        ("", HOUR_MS, None, "delivered"),
        ("", HOUR_MS + 1, None, "parked too_late"),
        ("", 0, Some(2 * HOUR_MS), "delivered"),
        (by_event, 0, Some(HOUR_MS), "delivered"),
        (by_event, 0, Some(HOUR_MS + 1), "parked too_late"),
        (by_event, HOUR_MS + 1, None, "parked too_late"),
        // A time after the receipt is a wrong clock.
        (by_event, HOUR_MS + 1, Some(-HOUR_MS), "parked too_late"),
        (longer, 2 * HOUR_MS, None, "delivered"),
        (longer, 2 * HOUR_MS + 1, None, "parked too_late"),
    ] {
        assert_eq!(outcome(settings, ago, own), wanted, "{ago} {own:?}");
    }
}

#[test]
fn an_event_that_grows_too_old_while_waiting_is_parked() {
    event::rules!["SR-315"];
    let vendor = FakeVendor::new(|_, _| ok());
    let jobs = vec![
        received_ago("e0", &vendor, HOUR_MS - 500),
        received_ago("e1", &vendor, HOUR_MS - 500),
        received_ago("e2", &vendor, 0),
    ];
    let results = deliver(&usual("max_requests_per_second = 1"), &vendor, jobs);
    assert_eq!(words(&results), ["delivered", "parked too_late", "delivered"]);
}

#[test]
fn the_body_is_the_same_at_any_age() {
    event::rules!["SR-317"];
    let vendor = FakeVendor::new(|_, _| ok());
    let branch = usual("max_age = \"24h\"");
    for ago in [0, 20 * HOUR_MS] {
        let one = received_ago("e", &vendor, ago);
        deliver(&branch, &vendor, vec![one]);
    }
    let seen = vendor.seen.borrow();
    assert_eq!(seen[0].body, seen[1].body);
}

#[test]
fn whatever_waits_ends_in_delivery_or_too_late() {
    event::rules!["SR-318", "SR-343"];
    let vendors: [fn() -> Result<Response, NoResponse>; 8] = [
        || Err(NoResponse::Connect),
        || Err(NoResponse::Timeout),
        || respond(302, &[], ""),
        || respond(400, &[], "authentication failed"),
        || respond(401, &[], ""),
        || respond(408, &[], ""),
        || respond(429, &[("retry-after", "300")], ""),
        || respond(500, &[], ""),
    ];
    for (n, vendor) in vendors.into_iter().enumerate() {
        let vendor = FakeVendor::new(move |_, _| vendor());
        let branch = usual("");
        let received = vendor.now.get();
        let waiting = || Job {
            received_at: received,
            receives: 20,
            tries: 20,
            ..event("e")
        };
        let first = deliver(&branch, &vendor, vec![waiting()]);
        assert!(first[0].outcome.is_waiting(), "{n}: {:?}", first[0].outcome);
        vendor.now.set(received.plus_millis(HOUR_MS + 1));
        let last = deliver(&branch, &vendor, vec![waiting()]);
        assert_eq!(words(&last), ["parked too_late"], "{n}");
    }
    let vendor = FakeVendor::new(|_, _| ok());
    let keyless = branch("", FakeSecrets::default());
    let old = received_ago("e", &vendor, HOUR_MS + 1);
    assert_eq!(words(&deliver(&keyless, &vendor, vec![old])), ["parked too_late"]);
}

#[test]
fn what_has_grown_too_old_is_not_sent_once_more() {
    event::rules!["SR-315", "RD-084"];
    let vendor = FakeVendor::new(|_, nth| if nth == 0 { respond(401, &[], "") } else { ok() });
    vendor.took_ms.set(1);
    let one = received_ago("e", &vendor, HOUR_MS);
    let branch = renewed("");
    assert_eq!(words(&deliver(&branch, &vendor, vec![one])), ["parked too_late"]);
    assert_eq!(vendor.requests(), 1);
}
