//! What every call must be like.

use crate::printed::{Line, below};
use event::json::{Json, Object, compact_size};
use event::settings::Settings;

/// The endpoints in the order in which the calls of one event come, with whether there may be several.
const RANKS: [(&str, bool); 10] = [
    ("POST /users/alias/new", false),
    ("POST /users/identify", false),
    ("POST /users/merge", false),
    ("POST /users/track", false),
    ("POST /v2/subscription/status/set", false),
    ("POST /campaigns/trigger/send", true),
    ("POST /canvas/trigger/send", true),
    ("PUT /catalogs/", true),
    ("DELETE /catalogs/", true),
    ("POST /users/delete", false),
];

const IDENTIFIERS: [&str; 5] = ["external_id", "braze_id", "user_alias", "email", "phone"];
const RECIPIENTS: [&str; 5] = ["external_user_id", "braze_id", "user_alias", "email", "phone"];

/// The rank of an endpoint; the two of catalogs share one.
fn rank(endpoint: &str) -> usize {
    let rank = RANKS.iter().position(|(prefix, _)| endpoint.starts_with(prefix));
    match rank.unwrap_or_else(|| panic!("{endpoint} is no endpoint")) {
        8 => 7,
        rank => rank,
    }
}

/// The calls as endpoint and body.
pub fn calls(line: &Line) -> Vec<(String, Json<'_>)> {
    let calls = below(line.json(), &["calls"]).and_then(Json::as_array);
    let calls = calls.unwrap_or_else(|| panic!("no calls: {}", line.text()));
    let call = |call| {
        let endpoint = below(call, &["endpoint"]).and_then(Json::as_str).unwrap();
        (endpoint.into_owned(), below(call, &["body"]).unwrap())
    };
    calls.into_iter().map(call).collect()
}

/// The objects of an array of a body.
pub fn objects<'a>(body: Json<'a>, array: &str) -> Vec<Object<'a>> {
    let elements = below(body, &[array]).and_then(Json::as_array).unwrap_or_default();
    elements.into_iter().filter_map(Json::as_object).collect()
}

/// Checks the calls of an event that is sent.
pub fn check(line: &Line, settings: &Settings) {
    let calls = calls(line);
    assert!(!calls.is_empty(), "sent, but no call: {}", line.text());
    for pair in calls.windows(2) {
        let (one, next) = (rank(&pair[0].0), rank(&pair[1].0));
        assert!(one <= next, "{} before {}", pair[0].0, pair[1].0);
        assert!(one < next || RANKS[one].1, "{} twice", pair[0].0);
    }
    for (endpoint, body) in &calls {
        let members = body.as_object().unwrap();
        for (key, value) in members {
            let Some(items) = value.as_array() else { continue };
            assert!(!items.is_empty(), "{key} of {endpoint} is empty");
            for item in items {
                assert!(
                    compact_size(item.raw()) <= settings.braze.max_item_bytes,
                    "too large"
                );
            }
        }
        match endpoint.as_str() {
            "POST /users/track" => check_track(*body, settings),
            "POST /campaigns/trigger/send" | "POST /canvas/trigger/send" => {
                for recipient in objects(*body, "recipients") {
                    assert_eq!(identifiers(&recipient, &RECIPIENTS), 1, "{}", body.raw());
                }
            }
            _ => {}
        }
    }
}

fn identifiers(object: &Object<'_>, of: &[&str]) -> usize {
    of.iter().filter(|key| object.get(key).is_some()).count()
}

fn check_track(body: Json<'_>, settings: &Settings) {
    for (key, _) in body.as_object().unwrap() {
        assert!(
            matches!(&*key, "attributes" | "events" | "purchases"),
            "{key} in a track body"
        );
    }
    for array in ["events", "purchases"] {
        for object in objects(body, array) {
            assert_eq!(identifiers(&object, &IDENTIFIERS), 1, "{}", body.raw());
            check_existing(&object, settings);
            check_happening(&object, array == "purchases");
        }
    }
    for object in objects(body, "attributes") {
        // An address or a number is an attribute too.
        let ids = identifiers(&object, &IDENTIFIERS[..3]);
        let contacts = identifiers(&object, &IDENTIFIERS[3..]);
        assert!(ids == 1 || (ids == 0 && contacts >= 1), "{}", body.raw());
        check_existing(&object, settings);
    }
}

/// `_update_existing_only` stands where it must, and nowhere else.
fn check_existing(object: &Object<'_>, settings: &Settings) {
    let wanted = if settings.segment_to_braze.update_existing_only {
        Some("true")
    } else {
        object.get("user_alias").map(|_| "false")
    };
    assert_eq!(object.get("_update_existing_only").map(Json::raw), wanted);
}

fn check_happening(object: &Object<'_>, is_purchase: bool) {
    let text = |key: &str| {
        object
            .get(key)
            .and_then(Json::as_str)
            .unwrap_or_else(|| panic!("no {key}"))
    };
    assert_eq!(text("time").len(), "2026-02-03T10:00:00.000Z".len());
    let name = text(if is_purchase { "product_id" } else { "name" });
    assert!(!name.trim().is_empty() && name.chars().count() <= 255);
    if is_purchase {
        let quantity: u32 = object.get("quantity").unwrap().raw().parse().unwrap();
        assert!((1..=100).contains(&quantity));
        assert!(object.get("price").unwrap().as_number().is_some());
        assert_eq!(text("currency").len(), 3);
    }
    let Some(properties) = object.get("properties") else {
        return;
    };
    let members = properties.as_object().unwrap();
    assert!(!members.is_empty(), "empty properties");
    if is_purchase || !name.starts_with("ecommerce.") {
        assert!(members.len() <= 256);
        for (key, _) in members {
            assert!(
                !matches!(&*key, "time" | "event_name") && !key.starts_with('$'),
                "{key}"
            );
        }
    }
    assert!(!is_purchase || compact_size(properties.raw()) <= 51_200);
}
