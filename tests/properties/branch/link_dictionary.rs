//! No key of a link dictionary is lost, and none takes the place of a reserved one.

use crate::config::cases;
use crate::printed::{Line, below, object};
use event::Route;
use event::json::{Json, equal};
use event::settings::Settings;
use proptest::prelude::*;
use proptest::sample::select;

/// Names that collide with those of other groups, and with each other when they are compared folded.
const WORDS: &[&str] = &[
    "event_id",
    "eventId",
    "event",
    "IP",
    "ip",
    "anonymousId",
    "anonymous id",
    "anonymous_id",
    "id",
    "os",
    "device_os",
    "link_os",
    "tilde_os",
    "campaign",
    "revenue",
    "currency",
    "products",
    "content_items",
    "truncated",
    "attributed",
    "branch_attributed",
    "origin",
    "developer_identity",
    "plus_url",
    "dollar_x",
    "custom_plant",
    "plant",
    "userId",
    "messageId",
    "timestamp",
    "properties",
    "context",
    "~x",
    "$",
];

/// The sign of a key, its word where the sign is lost, and the prefix of the alternative name.
const SIGNS: [(&str, &str); 4] = [("~", "tilde_"), ("$", "dollar_"), ("+", "plus_"), ("", "link_")];

fn key() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => select(WORDS).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9_ .-]{1,12}",
    ];
    (
        select(&["~", "$", "+", "", "tilde_", "dollar_", "plus_"][..]),
        word,
    )
        .prop_map(|(sign, word)| format!("{sign}{word}"))
}

/// The name that an entry gets first, and the one it gets if that is taken.
fn names(key: &str) -> (String, String) {
    for (sign, word) in SIGNS {
        let name = if sign.is_empty() {
            Some(key)
        } else {
            key.strip_prefix(sign).or_else(|| key.strip_prefix(word))
        };
        if let Some(name) = name {
            return (name.to_owned(), format!("{word}{name}"));
        }
    }
    unreachable!("the last sign is none");
}

/// As the specification folds names (BS-121).
fn folded(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut humps = String::new();
    for (at, c) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| characters[at]);
        if c.is_ascii_uppercase()
            && before.is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit())
        {
            humps.push('_');
        }
        humps.push(if matches!(c, ' ' | '.' | '-') {
            '_'
        } else {
            c.to_ascii_lowercase()
        });
    }
    while humps.contains("__") {
        humps = humps.replace("__", "_");
    }
    humps
}

/// The event, and its link entries as JSON text by key.
fn event(id: &str, entries: &[(String, String)], user: &str, custom: &str) -> String {
    object(&[
        ("name", "\"PURCHASE\""),
        ("id", id),
        ("timestamp", "1760003600000"),
        ("attributed", "true"),
        ("origin", "\"BRANCH\""),
        ("user_data", user),
        ("event_data", r#"{"revenue":1,"currency":"EUR"}"#),
        ("content_items", r#"[{"$sku":"s"}]"#),
        ("custom_data", custom),
        ("last_attributed_touch_data", &object(entries)),
    ])
}

proptest! {
    #![proptest_config(cases!(2000, "branch_link_dictionary"))]

    #[test]
    fn no_link_key_is_lost_or_shadows_a_reserved_one(
        keys in prop::collection::btree_set(key(), 0..25),
        same in any::<bool>(),
        extra in any::<bool>(),
        (has_id, has_ip, has_anonymous_id) in any::<(bool, bool, bool)>(),
    ) {
        event::rules!["BS-102", "BS-110", "BS-125"];
        let entries: Vec<(String, String)> = keys
            .iter()
            .enumerate()
            .map(|(at, key)| (key.clone(), if same { "1.0".to_owned() } else { format!("\"value {at}\"") }))
            .collect();
        let id = if has_id { "\"e-1\"" } else { "null" };
        let ip = if has_ip { "\"198.51.100.1\"" } else { "null" };
        let anonymous_id = if has_anonymous_id { "\"a-1\"" } else { "null" };
        let user = format!(r#"{{"developer_identity":"u-1","ip":{ip},"os":"IOS"}}"#);
        let custom = format!(r#"{{"$segment_anonymous_id":{anonymous_id},"plant":"rose","os":"custom"}}"#);
        let mut settings = Settings::default();
        settings.branch_to_segment.extra_properties = extra;
        let line = Line::of(Route::BranchToSegment, &event(id, &entries, &user, &custom), &settings);
        let properties = below(line.body(), &["properties"]).unwrap().as_object().unwrap();

        let reserved = [
            ("event_id", has_id.then_some("e-1")),
            ("IP", has_ip.then_some("198.51.100.1")),
            ("anonymousId", has_anonymous_id.then_some("a-1")),
        ];
        for (name, value) in reserved {
            let got = properties.iter().find(|(own, _)| folded(own) == folded(name));
            let got = got.map(|(_, got)| got.as_str().unwrap().into_owned());
            prop_assert_eq!(got.as_deref(), value, "{}", name);
        }
        let mut lost = false;
        for (key, value) in &entries {
            let value = Json::parse(value).unwrap();
            let (name, alternative) = names(key);
            if name.is_empty() {
                continue;
            }
            let holds = |name: &str| {
                properties.iter().any(|(own, got)| folded(own) == folded(name) && equal(got, value))
            };
            if holds(&name) || holds(&alternative) {
                continue;
            }
            lost = true;
            let is_taken = |name: &str| {
                let is_it = |own: &str| folded(own) == folded(name);
                properties.iter().any(|(own, _)| is_it(own)) || reserved.iter().any(|(own, _)| is_it(own))
            };
            prop_assert!(is_taken(&name) && is_taken(&alternative), "{} is lost: {}", key, line.text());
        }
        prop_assert!(!lost || line.warns("property_collision"), "silently lost: {}", line.text());
        for (name, _) in properties.iter() {
            let alike = properties.iter().filter(|(other, _)| folded(other) == folded(name)).count();
            prop_assert_eq!(alike, 1, "{} is there twice", name);
        }
    }

    #[test]
    fn without_a_second_claim_every_key_arrives(words in prop::collection::btree_set("[b-n]{9,12}", 1..30)) {
        event::rules!["BS-111", "BS-117"];
        let entries: Vec<(String, String)> = words
            .iter()
            .enumerate()
            .map(|(at, word)| (format!("{}{word}", SIGNS[at % 4].0), format!("{at}")))
            .collect();
        let text = event("\"e-1\"", &entries, r#"{"developer_identity":"u-1"}"#, "{}");
        let line = Line::of(Route::BranchToSegment, &text, &Settings::default());
        prop_assert!(!line.warns("property_collision"));
        for (at, word) in words.iter().enumerate() {
            let got = below(line.body(), &["properties", word]);
            let wanted = at.to_string();
            prop_assert_eq!(got.map(Json::raw), Some(wanted.as_str()), "{}", word);
        }
    }
}
