//! What `infra/migration.md` promises to who comes from another connector: each setting that it names changes what is sent, as
//! shown here.
#![allow(clippy::disallowed_types, reason = "tests may read what is sent in any way")]

use crate::CASES;
use event::Route;
use event::settings::Settings;
use mapping::printed::print;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const PAGE: &str = include_str!("../../infra/migration.md");

/// One promise: the row of the page, lines of the route's settings, an event, where to look in the printed line, and what is
/// there without and with the last of the lines.
struct Promise {
    from: &'static str,
    route: Route,
    settings: &'static str,
    event: &'static str,
    at: &'static str,
    before: Value,
    after: Value,
}

const ACTIONS: &str = "Segment *Braze Cloud Mode (Actions)*";
const CLASSIC: &str = "Segment *Braze* (classic, cloud mode)";
const RUDDERSTACK: &str = "RudderStack *Braze*";
const IMPORT: &str = "Branch's Segment import";
const EXPORT: &str = "Branch's Segment export";
const CURRENTS: &str = "Braze's *Segment for Currents*";

const ORDER: &str = r#"{"type":"track","messageId":"m","userId":"u-1","event":"Order Completed","timestamp":"2026-02-03T10:00:00Z","properties":{"order_id":"o-1","total":10,"revenue":9,"coupon":"C","products":[{"product_id":"p","sku":"s","name":"n","price":5}]}}"#;
const PAGE_CALL: &str =
    r#"{"type":"page","messageId":"m","userId":"u-1","name":"Home","timestamp":"2026-02-03T10:00:00Z"}"#;
const LATE: &str = r#"{"type":"track","messageId":"m","userId":"u-1","event":"x","timestamp":"2026-02-03T10:00:00Z","receivedAt":"2026-02-03T10:05:00Z"}"#;
const UNNAMED_PAGE: &str =
    r#"{"type":"page","messageId":"m","userId":"u-1","timestamp":"2026-02-03T10:00:00Z"}"#;
const SCREEN_CALL: &str =
    r#"{"type":"screen","messageId":"m","userId":"u-1","timestamp":"2026-02-03T10:00:00Z"}"#;
const IDENTIFY: &str = r#"{"type":"identify","messageId":"m","userId":"u-1","anonymousId":"a-1","traits":{"dob":"03/04/1988"},"context":{"device":{"type":"ios"},"location":{"country":"DE"}}}"#;
const ANONYMOUS: &str = r#"{"type":"identify","messageId":"m","anonymousId":"a-1","traits":{"plan":"x"}}"#;
const UPGRADE: &str = r#"{"type":"track","messageId":"m","userId":"u-1","event":"Plan Upgraded","timestamp":"2026-02-03T10:00:00Z","properties":{"revenue":9},"context":{"traits":{"plan":"x"}}}"#;
const ALIAS: &str = r#"{"type":"alias","messageId":"m","userId":"u-1","previousId":"u-0"}"#;
const ALIAS_OF_ANONYMOUS: &str =
    r#"{"type":"alias","messageId":"m","userId":"u-1","previousId":"u-0","anonymousId":"u-0"}"#;
const REFUND: &str = r#"{"type":"track","messageId":"m","userId":"u-1","event":"Order Refunded","timestamp":"2026-02-03T10:00:00Z","properties":{"revenue":9}}"#;
const GROUP: &str = r#"{"type":"group","messageId":"m","userId":"u-1","groupId":"g-1","traits":{"subscription_state":"subscribed"}}"#;
const MAKE_ALIAS: &str = r#"{"type":"track","messageId":"m","userId":"u-1","event":"Make Alias","timestamp":"2026-02-03T10:00:00Z","properties":{"alias_name":"n","alias_label":"l","user_alias":{"alias_name":"n","alias_label":"l"}}}"#;
const PURCHASE: &str = r#"{"name":"PURCHASE","id":"8123400","timestamp":1760003600000,"attributed":true,"event_data":{"revenue":5},"last_attributed_touch_data":{"$3p":"a_facebook"},"custom_data":{"$segment_anonymous_id":"a-1"}}"#;
const ENROLLED: &str = r#"{"event_type":"users.campaigns.EnrollInControl","id":"e-1","time":1767254400,"user":{"external_user_id":"u-1"},"properties":{"in_control_group":"true"}}"#;

fn promises() -> Vec<Promise> {
    let to_braze = |from, settings, event, at, before, after| Promise {
        from,
        route: Route::SegmentToBraze,
        settings,
        event,
        at,
        before,
        after,
    };
    let of = |from, route, settings, event, at, before, after| Promise {
        route,
        ..to_braze(from, settings, event, at, before, after)
    };
    let endpoint = "/calls/0/endpoint";
    vec![
        to_braze(
            ACTIONS,
            "compat = \"segment-actions\"",
            LATE,
            "/calls/0/body/events/0/time",
            json!("2026-02-03T10:00:00.000Z"),
            json!("2026-02-03T10:05:00.000Z"),
        ),
        to_braze(
            ACTIONS,
            "orders = \"ecommerce\"",
            ORDER,
            "/calls/0/body/events/0/name",
            json!(null),
            json!("ecommerce.order_placed"),
        ),
        to_braze(
            ACTIONS,
            "location_from_context = true",
            IDENTIFY,
            "/calls/0/body/attributes/0/country",
            json!(null),
            json!("DE"),
        ),
        to_braze(
            ACTIONS,
            "create_alias_event = \"Make Alias\"",
            MAKE_ALIAS,
            endpoint,
            json!("POST /users/track"),
            json!("POST /users/alias/new"),
        ),
        to_braze(
            ACTIONS,
            "identify_user_event = \"Make Alias\"",
            MAKE_ALIAS,
            endpoint,
            json!("POST /users/track"),
            json!("POST /users/identify"),
        ),
        to_braze(
            ACTIONS,
            "triggers = [{ event = \"Plan Upgraded\", campaign_id = \"c-1\", also_track = false }]",
            UPGRADE,
            endpoint,
            json!("POST /users/track"),
            json!("POST /campaigns/trigger/send"),
        ),
        to_braze(
            ACTIONS,
            "catalogs = [{ event = \"Plan Upgraded\", catalog = \"plans\", id_property = \"revenue\", op = \"delete\", also_track = false }]",
            UPGRADE,
            endpoint,
            json!("POST /users/track"),
            json!("DELETE /catalogs/plans/items"),
        ),
        to_braze(
            CLASSIC,
            "compat = \"segment-classic\"",
            IDENTIFY,
            "/calls/0/body/attributes/0/dob",
            json!(null),
            json!("1988-03-04"),
        ),
        to_braze(
            CLASSIC,
            "pages = \"all\"",
            UNNAMED_PAGE,
            "/outcome",
            json!("ignore"),
            json!("deliver"),
        ),
        to_braze(
            CLASSIC,
            "pages = \"named\"",
            PAGE_CALL,
            "/outcome",
            json!("ignore"),
            json!("deliver"),
        ),
        to_braze(
            CLASSIC,
            "update_existing_only = true",
            IDENTIFY,
            "/calls/0/body/attributes/0/_update_existing_only",
            json!(null),
            json!(true),
        ),
        to_braze(
            CLASSIC,
            "revenue_purchases = \"instead\"",
            UPGRADE,
            "/calls/0/body/purchases/0/product_id",
            json!(null),
            json!("Plan Upgraded"),
        ),
        to_braze(
            CLASSIC,
            "revenue_purchases = \"instead\"\nrevenue_purchase_events = [\"Plan *\"]",
            REFUND,
            "/calls/0/body/purchases/0/price",
            json!(9),
            json!(null),
        ),
        to_braze(
            CLASSIC,
            "purchase_properties = \"none\"",
            ORDER,
            "/calls/0/body/purchases/0/properties/coupon",
            json!("C"),
            json!(null),
        ),
        to_braze(
            RUDDERSTACK,
            "compat = \"rudderstack\"",
            GROUP,
            "/calls/0/body/attributes/0/ab_rudder_group_g-1",
            json!(null),
            json!(true),
        ),
        to_braze(
            RUDDERSTACK,
            "anonymous = \"alias\"",
            ANONYMOUS,
            "/outcome",
            json!("ignore"),
            json!("deliver"),
        ),
        to_braze(
            RUDDERSTACK,
            "alias = \"merge\"",
            ALIAS,
            "/calls/0/body/merge_updates/0/identifier_to_merge/external_id",
            json!(null),
            json!("u-0"),
        ),
        to_braze(
            RUDDERSTACK,
            "alias = \"merge\"\nalias_previous_id = \"external_id\"",
            ALIAS_OF_ANONYMOUS,
            "/calls/0/body/merge_updates/0/identifier_to_merge/external_id",
            json!(null),
            json!("u-0"),
        ),
        to_braze(
            RUDDERSTACK,
            "traits_on_track = true",
            UPGRADE,
            "/calls/0/body/attributes/0/plan",
            json!(null),
            json!("x"),
        ),
        to_braze(
            RUDDERSTACK,
            "pages = \"all\"",
            UNNAMED_PAGE,
            "/outcome",
            json!("ignore"),
            json!("deliver"),
        ),
        to_braze(
            RUDDERSTACK,
            "screens = \"all\"",
            SCREEN_CALL,
            "/outcome",
            json!("ignore"),
            json!("deliver"),
        ),
        to_braze(
            RUDDERSTACK,
            "group = \"subscription\"",
            GROUP,
            endpoint,
            json!("POST /users/track"),
            json!("POST /v2/subscription/status/set"),
        ),
        to_braze(
            RUDDERSTACK,
            "orders = \"ecommerce\"",
            ORDER,
            "/calls/0/body/events/0/name",
            json!(null),
            json!("ecommerce.order_placed"),
        ),
        to_braze(
            RUDDERSTACK,
            "purchase_properties = \"product\"",
            ORDER,
            "/calls/0/body/purchases/0/properties/coupon",
            json!("C"),
            json!(null),
        ),
        of(
            IMPORT,
            Route::SegmentToBranch,
            "app_user_id_only = false",
            r#"{"type":"track","messageId":"m","userId":"u-1","event":"Order Completed","context":{"device":{"type":"ios"}}}"#,
            "/outcome",
            json!("deliver"),
            json!("ignore"),
        ),
        of(
            IMPORT,
            Route::SegmentToBranch,
            "event_data_on_custom = false",
            r#"{"type":"track","messageId":"m","userId":"u-1","event":"lesson finished","properties":{"browser_fingerprint_id":"f","revenue":5}}"#,
            "/calls/0/body/event_data/revenue",
            json!(5),
            json!(null),
        ),
        of(
            IMPORT,
            Route::SegmentToBranch,
            "extended_standard_events = false",
            r#"{"type":"track","messageId":"m","userId":"u-1","event":"Login","properties":{"browser_fingerprint_id":"f"}}"#,
            "/outcome",
            json!("deliver"),
            json!("ignore"),
        ),
        of(
            EXPORT,
            Route::BranchToSegment,
            "extra_properties = false",
            PURCHASE,
            "/calls/0/body/properties/revenue",
            json!(5),
            json!(null),
        ),
        of(
            EXPORT,
            Route::BranchToSegment,
            "deny_partners = [\"Facebook\", \"Snapchat\", \"Twitter\", \"TikTok\"]",
            PURCHASE,
            "/outcome",
            json!("deliver"),
            json!("ignore"),
        ),
        of(
            CURRENTS,
            Route::BrazeToSegment,
            "in_control_group = \"bool\"",
            ENROLLED,
            "/calls/0/body/properties/in_control_group",
            json!("true"),
            json!(true),
        ),
    ]
}

/// What stays different: the row of the page, its words, an event, where to look in the printed line, and what is there.
type Difference = (
    &'static str,
    &'static str,
    Route,
    &'static str,
    &'static str,
    Value,
);

fn differences() -> Vec<Difference> {
    let (braze, branch) = (Route::SegmentToBraze, Route::SegmentToBranch);
    let (export, currents) = (Route::BranchToSegment, Route::BrazeToSegment);
    vec![
        (
            ACTIONS,
            "one identifier an object",
            braze,
            r#"{"type":"track","messageId":"m","userId":"u-1","anonymousId":"a-1","event":"x","timestamp":"2026-02-03T10:00:00Z","context":{"traits":{"email":"a@b.example"}},"properties":{"braze_id":"b-1"}}"#,
            "/calls/0/body/events/0",
            json!({"external_id": "u-1", "name": "x", "time": "2026-02-03T10:00:00.000Z", "properties": {"braze_id": "b-1"}}),
        ),
        (
            ACTIONS,
            "values normalised",
            braze,
            r#"{"type":"identify","messageId":"m","userId":"u-1","traits":{"country":"Germany"}}"#,
            "/calls/0/body/attributes/0/country",
            json!("DE"),
        ),
        (
            ACTIONS,
            "the order's own currency",
            braze,
            r#"{"type":"track","messageId":"m","userId":"u-1","event":"Order Completed","timestamp":"2026-02-03T10:00:00Z","properties":{"currency":"EUR","products":[{"product_id":"p","price":5}]}}"#,
            "/calls/0/body/purchases/0/currency",
            json!("EUR"),
        ),
        (
            CLASSIC,
            "dates are not shifted by a zone",
            braze,
            r#"{"type":"identify","messageId":"m","userId":"u-1","traits":{"birthday":"1985-03-09T23:30:00-05:00"}}"#,
            "/calls/0/body/attributes/0/dob",
            json!("1985-03-09"),
        ),
        (
            RUDDERSTACK,
            "no look-up of stored profiles",
            braze,
            r#"{"type":"identify","messageId":"m","userId":"u-1","anonymousId":"a-1","traits":{"plan":"x"}}"#,
            "/calls",
            json!([{"endpoint": "POST /users/track", "body": {"attributes": [{"plan": "x", "external_id": "u-1"}]}}]),
        ),
        (
            RUDDERSTACK,
            "the case of an e-mail address is kept",
            braze,
            r#"{"type":"identify","messageId":"m","userId":"u-1","traits":{"email":"Ada@Example.com"}}"#,
            "/calls/0/body/attributes/0/email",
            json!("Ada@Example.com"),
        ),
        (
            IMPORT,
            "numbers are numbers",
            branch,
            r#"{"type":"track","messageId":"m","userId":"u-1","event":"Order Completed","properties":{"revenue":"5.50","currency":"EUR"}}"#,
            "/calls/0/body/event_data",
            json!({"currency": "EUR", "revenue": 5.5}),
        ),
        (
            IMPORT,
            "an unknown currency is not USD",
            branch,
            r#"{"type":"track","messageId":"m","userId":"u-1","event":"Order Completed","properties":{"revenue":5,"currency":"points"}}"#,
            "/calls/0/body/event_data",
            json!(null),
        ),
        (
            EXPORT,
            "a backdated event keeps its own time",
            export,
            r#"{"name":"PURCHASE","id":"8123400","timestamp":1760003600000,"event_timestamp":1760000000,"attributed":true,"custom_data":{"$segment_anonymous_id":"a-1"}}"#,
            "/calls/0/body/timestamp",
            json!("2025-10-09T08:53:20.000Z"),
        ),
        (
            EXPORT,
            "the version of Android is its release",
            export,
            r#"{"name":"PURCHASE","id":"8123400","timestamp":1760003600000,"attributed":true,"user_data":{"os":"ANDROID","os_version":"34","os_version_android":"14"},"custom_data":{"$segment_anonymous_id":"a-1"}}"#,
            "/calls/0/body/context/os/version",
            json!("14"),
        ),
        (
            CURRENTS,
            "what is left out is warned of",
            currents,
            r#"{"event_type":"users.messages.email.Open","id":"null","time":1767254400,"user":{"external_user_id":"u-1"},"properties":{}}"#,
            "/warnings",
            json!(["id_derived"]),
        ),
        (
            CURRENTS,
            "what is ignored has a reason",
            currents,
            r#"{"event_type":"users.messages.email.Open","id":"e-1","time":1767254400,"user":{},"properties":{}}"#,
            "/reason",
            json!("no_identity"),
        ),
    ]
}

#[test]
fn what_stays_different_is_so_and_names_its_rule() {
    let mut differences = differences();
    for (from, _, different) in rows() {
        for named in different.split(['(', ';']) {
            let words = named.trim();
            if is_rule(&words.trim_end_matches(')')) || words.is_empty() {
                continue;
            }
            let at = differences
                .iter()
                .position(|(row, own, ..)| *row == from && *own == words);
            let at = at.unwrap_or_else(|| panic!("{from}: nothing proves {words:?}"));
            let (_, _, route, event, pointer, wanted) = differences.remove(at);
            assert!(
                different.contains(&format!("{words} (")),
                "{words:?} names no rule"
            );
            let line = print(route, event, &Settings::default(), false).line;
            let line: Value = serde_json::from_str(&line).unwrap();
            let found = line.pointer(pointer).cloned().unwrap_or_default();
            assert_eq!(found, wanted, "{from}: {words}");
        }
    }
    let unnamed: Vec<_> = differences
        .iter()
        .map(|(from, words, ..)| (from, words))
        .collect();
    assert!(unnamed.is_empty(), "not on the page: {unnamed:?}");
}

/// Whether a word is the id of a rule.
fn is_rule(word: &&str) -> bool {
    word.len() == 6
        && ["SB-", "SR-", "BS-", "BZ-"]
            .iter()
            .any(|page| word.starts_with(page))
}

/// The rows of the first table: where somebody comes from, the settings, and what stays different.
fn rows() -> Vec<(&'static str, &'static str, &'static str)> {
    let table = PAGE
        .lines()
        .skip_while(|line| !line.starts_with("| you come from"));
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        (cells[0], cells[1], cells[2])
    })
    .collect()
}

fn printed(promise: &Promise, settings: &str) -> Value {
    let settings = Settings::load(&format!("[{}]\n{settings}\n", promise.route.as_str())).unwrap();
    let line = print(promise.route, promise.event, &settings, false).line;
    let line: Value = serde_json::from_str(&line).unwrap();
    line.pointer(promise.at).cloned().unwrap_or_default()
}

#[test]
fn each_setting_for_who_comes_over_changes_what_is_sent() {
    event::rules!["SB-310"];
    for promise in promises() {
        let title = format!("{}: {}", promise.from, promise.settings);
        let (before, _) = promise.settings.rsplit_once('\n').unwrap_or_default();
        assert_eq!(printed(&promise, before), promise.before, "{title}, without");
        assert_eq!(printed(&promise, promise.settings), promise.after, "{title}");
        assert_ne!(promise.before, promise.after, "{title} changes nothing");
    }
}

#[test]
fn every_setting_of_the_page_has_a_promise() {
    let promises = promises();
    let rows = rows();
    assert_eq!(rows.len(), 6, "{rows:?}");
    for (from, settings, _) in rows {
        let of_row = || promises.iter().filter(move |promise| promise.from == from);
        assert!(of_row().count() > 0, "{from}");
        for named in settings.split('`').skip(1).step_by(2) {
            // A value alone belongs to the setting before it; a path is a recipe.
            if named.starts_with('"') || named.contains('/') {
                continue;
            }
            let is_proved = |promise: &Promise| {
                let proved = promise.settings.lines().last().unwrap_or_default();
                proved == named || proved.starts_with(&format!("{named} = "))
            };
            assert!(of_row().any(is_proved), "{from}: nothing proves {named}");
        }
    }
}

#[test]
fn every_rule_that_the_page_names_has_its_cases() {
    let words = PAGE.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let rules: BTreeSet<&str> = words.filter(is_rule).collect();
    assert!(rules.len() > 20, "{rules:?}");
    for rule in rules {
        let has_cases = |route: Route| {
            Path::new(CASES)
                .join(route.as_str())
                .join(format!("{rule}.json"))
                .exists()
        };
        assert!(Route::ALL.into_iter().any(has_cases), "{rule}");
    }
}

#[test]
fn each_recipe_is_named_on_the_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/settings/recipes");
    let names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        assert!(
            PAGE.contains(&format!("settings/recipes/{name}/switchyard.toml")),
            "{name}"
        );
    }
}
