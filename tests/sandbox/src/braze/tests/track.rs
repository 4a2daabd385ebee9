//! Requirements on attributes, events and purchases.

use super::*;
use crate::braze::{attributes, ecommerce};

fn alias() -> Value {
    json!({"alias_name": "an-1", "alias_label": "anonymous"})
}

/// One identifier more, none, and each in a wrong form.
fn wrong_identifiers() -> Vec<(&'static str, Value)> {
    vec![
        ("external_id", Value::Null),
        ("external_id", json!("")),
        ("external_id", json!(7)),
        ("braze_id", json!("b-1")),
        ("user_alias", alias()),
    ]
}

#[test]
fn an_attributes_object_names_one_user() {
    let base = json!({"external_id": "u-1", "email": "ada@example.com"});
    let mut wrong = wrong_identifiers();
    wrong.remove(0); // the e-mail address is then the identifier
    refuses(attributes::check, &base, &wrong);
    for lone in [
        json!({"plan": "gold"}),
        json!({"phone": "020"}),
        json!({"user_alias": {"alias_name": "a"}}),
    ] {
        assert!(attributes::check(&lone).is_err(), "{lone}");
    }
    for good in [
        json!({"email": "ada@example.com", "phone": "020"}),
        json!({"phone": "+442079460018"}),
        json!({"user_alias": alias(), "_update_existing_only": false}),
    ] {
        assert_eq!(attributes::check(&good), Ok(Vec::new()), "{good}");
    }
}

#[test]
fn standard_fields_have_their_forms() {
    let base = json!({"external_id": "u-1"});
    refuses(
        attributes::check,
        &base,
        &[
            ("gender", json!("Female")),
            ("dob", json!("1991-07-04T00:00:00Z")),
            ("language", json!("en-GB")),
            ("email", json!("not an address")),
            ("phone", json!(442079460018_u64)),
            ("first_name", json!(7)),
            ("image_url", json!("m.png")),
            ("email_subscribe", json!("maybe")),
            ("push_subscribe", json!(true)),
            ("current_location", json!({"latitude": 91, "longitude": 0})),
            ("current_location", json!({"latitude": "1", "longitude": 0})),
            ("date_of_first_session", json!("yesterday")),
            ("email_open_tracking_disabled", json!("true")),
            ("_update_existing_only", json!("false")),
            ("_merge_objects", json!(1)),
            ("twitter", json!("@ada")),
            ("subscription_groups", json!({})),
            ("subscription_groups", json!([{"subscription_group_id": "sg"}])),
            (
                "subscription_groups",
                json!([{"subscription_group_id": "sg", "subscription_state": "Subscribed"}]),
            ),
            (
                "subscription_groups",
                json!([{"subscription_group_id": "sg", "subscription_state": "subscribed", "subscription_group_state": "subscribed"}]),
            ),
            ("push_tokens", json!([{"token": "t"}])),
            ("push_tokens", json!([{"app_id": "a"}])),
        ],
    );
    takes(
        attributes::check,
        &base,
        &[
            ("gender", json!("F")),
            ("dob", json!("1991-07-04")),
            ("country", json!("NG")),
            ("language", json!("en")),
            ("email_subscribe", json!("opted_in")),
            ("current_location", json!({"latitude": -33.9, "longitude": 151.2})),
            ("push_tokens", json!([{"app_id": "a", "token": "t"}])),
        ],
    );
    assert_eq!(
        attributes::check(&json!({"external_id": "u-1", "gender": null, "last_name": null, "country": null})),
        Ok(Vec::new())
    );
    assert!(attributes::check(&json!({"external_id": "u-1", "email_subscribe": null})).is_err());
}

#[test]
fn an_unknown_country_and_a_nested_null_are_lost_without_a_word() {
    for (key, value) in [("country", json!("Atlantis")), ("pets", json!([{"kind": null}]))] {
        let losses = attributes::check(&with(&json!({"external_id": "u-1"}), key, &value)).unwrap();
        assert!(losses[0].contains(key), "{losses:?}");
    }
}

#[test]
fn custom_attributes_have_names_and_values_that_braze_stores() {
    let base = json!({"external_id": "u-1"});
    let long = "n".repeat(256);
    refuses(
        attributes::check,
        &base,
        &[
            ("$score", json!(3)),
            (" ", json!(3)),
            (long.as_str(), json!(3)),
            ("grid", json!([[1], [2]])),
            ("home", json!({"pop. size": 12})),
            ("home", json!({"a": {"$add": [1]}})),
            ("home", json!([{"b.c": 1}])),
            ("home", json!({"$identifier_key": "id"})),
            ("seen", json!({"$time": "2026-02-03T10:00:00Z", "other": 1})),
        ],
    );
    takes(
        attributes::check,
        &base,
        &[
            ("home.town", json!({"pop_size": 12})),
            ("pets", json!({"$add": [{"id": 4, "kind": "cat"}]})),
            (
                "pets",
                json!({"$update": [{"$identifier_key": "id", "$identifier_value": 4, "$new_object": {"kind": "cat"}}]}),
            ),
            ("seen", json!({"at": {"$time": "2026-02-03T10:00:00Z"}})),
            ("visits", json!({"inc": 2})),
            ("time", json!("11:00")),
        ],
    );
}

#[test]
fn events_name_one_user_a_name_and_a_time() {
    let base = json!({
        "external_id": "u-1", "app_id": "app", "name": "Quiz Started", "time": "2026-02-03T10:00:00.000Z",
        "properties": {"steps": [1, {"ok": true}], "note": null}, "_update_existing_only": false,
    });
    let check = check_of("/users/track", "events");
    let many: serde_json::Map<_, _> = (0..257).map(|n| (n.to_string(), json!(n))).collect();
    let mut wrong = wrong_identifiers();
    wrong.extend([
        ("email", json!("ada@example.com")),
        ("name", Value::Null),
        ("name", json!("")),
        ("name", json!("$start")),
        ("name", json!("n".repeat(256))),
        ("time", Value::Null),
        ("time", json!("2026-02-03")),
        ("time", json!(1_770_000_000)),
        ("app_id", json!("")),
        ("properties", json!([])),
        ("properties", json!({"time": "11:00"})),
        ("properties", json!({"event_name": "x"})),
        ("properties", json!({"$os": "iOS"})),
        ("properties", json!({" ": 1})),
        ("properties", Value::Object(many)),
        ("_update_existing_only", json!("false")),
    ]);
    refuses(check, &base, &wrong);
    let losses = check(&with(&base, "first_name", &json!("Ada"))).unwrap();
    assert!(losses[0].contains("first_name"));
}

#[test]
fn purchases_name_a_product_a_currency_a_price_and_a_quantity() {
    let base = json!({
        "external_id": "u-1", "product_id": "p-1", "currency": "EUR", "price": 12.5, "quantity": 100,
        "time": "2026-02-03T10:00:00.000Z", "properties": {"name": "Mug"},
    });
    let mut wrong = wrong_identifiers();
    wrong.extend([
        ("product_id", Value::Null),
        ("product_id", json!("p".repeat(256))),
        ("currency", Value::Null),
        ("currency", json!("eur")),
        ("currency", json!("XYZ")),
        ("price", Value::Null),
        ("price", json!("12.50")),
        ("quantity", json!(0)),
        ("quantity", json!(101)),
        ("quantity", json!(1.5)),
        ("quantity", json!("2")),
        ("time", Value::Null),
        ("properties", json!({"price": 1})),
        ("properties", json!({"quantity": 1})),
        ("properties", json!({"currency": "EUR"})),
        ("properties", json!({"product_id": "p"})),
        ("properties", json!({"text": "x".repeat(51_200)})),
    ]);
    let check = check_of("/users/track", "purchases");
    refuses(check, &base, &wrong);
    takes(
        check,
        &base,
        &[
            ("quantity", Value::Null),
            ("price", json!(-3)),
            ("quantity", json!(1)),
        ],
    );
}

fn order() -> Value {
    json!({
        "order_id": "o-1", "cart_id": "c-1", "total_value": 57.75, "currency": "USD", "source": "web", "tax": 3,
        "products": [{"product_id": "p", "product_name": "Lamp", "variant_id": "v", "quantity": 2, "price": 25, "metadata": {"sku": "s"}}],
        "metadata": {"coupon": "HI"},
    })
}

#[test]
fn ecommerce_events_hold_what_they_must_and_nothing_else() {
    fn placed(properties: &Value) -> Verdict {
        let event = json!({"external_id": "u", "name": "ecommerce.order_placed", "time": "2026-02-03T10:00:00Z", "properties": properties});
        check_of("/users/track", "events")(&event)
    }
    let product = |key: &str, value: Value| json!([with(&order()["products"][0], key, &value)]);
    refuses(
        placed,
        &order(),
        &[
            ("order_id", Value::Null),
            ("total_value", Value::Null),
            ("total_value", json!(-1)),
            ("total_value", json!("57.75")),
            ("currency", json!("usd")),
            ("source", Value::Null),
            ("products", Value::Null),
            ("products", json!([])),
            ("products", product("product_name", Value::Null)),
            ("order_id", json!("x".repeat(256))),
            ("products", product("product_name", json!("x".repeat(256)))),
            ("products", product("quantity", json!(-1))),
            ("products", product("quantity", json!(1.5))),
            ("products", product("price", json!(-1))),
            ("products", product("sku", json!("s"))),
            ("metadata", json!("x")),
            ("coupon", json!("HI")),
            ("checkout_id", json!("k")),
            ("discounts", json!([1])),
        ],
    );
    assert!(placed(&json!({})).is_err());
}

#[test]
fn each_ecommerce_event_has_a_complete_form() {
    let products = order()["products"].clone();
    let total = json!({"currency": "USD", "source": "web", "total_value": 1, "products": products});
    let join = |more: Value| {
        let mut joined = total.clone();
        joined
            .as_object_mut()
            .unwrap()
            .append(&mut more.as_object().unwrap().clone());
        joined
    };
    for (name, properties) in [
        (
            "ecommerce.product_viewed",
            json!({"currency": "USD", "source": "web", "product_id": "p", "product_name": "Lamp", "variant_id": "v", "price": 0, "type": ["price_drop"]}),
        ),
        (
            "ecommerce.cart_updated",
            join(json!({"cart_id": "c", "action": "add"})),
        ),
        ("ecommerce.checkout_started", join(json!({"checkout_id": "k"}))),
        ("ecommerce.order_placed", join(json!({"order_id": "o"}))),
        (
            "ecommerce.order_refunded",
            join(json!({"order_id": "o", "discounts": [{}]})),
        ),
        (
            "ecommerce.order_cancelled",
            join(json!({"order_id": "o", "cancel_reason": "r"})),
        ),
    ] {
        let kind = ecommerce::Kind::of(name).unwrap();
        let properties = properties.as_object().unwrap();
        assert_eq!(ecommerce::check(kind, properties), Ok(()), "{name}");
        for required in ["currency", "source"] {
            let mut less = properties.clone();
            less.remove(required);
            assert!(
                ecommerce::check(kind, &less).is_err(),
                "{name} without {required}"
            );
        }
    }
    assert!(ecommerce::Kind::of("Order Completed").is_none());
}
