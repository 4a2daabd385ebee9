//! Keys: renewed, refused, away.

use super::*;

#[test]
fn a_renewed_key_serves_all_that_were_refused_with_the_old_one() {
    event::rules!["SR-322", "SR-324", "SEG-054", "SB-560", "RD-084"];
    for (status, body) in D::REFUSES_KEY {
        let vendor = FakeVendor::new(move |seen, _| match seen.carries("k-2") {
            true => ok(),
            false => respond(*status, &[], body),
        });
        let secrets = renewed(&secret("k-2"));
        let dispatcher = one_by_one(4, secrets.clone());
        assert_eq!(outcomes(&dispatcher, &vendor, 6), ["delivered"; 6]);
        assert_eq!(secrets.fetches.get(), 2, "one asks for all");
    }
}

#[test]
fn a_secret_emptied_meanwhile_holds_all_and_sends_nothing_more() {
    event::rules!["SR-305", "SEG-021", "SB-560", "RD-085", "RS-004", "RS-021"];
    let (status, body) = D::REFUSES_KEY[0];
    for at_once in [1, 3.min(D::MOST_AT_ONCE)] {
        let vendor = FakeVendor::new(move |seen, _| match seen.carries("k-1") {
            true => respond(status, &[], body),
            false => respond(400, &[], "unable to parse"),
        });
        let dispatcher = one_by_one(at_once, renewed("{}"));
        assert_eq!(outcomes(&dispatcher, &vendor, 5), ["hold credentials"; 5]);
        assert_eq!(vendor.requests(), at_once);
    }
}

#[test]
fn without_a_key_events_are_held_and_nothing_is_sent() {
    event::rules!["SR-305", "SEG-021", "SB-560"];
    for secrets in [FakeSecrets::default(), FakeSecrets::new("{}")] {
        assert_eq!(
            outcomes(&one_by_one(1, secrets), &FakeVendor::silent(), 2),
            ["hold credentials"; 2]
        );
    }
}

/// A destination that takes the key `k-2` alone, and a dispatcher whose secret ages by the same clock.
fn held(secrets: &FakeSecrets) -> (Dispatcher<D, FakeSurroundings>, FakeVendor) {
    let vendor = FakeVendor::new(|seen, _| match seen.carries("k-2") {
        true => ok(),
        false => respond(401, &[], ""),
    });
    let settings = settings_one_by_one(1);
    (dispatcher_in_time_of(&vendor, &settings, secrets.clone()), vendor)
}

#[test]
fn a_held_lane_is_tried_with_one_request_when_its_time_comes() {
    event::rules!["SR-324", "SEG-054", "SB-560", "RD-085", "RD-086"];
    let (dispatcher, vendor) = held(&FakeSecrets::new(&secret("k-1")));
    let [first_s, ..] = *D::HOLD_BACKOFF;
    let wait_ms = i64::from(first_s) * 1000;
    // Each invocation but the first asks for the key, and waits until it may.
    for (later_ms, requests) in [(0, 1), (wait_ms - 10_000, 1), (2_000, 2)] {
        vendor.advance(later_ms);
        assert_eq!(outcomes(&dispatcher, &vendor, 3), ["hold credentials"; 3]);
        assert_eq!(vendor.requests(), requests, "one request alone");
    }
}

#[test]
fn a_held_lane_goes_on_at_once_with_a_new_key() {
    event::rules!["RD-084", "RD-085", "RD-086", "RS-021"];
    for (stored, later_ms) in [("k-1", 0), ("k-1", 9_999), ("k-1", 30_000), (" ", 0)] {
        let secrets = renewed(&secret(stored));
        let (dispatcher, vendor) = held(&secrets);
        assert_eq!(outcomes(&dispatcher, &vendor, 3), ["hold credentials"; 3]);
        vendor.advance(later_ms);
        secrets.store(&secret("k-2"));
        let (now, refused) = (vendor.now.get(), vendor.requests());
        assert_eq!(outcomes(&dispatcher, &vendor, 3), ["delivered"; 3]);
        assert_eq!(vendor.requests(), refused + 3, "none with the old key");
        let waited_ms = vendor.seen.borrow()[refused].at.millis_since(now);
        assert!(waited_ms <= 10_000, "one fetch in 10 s: {waited_ms}");
    }
}

#[test]
fn a_malformed_secret_is_told_and_its_age_once_it_is_used() {
    event::rules!["RS-003"];
    let (aws, vendor) = (FakeAws::default(), FakeVendor::new(|_, _| ok()));
    let secrets = FakeSecrets::new(&secret("k-1").replace("\"k-1\"", "[7]"));
    let deliverer = deliverer::<D>(D::SETTINGS, one_call::<D>, secrets.clone(), &aws, &vendor);
    let records = [record("m1", 1, envelope_for::<D>(&["\"u#1\""]))];
    let invoke = || run(deliverer.handle(&records, "aws-1", vendor.now.get().plus_millis(60_000)));
    assert_eq!(invoke(), ["m1"]);
    let (errors, fetches) = (aws.lines_of("error"), secrets.fetches.get());
    let told = |line: &String| line.contains(r#""secret_malformed","place":""#) && line.contains("_key\"");
    assert!(errors.len() == fetches && errors.iter().all(told), "{errors:?}");
    let counted = [SECRET_FETCH_FAILED, SECRET_MALFORMED].map(|metric| aws.count(metric, &[]));
    assert_eq!(counted, [fetches as f64; 2]);
    secrets.text.replace(Some(secret("k-1")));
    assert_eq!(invoke(), Vec::<String>::new());
    let ages = |n: usize| aws.metrics.borrow()[n].values(SECRET_AGE, &[]).len();
    assert_eq!((ages(0), ages(1), aws.lines_of("error").len()), (0, 1, fetches));
}
