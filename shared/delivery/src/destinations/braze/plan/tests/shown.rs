use super::*;
use crate::destination::Destination;
use crate::destinations::{Braze, Packing, packed};
use event::reasons::IgnoreReason;
use event::settings::Settings;
use event::{EventId, Outcome};

/// Method, URL, places and body of each request.
fn shown(packing: &Packing) -> Vec<(&str, &str, &[usize], &str)> {
    packing
        .requests
        .iter()
        .map(|request| {
            (
                request.method.as_str(),
                request.url.as_str(),
                request.places.as_slice(),
                request.body.as_str(),
            )
        })
        .collect()
}

#[test]
fn packed_shows_requests_in_order_with_their_events() {
    event::rules!["SB-527", "SB-523"];
    let events = vec![
        (EventId::given("q-1"), vec![identify("u"), track("u", 1, 0, 0)]),
        (EventId::given("q-2"), vec![track("u", 0, 1, 0)]),
        (EventId::given("q-3"), vec![identify("u"), track("u", 1, 0, 0)]),
        (EventId::given("q-1"), vec![track("w", 0, 1, 0)]),
        (EventId::given("q-4"), vec![track("v", 0, 0, 2)]),
        (EventId::given("q-5"), vec![delete("u")]),
        (EventId::given("q-6"), vec![track("u", 0, 1, 0)]),
    ];
    let settings = Settings::load("[braze]\ninstance = \"EU-01\"\nmax_objects = 3").unwrap();
    let packing = packed(&Braze::new(&settings).unwrap(), events);
    let (user, track_url) = (
        r#"{"external_id":"u"}"#,
        "https://rest.fra-01.braze.eu/users/track",
    );
    let identified = format!(r#"{{"aliases_to_identify":[{user}],"merge_behavior":"merge"}}"#);
    let object = |user: &str, n: usize| format!(r#"{{"external_id":"{user}","n":{n}}}"#);
    let one = object("u", 0);
    let both = format!(r#"{{"attributes":[{one}],"events":[{one}]}}"#);
    let purchases = format!(r#"{{"purchases":[{},{}]}}"#, object("v", 0), object("v", 1));
    let deleted = format!(r#"{{"external_ids":[{user}]}}"#);
    let last = format!(r#"{{"events":[{one}]}}"#);
    assert_eq!(
        shown(&packing),
        [
            (
                "POST",
                "https://rest.fra-01.braze.eu/users/identify",
                &[0, 2][..],
                identified.as_str()
            ),
            ("POST", track_url, &[0, 1, 2], both.as_str()),
            ("POST", track_url, &[4], purchases.as_str()),
            (
                "POST",
                "https://rest.fra-01.braze.eu/users/delete",
                &[5],
                deleted.as_str()
            ),
            ("POST", track_url, &[6], last.as_str()),
        ]
    );
    assert_eq!(
        packing.unsent,
        [(3, Outcome::Ignored(IgnoreReason::DuplicateInInvocation))]
    );
}

#[test]
fn catalogs_have_methods_of_their_own() {
    event::rules!["SB-527"];
    let events = vec![
        (EventId::given("a"), vec![upsert_item("i")]),
        (EventId::given("b"), vec![delete_item("j")]),
    ];
    let settings = Settings::load("[braze]\ninstance = \"US-01\"").unwrap();
    let packing = packed(&Braze::new(&settings).unwrap(), events);
    let targets: Vec<_> = shown(&packing)
        .into_iter()
        .map(|(method, url, ..)| (method, url))
        .collect();
    let url = "https://rest.iad-01.braze.com/catalogs/c/items";
    assert_eq!(targets, [("PUT", url), ("DELETE", url)]);
}
