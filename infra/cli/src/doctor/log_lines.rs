//! What waits, by the log lines of kind `record` that a delivery function writes each time that a message has to wait.

use std::collections::{BTreeMap, BTreeSet};

use event::{Destination, Timestamp};
use serde::Deserialize;

use super::facts::Waiting;

/// For how long lines are looked back, in milliseconds: longer than the longest wait between two attempts, 2304 s (RD-062).
pub(crate) const LOOK_BACK_MS: i64 = 3_600_000;
/// How long after its time a message may need until its next line, in milliseconds.
const GRACE_MS: i64 = 60_000;

#[derive(Deserialize)]
struct RecordLine<'l> {
    timestamp: &'l str,
    kind: &'l str,
    message_id: &'l str,
    outcome: &'l str,
    class: &'l str,
    waiting: u64,
    delay_s: i64,
    age_ms: i64,
}

/// What the lines, oldest first, say of a destination at a time. Each message counts by its last line, for as long as that said
/// it would wait: after that it is either in a newer line, or done.
pub(crate) fn waiting<'l>(
    destination: Destination,
    lines: impl IntoIterator<Item = &'l str>,
    now: Timestamp,
) -> Waiting {
    let mut last: BTreeMap<&str, (RecordLine<'l>, i64)> = BTreeMap::new();
    for line in lines {
        let Ok(record) = serde_json::from_str::<RecordLine<'l>>(line.trim()) else {
            continue;
        };
        let Some(written) = Timestamp::parse(record.timestamp).filter(|_| record.kind == "record") else {
            continue;
        };
        let since = now.millis_since(written);
        last.insert(record.message_id, (record, since));
    }
    last.retain(|_, (record, since)| *since <= record.delay_s.saturating_mul(1000).saturating_add(GRACE_MS));
    let sum = |outcome: &str| {
        let of = last.values().filter(|(record, _)| record.outcome == outcome);
        of.map(|(record, _)| record.waiting).sum()
    };
    let held = last.values().filter(|(record, _)| record.outcome == "hold");
    let classes: BTreeSet<String> = held.map(|(record, _)| record.class.to_owned()).collect();
    let oldest = last
        .values()
        .map(|(record, since)| record.age_ms.saturating_add(*since))
        .max();
    Waiting {
        destination,
        held: sum("hold"),
        hold_classes: classes.into_iter().collect(),
        retrying: sum("retry"),
        oldest_s: oldest.and_then(|millis| u64::try_from(millis / 1000).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(time: &str, id: &str, outcome: &str, waiting: u64, delay_s: u64, age_ms: u64) -> String {
        format!(
            r#"{{"timestamp":"2026-03-01T12:{time}.000Z","level":"INFO","kind":"record","function":"deliver-braze","version":"0","destination":"braze","message_id":"{id}","outcome":"{outcome}","class":"credentials","waiting":{waiting},"delay_s":{delay_s},"how":"visibility","receives":1,"age_ms":{age_ms}}}"#
        )
    }

    #[test]
    fn each_message_counts_by_its_last_line_while_it_waits() {
        let lines = [
            line("00:00", "a", "retry", 9, 30, 1_000),
            // It came back, and is held now.
            line("00:31", "a", "hold", 3, 900, 32_000),
            line("00:40", "b", "retry", 2, 900, 7_200_000),
            // Its time is over, and no line followed: it is done.
            line("00:00", "c", "retry", 5, 60, 9_000_000),
            r#"{"kind":"event"}"#.to_owned(),
            "START RequestId".to_owned(),
        ];
        let now = Timestamp::parse("2026-03-01T12:10:00Z").unwrap();
        let found = waiting(Destination::Braze, lines.iter().map(String::as_str), now);
        assert_eq!((found.held, found.retrying), (3, 2));
        assert_eq!(found.hold_classes, ["credentials"]);
        assert_eq!(found.oldest_s, Some(7200 + 560));
    }
}
