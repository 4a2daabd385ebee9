//! A destination that is paused and resumed loses nothing.

use sandbox::Vendor;

use crate::outcomes::counted;
use crate::system::{System, text_at};

#[tokio::test]
async fn a_paused_destination_gets_everything_on_resume() {
    event::rules!["RI-027"];
    let system = System::start("").await;
    system
        .stack
        .switch_event_source("deliver-braze", false)
        .await
        .unwrap();
    let users = counted("p", 30);
    let events: Vec<_> = users
        .iter()
        .map(|user| {
            format!(r#"{{"type":"track","messageId":"t-{user}","userId":"{user}","event":"Kettle Boiled","timestamp":"2026-02-03T10:00:00Z"}}"#)
        })
        .collect();
    for request in events.chunks(10) {
        system.segment_sends(request).await;
    }
    // The other destination of the same events goes on.
    let last = format!("t-{}", users.last().unwrap());
    let is_last = |line: &str| text_at(line, "/event_id").as_ref() == Some(&last);
    system
        .until_logged("Branch has all", "deliver-branch", is_last)
        .await;
    assert!(system.sandbox.accepted(Vendor::Braze).is_empty());
    assert!(system.stack.queue("braze").depth().await.unwrap().visible > 0);

    system
        .stack
        .switch_event_source("deliver-braze", true)
        .await
        .unwrap();
    system.at_rest("resumed").await;
    let accepted = system.sandbox.accepted(Vendor::Braze);
    let mut arrived: Vec<_> = accepted
        .iter()
        .map(|item| text_at(&item.json, "/external_id").unwrap())
        .collect();
    arrived.sort();
    assert_eq!(arrived, users, "each once");
    system.assert_ended(&[]).await;
}
