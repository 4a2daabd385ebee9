use super::*;

fn refusing_key_i() -> FakeVendor {
    FakeVendor::new(|seen, _| match seen.carries("i") {
        true => respond(401, &[], ""),
        false => ok(),
    })
}

#[test]
fn a_platform_without_its_own_key_goes_on_with_the_key_of_all() {
    event::rules!["SEG-020", "RD-084"];
    let vendor = refusing_key_i();
    let secrets = FakeSecrets::new(&keys(None, &[("ios", "i")]));
    secrets.store(&keys(Some("wk"), &[]));
    let segment: Dispatcher<Segment, FakeSurroundings> = dispatcher("", secrets);
    let jobs = of_platforms(&[Some(Platform::Ios)]);
    assert_eq!(words(&deliver(&segment, &vendor, jobs)), ["delivered"]);
    assert!(vendor.seen.borrow()[1].carries("wk"));
}

#[test]
fn a_refused_key_holds_its_own_calls_alone() {
    event::rules!["SEG-054"];
    let vendor = refusing_key_i();
    let jobs = of_platforms(&[Some(Platform::Ios), None].repeat(3));
    let both = keys(Some("all"), &[("ios", "i")]);
    let one_by_one = with_keys("max_batch_events = 1\nconcurrency = 1", &both);
    let results = deliver(&one_by_one, &vendor, jobs);
    assert_eq!(words(&results), ["hold credentials", "delivered"].repeat(3));
    // The second and third request with that key are not started.
    assert_eq!(vendor.requests(), 4);
}

#[test]
fn a_429_while_halving_leaves_nothing_out() {
    event::rules!["SEG-060", "SEG-084"];
    let vendor = FakeVendor::new(|_, nth| match nth {
        0 => respond(400, &[], ""),
        1 => respond(429, &[("retry-after", "30")], ""),
        _ => ok(),
    });
    let results = deliver(&segment(""), &vendor, events(4));
    assert_eq!(words(&results), ["retry rate_limited"; 4]);
    assert_eq!(vendor.requests(), 2);
}
