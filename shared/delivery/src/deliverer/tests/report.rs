//! One line for each end of each event, and how a person finds it.

use crate::destinations::Segment;
use crate::destinations::conformance::{envelope_for, one_call};
use crate::fake_vendor::FakeVendor;
use crate::scripted::*;
use event::calls::Verdict;
use event::reasons::Warning;

const README: &str = include_str!("../../../../telemetry/README.md");

fn outcomes(lines: &[String]) -> Vec<String> {
    let outcome = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["outcome"].as_str().unwrap().to_owned()
    };
    lines.iter().map(outcome).collect()
}

#[test]
fn one_line_for_each_end_and_for_the_first_wait() {
    event::rules!["RP-003"];
    let words = "ok#1 rejected#2 ignore#3 retry:5#4 hold#5";
    let first = invoke(&[message(1, words)]);
    let ends = outcomes(&first.aws.lines_of("event"));
    assert_eq!(ends, ["delivered", "parked", "ignored", "retry", "hold"]);
    let again = invoke(&[record("m1", 2, envelope_of(words))]);
    let ends = outcomes(&again.aws.lines_of("event"));
    assert_eq!(ends, ["delivered", "parked", "ignored"]);
    let settings = "[telemetry]\nevent_lines = \"exceptions\"";
    let quiet = invoke_with(settings, &[], 0, &[message(1, words)]);
    let ends = outcomes(&quiet.aws.lines_of("event"));
    assert_eq!(ends, ["parked", "ignored", "retry", "hold"]);
}

#[test]
fn an_event_line_leads_to_its_invocation_and_back() {
    event::rules!["RP-003"];
    let got = invoke(&[message(1, "ok#1 rejected#2 hold#3")]);
    let id = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["aws_request_id"].as_str().unwrap().to_owned()
    };
    let of_invocation = id(&got.aws.lines_of("invocation")[0]);
    let of_events: Vec<String> = got.aws.lines_of("event").iter().map(id).collect();
    assert_eq!(of_events, vec![of_invocation; 3]);
}

#[test]
fn an_invocation_counts_each_event_to_one_end() {
    event::rules!["RP-031", "RP-032"];
    let records = [
        message(1, "ok#1 ok#2 rejected#3 ignore#4 retry:40#5"),
        message(2, "hold#6 retry:5#7"),
        record("m3", 1, "{"),
    ];
    let got = invoke(&records);
    let line = got.aws.lines_of("invocation").remove(0);
    let counts = r#""opened":8,"delivered":2,"warned":0,"ignored":1,"parked":2,"requeued":1,"waiting":2"#;
    assert!(line.contains(counts), "{line}");
    assert!(line.contains(r#""conservation_gap":0"#), "{line}");
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
        let got = invoke_with(settings, &[], 0, &[message(1, id)]);
        let line = got.aws.lines_of("event").remove(0);
        let named = line.contains(&format!(r#""event_id":"{id}""#));
        let hashed = line.contains(r#""event_id":"sha256:"#);
        assert_eq!((named, hashed), (verbatim, !verbatim), "{line}");
    }
}

/// The filter of the query in the guide, run as CloudWatch Insights runs it: members equal to words.
#[test]
fn the_query_of_the_guide_finds_an_events_outcome_by_its_id() {
    event::rules!["RP-011"];
    let (_, query) = README.split_once("```insights\n").unwrap();
    let (query, _) = query.split_once("```").unwrap();
    let mut lines = query.lines().map(str::trim);
    let filter = lines.find_map(|line| line.strip_prefix("| filter ")).unwrap();
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
    let map: crate::Map<Segment> = |source, text, at, settings| {
        let mut mapped = one_call::<Segment>(source, text, at, settings);
        if let Verdict::Deliver { warnings, .. } = &mut mapped.verdict {
            warnings.extend([Warning::TimeUnreadable, Warning::Trimmed]);
        }
        mapped
    };
    let records = [record("m1", 1, envelope_for::<Segment>(&["1"]))];
    let (aws, vendor) = (FakeAws::default(), FakeVendor::always(200, "{}"));
    let got = invoke_destination::<Segment>("", map, aws, &vendor, &records);
    let counted = |metric, labels: &[&'static str]| got.aws.count(metric, labels);
    assert_eq!(counted(telemetry::metrics::EVENTS, &["segment", "warned"]), 1.0);
    for reason in ["time_unreadable", "trimmed"] {
        let metric = telemetry::metrics::EVENTS_BY_REASON;
        assert_eq!(counted(metric, &["segment", "warned", reason]), 1.0, "{reason}");
    }
}

#[test]
fn an_invocation_that_may_not_send_pauses_before_it_answers() {
    event::rules!["RD-093", "RD-081", "RD-063"];
    let paused = |settings: &str, words: &str| {
        let got = invoke_with(settings, &[], 0, &[message(1, words)]);
        let line = got.aws.lines_of("invocation").remove(0);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        line["paused_ms"].as_u64().unwrap()
    };
    assert_eq!(paused("", "hold#1"), 20_000);
    assert_eq!(paused("", "retry:40#1"), 20_000);
    assert_eq!(paused("", "retry:5#1 retry:40#2"), 5000, "then one may go");
    assert_eq!(paused("[delivery]\npause_s = 7", "hold#1"), 7000);
    assert_eq!(paused("[delivery]\npause_s = 0", "hold#1"), 0);
    for goes_on in ["ok#1 hold#2", "half:40#1", "fails#1", "rejected#1"] {
        assert_eq!(paused("", goes_on), 0, "{goes_on}");
    }
    let ahead = message_with(r#""not_before":"2026-03-01T12:00:03.000Z""#, "ok");
    let got = invoke(&[ahead]);
    assert!(got.aws.lines_of("invocation")[0].contains(r#""paused_ms":3000"#));
    // What an earlier delivery brought does not count as accepted now.
    let marked = message_with(r#""done":[{"of":2,"items":[0]}]"#, "half:40#1");
    let got = invoke(&[marked]);
    assert!(got.aws.lines_of("invocation")[0].contains(r#""paused_ms":20000"#));
}

#[test]
fn what_own_rules_did_is_in_the_lines() {
    event::rules!["OR-090", "OR-092"];
    let got = invoke(&[message(1, "own_rule#1 changed#2 ok#3 own_rule#4 ignore#5")]);
    let lines = got.aws.lines_of("event");
    let with = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(lines.len(), 5);
    let dropped = r#""reason":"own_rule","own_rule":"test-accounts""#;
    assert_eq!([with(dropped), with("test-accounts")], [2, 2], "{lines:?}");
    let invocation = &got.aws.lines_of("invocation")[0];
    let counted = r#""rules_changed":1,"rules_dropped":2"#;
    assert!(invocation.contains(counted), "{invocation}");
}

#[test]
fn a_changed_event_is_parked_as_it_was_received() {
    event::rules!["OR-001"];
    let event = r#"  "changedpark#1""#;
    let got = invoke(&[record("m1", 1, envelope(0, &[event]))]);
    let parked = got.aws.bodies(event::ports::QueueName::Parked);
    assert!(
        parked.len() == 1 && parked[0].contains(event.trim()),
        "{parked:?}"
    );
}
