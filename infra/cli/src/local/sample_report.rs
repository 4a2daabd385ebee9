//! The outcome of each sample, read from the functions' log lines and from what the sandbox received.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use event::Destination;
use sandbox::{Item, ItemResult};
use serde::Deserialize;

use super::arrival::arrival;
use super::samples::{Sample, SampleEvent};
use super::{Error, Reply, Stack};
use crate::terminal::{bad, faint, good, strong};

/// How long an event may take before the report says that no trace of it was found.
const TRACE_TIMEOUT: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A log line of kind `event`, as far as it is shown.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EventLine {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    event_id: String,
    #[serde(default)]
    outcome: String,
    reason: Option<String>,
    class: Option<String>,
    status: Option<u16>,
    age_ms: Option<u64>,
}

impl EventLine {
    fn is_final(&self) -> bool {
        matches!(
            self.outcome.as_str(),
            "delivered" | "warned" | "ignored" | "parked"
        )
    }

    fn has_arrived(&self) -> bool {
        matches!(self.outcome.as_str(), "delivered" | "warned")
    }
}

/// The latest line of each event, by destination and id.
pub(crate) type EventLines = BTreeMap<(Destination, String), EventLine>;

/// Waits until every event of the samples that were taken has a final outcome, or until [`TRACE_TIMEOUT`] is over.
pub(crate) async fn watch(stack: &Stack, sent: &[(Sample, Reply)]) -> Result<EventLines, Error> {
    let taken: Vec<_> = sent
        .iter()
        .filter(|(_, reply)| reply.is_success())
        .map(|(sample, _)| sample)
        .collect();
    let mut lines = EventLines::new();
    let all_final = async {
        let mut tick = tokio::time::interval(LOOK_AGAIN);
        loop {
            tick.tick().await;
            lines = read(stack).await?;
            let mut events = taken.iter().flat_map(|sample| &sample.events);
            if events.all(|event| line(&lines, event).is_some_and(EventLine::is_final)) {
                return Ok(());
            }
        }
    };
    match tokio::time::timeout(TRACE_TIMEOUT, all_final).await {
        Ok(Err(error)) => Err(error),
        // Those without a final outcome are shown as they are.
        Ok(Ok(())) | Err(_) => Ok(lines),
    }
}

async fn read(stack: &Stack) -> Result<EventLines, Error> {
    let mut lines = EventLines::new();
    for destination in Destination::ALL {
        for text in stack.log_lines(destination.descriptor().function).await? {
            let Ok(line) = serde_json::from_str::<EventLine>(&text) else {
                continue;
            };
            if line.kind == "event" {
                lines.insert((destination, line.event_id.clone()), line);
            }
        }
    }
    Ok(lines)
}

fn line<'a>(lines: &'a EventLines, event: &SampleEvent) -> Option<&'a EventLine> {
    lines.get(&(event.destination, event.id.clone()))
}

/// What the functions logged and the sandbox received of the samples.
pub(crate) struct SampleReport<'a, P> {
    /// What the functions logged.
    pub(crate) lines: EventLines,
    /// What the sandbox received.
    pub(crate) items: &'a [Item],
    /// Whether the sandbox plays a destination: arrival there is proved by its record.
    pub(crate) is_played: P,
}

impl<P: Fn(Destination) -> bool> SampleReport<'_, P> {
    /// What the sandbox has seen of an event.
    fn seen(&self, event: &SampleEvent) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| {
            item.vendor.as_str() == event.destination.descriptor().title
                && item.json.contains(event.mark.as_str())
        })
    }

    /// Whether an event ended as it should.
    pub(crate) fn is_as_expected(&self, event: &SampleEvent) -> bool {
        let taken = |item: &Item| matches!(item.result, ItemResult::Accepted | ItemResult::Repeated);
        let has_arrived = self.seen(event).next().is_some() && self.seen(event).all(taken);
        match line(&self.lines, event) {
            Some(line) if event.must_arrive => {
                line.has_arrived() && (has_arrived || !(self.is_played)(event.destination))
            }
            Some(line) => line.is_final() && line.outcome != "parked",
            None => false,
        }
    }

    /// The paragraph about one sample.
    pub(crate) fn describe(&self, sample: &Sample, reply: &Reply) -> String {
        let answer = format!("{} {}", reply.status, reply.body);
        let answer = if reply.is_success() {
            good(answer)
        } else {
            bad(answer)
        };
        let mut text = format!("{}, answered {answer}\n", strong(&sample.title));
        for event in &sample.events {
            let to = format!("→ {}", event.destination);
            let line = line(&self.lines, event);
            let has_arrived = line.is_some_and(EventLine::has_arrived);
            let line = line.map_or_else(|| bad("no trace yet"), word);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {:<28}{to:<11}{line}", event.name);
            for item in self.seen(event) {
                let _ = writeln!(text, "      {}", arrival(item));
            }
            if has_arrived && (self.is_played)(event.destination) && self.seen(event).next().is_none() {
                let _ = writeln!(text, "      {}", bad("but the sandbox has not seen it"));
            }
        }
        text
    }
}

fn word(line: &EventLine) -> String {
    let mut text = line.outcome.clone();
    for detail in [&line.reason, &line.class].into_iter().flatten() {
        let _ = write!(text, " ({detail})");
    }
    let text = match line.outcome.as_str() {
        "delivered" | "warned" => good(text),
        "ignored" => text,
        _ => bad(text),
    };
    let status = line.status.map(|status| format!("answered {status}"));
    let age = line.age_ms.map(|age| format!("after {age} ms"));
    let details: Vec<String> = status.into_iter().chain(age).collect();
    format!("{text} {}", faint(details.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::Vendor;

    fn event(must_arrive: bool) -> SampleEvent {
        SampleEvent {
            id: "m-1".to_owned(),
            name: "identify".to_owned(),
            destination: Destination::Braze,
            mark: "L-1".to_owned(),
            must_arrive,
        }
    }

    fn item(vendor: Vendor, json: &str, result: ItemResult) -> Item {
        Item {
            vendor,
            request: 0,
            endpoint: "POST /users/track".to_owned(),
            array: "attributes".to_owned(),
            index: 0,
            json: json.to_owned(),
            result,
            losses: Vec::new(),
        }
    }

    /// Whether all is well with one event where another address than the sandbox's is delivered to.
    fn is_well(line: &str, must_arrive: bool) -> bool {
        let report = SampleReport {
            lines: lines(line),
            items: &[],
            is_played: |_| false,
        };
        report.is_as_expected(&event(must_arrive))
    }

    fn lines(line: &str) -> EventLines {
        let line: EventLine = serde_json::from_str(line).unwrap();
        EventLines::from([((Destination::Braze, line.event_id.clone()), line)])
    }

    const DELIVERED: &str =
        r#"{"kind":"event","event_id":"m-1","outcome":"delivered","status":201,"age_ms":42}"#;
    const IGNORED: &str = r#"{"kind":"event","event_id":"m-1","outcome":"ignored","reason":"no_route"}"#;
    const PARKED: &str = r#"{"kind":"event","event_id":"m-1","outcome":"parked","reason":"rejected"}"#;
    /// Of another event.
    const UNKNOWN: &str = r#"{"kind":"event","event_id":"m-2","outcome":"delivered"}"#;
    const WAITING: &str = r#"{"kind":"event","event_id":"m-1","outcome":"retry","class":"transient"}"#;

    #[test]
    fn what_must_arrive_is_well_only_when_delivered() {
        assert!(is_well(DELIVERED, true));
        for line in [IGNORED, PARKED, WAITING, UNKNOWN] {
            assert!(!is_well(line, true), "{line}");
        }
    }

    #[test]
    fn what_need_not_arrive_must_still_end_without_being_parked() {
        for line in [DELIVERED, IGNORED] {
            assert!(is_well(line, false), "{line}");
        }
        for line in [PARKED, WAITING, UNKNOWN] {
            assert!(!is_well(line, false), "{line}");
        }
    }

    #[test]
    fn arrival_at_the_sandbox_is_proved_by_what_it_accepted() {
        let is_well = |items: &[Item]| {
            let report = SampleReport {
                lines: lines(DELIVERED),
                items,
                is_played: |_| true,
            };
            report.is_as_expected(&event(true))
        };
        let mine = r#"{"loyalty_id":"L-1"}"#;
        let taken = item(Vendor::Braze, mine, ItemResult::Accepted);
        let lost = ItemResult::Discarded {
            reason: "no".to_owned(),
        };
        assert!(is_well(std::slice::from_ref(&taken)));
        assert!(!is_well(&[]));
        assert!(!is_well(&[item(Vendor::Segment, mine, ItemResult::Accepted)]));
        assert!(!is_well(&[item(Vendor::Braze, "{}", ItemResult::Accepted)]));
        assert!(!is_well(&[taken, item(Vendor::Braze, mine, lost)]));
    }

    #[test]
    fn the_description_gives_outcome_reason_status_and_age() {
        let delivered = word(&serde_json::from_str(DELIVERED).unwrap());
        assert!(
            delivered.contains("delivered") && delivered.contains("answered 201, after 42 ms"),
            "{delivered}"
        );
        let parked = word(&serde_json::from_str(PARKED).unwrap());
        assert!(parked.contains("parked (rejected)"), "{parked}");
        let waiting = word(&serde_json::from_str(WAITING).unwrap());
        assert!(waiting.contains("retry (transient)"), "{waiting}");
    }
}
