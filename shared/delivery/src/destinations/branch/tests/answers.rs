use super::*;

#[test]
fn a_400_that_breaks_off_before_it_names_the_key_parks_nothing() {
    event::rules!["SR-322", "SR-323", "SR-325"];
    let (later, refused) = ("retry transient", "parked rejected");
    for (status, body, wanted) in [
        (400, "", later),
        (400, "authentication fai", later),
        (400, "authentication failed", "hold credentials"),
        (404, "", refused),
        (413, "", refused),
    ] {
        let cut = |response| Response {
            cut: true,
            ..response
        };
        let vendor = FakeVendor::new(move |_, _| respond(status, &[], body).map(cut));
        let results = deliver(&usual(""), &vendor, events(1));
        assert_eq!(words(&results), [wanted], "{status} {body}");
    }
}

#[test]
fn without_an_answer_the_event_may_count_twice() {
    event::rules!["SR-330"];
    let of = |settings: &str| {
        let vendor = FakeVendor::new(|_, _| Err(NoResponse::Timeout));
        let results = deliver(&usual(settings), &vendor, vec![event("e")]);
        assert_eq!(vendor.requests(), 1, "it is not sent again at once");
        (words(&results).remove(0), results[0].maybe_duplicate)
    };
    let is = |word: &str, maybe| (word.to_owned(), maybe);
    assert_eq!(of("on_ambiguous = \"retry\""), is("retry transient", true));
    assert_eq!(of("on_ambiguous = \"park\""), is("parked ambiguous", false));
}
