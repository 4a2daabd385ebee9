use super::*;
use crate::destination::Destination;
use crate::destinations::{Braze, packed};
use event::reasons::IgnoreReason;
use event::settings::Settings;
use event::{EventId, Outcome};

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
    let user = r#"{"external_id":"u"}"#;
    let object = |user: &str, n: usize| format!(r#"{{"external_id":"{user}","n":{n}}}"#);
    let (one, first, second) = (object("u", 0), object("v", 0), object("v", 1));
    let url = |path: &str| format!("https://rest.fra-01.braze.eu/users/{path}");
    let (identified, tracked, deleted) = (url("identify"), url("track"), url("delete"));
    let bodies = [
        format!(r#"{{"aliases_to_identify":[{user}],"merge_behavior":"merge"}}"#),
        format!(r#"{{"attributes":[{one}],"events":[{one}]}}"#),
        format!(r#"{{"purchases":[{first},{second}]}}"#),
        format!(r#"{{"external_ids":[{user}]}}"#),
        format!(r#"{{"events":[{one}]}}"#),
    ];
    let places = [&[0, 2][..], &[0, 1, 2], &[4], &[5], &[6]];
    let urls = [&identified, &tracked, &tracked, &deleted, &tracked];
    let requests = urls.into_iter().zip(places).zip(&bodies);
    let wanted: Vec<_> = requests
        .map(|((url, places), body)| ("POST", url.as_str(), places, body.as_str()))
        .collect();
    assert_eq!(packing.shown(), wanted);
    assert_eq!(
        packing.not_sent,
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
    let shown = packing.shown().into_iter();
    let targets: Vec<_> = shown.map(|(method, url, ..)| (method, url)).collect();
    let url = "https://rest.iad-01.braze.com/catalogs/c/items";
    assert_eq!(targets, [("PUT", url), ("DELETE", url)]);
}
