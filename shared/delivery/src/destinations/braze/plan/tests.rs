use super::*;
use crate::destinations::braze::sample_calls::{
    campaign, delete, delete_item, identify, item, merge, subscription, track, upsert_item,
};
use event::calls::{BrazeArray, BrazeEndpoint, SubscriberKind, write_braze_body};

mod properties;
mod shown;

const ROOM: Room = Room {
    max_objects: 75,
    max_body_bytes: 4_000_000,
};

/// The body of a request.
fn body(batch: &Batch) -> String {
    write_braze_body(&batch.target, batch.items().map(|item| &item.item))
}

/// Packs the calls of events, with equal attributes once or not.
fn packs_with(dedupe: bool, events: Vec<Vec<BrazeCall>>) -> Vec<Batch> {
    let events = events.into_iter().enumerate();
    let all = events.flat_map(|(job, asked)| calls(job, asked, |_| true));
    pack(all.collect(), dedupe, ROOM)
}

fn packs(events: Vec<Vec<BrazeCall>>) -> Vec<Batch> {
    packs_with(true, events)
}

/// Packs events of one call each.
fn packs_each<const N: usize>(calls: [BrazeCall; N]) -> Vec<Batch> {
    packs(calls.map(|call| vec![call]).into())
}

/// Events of one call to `/users/track` each: user, attributes, events, purchases.
fn tracks(of: &[(&str, usize, usize, usize)]) -> Vec<Vec<BrazeCall>> {
    let call = |(user, attributes, events, purchases): &(&str, usize, usize, usize)| {
        vec![track(user, *attributes, *events, *purchases)]
    };
    of.iter().map(call).collect()
}

/// The requests in words: path, and the events with items of their own in it.
fn shape(requests: &[Batch]) -> Vec<(String, Vec<usize>)> {
    let of = |request: &Batch| {
        let events = request.calls.iter().map(|call| call.job).collect();
        (request.target.target().1, events)
    };
    requests.iter().map(of).collect()
}

fn request(path: &str, events: &[usize]) -> (String, Vec<usize>) {
    (path.to_owned(), events.to_vec())
}

#[test]
fn calls_of_many_events_share_requests_in_their_order() {
    event::rules!["SB-510", "SB-511", "SB-514"];
    let requests = packs(tracks(&[("a", 1, 1, 1), ("b", 1, 1, 1)]));
    assert_eq!(shape(&requests), [request("/users/track", &[0, 1])]);
    let body: serde_json::Value = serde_json::from_str(&body(&requests[0])).unwrap();
    for array in ["attributes", "events", "purchases"] {
        assert_eq!(body[array][0]["external_id"], "a");
        assert_eq!(body[array][1]["external_id"], "b");
    }
}

#[test]
fn a_request_that_an_event_does_not_fit_into_is_closed() {
    event::rules!["SB-512", "SB-518"];
    let events = tracks(&[("a", 0, 50, 0), ("b", 0, 30, 0), ("c", 0, 20, 0), ("d", 0, 26, 0)]);
    let requests = packs(events);
    let wanted = [
        request("/users/track", &[0]),
        request("/users/track", &[1, 2]),
        request("/users/track", &[3]),
    ];
    assert_eq!(shape(&requests), wanted);
}

#[test]
fn a_large_event_starts_a_request_and_fills_all_it_needs() {
    event::rules!["SB-513"];
    let events = tracks(&[("a", 0, 1, 0), ("b", 1, 1, 150), ("c", 0, 1, 0)]);
    let requests = packs(events);
    let sizes: Vec<usize> = requests.iter().map(|request| request.items().count()).collect();
    assert_eq!(sizes, [1, 75, 75, 3]);
    assert_eq!(
        requests[1].items().next().unwrap().item.array,
        BrazeArray::Attributes
    );
}

#[test]
fn a_users_calls_keep_their_order_across_endpoints() {
    event::rules!["SB-515"];
    let (u, v) = (|| track("u", 0, 1, 0), track("v", 0, 1, 0));
    let requests = packs_each([u(), delete("u"), u(), v, identify("v")]);
    let wanted = [
        request("/users/track", &[0, 3]),
        request("/users/delete", &[1]),
        request("/users/identify", &[4]),
        request("/users/track", &[2]),
    ];
    assert_eq!(shape(&requests), wanted);
}

#[test]
fn equal_attributes_go_once_unless_another_call_lies_between() {
    event::rules!["SB-524"];
    let with = |json: &str| BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: vec![item(BrazeArray::Attributes, "u", json)],
    };
    let sum = |batches: Vec<Batch>| -> usize { batches.iter().map(|batch| batch.items().count()).sum() };
    let count = |calls: Vec<BrazeCall>| sum(packs(calls.into_iter().map(|call| vec![call]).collect()));
    let (one, same, other) = (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, r#"{"a":1,"b":3}"#);
    for (events, items) in [
        (vec![with(one), with(same)], 1),
        (vec![with(one), with(other), with(one)], 3),
        (vec![with(one), track("u", 0, 1, 0), with(same)], 2),
        (vec![with(one), delete("u"), with(same)], 3),
        (vec![with(one), delete("v"), with(same)], 2),
    ] {
        assert_eq!(count(events), items);
    }
    let operator = || {
        let mut call = with(r#"{"n":{"inc":1}}"#);
        call.items.iter_mut().for_each(|item| item.operators = true);
        call
    };
    assert_eq!(count(vec![operator(), operator()]), 2);
    assert_eq!(sum(packs_with(false, vec![vec![with(one)], vec![with(same)]])), 2);
}

#[test]
fn equal_identity_entries_and_deletes_go_once() {
    event::rules!["SB-525", "SB-528"];
    let requests = packs_each(["u", "u", "v"].map(identify));
    assert_eq!(shape(&requests), [request("/users/identify", &[0, 2])]);
    let owners = requests[0].calls[0].items[0].owners.iter();
    assert_eq!(owners.map(|owner| owner.job).collect::<Vec<_>>(), [0, 1]);
    let between = packs_each([identify("u"), delete("u"), identify("u")]);
    assert_eq!(between.len(), 3);
    assert_eq!(packs_each(["u", "u"].map(delete)).len(), 1);
}

#[test]
fn a_delete_after_the_user_was_written_again_is_not_left_out() {
    event::rules!["SB-525"];
    let requests = packs_each([delete("u"), track("u", 0, 1, 0), delete("u")]);
    let wanted = [
        request("/users/delete", &[0]),
        request("/users/track", &[1]),
        request("/users/delete", &[2]),
    ];
    assert_eq!(shape(&requests), wanted);
}

#[test]
fn what_a_request_may_hold_only_one_of() {
    event::rules!["SB-512", "SB-425"];
    let sent = [("x", "u"), ("y", "u"), ("x", "v"), ("x", "u")];
    let requests = packs_each(sent.map(|(id, user)| campaign(id, user)));
    assert_eq!(events(&requests), [vec![0, 2], vec![1], vec![3]]);

    let requests = packs_each(["i", "j", "i"].map(upsert_item));
    assert_eq!(events(&requests), [vec![0, 1], vec![2]]);

    let merges = (0..51).map(|n| vec![merge(&format!("u{n}"))]);
    let requests = packs(merges.collect());
    assert_eq!([0, 1].map(|n| requests[n].items().count()), [50, 1]);
}

#[test]
fn one_kind_of_subscriber_a_request_and_each_id_once() {
    event::rules!["SB-512", "SB-526"];
    let of = |id| subscription(SubscriberKind::ExternalIds, id, "g");
    let mail = subscription(SubscriberKind::Emails, "a@example.com", "g");
    let requests = packs_each([of("u"), mail, of("v"), of("u")]);
    assert_eq!(requests.len(), 2);
    assert_eq!(
        body(&requests[0]),
        r#"{"subscription_groups":[{"subscription_group_id":"g","external_ids":["u","v"]}]}"#
    );
}

/// The events of each request.
fn events(requests: &[Batch]) -> Vec<Vec<usize>> {
    shape(requests).into_iter().map(|(_, events)| events).collect()
}

#[test]
fn an_item_that_was_deleted_and_written_again_is_written_last() {
    event::rules!["SB-515", "SB-425"];
    let requests = packs_each([
        upsert_item("j"),
        delete_item("i"),
        upsert_item("i"),
        upsert_item("k"),
    ]);
    assert_eq!(events(&requests), [vec![0], vec![1], vec![2, 3]]);
    let apart = packs_each([upsert_item("j"), delete_item("i"), upsert_item("k")]);
    assert_eq!(events(&apart), [vec![0, 2], vec![1]]);
}

#[test]
fn messages_to_one_recipient_keep_their_order() {
    event::rules!["SB-515"];
    let sent = [("welcome", "v"), ("tips", "u"), ("welcome", "u")];
    let requests = packs_each(sent.map(|(id, user)| campaign(id, user)));
    assert_eq!(events(&requests), [[0], [1], [2]]);
}
