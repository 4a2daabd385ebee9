//! One line for each end of each event, and how a person finds it.

use crate::destinations::Segment;
use crate::fake_aws::*;
use crate::fake_vendor::{FakeVendor, respond};
use event::calls::{Mapped, SegmentCall, Verdict};
use event::reasons::Warning;
use event::settings::Settings;
use event::{EventId, Source, Timestamp};

const README: &str = include_str!("../../../../telemetry/README.md");

fn outcomes(lines: &[String]) -> Vec<String> {
    let outcome = |line: &String| {
        line.split(r#""outcome":""#)
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    lines.iter().map(outcome).collect()
}

#[test]
fn one_line_for_each_end_and_for_the_first_wait() {
    event::rules!["RP-003"];
    let events = [
        r#""ok#1""#,
        r#""rejected#2""#,
        r#""ignore#3""#,
        r#""retry:5#4""#,
        r#""hold#5""#,
    ];
    let first = invoke(&[record("m1", 1, envelope(0, &events))]);
    let told = outcomes(&first.aws.lines_of("event"));
    assert_eq!(told, ["delivered", "parked", "ignored", "retry", "hold"]);
    let again = invoke(&[record("m1", 1, envelope(1, &events))]);
    assert_eq!(
        outcomes(&again.aws.lines_of("event")),
        ["delivered", "parked", "ignored"]
    );
    let settings = "[telemetry]\nevent_lines = \"exceptions\"";
    let quiet = invoke_with(settings, &[], 0, &[record("m1", 1, envelope(0, &events))]);
    assert_eq!(
        outcomes(&quiet.aws.lines_of("event")),
        ["parked", "ignored", "retry", "hold"]
    );
}

#[test]
fn an_id_that_may_be_an_address_is_hashed() {
    event::rules!["RP-008"];
    for (settings, id, verbatim) in [
        ("", "ok#1", false),
        ("", "ok", true),
        ("[telemetry]\nevent_ids = \"hash\"", "ok", false),
        ("", "ok#ada@example.com", false),
    ] {
        let got = invoke_with(
            settings,
            &[],
            0,
            &[record("m1", 1, envelope(0, &[&format!("\"{id}\"")]))],
        );
        let line = got.aws.lines_of("event").remove(0);
        assert_eq!(
            line.contains(&format!(r#""event_id":"{id}""#)),
            verbatim,
            "{line}"
        );
        assert_eq!(line.contains(r#""event_id":"sha256:"#), !verbatim, "{line}");
    }
}

/// The filter of the query in the guide, run as CloudWatch Insights runs it: members equal to words.
#[test]
fn the_query_of_the_guide_finds_an_events_fate_by_its_id() {
    event::rules!["RP-011"];
    let query = README
        .split("```insights\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let filter = query
        .lines()
        .find_map(|line| line.trim().strip_prefix("| filter "))
        .unwrap();
    let conditions: Vec<(&str, &str)> = filter
        .split(" and ")
        .map(|condition| condition.split_once(" = ").unwrap())
        .map(|(member, word)| (member.trim(), word.trim().trim_matches('"')))
        .collect();
    let found = |lines: &[String], id: &str| -> Vec<String> {
        let fits = |line: &&String| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            conditions
                .iter()
                .all(|(member, word)| line[member] == word.replace("EVENT_ID", id))
        };
        lines.iter().filter(fits).cloned().collect()
    };
    let got = invoke(&[message(1, "ok retry:5"), message(2, "rejected")]);
    let lines = got.aws.lines.borrow();
    assert!(lines.len() > 3);
    assert_eq!(outcomes(&found(&lines, "ok")), ["delivered"]);
    assert_eq!(outcomes(&found(&lines, "rejected")), ["parked"]);
    assert_eq!(outcomes(&found(&lines, "retry:5")), ["retry"]);
    assert!(found(&lines, "another").is_empty());
    for member in ["outcome", "reason", "class", "destination", "request_id"] {
        assert!(query.contains(member), "the query shows {member}");
    }
}

#[test]
fn every_warning_of_a_delivered_event_is_counted() {
    event::rules!["BZ-333", "SB-304"];
    let map = |_: Source, _: &str, _: Option<Timestamp>, _: &Settings| Mapped {
        id: EventId::given("m"),
        own_rules: event::calls::OwnRules::Unchanged,
        verdict: Verdict::Deliver {
            calls: vec![SegmentCall {
                body: r#"{"type":"track","event":"e","userId":"u","messageId":"m"}"#.to_owned(),
                message_id: "m".to_owned(),
                lacks_timestamp: false,
                platform: None,
                user: None,
            }],
            warnings: vec![Warning::TimeUnreadable, Warning::Trimmed],
        },
    };
    let vendor = FakeVendor::new(|_, _| respond(200, &[], "{}"));
    let body = envelope(0, &["1"])
        .replace(r#""destination":"braze""#, r#""destination":"segment""#)
        .replace(r#""source":"segment""#, r#""source":"braze""#)
        .replace(r#""auth":"signature""#, r#""auth":"token""#);
    let aws = FakeAws::default();
    let got = invoke_destination::<Segment>("", map, aws, &vendor, &[record("m1", 1, body)]);
    let counted = |metric, labels: &[&'static str]| got.aws.count(metric, labels);
    assert_eq!(counted(telemetry::metrics::EVENTS, &["segment", "warned"]), 1.0);
    for reason in ["time_unreadable", "trimmed"] {
        let labels = &["segment", "warned", reason];
        assert_eq!(
            counted(telemetry::metrics::EVENTS_BY_REASON, labels),
            1.0,
            "{reason}"
        );
    }
}

#[test]
fn an_invocation_that_may_not_send_pauses_before_it_answers() {
    event::rules!["RD-093", "RD-081", "RD-063"];
    let paused = |settings: &str, events: &[&str]| {
        let got = invoke_with(settings, &[], 0, &[record("m1", 1, envelope(0, events))]);
        let line = got.aws.lines_of("invocation").remove(0);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        line["paused_ms"].as_u64().unwrap()
    };
    assert_eq!(paused("", &[r#""hold#1""#]), 20_000);
    assert_eq!(paused("", &[r#""retry:40#1""#]), 20_000);
    assert_eq!(
        paused("", &[r#""retry:5#1""#, r#""retry:40#2""#]),
        5000,
        "then one may go"
    );
    assert_eq!(paused("[delivery]\npause_s = 7", &[r#""hold#1""#]), 7000);
    assert_eq!(paused("[delivery]\npause_s = 0", &[r#""hold#1""#]), 0);
    for goes_on in [
        &[r#""ok#1""#, r#""hold#2""#][..],
        &[r#""half:40#1""#],
        &[r#""fails#1""#],
        &[r#""rejected#1""#],
    ] {
        assert_eq!(paused("", goes_on), 0, "{goes_on:?}");
    }
    let ahead = envelope(0, &["1"]).replace(
        r#""events""#,
        r#""not_before":"2026-03-01T12:00:03.000Z","events""#,
    );
    let got = invoke(&[record("m1", 1, ahead)]);
    assert!(got.aws.lines_of("invocation")[0].contains(r#""paused_ms":3000"#));
}

#[test]
fn what_own_rules_did_is_in_the_lines() {
    event::rules!["OR-090", "OR-092"];
    let events = [
        r#""own_rule#1""#,
        r#""changed#2""#,
        r#""ok#3""#,
        r#""own_rule#4""#,
        r#""ignore#5""#,
    ];
    let got = invoke(&[record("m1", 1, envelope(0, &events))]);
    let lines = got.aws.lines_of("event");
    let dropped: Vec<bool> = lines
        .iter()
        .map(|line| line.contains(r#""reason":"own_rule","own_rule":"test-accounts""#))
        .collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(
        dropped.iter().filter(|is_dropped| **is_dropped).count(),
        2,
        "{lines:?}"
    );
    let named = lines.iter().filter(|line| line.contains("test-accounts")).count();
    assert_eq!(named, 2, "{lines:?}");
    let invocation = got.aws.lines_of("invocation");
    let counted = r#""rules_changed":1,"rules_dropped":2"#;
    assert!(
        invocation.iter().any(|line| line.contains(counted)),
        "{invocation:?}"
    );
}

#[test]
fn a_changed_event_is_parked_as_it_was_received() {
    event::rules!["OR-001"];
    let event = r#"  "changedpark#1""#;
    let got = invoke(&[record("m1", 1, envelope(0, &[event]))]);
    let parked = got.aws.bodies(event::ports::QueueName::Parked);
    assert_eq!(parked.len(), 1);
    assert!(
        parked.iter().all(|body| body.contains(event.trim())),
        "{parked:?}"
    );
}
