use super::*;

#[test]
fn what_finds_no_token_before_the_deadline_is_unstarted() {
    event::rules!["SR-310"];
    let vendor = FakeVendor::new(|_, _| ok());
    let began = vendor.now.get();
    let branch = usual("max_requests_per_second = 5");
    // A request of 10 s fits until 400 ms from now: five tokens are saved up, and two come.
    let (results, _) = deliver_within(&branch, &vendor, events(12), 10_400);
    let outcomes = words(&results);
    assert_eq!(outcomes[..7], ["delivered"; 7]);
    assert_eq!(outcomes[7..], ["retry unstarted"; 5]);
    let starts: Vec<i64> = vendor
        .seen
        .borrow()
        .iter()
        .map(|seen| seen.at.millis_since(began))
        .collect();
    assert_eq!(starts, [0, 0, 0, 0, 0, 200, 400]);
    // The bucket outlives the invocation.
    let again = vendor.now.get();
    deliver(&branch, &vendor, events(1));
    assert_eq!(vendor.seen.borrow()[7].at.millis_since(again), 200);
}

#[test]
fn what_is_not_sent_takes_no_token() {
    event::rules!["SR-310"];
    for (vendor_status, wanted) in [(401, "hold credentials"), (429, "retry rate_limited")] {
        let vendor = FakeVendor::new(move |_, _| respond(vendor_status, &[], ""));
        let began = vendor.now.get();
        let (results, _) = deliver_within(&usual("max_requests_per_second = 1"), &vendor, events(9), 12_000);
        assert_eq!(words(&results), [wanted; 9]);
        assert_eq!(vendor.now.get(), began, "nobody waited for a token");
    }
}

#[test]
fn what_is_sent_once_more_takes_a_token_of_its_own() {
    event::rules!["SR-310", "RD-084"];
    let refused_once = || FakeVendor::new(|_, nth| if nth == 0 { respond(401, &[], "") } else { ok() });
    for (left_ms, wanted, starts) in [
        (11_000, "delivered", &[0, 1000][..]),
        (10_999, "retry unstarted", &[0]),
    ] {
        let vendor = refused_once();
        let began = vendor.now.get();
        let branch = renewed("max_requests_per_second = 1");
        let (results, _) = deliver_within(&branch, &vendor, events(1), left_ms);
        assert_eq!(words(&results), [wanted]);
        let seen = vendor.seen.borrow();
        let times: Vec<i64> = seen.iter().map(|seen| seen.at.millis_since(began)).collect();
        assert_eq!(times, starts);
    }
}
