//! The bytes of each log line, against the figures that `infra/costs.md` reckons with.

use crate::outcomes::counted;
use crate::system::{System, text_at};

const COSTS: &str = include_str!("../../infra/costs.md");

fn figure(line: &str) -> usize {
    let start = format!("| {line} | ");
    let row = COSTS.lines().find_map(|row| row.strip_prefix(&start)).unwrap();
    row.trim_end_matches(" |").parse().unwrap()
}

/// The last line of a kind that a function wrote and for which `fits` holds.
async fn line(system: &System, function: &str, kind: &str, fits: impl Fn(&str) -> bool) -> String {
    let lines = system.stack.log_lines(function).await.unwrap();
    let of_kind = |line: &&String| text_at(line, "/kind").as_deref() == Some(kind) && fits(line);
    lines
        .iter()
        .rfind(of_kind)
        .unwrap_or_else(|| panic!("no {kind}: {lines:#?}"))
        .trim()
        .to_owned()
}

#[tokio::test]
async fn no_line_is_longer_than_the_costs_say() {
    event::rules!["RP-001"];
    let system = System::start("[routes]\nsegment_to_branch = false\n").await;
    // Ids of the length that Segment's libraries give, and one request more, so that none is a container's first.
    let event = |user: &String| {
        format!(
            r#"{{"type":"track","messageId":"4f1b9c0e-6f5d-4b7a-9a55-0c0de0{user}","userId":"{user}","event":"Kettle Boiled","timestamp":"2026-02-03T10:00:00Z"}}"#
        )
    };
    let users = counted("u", 102);
    for user in &users[..2] {
        system.segment_sends(&[event(user)]).await;
        system.at_rest("one event").await;
    }
    let one = line(&system, "receive-segment", "request", |_| true).await;
    let invocation = line(&system, "deliver-braze", "invocation", |_| true).await;
    let delivered = |line: &str| text_at(line, "/outcome").as_deref() == Some("delivered");
    let delivered = line(&system, "deliver-braze", "event", delivered).await;
    let batch: Vec<String> = users[2..].iter().map(event).collect();
    system.segment_sends(&batch).await;
    system.at_rest("a batch").await;
    let many = line(&system, "receive-segment", "request", |_| true).await;
    assert_eq!(text_at(&many, "/events").as_deref(), Some("100"));

    let measured = [
        ("`request`, one event", one),
        ("`request`, 100 events", many),
        ("`event`, delivered", delivered),
        ("`invocation`", invocation),
    ];
    for (name, line) in &measured {
        println!("{name}: {} bytes: {line}", line.len());
    }
    // The numbers in a line have more digits or fewer; a field more does not fit in between.
    let off: Vec<_> = measured
        .iter()
        .map(|(name, line)| (name, line.len(), figure(name)))
        .filter(|(_, bytes, figure)| bytes > figure || bytes + 40 < *figure)
        .collect();
    assert!(
        off.is_empty(),
        "bytes, and what infra/costs.md reckons with: {off:?}"
    );
}
