use super::*;

#[test]
fn a_400_that_breaks_off_parks_nothing() {
    event::rules!["SR-322", "SR-323", "SR-325"];
    let world = FakeVendor::new(|_, nth| {
        let whole = respond(400, &[], "{\"error\":{\"message\":\"authentication fai")
            .ok()
            .unwrap();
        match nth {
            0 => Ok(Response { cut: true, ..whole }),
            _ => respond(400, &[], "authentication failed"),
        }
    });
    let branch = usual("");
    assert_eq!(words(&deliver(&branch, &world, events(1))), ["retry transient"]);
    assert_eq!(words(&deliver(&branch, &world, events(1))), ["hold credentials"]);
}

#[test]
fn without_an_answer_the_event_may_count_twice() {
    event::rules!["SR-330"];
    let of = |settings: &str| {
        let world = FakeVendor::new(|_, _| Err(NoResponse::Timeout));
        let results = deliver(&usual(settings), &world, vec![event("e")]);
        assert_eq!(world.requests(), 1, "it is not sent again at once");
        (words(&results).remove(0), results[0].maybe_duplicate)
    };
    assert_eq!(
        of("on_ambiguous = \"retry\""),
        ("retry transient".to_owned(), true)
    );
    assert_eq!(
        of("on_ambiguous = \"park\""),
        ("parked ambiguous".to_owned(), false)
    );
}
