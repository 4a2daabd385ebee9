//! What became of the samples: read from the functions' own log lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use event::Destination;
use serde::Deserialize;

use super::samples::{Sample, SampleEvent};
use super::{Error, Reply, Stack};
use crate::terminal::{bad, faint, good, strong};

/// How long an event may take before it counts as lost from sight.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A log line of kind `event`, as far as it is shown.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fate {
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

impl Fate {
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

/// The last word on each event, by destination and id.
pub(crate) type Fates = BTreeMap<(Destination, String), Fate>;

/// Waits until every event of the samples that were taken has a final outcome, or until patience ends.
pub(crate) async fn watch(stack: &Stack, sent: &[(Sample, Reply)]) -> Result<Fates, Error> {
    let taken: Vec<_> = sent
        .iter()
        .filter(|(_, reply)| reply.is_success())
        .map(|(sample, _)| sample)
        .collect();
    let mut fates = Fates::new();
    let all_final = async {
        let mut tick = tokio::time::interval(LOOK_AGAIN);
        loop {
            tick.tick().await;
            fates = read(stack).await?;
            let mut events = taken.iter().flat_map(|sample| &sample.events);
            if events.all(|event| fate(&fates, event).is_some_and(Fate::is_final)) {
                return Ok(());
            }
        }
    };
    match tokio::time::timeout(PATIENCE, all_final).await {
        Ok(Err(error)) => Err(error),
        // Those without a final outcome are shown as they are.
        Ok(Ok(())) | Err(_) => Ok(fates),
    }
}

async fn read(stack: &Stack) -> Result<Fates, Error> {
    let mut fates = Fates::new();
    for destination in [Destination::Braze, Destination::Branch, Destination::Segment] {
        for line in stack.log_lines(&format!("deliver-{destination}")).await? {
            let Ok(fate) = serde_json::from_str::<Fate>(&line) else {
                continue;
            };
            if fate.kind == "event" {
                fates.insert((destination, fate.event_id.clone()), fate);
            }
        }
    }
    Ok(fates)
}

fn fate<'a>(fates: &'a Fates, event: &SampleEvent) -> Option<&'a Fate> {
    fates.get(&(event.destination, event.id.clone()))
}

/// Whether an event ended as it should.
pub(crate) fn is_as_expected(fates: &Fates, event: &SampleEvent) -> bool {
    match fate(fates, event) {
        Some(fate) if event.must_arrive => fate.has_arrived(),
        Some(fate) => fate.is_final() && fate.outcome != "parked",
        None => false,
    }
}

/// The paragraph about one sample.
pub(crate) fn describe(sample: &Sample, reply: &Reply, fates: &Fates) -> String {
    let answer = format!("{} {}", reply.status, reply.body);
    let answer = if reply.is_success() {
        good(answer)
    } else {
        bad(answer)
    };
    let mut text = format!("{}, answered {answer}\n", strong(sample.title));
    for event in &sample.events {
        let to = format!("→ {}", event.destination);
        let fate = fate(fates, event).map_or_else(|| bad("no trace yet"), word);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<28}{to:<11}{fate}", event.name);
    }
    text
}

fn word(fate: &Fate) -> String {
    let mut text = fate.outcome.clone();
    for detail in [&fate.reason, &fate.class].into_iter().flatten() {
        let _ = write!(text, " ({detail})");
    }
    let text = match fate.outcome.as_str() {
        "delivered" | "warned" => good(text),
        "ignored" => text,
        _ => bad(text),
    };
    let status = fate.status.map(|status| format!("answered {status}"));
    let age = fate.age_ms.map(|age| format!("after {age} ms"));
    let details: Vec<String> = status.into_iter().chain(age).collect();
    format!("{text} {}", faint(details.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(must_arrive: bool) -> SampleEvent {
        SampleEvent {
            id: "m-1".to_owned(),
            name: "identify",
            destination: Destination::Braze,
            must_arrive,
        }
    }

    fn fates(line: &str) -> Fates {
        Fates::from([(
            (Destination::Braze, "m-1".to_owned()),
            serde_json::from_str(line).unwrap(),
        )])
    }

    const DELIVERED: &str =
        r#"{"kind":"event","event_id":"m-1","outcome":"delivered","status":201,"age_ms":42}"#;
    const IGNORED: &str = r#"{"kind":"event","event_id":"m-1","outcome":"ignored","reason":"no_route"}"#;
    const PARKED: &str = r#"{"kind":"event","event_id":"m-1","outcome":"parked","reason":"rejected"}"#;
    const WAITING: &str = r#"{"kind":"event","event_id":"m-1","outcome":"retry","class":"transient"}"#;

    #[test]
    fn what_must_arrive_is_well_only_when_delivered() {
        assert!(is_as_expected(&fates(DELIVERED), &event(true)));
        for line in [IGNORED, PARKED, WAITING] {
            assert!(!is_as_expected(&fates(line), &event(true)), "{line}");
        }
        assert!(!is_as_expected(&Fates::new(), &event(true)));
    }

    #[test]
    fn what_need_not_arrive_is_well_unless_it_is_parked_or_unaccounted_for() {
        for line in [DELIVERED, IGNORED] {
            assert!(is_as_expected(&fates(line), &event(false)), "{line}");
        }
        for line in [PARKED, WAITING] {
            assert!(!is_as_expected(&fates(line), &event(false)), "{line}");
        }
        assert!(!is_as_expected(&Fates::new(), &event(false)));
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
