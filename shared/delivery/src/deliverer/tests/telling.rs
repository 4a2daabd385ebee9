//! One line for each end of each event, and how a person finds it.

use super::yard::*;

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
fn rp_003_one_line_for_each_end_and_for_the_first_wait() {
    let events = [
        r#""ok#1""#,
        r#""rejected#2""#,
        r#""ignore#3""#,
        r#""retry:5#4""#,
        r#""hold#5""#,
    ];
    let first = invoke(&[record("m1", 1, envelope(0, &events))]);
    let told = outcomes(&first.yard.lines_of("event"));
    assert_eq!(told, ["delivered", "parked", "ignored", "retry", "hold"]);
    let again = invoke(&[record("m1", 1, envelope(1, &events))]);
    assert_eq!(
        outcomes(&again.yard.lines_of("event")),
        ["delivered", "parked", "ignored"]
    );
    let settings = "[telemetry]\nevent_lines = \"exceptions\"";
    let quiet = invoke_with(settings, &[], &still(), &[record("m1", 1, envelope(0, &events))]);
    assert_eq!(
        outcomes(&quiet.yard.lines_of("event")),
        ["parked", "ignored", "retry", "hold"]
    );
}

#[test]
fn rp_008_an_id_that_may_be_an_address_is_hashed() {
    for (settings, id, verbatim) in [
        ("", "ok#1", false),
        ("", "ok", true),
        ("[telemetry]\nevent_ids = \"hash\"", "ok", false),
        ("", "ok#ada@example.com", false),
    ] {
        let got = invoke_with(
            settings,
            &[],
            &still(),
            &[record("m1", 1, envelope(0, &[&format!("\"{id}\"")]))],
        );
        let line = got.yard.lines_of("event").remove(0);
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
fn rp_011_the_query_of_the_guide_finds_an_events_fate_by_its_id() {
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
    let got = invoke(&[
        record("m1", 1, envelope(0, &[r#""ok""#, r#""retry:5""#])),
        record("m2", 1, envelope(0, &[r#""rejected""#])),
    ]);
    let lines = got.yard.lines.borrow();
    assert!(lines.len() > 3);
    assert_eq!(outcomes(&found(&lines, "ok")), ["delivered"]);
    assert_eq!(outcomes(&found(&lines, "rejected")), ["parked"]);
    assert_eq!(outcomes(&found(&lines, "retry:5")), ["retry"]);
    assert!(found(&lines, "another").is_empty());
    for member in ["outcome", "reason", "class", "destination", "request_id"] {
        assert!(query.contains(member), "the query shows {member}");
    }
}
