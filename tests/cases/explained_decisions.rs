//! `switchyard map --explain` names the rule of each decision that people ask about first.

use event::Route;
use event::json::Json;
use event::settings::Settings;
use mapping::printed::print;

const TRACK: &str = r#"{"type":"track","messageId":"m","userId":"u-1","timestamp":"2026-02-03T10:00:00Z","event":"Order Completed","properties":"#;

/// The rules that an explanation names.
fn rules(route: Route, own: &str, event: &str) -> Vec<String> {
    let settings = Settings::load(&format!("[{}]\n{own}\n", route.as_str())).unwrap();
    let line = print(route, event, &settings, true).line;
    let line = Json::parse(&line).unwrap().as_object().unwrap();
    let explained = line.get("explain").and_then(Json::as_array).unwrap_or_default();
    let rule = |note: Json<'_>| Some(note.as_object()?.get("rule")?.as_str()?.into_owned());
    explained.into_iter().filter_map(rule).collect()
}

#[test]
fn each_decision_is_explained_by_its_rule() {
    let branch = "{\"name\":\"PURCHASE\",\"id\":\"8123400\",\"timestamp\":1760003600000,\"event_timestamp\":1760003500,\
        \"user_data\":{\"geo_city_en\":\"Ulm\",\"geo_lat\":\"48.4\",\"http_origin\":\"https://e.com\",\"os\":\"AMAZON_FIRE\",\
        \"fire_ad_id\":\"f-1\"},\"attributed\":true,\"last_attributed_touch_data\":{\"~campaign\":\"c\"},\
        \"custom_data\":{\"$segment_anonymous_id\":\"a-1\"}}";
    let facebook = branch.replace(
        "\"~campaign\"",
        "\"$fb_data_terms_not_signed\":true,\"~campaign\"",
    );
    let currents = r#"{"event_type":"users.messages.email.Open","id":"e","time":1767254400,"user":{"external_user_id":"u-1","timezone":"Europe/Berlin"},"properties":{"email_address":"mailto:a@example.com","ad_tracking_enabled":"1","machine_open":"true"}}"#;
    let order = |properties: &str| format!("{TRACK}{properties}}}");
    let app = |properties: &str| {
        order(properties).replace(
            "\"userId\"",
            "\"context\":{\"device\":{\"type\":\"ios\"}},\"userId\"",
        )
    };
    let off = |name: &str| {
        order("{}").replace(
            "\"userId\"",
            &format!("\"integrations\":{{\"{name}\":false}},\"userId\""),
        )
    };
    let (braze, to_branch, to_segment) = (
        Route::SegmentToBraze,
        Route::SegmentToBranch,
        Route::BranchToSegment,
    );
    for (rule, route, own, event) in [
        (
            "SB-186",
            braze,
            "",
            order(r#"{"products":[{"product_id":"p","price":5,"currency":"BTC"}]}"#),
        ),
        ("SB-182", braze, "", order(r#"{"total":5}"#)),
        (
            "SB-187",
            braze,
            "revenue_purchases = \"instead\"",
            order(r#"{"revenue":5}"#),
        ),
        (
            "SB-173",
            braze,
            "",
            order(r#"{"products":[{"sku":"s","price":5}]}"#),
        ),
        ("SB-025", braze, "", off("Braze")),
        ("SR-045", to_branch, "", off("Branch Metrics")),
        (
            "SR-043",
            to_branch,
            "rename_events = { \"Order Completed\" = \"Sold\" }",
            app("{}"),
        ),
        ("SR-201", to_branch, "", app(r#"{"currency":"€","revenue":5}"#)),
        (
            "SR-214",
            to_branch,
            "",
            app(r#"{"currency":"points","revenue":5}"#),
        ),
        (
            "SR-215",
            to_branch,
            "default_currency = \"EUR\"",
            app(r#"{"revenue":5}"#),
        ),
        ("SR-189", to_branch, "", app(r#"{"dma_eea":"granted"}"#)),
        (
            "SR-192",
            to_branch,
            "consent = { dma_eea = \"always\" }",
            app("{}"),
        ),
        ("SR-193", to_branch, "", app(r#"{"google_analytics_id":"g"}"#)),
        ("SR-164", to_branch, "app_user_id_only = false", app("{}")),
        ("BS-054", to_segment, "", branch.to_owned()),
        ("BS-064", to_segment, "", branch.to_owned()),
        ("BS-065", to_segment, "", branch.to_owned()),
        ("BS-066", to_segment, "", branch.to_owned()),
        ("BS-084", to_segment, "", branch.to_owned()),
        ("BS-047", to_segment, "", facebook),
        (
            "BS-040",
            to_segment,
            "deny_partners = [\"c\"]",
            branch.replace("~campaign", "$3p"),
        ),
        (
            "BZ-166",
            Route::BrazeToSegment,
            "skip_machine_opens = false",
            currents.to_owned(),
        ),
        (
            "BZ-182",
            Route::BrazeToSegment,
            "skip_machine_opens = false",
            currents.to_owned(),
        ),
        (
            "BZ-187",
            Route::BrazeToSegment,
            "skip_machine_opens = false",
            currents.to_owned(),
        ),
        (
            "BZ-038",
            Route::BrazeToSegment,
            "skip_machine_opens = true",
            currents.to_owned(),
        ),
    ] {
        let named = rules(route, own, &event);
        assert!(named.iter().any(|name| name == rule), "{rule}: {named:?}");
    }
}
