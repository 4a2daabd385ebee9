//! Requirements on the entries of all other endpoints.

use super::*;

fn alias() -> Value {
    json!({"alias_name": "an-1", "alias_label": "anonymous"})
}

#[test]
fn aliases_to_make() {
    refuses(
        check_of("/users/alias/new", "user_aliases"),
        &json!({"external_id": "u-1", "alias_name": "crm-88", "alias_label": "crm"}),
        &[
            ("alias_name", Value::Null),
            ("alias_label", json!("")),
            ("alias_name", json!(88)),
            ("external_id", json!(7)),
            ("user_alias", alias()),
        ],
    );
}

#[test]
fn users_to_identify() {
    refuses(
        check_of("/users/identify", "aliases_to_identify"),
        &json!({"external_id": "u-1", "user_alias": alias()}),
        &[
            ("external_id", Value::Null),
            ("user_alias", Value::Null),
            ("user_alias", json!({"alias_name": 55, "alias_label": "pos"})),
            ("email", json!("ada@example.com")),
        ],
    );
    refuses(
        check_of("/users/identify", "emails_to_identify"),
        &json!({"external_id": "u-1", "email": "ada@example.com", "prioritization": ["unidentified"]}),
        &[
            ("external_id", Value::Null),
            ("email", json!("ada")),
            ("prioritization", Value::Null),
            ("prioritization", json!([])),
            ("prioritization", json!(["first"])),
        ],
    );
    let body = |behavior: &str| json!({"aliases_to_identify": [{"external_id": "u-1", "user_alias": alias()}], "merge_behavior": behavior});
    assert_eq!(
        answer(&post("/users/identify", &body("merge")))["aliases_processed"],
        1
    );
    assert_eq!(post("/users/identify", &body("both")).status, 400);
}

#[test]
fn profiles_to_merge() {
    let check = check_of("/users/merge", "merge_updates");
    let base =
        json!({"identifier_to_merge": {"user_alias": alias()}, "identifier_to_keep": {"external_id": "u-1"}});
    refuses(
        check,
        &base,
        &[
            ("identifier_to_keep", Value::Null),
            ("identifier_to_merge", json!({})),
            (
                "identifier_to_merge",
                json!({"external_id": "a", "user_alias": alias()}),
            ),
            ("identifier_to_merge", json!({"email": "ada@example.com"})),
            ("merge_behavior", json!("merge")),
        ],
    );
    assert_eq!(
        post("/users/merge", &json!({"merge_updates": [base]})).status,
        202
    );
}

#[test]
fn users_to_delete() {
    for wrong in [
        json!({"external_ids": ["u-1"], "braze_ids": ["b-1"]}),
        json!({"external_ids": [7]}),
        json!({"user_aliases": [{"alias_name": "a"}]}),
        json!({"emails": ["ada@example.com"]}),
    ] {
        assert_eq!(post("/users/delete", &wrong).status, 400, "{wrong}");
    }
    assert_eq!(
        post("/users/delete", &json!({"user_aliases": [alias()]})).status,
        201
    );
}

#[test]
fn subscription_states() {
    refuses(
        check_of("/v2/subscription/status/set", "subscription_groups"),
        &json!({"subscription_group_id": "sg", "subscription_state": "subscribed", "phones": ["+4930123456"]}),
        &[
            ("subscription_group_id", Value::Null),
            ("subscription_state", json!("paused")),
            ("phones", Value::Null),
            ("phones", json!([])),
            ("phones", json!(["030123456"])),
            ("phones", json!("+4930123456")),
            ("emails", json!(["ada@example.com"])),
            ("use_double_opt_in_logic", json!("true")),
            ("external_id", json!("u-1")),
        ],
    );
}

#[test]
fn recipients() {
    let base = json!({"external_user_id": "u-1", "trigger_properties": {"receipt": "r-9"}, "send_to_existing_only": true});
    refuses(
        check_of("/campaigns/trigger/send", "recipients"),
        &base,
        &[
            ("external_user_id", Value::Null),
            ("external_id", json!("u-1")),
            ("email", json!("ada@example.com")),
            ("trigger_properties", json!([])),
            ("trigger_properties", json!({"text": "x".repeat(51_200)})),
            ("canvas_entry_properties", json!({})),
            ("send_to_existing_only", json!("true")),
            ("send_to_existing_only", json!(false)),
        ],
    );
    let check = check_of("/canvas/trigger/send", "recipients");
    for wrong in [
        json!({"user_alias": alias(), "send_to_existing_only": true}),
        json!({"email": "ada@example.com"}),
        json!({"external_user_id": "u-1", "trigger_properties": {}}),
    ] {
        assert!(check(&wrong).is_err(), "{wrong}");
    }
    for good in [
        json!({"user_alias": alias(), "context": {"a": 1}}),
        json!({"email": "ada@example.com", "prioritization": ["identified", "most_recently_updated"]}),
        json!({"external_user_id": "u-1", "send_to_existing_only": false, "attributes": {}}),
    ] {
        assert_eq!(check(&good), Ok(Vec::new()), "{good}");
    }
}

#[test]
fn campaigns_and_canvases() {
    let recipients = json!([{"external_user_id": "u-1"}]);
    let campaign = json!({"campaign_id": "c", "recipients": recipients});
    let canvas = json!({"canvas_id": "c", "recipients": recipients});
    assert!(answer(&post("/campaigns/trigger/send", &campaign))["dispatch_id"].is_string());
    assert_eq!(post("/canvas/trigger/send", &canvas).status, 201);
    for (path, body) in [
        ("/campaigns/trigger/send", &canvas),
        ("/canvas/trigger/send", &campaign),
        (
            "/campaigns/trigger/send",
            &with(&campaign, "recipients", &Value::Null),
        ),
        (
            "/campaigns/trigger/send",
            &with(&campaign, "broadcast", &json!(true)),
        ),
        (
            "/campaigns/trigger/send",
            &with(&campaign, "recipients", &json!([recipients[0], recipients[0]])),
        ),
    ] {
        assert_eq!(post(path, body).status, 400, "{path} {body}");
    }
}

#[test]
fn catalog_items() {
    let status = |method, body: Value| ask(method, "/catalogs/products/items", KEY, &body.to_string()).status;
    assert_eq!(
        status("PUT", json!({"items": [{"id": "p-50", "name": "Sofa"}]})),
        202
    );
    assert_eq!(status("DELETE", json!({"items": [{"id": "p-50"}]})), 202);
    assert_eq!(
        status("DELETE", json!({"items": [{"id": "p-50", "name": "Sofa"}]})),
        400
    );
    for wrong in [
        json!([{"name": "Sofa"}]),
        json!([{"id": "p 50"}]),
        json!([{"id": 50}]),
        json!([{"id": "p"}, {"id": "p"}]),
        json!([{"id": "p", "$x": 1}]),
    ] {
        assert_eq!(status("PUT", json!({"items": wrong})), 400, "{wrong}");
    }
}
