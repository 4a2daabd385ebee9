use super::*;
use crate::fake_vendor::after;

#[test]
fn a_spent_limit_is_waited_for_if_the_invocation_has_the_time() {
    event::rules!["SB-557"];
    // 20 s after the fake clock begins.
    let headers = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1772366420"),
    ];
    let spent = || FakeVendor::new(move |_, _| respond(201, &headers, "{}"));
    let two = || jobs(["a", "b"].map(|user| vec![track(user, 0, 1, 0)]));
    let vendor = spent();
    let began = vendor.now.get();
    assert_eq!(
        words(&deliver(&braze("max_objects = 1"), &vendor, two())),
        ["delivered", "delivered"]
    );
    assert_eq!(vendor.seen.borrow()[1].at.millis_since(began), 20_000);

    let vendor = spent();
    let (results, _) = deliver_within(&braze("max_objects = 1"), &vendor, two(), 25_000);
    assert_eq!(words(&results), ["delivered", "retry rate_limited"]);
    assert!(after(&results[1]) >= 20);
}

#[test]
fn delivery_case_7_an_unknown_outcome_follows_the_kind_of_item() {
    event::rules!["SB-550", "SB-551"];
    let lost = || FakeVendor::new(|_, _| Err(NoResponse::Timeout));
    let run = |settings: &str, calls: Vec<BrazeCall>| {
        let results = deliver(&braze(settings), &lost(), vec![job("e", calls)]);
        (words(&results).remove(0), results[0].maybe_duplicate)
    };
    let of = |word: &str, maybe| (word.to_owned(), maybe);
    let park = "ambiguous_events = \"park\"\nambiguous_purchases = \"park\"\nambiguous_triggers = \"park\"";
    let retry = "ambiguous_triggers = \"retry\"";
    let operator = || BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: vec![BrazeItem {
            operators: true,
            ..item(BrazeArray::Attributes, "u", "{}")
        }],
    };
    for calls in [|| vec![track("u", 0, 0, 1)], || vec![track("u", 0, 1, 0)]] {
        assert_eq!(run(retry, calls()), of("retry transient", true));
        assert_eq!(run(park, calls()), of("parked ambiguous", false));
    }
    assert_eq!(run(retry, vec![operator()]), of("retry transient", true));
    assert_eq!(run(park, vec![operator()]), of("parked ambiguous", false));
    assert_eq!(run("", vec![campaign("c", "u")]), of("parked ambiguous", false));
    assert_eq!(run(retry, vec![campaign("c", "u")]), of("retry transient", true));
    for calls in [vec![track("u", 1, 0, 0)], vec![identify("u")], vec![delete("u")]] {
        assert_eq!(run(park, calls), of("retry transient", false));
    }
}

#[test]
fn the_outcome_is_the_first_that_applies_over_all_requests() {
    event::rules!["SB-540", "SB-544"];
    // 76 purchases: the first request is refused in part, the second fails.
    let body = r#"{"errors":[{"type":"bad","input_array":"purchases","index":0}]}"#;
    let vendor = FakeVendor::new(move |_, nth| match nth {
        0 => respond(201, &[], body),
        _ => respond(500, &[], ""),
    });
    let results = deliver(&braze(""), &vendor, jobs([vec![track("u", 0, 0, 76)]]));
    assert_eq!(words(&results), ["retry transient"]);
    assert_eq!(results[0].done, done(76, 1..75));
}
