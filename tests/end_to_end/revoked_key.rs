//! A revoked Braze key delays events and loses none: they are held, none is parked, and a new key delivers them all.

use sandbox::Vendor;

use crate::outcomes::counted;
use crate::system::{System, keys, text_at};

const NEW_KEY: &str = "braze-key-2";

async fn identify(system: &System, users: &[String]) {
    let events: Vec<_> = users
        .iter()
        .map(|user| format!(r#"{{"type":"identify","messageId":"i-{user}","userId":"{user}"}}"#))
        .collect();
    system.segment_sends(&events).await;
}

/// Waits until the last of these users' events has this outcome; each of them must have it then.
async fn have(system: &System, users: &[String], outcome: &str, logged: &str) {
    let last = format!("i-{}", users.last().unwrap());
    let has_come = |line: &str| {
        text_at(line, "/event_id").as_ref() == Some(&last)
            && text_at(line, "/outcome").as_deref() == Some(outcome)
    };
    system.until_logged(outcome, "deliver-braze", has_come).await;
    for user in users {
        system
            .assert_outcome(&format!("deliver-braze i-{user} {logged}"))
            .await;
    }
}

fn arrived(system: &System) -> Vec<String> {
    let accepted = system.sandbox.accepted(Vendor::Braze);
    let users = accepted
        .iter()
        .map(|item| text_at(&item.json, "/external_id").unwrap());
    let mut users: Vec<_> = users.collect();
    users.sort();
    users
}

#[tokio::test]
async fn a_revoked_key_holds_events_and_a_new_one_delivers_them_all() {
    let system = System::start("").await;
    let queue = system.stack.queue("braze");
    let asleep = async || {
        let depth = queue.depth().await.unwrap();
        (depth.visible, depth.in_flight, depth.delayed)
    };
    let users = counted("v", 8);
    let (held, new) = users.split_at(5);

    system.sandbox.revoke(Vendor::Braze);
    identify(&system, held).await;
    have(&system, held, "hold", "hold credentials").await;
    assert_eq!(asleep().await, (0, 1, 0), "one message sleeps");
    assert_eq!(system.parked().await, <[String; 0]>::default());
    assert_eq!(arrived(&system), <[String; 0]>::default());

    system.sandbox.set_keys(keys(NEW_KEY));
    system.store_braze_key(NEW_KEY).await;
    identify(&system, new).await;
    have(&system, new, "delivered", "delivered").await;
    assert_eq!(arrived(&system), new, "the next events go out at once");
    assert_eq!(asleep().await, (0, 1, 0), "those that are held still sleep");

    // Their time comes, which in AWS takes a quarter of an hour.
    queue.wake().await.unwrap();
    have(&system, held, "delivered", "delivered").await;
    assert_eq!(arrived(&system), users, "each once");
    system.assert_ended(&[]).await;
}
