//! `switchyard parked` and `switchyard replay` on a deployed stack.

use std::process::Output;

use sandbox::{Fault, Vendor};

use crate::system::{System, text_at};

const TRACK: &str = "/users/track";
const ORDER: &str = r#"{"type":"track","messageId":"order-1","userId":"u-1","event":"Order Completed","timestamp":"2026-02-03T10:01:00Z","properties":{"order_id":"GR-1","currency":"EUR","products":[{"product_id":"tulip-12","price":34.95},{"product_id":"pot-3","price":12.5}]}}"#;
const KETTLE: &str = r#"{"type":"track","messageId":"kettle-1","userId":"u-2","event":"Kettle Boiled","timestamp":"2026-02-03T10:02:00Z"}"#;

/// Other names for what Braze refuses.
const REPAIRED: &str = r#"
[segment_to_braze]
rename_events = { "Kettle Boiled" = "Boiled" }
[[segment_to_braze.rules]]
values = { "properties.products[*].product_id" = { "pot-3" = "pot-4" } }
"#;

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Asserts the exit status, and returns what was printed.
#[track_caller]
fn ended(output: &Output, status: i32) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(status),
        "{}\n{errors}",
        printed(output)
    );
    printed(output)
}

/// Braze refuses the item at this place of the next request.
fn refuse_next(system: &System, array: &str, index: usize) {
    let fault = Fault::Item {
        array: array.to_owned(),
        index,
        reason: "is on the blocklist".to_owned(),
    };
    system.sandbox.plan(Some(TRACK), 1, fault);
}

/// Two events at Braze that end in the parked queue: of one it has taken the first of two purchases.
async fn park_two(system: &System) {
    for (array, index, event) in [("purchases", 1, ORDER), ("events", 0, KETTLE)] {
        refuse_next(system, array, index);
        system.segment_sends(&[event]).await;
        system.at_rest(array).await;
    }
    system
        .assert_outcome("deliver-braze order-1 parked partly_rejected")
        .await;
    system
        .assert_outcome("deliver-braze kettle-1 parked rejected")
        .await;
}

/// What Braze has accepted, by what names each item.
fn accepted(system: &System) -> Vec<String> {
    let items = system.sandbox.accepted(Vendor::Braze);
    let name = |json: &str| text_at(json, "/product_id").or_else(|| text_at(json, "/name"));
    items.iter().map(|item| name(&item.json).unwrap()).collect()
}

fn listing(system: &System) {
    let listed = ended(&system.switchyard(&["parked"]), 0);
    for words in [["partly_rejected", "order-1"], ["rejected", "kettle-1"]] {
        let is_listed = |line: &str| {
            words
                .iter()
                .all(|word| line.split_whitespace().any(|own| own == *word))
        };
        assert!(listed.lines().any(is_listed), "{words:?}\n{listed}");
    }
    assert!(
        listed.ends_with("2 messages: 1 partly_rejected, 1 rejected\n"),
        "{listed}"
    );
    assert!(!listed.contains("Kettle Boiled"), "no event without --show");
    let shown = ended(&system.switchyard(&["parked", "--id", "kettle-1", "--show"]), 0);
    assert!(
        shown.contains("Kettle Boiled") && !shown.contains("order-1"),
        "{shown}"
    );
}

#[tokio::test]
async fn parked_events_and_dead_letters_are_replayed() {
    event::rules!["RD-190", "RD-191", "RD-192", "RD-044"];
    let system = System::start("").await;
    park_two(&system).await;
    listing(&system);
    assert_eq!(system.parked().await.len(), 2, "nothing is taken");
    assert_eq!(accepted(&system), ["tulip-12"]);

    // With the same settings Braze refuses the rest of the order once more; what it has accepted is not sent again.
    refuse_next(&system, "purchases", 0);
    let again = ["replay", "--reason", "partly_rejected"];
    let replayed = printed(&system.switchyard(&again));
    assert!(
        replayed.starts_with("replayed 1 message: 1 to braze\n"),
        "{replayed}: once, though it comes back"
    );
    system.at_rest("the rest of the order is refused").await;
    assert_eq!(
        (system.parked().await.len(), accepted(&system)),
        (2, vec!["tulip-12".to_owned()])
    );

    // Changed settings repair both.
    let file = system.change_settings(REPAIRED).await;
    let file = file.to_str().unwrap();
    let dry = ended(
        &system.switchyard(&["replay", "--dry-run", "--settings", file]),
        0,
    );
    assert_eq!(dry.lines().count(), 2, "{dry}");
    assert!(dry.contains(r#""name":"Boiled""#), "{dry}");
    assert_eq!(system.parked().await.len(), 2, "a dry run sends nothing");

    let one = [
        "replay",
        "--settings",
        file,
        "--reason",
        "rejected",
        "--route",
        "segment-to-braze",
    ];
    let replayed = ended(&system.switchyard(&one), 0);
    assert_eq!(replayed, "replayed 1 message: 1 to braze\n");
    system.at_rest("the repaired one").await;
    assert_eq!(accepted(&system), ["tulip-12", "Boiled"]);

    let replayed = ended(&system.switchyard(&["replay", "--settings", file]), 0);
    assert_eq!(replayed, "replayed 1 message: 1 to braze\n");
    system.at_rest("the rest of the order").await;
    assert_eq!(accepted(&system), ["tulip-12", "Boiled", "pot-4"], "each once");

    dead_letter(&system).await;
    unreadable_stays(&system).await;
}

/// What Lambda gave up: the message as it was, in the queue behind.
async fn dead_letter(system: &System) {
    let event = KETTLE.replace("-1", "-3");
    let envelope = format!(
        r#"{{"v":1,"source":"segment","destination":"braze","request_id":"r-1","first_received_at":"2026-02-03T10:00:00.000Z","attempt":0,"auth":"signature","key":"current","events":[{event}]}}"#
    );
    let dead = system.stack.queue("braze-dead");
    dead.send(&envelope).await.unwrap();
    let listed = ended(&system.switchyard(&["parked", "--dead-letters"]), 0);
    assert!(
        listed.contains("kettle-3") && listed.contains("1 dead_letter"),
        "{listed}"
    );
    let replayed = ended(
        &system.switchyard(&["replay", "--dead-letters", "--rate", "5"]),
        0,
    );
    assert_eq!(replayed, "replayed 1 message: 1 to braze\n");
    system.at_rest("the dead letter").await;
    assert_eq!(accepted(system).last().unwrap(), "Boiled");
    system.assert_outcome("deliver-braze kettle-3 delivered").await;
    assert!(dead.depth().await.unwrap().is_empty());
}

async fn unreadable_stays(system: &System) {
    system.stack.queue("braze").send("{").await.unwrap();
    system.at_rest("unreadable").await;
    let replayed = ended(&system.switchyard(&["replay"]), 1);
    assert!(
        replayed.starts_with("replayed 0 messages\nleft 1 message: still unreadable"),
        "{replayed}"
    );
    system
        .assert_ended(&["unreadable_message at deliver-braze: ew==".to_owned()])
        .await;
}

#[tokio::test]
async fn a_stack_that_does_not_exist_is_named_with_the_remedy() {
    let system = System::start("").await;
    let output = system.switchyard(&["parked", "--stack", "nobody"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains("nobody") && errors.contains("Check --stack"),
        "{errors}"
    );
}
