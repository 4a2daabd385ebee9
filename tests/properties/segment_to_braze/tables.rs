//! Whole tables, not examples: every code, name, placeholder and form of a value.

use crate::printed::{Line, below, object};
use crate::settings::settings;
use event::Route;
use event::json::Json;
use event::settings::Settings;
use std::collections::BTreeSet;

const TERRITORIES: &str = include_str!("data/territories.tsv");
const PHONES: &str = include_str!("data/phones.tsv");

/// The codes of ISO 3166-1.
const ISO_CODES: usize = 249;

/// The cells of the rows of a table.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split('\t').collect())
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn map(event: &str, settings: &Settings) -> Line {
    Line::of(Route::SegmentToBraze, event, settings)
}

fn identify(traits: &str) -> String {
    format!(r#"{{"type":"identify","messageId":"m-1","userId":"u-1","traits":{traits}}}"#)
}

fn track(event: &str, properties: &str) -> String {
    let time = "2026-02-03T10:00:00Z";
    format!(
        r#"{{"type":"track","messageId":"m-1","userId":"u-1","timestamp":"{time}","event":"{event}","properties":{properties}}}"#
    )
}

/// The text of an attribute that a trait gives.
fn attribute(name: &str, json: &str, settings: &Settings) -> Option<String> {
    let line = map(&identify(&object(&[(name, json)])), settings);
    let value = below(line.body(), &["attributes", "0", name])?;
    Some(
        value
            .as_str()
            .map_or_else(|| value.raw().to_owned(), |text| text.into_owned()),
    )
}

#[test]
fn every_english_name_of_a_country_is_known() {
    event::rules!["SB-095"];
    let mut codes = BTreeSet::new();
    for row in rows(TERRITORIES) {
        let [code, name] = row[..] else { panic!("{row:?}") };
        codes.insert(code);
        for name in [
            name.to_owned(),
            name.to_uppercase(),
            name.replace('\'', "\u{2019}"),
        ] {
            let found = attribute("country", &quoted(&name), &Settings::default());
            assert_eq!(found.as_deref(), Some(code), "{name}");
        }
    }
    assert_eq!(codes.len(), ISO_CODES, "{codes:?}");
}

#[test]
fn every_example_number_becomes_its_e164() {
    event::rules!["SB-092"];
    let mut count = 0;
    for row in rows(PHONES) {
        let [region, code, e164, international, national] = row[..] else {
            panic!("{row:?}")
        };
        let own = settings(&format!("default_calling_code = \"{code}\""));
        let abroad = Settings::default();
        for (written, settings) in [
            (e164.to_owned(), &abroad),
            (international.to_owned(), &abroad),
            (international.replacen('+', "00", 1), &abroad),
            (format!("+{code} {national}"), &abroad),
            (format!("(+{code}) {national}"), &abroad),
            (national.to_owned(), &own),
        ] {
            let found = attribute("phone", &quoted(&written), settings);
            assert_eq!(found.as_deref(), Some(e164), "{region} {written}");
        }
        count += 1;
    }
    assert!(count > 400, "{count}");
}

#[test]
fn every_placeholder_is_nobody_wherever_an_id_stands() {
    event::rules!["SB-043", "SB-012", "SB-048", "FM-003"];
    let zeros = ["0", "00000000-0000-0000-0000-000000000000", "-", "--"];
    for word in event::placeholder::WORDS.iter().chain(&zeros) {
        for id in [word.to_string(), word.to_uppercase(), format!(" {word}\t")] {
            let id = quoted(&id);
            let aliases = settings("anonymous = \"alias\"\nalias = \"merge\"");
            let head = r#""type":"track","event":"E","timestamp":"2026-02-03T10:00:00Z""#;
            for (members, outcome) in [
                (format!(r#""userId":{id}"#), "park no_identity"),
                (format!(r#""anonymousId":{id}"#), "park no_identity"),
                (
                    format!(r#""context":{{"externalId":{{"type":"brazeExternalId","id":{id}}}}}"#),
                    "park no_identity",
                ),
                (format!(r#""properties":{{"braze_id":{id}}}"#), "park no_identity"),
                (format!(r#""traits":{{"braze_id":{id}}}"#), "park no_identity"),
                (
                    format!(r#""context":{{"traits":{{"braze_id":{id}}}}}"#),
                    "park no_identity",
                ),
                (
                    format!(r#""integrations":{{"Braze":{{"braze_id":{id}}}}}"#),
                    "park no_identity",
                ),
                (
                    format!(r#""context":{{"integrations":{{"Appboy":{{"braze_id":{id}}}}}}}"#),
                    "park no_identity",
                ),
                (
                    format!(
                        r#""integrations":{{"Braze":{{"alias":{{"alias_name":{id},"alias_label":"l"}}}}}}"#
                    ),
                    "park no_identity",
                ),
                (
                    format!(r#""context":{{"externalIds":[{{"type":"brazeExternalId","id":{id}}}]}}"#),
                    "park no_identity",
                ),
                (
                    format!(r#""properties":{{"user_alias":{{"alias_name":{id},"alias_label":"l"}}}}"#),
                    "park no_identity",
                ),
            ] {
                let line = map(&format!("{{{head},{members}}}"), &aliases);
                assert_eq!(line.outcome(), outcome, "{members}");
            }
            let alias = format!(r#"{{"type":"alias","userId":"u-1","previousId":{id}}}"#);
            assert_eq!(map(&alias, &aliases).outcome(), "park no_previous_id", "{id}");
            for name in ["Create Alias", "Identify User"] {
                let alias = format!(r#"{{"alias_name":{id},"alias_label":"l"}}"#);
                let line = map(&track(name, &alias), &aliases);
                let sent = below(line.body(), &["events", "0", "name"]).and_then(Json::as_str);
                assert_eq!(sent.as_deref(), Some(name), "{id}");
                assert!(line.warns("placeholder_user_id"), "{name} {id}");
            }
            let named = format!(r#"{{{head},"userId":"u-1","messageId":{id}}}"#);
            assert!(map(&named, &aliases).warns("id_derived"), "{id}");
            let passing = settings("reject_placeholder_ids = false");
            let line = map(&format!(r#"{{{head},"userId":{id}}}"#), &passing);
            assert_eq!(line.outcome(), "deliver", "{id}");
        }
    }
}

#[test]
fn every_currency_and_every_name_of_one_is_booked_as_itself() {
    event::rules!["SB-175", "SB-200"];
    let order = |currency: &str| {
        let product = format!(
            r#"{{"product_id":"p","price":5,"currency":{}}}"#,
            quoted(currency)
        );
        track(
            "Order Completed",
            &format!(r#"{{"order_id":"o","products":[{product}]}}"#),
        )
    };
    let both = settings("orders = \"both\"\ndefault_currency = \"XPF\"");
    for code in event::currency::codes() {
        for written in [code.to_string(), code.to_lowercase(), format!(" {code} ")] {
            let line = map(&order(&written), &both);
            for path in [
                ["purchases", "0", "currency"].as_slice(),
                &["events", "0", "properties", "currency"],
            ] {
                let found = below(line.body(), path).and_then(Json::as_str);
                assert_eq!(found.as_deref(), Some(*code), "{written}");
            }
        }
    }
    for unknown in ["GBX", "BTC", "points", "XXX", "978", "DEM", "$", "kr"] {
        let line = map(&order(unknown), &both);
        assert!(line.warns("invalid_currency"), "{unknown}");
        assert!(below(line.body(), &["purchases"]).is_none(), "{unknown}");
        let name = below(line.body(), &["events", "0", "name"]).and_then(Json::as_str);
        assert_eq!(name.as_deref(), Some("Order Completed"), "{unknown}");
    }
}

/// Forms of FM-001 with the number as it is sent, and what is none.
const NUMBERS: [(&str, &str); 15] = [
    ("5", "5"),
    ("5.50", "5.50"),
    ("\"5.50\"", "5.50"),
    ("\" +5 \"", "5"),
    ("\"5.\"", "5"),
    ("\".5\"", "0.5"),
    ("\"1e3\"", "1e3"),
    ("\"007\"", "7"),
    ("\"5E-1\"", "5e-1"),
    ("75e-1", "75e-1"),
    ("\" 7.5 \"", "7.5"),
    ("\"+7.5\"", "7.5"),
    ("\".99\"", "0.99"),
    ("\"1E+1\"", "1e+1"),
    ("\"25e-2\"", "25e-2"),
];
const NO_NUMBERS: [&str; 13] = [
    "\"12,50\"",
    "\"$5\"",
    "\"7 EUR\"",
    "\"0x10\"",
    "true",
    "[5]",
    "{\"n\":5}",
    "\"1e400\"",
    "\"NaN\"",
    "\"1,299.00\"",
    "\"1e1000\"",
    "\".\"",
    "\"Infinity\"",
];

#[test]
fn every_form_of_a_number_is_one_wherever_money_stands() {
    event::rules!["SB-174", "SB-183", "SB-188", "SB-202"];
    let instead = settings("revenue_purchases = \"instead\"");
    let ecommerce = settings("orders = \"ecommerce\"");
    let order = |price: &str, total: &str| {
        let product = format!(r#"{{"product_id":"p","price":{price}}}"#);
        track(
            "Order Completed",
            &format!(r#"{{"order_id":"o","total":{total},"products":[{product}]}}"#),
        )
    };
    let value = |line: &Line, path: &[&str]| below(line.body(), path).map(|json| json.raw().to_owned());
    for (given, sent) in NUMBERS {
        let line = map(&order(given, "1"), &Settings::default());
        assert_eq!(
            value(&line, &["purchases", "0", "price"]).as_deref(),
            Some(sent),
            "{given}"
        );
        let line = map(&track("Plan", &format!(r#"{{"revenue":{given}}}"#)), &instead);
        assert_eq!(
            value(&line, &["purchases", "0", "price"]).as_deref(),
            Some(sent),
            "{given}"
        );
        let line = map(&order("1", given), &ecommerce);
        let path = ["events", "0", "properties", "total_value"];
        assert_eq!(value(&line, &path).as_deref(), Some(sent), "{given}");
        let (total, product) = (
            sent.parse::<f64>().unwrap() * 2.0,
            format!(r#""quantity":{given}"#),
        );
        let line = map(&order_of_two(&product), &Settings::default());
        assert!(
            (spent(&line) - total).abs() < 1e-9,
            "{given}: {}",
            line.body().raw()
        );
        let location = format!(r#"{{"current_location":{{"latitude":{given},"longitude":1}}}}"#);
        let line = map(&identify(&location), &Settings::default());
        let is_far = sent == "1e3";
        assert_eq!(line.warns("invalid_value"), is_far, "{given}");
    }
    for given in NO_NUMBERS {
        let line = map(
            &order_of_two(&format!(r#""quantity":{given}"#)),
            &Settings::default(),
        );
        assert!(
            line.warns("invalid_value") && (spent(&line) - 2.0).abs() < 1e-9,
            "{given}"
        );
        let line = map(&order(given, "1"), &Settings::default());
        assert!(
            line.warns("product_skipped") && below(line.body(), &["purchases"]).is_none(),
            "{given}"
        );
        let line = map(&track("Plan", &format!(r#"{{"revenue":{given}}}"#)), &instead);
        assert!(
            line.warns("invalid_value") && below(line.body(), &["purchases"]).is_none(),
            "{given}"
        );
    }
}

/// An order of a product that costs 2, with this member.
fn order_of_two(member: &str) -> String {
    let product = format!(r#"{{"product_id":"p","price":2,{member}}}"#);
    track("Order Completed", &format!(r#"{{"products":[{product}]}}"#))
}

/// What the purchases of a call cost together.
fn spent(line: &Line) -> f64 {
    let purchases = below(line.body(), &["purchases"]).and_then(Json::as_array);
    let number = |purchase: Json<'_>, key| below(purchase, &[key]).unwrap().raw().parse::<f64>().unwrap();
    let cost = |purchase| number(purchase, "price") * number(purchase, "quantity");
    purchases.unwrap_or_default().into_iter().map(cost).sum()
}

#[test]
fn every_form_of_a_boolean_is_one_wherever_a_flag_stands() {
    event::rules!["SB-074", "SB-255", "SB-129"];
    let group = settings("group = \"subscription\"");
    let forms = [
        ("true", true),
        ("1", true),
        ("1.0", true),
        ("\" TRUE\"", true),
        ("\"1\"", true),
        ("false", false),
        ("0", false),
        ("-0.0", false),
        ("\"False \"", false),
        ("\"0\"", false),
    ];
    for (given, wanted) in forms {
        let text = wanted.to_string();
        for name in [
            "_merge_objects",
            "email_open_tracking_disabled",
            "email_click_tracking_disabled",
        ] {
            let found = attribute(name, given, &Settings::default());
            assert_eq!(found.as_deref(), Some(text.as_str()), "{name} {given}");
        }
        let state = if wanted { "subscribed" } else { "unsubscribed" };
        for name in ["email_subscribe", "push_subscribe"] {
            let found = attribute(name, given, &Settings::default());
            assert_eq!(found.as_deref(), Some(state), "{name} {given}");
        }
        for key in [
            "subscription_state",
            "subscription_group_state",
            "subscription_state_id",
        ] {
            let group = format!(r#"[{{"subscription_group_id":"g","{key}":{given}}}]"#);
            let line = map(
                &identify(&object(&[("subscription_groups", &group)])),
                &Settings::default(),
            );
            let path = [
                "attributes",
                "0",
                "subscription_groups",
                "0",
                "subscription_state",
            ];
            let found = below(line.body(), &path).and_then(Json::as_str);
            assert_eq!(found.as_deref(), Some(state), "{key} {given}");
        }
        let event = format!(
            r#"{{"type":"group","userId":"u-1","groupId":"g","traits":{{"subscription_state":{given},"use_double_opt_in_logic":{given}}}}}"#
        );
        let line = map(&event, &group);
        let entry = below(line.body(), &["subscription_groups", "0"]).unwrap();
        let said = |key: &str| below(entry, &[key]).unwrap().raw().to_owned();
        assert_eq!(said("subscription_state"), quoted(state), "{given}");
        assert_eq!(said("use_double_opt_in_logic"), text, "{given}");
    }
}
