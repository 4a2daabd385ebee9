//! What one bad event, one bad record, one refused item or one outage does to the others: nothing.

use sandbox::{Fault, Vendor};

use crate::outcomes::counted;
use crate::senders::currents;
use crate::system::{System, text_at};

const TRACK: &str = "/users/track";

fn identify(user: &str) -> String {
    format!(r#"{{"type":"identify","messageId":"i-{user}","userId":"{user}","traits":{{"plan":"dusk"}}}}"#)
}

fn track(user: &str) -> String {
    format!(
        r#"{{"type":"track","messageId":"t-{user}","userId":"{user}","event":"Kettle Boiled","timestamp":"2026-02-03T10:00:00Z"}}"#
    )
}

/// The users of whom a vendor has taken something since the first `known` items, sorted, each as often as it was taken.
fn users(system: &System, vendor: Vendor, known: usize) -> Vec<String> {
    let pointer = match vendor {
        Vendor::Braze => "/external_id",
        Vendor::Branch => "/user_data/developer_identity",
        Vendor::Segment => "/userId",
    };
    let accepted = system.sandbox.accepted(vendor).split_off(known);
    let mut users: Vec<_> = accepted
        .iter()
        .map(|item| text_at(&item.json, pointer).unwrap())
        .collect();
    users.sort();
    users
}

/// A hundred events of which Braze cannot be told one: a group without an id.
async fn one_of_a_hundred(system: &System) -> String {
    let nobody = r#"{"type":"group","messageId":"g-57","userId":"u-57","traits":{"name":"Initech"}}"#;
    let mut events: Vec<_> = counted("h", 60).iter().map(|user| identify(user)).collect();
    events.extend(counted("k", 39).iter().map(|user| track(user)));
    events.insert(57, nobody.to_owned());
    assert_eq!(events.len(), 100);
    system.segment_sends(&events).await;
    system.at_rest("99 of 100").await;

    let mut wanted = [counted("h", 60), counted("k", 39)].concat();
    wanted.sort();
    assert_eq!(users(system, Vendor::Braze, 0), wanted);
    assert_eq!(users(system, Vendor::Branch, 0), counted("k", 39));
    system
        .assert_outcome("deliver-braze g-57 parked no_group_id")
        .await;
    format!("no_group_id at deliver-braze: {nobody}")
}

async fn one_item_refused(system: &System) -> String {
    let known = system.sandbox.accepted(Vendor::Braze).len();
    let fault = Fault::Item {
        array: "events".to_owned(),
        index: 2,
        reason: "'name' is on the blocklist".to_owned(),
    };
    system.sandbox.plan(Some(TRACK), 1, fault);
    let members = counted("r", 5);
    let events: Vec<_> = members.iter().map(|user| track(user)).collect();
    system.segment_sends(&events).await;
    system.at_rest("one item refused").await;

    assert_eq!(
        users(system, Vendor::Braze, known),
        ["r-00", "r-01", "r-03", "r-04"]
    );
    system
        .assert_outcome("deliver-braze t-r-02 parked rejected")
        .await;
    format!(
        "rejected (201 success; 'name' is on the blocklist) at deliver-braze: {}",
        events[2]
    )
}

/// What a receiver writes for Braze.
fn envelope(event: &str) -> String {
    format!(
        r#"{{"v":1,"source":"segment","destination":"braze","request_id":"r-1","first_received_at":"2026-02-03T10:00:00.000Z","attempt":0,"auth":"signature","key":"current","events":[{event}]}}"#
    )
}

/// Records that are no envelopes between good ones; and one in each other queue, with good events behind it. How many of them
/// an invocation gets is the platform's choice; the deliverer's own tests hold them in one.
async fn garbage(system: &System) -> Vec<String> {
    let known = [Vendor::Braze, Vendor::Branch, Vendor::Segment]
        .map(|vendor| (vendor, system.sandbox.accepted(vendor).len()));
    let members = counted("b", 4);
    let braze = system.stack.queue("braze");
    for member in &members {
        braze.send("{").await.unwrap();
        braze.send(&envelope(&track(member))).await.unwrap();
    }
    for queue in ["branch", "segment"] {
        system.stack.queue(queue).send("{").await.unwrap();
    }
    system.segment_sends(&[track("g-1")]).await;
    let open = r#"{"event_type":"users.messages.email.Open","id":"c-g","time":1770112800,"user":{"external_user_id":"g-1"},"properties":{}}"#;
    system.braze_sends(&currents(&[open])).await;
    system.at_rest("garbage").await;

    for (vendor, known) in known {
        let behind = ["g-1".to_owned()];
        let wanted = match vendor {
            Vendor::Braze => [&members[..], &behind].concat(),
            Vendor::Branch | Vendor::Segment => behind.into(),
        };
        assert_eq!(users(system, vendor, known), wanted, "{vendor:?}");
    }
    let bad = |name: &str| format!("unreadable_message at deliver-{name}: ew==");
    let mut parked = vec![bad("braze"); members.len()];
    parked.extend([bad("branch"), bad("segment")]);
    parked
}

/// Branch takes one event of a message and not the other: what waits goes on in a message of its own.
async fn one_of_two_waits(system: &System) {
    let known = system.sandbox.accepted(Vendor::Branch).len();
    system.sandbox.plan_for(Vendor::Branch, 1, Fault::status(500));
    system.segment_sends(&[track("w-1"), track("w-2")]).await;
    system.at_rest("one of two waits").await;

    assert_eq!(users(system, Vendor::Branch, known), ["w-1", "w-2"]);
    let lines = system.stack.log_lines("deliver-branch").await.unwrap();
    let moved: Vec<_> = lines
        .iter()
        .filter(|line| text_at(line, "/how").as_deref() == Some("message"))
        .filter_map(|line| text_at(line, "/waiting"))
        .collect();
    assert_eq!(moved, ["1"]);
}

#[tokio::test]
async fn one_bad_event_harms_no_other() {
    let system = System::start("").await;
    let mut parked = vec![one_of_a_hundred(&system).await];
    parked.push(one_item_refused(&system).await);
    parked.extend(garbage(&system).await);
    one_of_two_waits(&system).await;
    system.assert_nothing_lost();
    system.assert_ended(&parked).await;
}

#[tokio::test]
async fn braze_answers_500_twice_and_then_gets_each_event_once() {
    let system = System::start("").await;
    system.sandbox.plan(Some(TRACK), 2, Fault::status(500));
    let members = counted("o", 6);
    let mut events: Vec<_> = members[..3].iter().map(|user| identify(user)).collect();
    events.extend(members[3..].iter().map(|user| track(user)));
    system.segment_sends(&events).await;
    system.at_rest("two outages").await;

    assert_eq!(users(&system, Vendor::Braze, 0), members);
    let statuses: Vec<_> = system
        .requests_after(0, Vendor::Braze)
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [Some(500), Some(500), Some(201)]);
    let lines = system.stack.log_lines("deliver-braze").await.unwrap();
    let delays: Vec<u32> = lines
        .iter()
        .filter(|line| text_at(line, "/kind").as_deref() == Some("record"))
        .filter_map(|line| text_at(line, "/delay_s")?.parse().ok())
        .collect();
    assert!(
        matches!(delays.as_slice(), [3..=5, 15..=30]),
        "by the table of retries: {delays:?}"
    );
    system.assert_nothing_lost();
    system.assert_ended(&[]).await;
}
