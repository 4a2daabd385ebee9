//! What the pages for those who run Switchyard must say.

const RECEIPT: &str = include_str!("../../shared/receipt/README.md");
const OPERATION: &str = include_str!("../../infra/README.md");
const DELIVERY: &str = include_str!("../../shared/delivery/README.md");

fn seconds_of(days: u64) -> u64 {
    days * 86_400
}

#[test]
fn segment_users_are_told_their_batch_size() {
    event::rules!["RC-132"];
    assert!(RECEIPT.contains("batch size to at most 150"));
    const LARGEST_EVENT: usize = 32 * 1024;
    const LAMBDA_BODY: usize = 6 * 1024 * 1024;
    const { assert!(150 * LARGEST_EVENT < LAMBDA_BODY) };
}

#[test]
fn what_is_not_promised_is_said_with_its_price() {
    event::rules!["RD-145", "RD-154"];
    let section = DELIVERY.split("## What is not promised").nth(1).unwrap();
    for said in [
        "**No order** between users, or between envelopes",
        "counts twice at Braze and at Branch",
    ] {
        assert!(section.contains(said), "{said}");
    }
}

/// The days that the page names are those of the template.
#[test]
fn where_a_persons_data_waits_and_how_to_delete_it() {
    event::rules!["RP-013"];
    let template = include_str!("../../infra/template.yaml");
    let section = DELIVERY.split("## Where a person's data waits").nth(1).unwrap();
    let row = |start: &str| section.lines().find(|line| line.starts_with(start)).unwrap();
    for (start, days, deletes) in [
        ("| the queues of the destinations", 12, "purge-queue"),
        ("| their dead-letter queues, and the parked queue", 14, "the same"),
    ] {
        let row = row(start);
        assert!(
            row.contains(&format!("{days} days")) && row.contains(deletes),
            "{row}"
        );
    }
    for days in [12, 14] {
        let kept = format!("MessageRetentionPeriod: {}\n", seconds_of(days));
        assert!(template.contains(&kept), "{kept}");
    }
}

#[test]
fn users_are_told_to_use_one_intake_of_currents() {
    event::rules!["CF-101"];
    let section = OPERATION.split("### Currents files").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    for said in [
        "**Use one intake.**",
        "turn the second intake on",
        "wait until `events_queued` counts it",
        "turn the first off",
        "within a day",
    ] {
        assert!(section.contains(said), "{said}");
    }
}
