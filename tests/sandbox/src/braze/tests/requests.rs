//! Requirements on a request as a whole, and the answer.

use super::*;

fn event(name: &str) -> Value {
    json!({"external_id": "u-1", "name": name, "time": "2026-02-03T10:00:00.000Z"})
}

#[test]
fn good_items_are_counted_and_bad_ones_named_by_index() {
    let bad = json!({"name": "Ping"});
    let judged = post(
        "/users/track",
        &json!({"attributes": [{"external_id": "u-1", "plan": "gold"}], "events": [event("a"), bad, event("b")]}),
    );
    assert_eq!(judged.status, 201);
    let answer = answer(&judged);
    assert_eq!(answer["message"], "success");
    assert_eq!(
        (&answer["attributes_processed"], &answer["events_processed"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&answer["errors"][0]["input_array"], &answer["errors"][0]["index"]),
        (&json!("events"), &json!(1))
    );
    assert_eq!(
        judged
            .items
            .iter()
            .filter(|item| item.result == ItemResult::Accepted)
            .count(),
        3
    );
}

#[test]
fn nothing_but_bad_items_is_a_400() {
    let judged = post("/users/track", &json!({"events": [{"name": "Ping"}]}));
    assert_eq!(judged.status, 400);
    assert!(answer(&judged)["message"].is_string());
    assert!(matches!(judged.items[0].result, ItemResult::Refused { .. }));
}

#[test]
fn numbers_keep_their_digits_in_the_record() {
    let text = r#"{"external_id":"u-1","seats":9007199254740993,"rate":1.50}"#;
    let judged = ask(
        "POST",
        "/users/track",
        KEY,
        &format!(r#"{{"attributes":[{text}]}}"#),
    );
    assert_eq!(judged.items[0].json, text);
}

#[test]
fn keys_paths_methods_sizes_and_bodies_are_checked() {
    let body = json!({"events": [event("a")]}).to_string();
    let status = |method, path, key, body: &str| ask(method, path, key, body).status;
    assert_eq!(status("POST", "/users/track", KEY, &body), 201);
    assert_eq!(status("POST", "/users/track", "other", &body), 401);
    assert_eq!(status("GET", "/users/track", KEY, &body), 404);
    assert_eq!(status("POST", "/users/tracks", KEY, &body), 404);
    assert_eq!(
        status("PUT", "/catalogs/a.b/items", KEY, r#"{"items":[{"id":"1"}]}"#),
        404
    );
    assert_eq!(status("POST", "/users/track", KEY, &" ".repeat(4_000_001)), 413);
    for wrong in [
        "{",
        "[]",
        "{}",
        r#"{"events":{}}"#,
        r#"{"events":[]}"#,
        r#"{"events":[],"x":1}"#,
    ] {
        assert_eq!(status("POST", "/users/track", KEY, wrong), 400, "{wrong}");
    }
    let empty_key = judge(
        &VendorRequest {
            method: "POST",
            path: "/users/track",
            headers: &HeaderMap::new(),
            body: &body,
            item_fault: None,
        },
        "",
        75,
    );
    assert_eq!(empty_key.status, 401);
}

#[test]
fn the_three_arrays_hold_75_objects_together() {
    let attributes = |count: usize| vec![json!({"external_id": "u-1"}); count];
    let body = |count| json!({"attributes": attributes(count), "events": vec![event("a"); 40]});
    assert_eq!(post("/users/track", &body(35)).status, 201);
    let over = post("/users/track", &body(36));
    assert_eq!(over.status, 400);
    assert!(over.body.contains("Max Input Length Exceeded"));
}

#[test]
fn all_other_requests_hold_50_entries() {
    let alias = |name: usize| json!({"alias_name": name.to_string(), "alias_label": "crm"});
    let aliases = |count| json!({"user_aliases": (0..count).map(alias).collect::<Vec<_>>()});
    let entries = |count: usize| -> Vec<_> { (0..count).map(|n| n.to_string()).collect() };
    let group = |count| json!({"subscription_groups": [{"subscription_group_id": "sg", "subscription_state": "subscribed", "external_ids": entries(count)}]});
    let recipients = |count| {
        let recipients: Vec<_> = entries(count)
            .into_iter()
            .map(|id| json!({"external_user_id": id}))
            .collect();
        json!({"campaign_id": "c", "recipients": recipients})
    };
    type Body<'a> = &'a dyn Fn(usize) -> Value;
    let requests: [(&str, Body<'_>); 4] = [
        ("/users/alias/new", &aliases),
        ("/users/delete", &|count| json!({"external_ids": entries(count)})),
        ("/v2/subscription/status/set", &group),
        ("/campaigns/trigger/send", &recipients),
    ];
    for (path, body) in requests {
        assert!(post(path, &body(50)).status < 300, "{path}");
        assert_eq!(post(path, &body(51)).status, 400, "{path}");
    }
}

#[test]
fn an_object_over_the_limit_is_refused_alone() {
    let large = json!({"external_id": "u-1", "text": "x".repeat(103_000)});
    let judged = post(
        "/users/track",
        &json!({"attributes": [large, {"external_id": "u-2"}]}),
    );
    assert_eq!(
        (judged.status, answer(&judged)["errors"][0]["index"].clone()),
        (201, json!(0))
    );
}

#[test]
fn where_one_bad_entry_refuses_all_none_is_taken() {
    let judged = post("/users/delete", &json!({"external_ids": ["u-1", ""]}));
    assert_eq!(judged.status, 400);
    assert!(
        judged
            .items
            .iter()
            .all(|item| item.result != ItemResult::Accepted)
    );
    assert_eq!(
        answer(&post("/users/delete", &json!({"external_ids": ["u-1"]})))["deleted"],
        1
    );
}
