//! Braze Currents → Segment: a hundred events of all kinds in one body.

use std::collections::BTreeMap;

use sandbox::Vendor;
use serde::Deserialize;

use crate::page::{Example, example};
use crate::senders::currents;
use crate::system::{System, assert_same, text_at};

const PAGE: &str = "braze-to-segment.md";
const TABLE: &str = include_str!("../../shared/event/src/currents/currents-events.json");
/// The examples whose calls the page gives in full.
const SHOWN: [&str; 7] = ["01", "02", "03", "04", "05", "06", "07"];
/// Users whom Segment cannot be told of, with the reason.
const UNNAMED: [(&str, &str); 3] = [
    ("a-1", "no_external_id"),
    ("a-2", "external_id_redacted"),
    ("a-3", "no_identity"),
];
/// Events that are none, with the reason.
const BROKEN: [(&str, &str); 3] = [
    ("7", "malformed_event"),
    (
        r#"{"id":"b-2","time":1767254469,"user":{"external_user_id":"cust-1010"},"properties":{}}"#,
        "missing_event_type",
    ),
    (
        r#"{"event_type":"users.messages.webhook.Send","id":"b-4","time":1767254469,"user":{"external_user_id":"cust-1010"},"properties":[]}"#,
        "malformed_event",
    ),
];
const DENIED: &str = r#"{"event_type":"users.behaviors.CustomEvent","id":"b-3","time":1767254469,"user":{"external_user_id":"cust-1010"},"properties":{"name":"Signed Up"}}"#;
const BATCH: usize = 100;

/// A row of the specification's table of event types.
#[derive(Deserialize)]
struct Row {
    event_type: String,
    segment_event: Option<String>,
    default: String,
}

/// Events of `count` types that are on by default, each with the body that must arrive.
fn of_the_table(count: usize) -> Vec<(String, String)> {
    let rows: Vec<Row> = serde_json::from_str(TABLE).unwrap();
    let on = rows.into_iter().filter(|row| row.default == "on");
    let events = on.take(count).enumerate().map(|(number, row)| {
        let event = format!(
            r#"{{"event_type":"{}","id":"row-{number}","time":1767254500,"user":{{"external_user_id":"u-{number}"}},"properties":{{"campaign_id":"c-{number}","campaign_name":null,"serial":9007199254740993}}}}"#,
            row.event_type
        );
        let wanted = format!(
            r#"{{"type":"track","event":"{}","messageId":"row-{number}","timestamp":"2026-01-01T08:01:40.000Z","userId":"u-{number}","context":{{"integration":{{"name":"Braze"}},"library":{{"name":"switchyard","version":"{}"}}}},"properties":{{"campaign_id":"c-{number}","serial":9007199254740993}},"integrations":{{"Braze":false,"Appboy":false,"Braze Cloud Mode (Actions)":false,"Braze Web Device Mode (Actions)":false,"Braze Web Mode (Actions)":false}}}}"#,
            row.segment_event.unwrap(),
            env!("CARGO_PKG_VERSION")
        );
        (event, wanted)
    });
    events.collect()
}

/// The events of the batch, and the bodies that must arrive because of them, by their `messageId`.
fn batch() -> (Vec<String>, BTreeMap<String, String>) {
    let shown: Vec<Example> = SHOWN
        .iter()
        .map(|number| example(PAGE, &format!("8b0e3d52-7f0a-4c1e-9a57-2d6f5b1c9e{number}")))
        .collect();
    let mut events: Vec<String> = shown.iter().map(|example| example.event.clone()).collect();
    let mut wanted: Vec<String> = shown.iter().map(Example::body).collect();
    events.extend(UNNAMED.map(|(id, _)| example(PAGE, id).event));
    events.extend(BROKEN.map(|(event, _)| event.to_owned()));
    events.push(DENIED.to_owned());
    for (event, body) in of_the_table(BATCH - events.len()) {
        events.push(event);
        wanted.push(body);
    }
    assert_eq!(events.len(), BATCH);
    (events, by_id(wanted))
}

fn by_id(bodies: Vec<String>) -> BTreeMap<String, String> {
    let with_id = |body: String| (text_at(&body, "/messageId").unwrap(), body);
    bodies.into_iter().map(with_id).collect()
}

#[tokio::test]
async fn a_hundred_events_arrive_and_empty_probes_are_accepted() {
    let system = System::start("").await;
    for probe in ["", r#"{"events":[]}"#, "{}"] {
        system.braze_sends(probe).await;
    }
    let (events, wanted) = batch();
    system.braze_sends(&currents(&events)).await;
    system.at_rest("a hundred events").await;

    let items = system.sandbox.accepted(Vendor::Segment);
    assert_eq!(items.len(), wanted.len(), "each once, and of the probes nothing");
    let arrived = by_id(items.into_iter().map(|item| item.json).collect());
    for (id, body) in &wanted {
        let got = arrived.get(id).unwrap_or_else(|| panic!("{id} has not arrived"));
        assert_same(id, body, got);
    }
    for (id, reason) in UNNAMED {
        system
            .assert_outcome(&format!("deliver-segment {id} ignored {reason}"))
            .await;
    }
    system
        .assert_outcome("deliver-segment b-3 ignored event_type_denied")
        .await;
    assert_eq!(system.outcomes().await.len(), BATCH, "one outcome an event");
    system.assert_nothing_lost();
    let parked = BROKEN.map(|(event, reason)| format!("{reason} at deliver-segment: {event}"));
    system.assert_ended(&parked).await;
}
