//! The tables of `braze-to-segment.md`, `currents-events.json`, which the code is made from, and the default settings: all
//! three say the same.

use event::settings::BrazeToSegment;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../shared/mapping/spec/braze-to-segment.md");
const TABLE: &str = include_str!("../../shared/event/src/currents/currents-events.json");

/// How many event types Braze documents, and how many of them its page on Segment names.
const EVENT_TYPES: usize = 102;
const DOCUMENTED_NAMES: usize = 34;

#[derive(Deserialize)]
struct EventType {
    event_type: String,
    segment_event: Option<String>,
    default: String,
    name_basis: String,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "in")]
    level: String,
    r#type: String,
}

fn table() -> Vec<EventType> {
    serde_json::from_str(TABLE).unwrap()
}

/// The names that the page writes for several fields at once.
fn group(name: &str) -> Option<&'static [&'static str]> {
    const CANV: [&str; 6] = [
        "canvas_id",
        "canvas_step_id",
        "canvas_step_name",
        "canvas_variation_id",
        "canvas_name",
        "canvas_variation_name",
    ];
    Some(match name {
        "CAMP" => &[
            "campaign_id",
            "campaign_name",
            "message_variation_id",
            "message_variation_name",
        ],
        "CANV" => &CANV,
        "CANV4" => &CANV[..4],
        "SD" => &["send_id", "dispatch_id"],
        "AD" => &["ad_id", "ad_id_type", "ad_tracking_enabled"],
        "DEV" => &["device_model", "os_version", "platform"],
        "APP" => &["app_group_id", "app_id"],
        _ => return None,
    })
}

/// What a row of section 4.1 says.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    segment_event: Option<String>,
    basis: String,
    default: String,
    user: BTreeSet<String>,
    properties: BTreeSet<String>,
}

fn rows_of_page() -> BTreeMap<String, Row> {
    let section = PAGE
        .split("### 4.1 Table")
        .nth(1)
        .unwrap()
        .split("\n### ")
        .next()
        .unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [event_type, name, basis, default, user, fields] = cells[..] else {
            panic!("{line}");
        };
        let name = name.trim_end_matches(" [doc]");
        let user = user
            .chars()
            .filter(|letter| *letter != '-')
            .map(|letter| match letter {
                'u' => "user_id",
                'x' => "external_user_id",
                'd' => "device_id",
                't' => "timezone",
                other => panic!("{other}: {line}"),
            });
        let properties = fields
            .split(',')
            .map(str::trim)
            .filter(|field| !field.is_empty())
            .flat_map(|field| {
                let names = group(field).map(<[_]>::to_vec);
                names.unwrap_or_else(|| vec![field.strip_prefix('`').unwrap().strip_suffix('`').unwrap()])
            });
        let row = Row {
            segment_event: (!name.starts_with('`')).then(|| name.to_owned()),
            basis: match basis {
                "S" => "doc",
                "B" => "braze",
                "D" => "derived",
                other => panic!("{other}: {line}"),
            }
            .to_owned(),
            default: default.to_owned(),
            user: user.map(str::to_owned).collect(),
            properties: properties.map(str::to_owned).collect(),
        };
        (event_type.trim_matches([' ', '`']).to_owned(), row)
    })
    .collect()
}

#[test]
fn the_page_and_the_table_say_the_same() {
    event::rules!["BZ-422"];
    let names = |fields: &[Field], level: &str| -> BTreeSet<String> {
        fields
            .iter()
            .filter(|field| field.level == level)
            .map(|field| field.name.clone())
            .collect()
    };
    let table: BTreeMap<String, Row> = table()
        .into_iter()
        .map(|event| {
            let row = Row {
                user: names(&event.fields, "user"),
                properties: names(&event.fields, "properties"),
                segment_event: event.segment_event,
                basis: event.name_basis,
                default: event.default,
            };
            (event.event_type, row)
        })
        .collect();
    let page = rows_of_page();
    assert_eq!(page.len(), EVENT_TYPES);
    assert_eq!(table.len(), EVENT_TYPES);
    assert_eq!(
        table.values().filter(|row| row.basis == "doc").count(),
        DOCUMENTED_NAMES
    );
    for (event_type, row) in &page {
        assert_eq!(Some(row), table.get(event_type), "{event_type}");
    }
}

#[test]
fn the_default_settings_deny_just_what_the_table_has_off() {
    event::rules!["BZ-035"];
    let settings = BrazeToSegment::default();
    for event in table() {
        let denied = settings
            .deny_events
            .iter()
            .any(|pattern| pattern.matches(&event.event_type));
        assert_eq!(denied, event.default == "off", "{}", event.event_type);
    }
    let listed = PAGE
        .split("\ndeny_events = [\n")
        .nth(1)
        .unwrap()
        .split("\n]")
        .next()
        .unwrap();
    let listed: Vec<_> = listed
        .lines()
        .map(|line| line.trim().trim_matches([',', '"']))
        .collect();
    let denied: Vec<_> = settings
        .deny_events
        .iter()
        .map(|pattern| pattern.as_str())
        .collect();
    assert_eq!(denied, listed);
}

/// The fields of section 6.2, by type: what is copied as it is.
#[test]
fn each_field_of_the_table_has_a_path_or_is_copied_unchanged() {
    event::rules!["BZ-150"];
    let section = PAGE
        .split("### 6.2 Fields copied unchanged")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let mut copied: BTreeMap<&str, &str> = BTreeMap::new();
    for line in section.lines().filter(|line| line.contains(") | `")) {
        let (kind, names) = line.trim_matches(['|', ' ']).split_once(" | ").unwrap();
        let (kind, count) = kind.split_once(" (").unwrap();
        let names: Vec<_> = names.split(' ').map(|name| name.trim_matches('`')).collect();
        assert_eq!(count.trim_end_matches(')'), names.len().to_string(), "{kind}");
        copied.extend(names.into_iter().map(|name| (name, kind)));
    }
    let paths = PAGE
        .split("### 6.1 Paths")
        .nth(1)
        .unwrap()
        .split("### 6.2")
        .next()
        .unwrap();
    for field in table().iter().flat_map(|event| &event.fields) {
        let code = format!(
            "{}.{}`",
            if field.level == "user" { "`u" } else { "`p" },
            field.name
        );
        match copied.get(field.name.as_str()) {
            Some(kind) => {
                assert!(
                    kind.contains(field.r#type.as_str()),
                    "{} is {}, not {kind}",
                    field.name,
                    field.r#type
                );
                assert!(!paths.contains(&code), "{} is in both sections", field.name);
            }
            None if field.level == "user" && field.name.ends_with("user_id") => {}
            None => assert!(paths.contains(&code), "{} is in no section", field.name),
        }
    }
}
