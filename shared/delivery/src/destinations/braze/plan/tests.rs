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

fn packs(events: Vec<Vec<BrazeCall>>, room: Room) -> Vec<Batch> {
    let all = events
        .into_iter()
        .enumerate()
        .flat_map(|(job, asked)| calls(job, asked, |_| true))
        .collect();
    pack(all, true, room)
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
    let requests = packs(tracks(&[("a", 1, 1, 1), ("b", 1, 1, 1)]), ROOM);
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
    let requests = packs(events, ROOM);
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
    let requests = packs(events, ROOM);
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
    let events = vec![
        vec![track("u", 0, 1, 0)],
        vec![delete("u")],
        vec![track("u", 0, 1, 0)],
        vec![track("v", 0, 1, 0)],
        vec![identify("v")],
    ];
    let wanted = [
        request("/users/track", &[0, 3]),
        request("/users/delete", &[1]),
        request("/users/identify", &[4]),
        request("/users/track", &[2]),
    ];
    assert_eq!(shape(&packs(events, ROOM)), wanted);
}

#[test]
fn equal_attributes_go_once_unless_another_call_lies_between() {
    event::rules!["SB-524"];
    let with = |json: &str| BrazeCall {
        endpoint: BrazeEndpoint::Track,
        items: vec![item(BrazeArray::Attributes, "u", json)],
    };
    let count = |events| -> usize {
        packs(events, ROOM)
            .iter()
            .map(|batch| batch.items().count())
            .sum()
    };
    let (one, same, other) = (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, r#"{"a":1,"b":3}"#);
    for (events, items) in [
        (vec![vec![with(one)], vec![with(same)]], 1),
        (vec![vec![with(one)], vec![with(other)], vec![with(one)]], 3),
        (
            vec![vec![with(one)], vec![track("u", 0, 1, 0)], vec![with(same)]],
            2,
        ),
        (vec![vec![with(one)], vec![delete("u")], vec![with(same)]], 3),
        (vec![vec![with(one)], vec![delete("v")], vec![with(same)]], 2),
    ] {
        assert_eq!(count(events), items);
    }
    let operator = || {
        let mut call = with(r#"{"n":{"inc":1}}"#);
        call.items.iter_mut().for_each(|item| item.operators = true);
        call
    };
    assert_eq!(count(vec![vec![operator()], vec![operator()]]), 2);
    let all = vec![vec![with(one)], vec![with(same)]]
        .into_iter()
        .enumerate()
        .flat_map(|(job, asked)| calls(job, asked, |_| true))
        .collect();
    assert_eq!(pack(all, false, ROOM)[0].items().count(), 2);
}

#[test]
fn equal_identity_entries_and_deletes_go_once() {
    event::rules!["SB-525", "SB-528"];
    let requests = packs(
        vec![vec![identify("u")], vec![identify("u")], vec![identify("v")]],
        ROOM,
    );
    assert_eq!(shape(&requests), [request("/users/identify", &[0, 2])]);
    let owners: Vec<usize> = requests[0].calls[0].items[0]
        .owners
        .iter()
        .map(|owner| owner.job)
        .collect();
    assert_eq!(owners, [0, 1]);
    let between = packs(
        vec![vec![identify("u")], vec![delete("u")], vec![identify("u")]],
        ROOM,
    );
    assert_eq!(between.len(), 3);
    assert_eq!(packs(vec![vec![delete("u")], vec![delete("u")]], ROOM).len(), 1);
}

#[test]
fn a_delete_after_the_user_was_written_again_is_not_left_out() {
    event::rules!["SB-525"];
    let requests = packs(
        vec![vec![delete("u")], vec![track("u", 0, 1, 0)], vec![delete("u")]],
        ROOM,
    );
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
    let requests = packs(
        [("x", "u"), ("y", "u"), ("x", "v"), ("x", "u")]
            .map(|(id, user)| vec![campaign(id, user)])
            .into(),
        ROOM,
    );
    assert_eq!(events(&requests), [vec![0, 2], vec![1], vec![3]]);

    let requests = packs(["i", "j", "i"].map(|id| vec![upsert_item(id)]).into(), ROOM);
    assert_eq!(events(&requests), [vec![0, 1], vec![2]]);

    let merges = (0..51).map(|n| vec![merge(&format!("u{n}"))]);
    let sizes: Vec<usize> = packs(merges.collect(), ROOM)
        .iter()
        .map(|r| r.items().count())
        .collect();
    assert_eq!(sizes, [50, 1]);
}

#[test]
fn one_kind_of_subscriber_a_request_and_each_id_once() {
    event::rules!["SB-512", "SB-526"];
    let entry = |kind, id| vec![subscription(kind, id, "g")];
    let events = vec![
        entry(SubscriberKind::ExternalIds, "u"),
        entry(SubscriberKind::Emails, "a@example.com"),
        entry(SubscriberKind::ExternalIds, "v"),
        entry(SubscriberKind::ExternalIds, "u"),
    ];
    let requests = packs(events, ROOM);
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
    let (j, i, k) = (
        || vec![upsert_item("j")],
        || vec![upsert_item("i")],
        || vec![upsert_item("k")],
    );
    let deleted = || vec![delete_item("i")];
    let requests = packs(vec![j(), deleted(), i(), k()], ROOM);
    assert_eq!(events(&requests), [vec![0], vec![1], vec![2, 3]]);
    let apart = packs(vec![j(), deleted(), k()], ROOM);
    assert_eq!(events(&apart), [vec![0, 2], vec![1]]);
}

#[test]
fn messages_to_one_recipient_keep_their_order() {
    event::rules!["SB-515"];
    let sent = [("welcome", "v"), ("tips", "u"), ("welcome", "u")];
    let requests = packs(sent.map(|(id, user)| vec![campaign(id, user)]).into(), ROOM);
    assert_eq!(events(&requests), [[0], [1], [2]]);
}
